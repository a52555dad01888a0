"""Moves an embedded ledger's deals to another ledger: each institution states its own facts anew, in their old order.

What re-states a fact has the request id `migration <earlier ledger> <earlier transaction>`; its nonce, which follows
from that, is the link. So the new ledger shows what was re-stated, and an interrupted migration goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from chainfusion.contracts.migration.records import MAX_LINKS, Link, Migration, Origin, Restatement
from chainfusion.contracts.migration.refusals import OriginExists
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import from_json
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.cosignatures import check_cosignatures, without_idle_lines
from chainfusion.ledger.evidence.transaction import VALID, nonce_of
from chainfusion.ledger.fabric.gateway.attempts import attempt_nonce
from chainfusion.ledger.port import CommittedTransaction, Ledger
from chainfusion.node.desk import Desk
from chainfusion.node.members import Members
from chainfusion.vault.store import Kind, ObjectKey, ObjectStore

CONTRACTS = frozenset({"deal", "pool", "document"})
"""Whose calls make a deal; the consortium's own are made anew by its members' votes."""
ATTEMPTS = 16
_PAUSE = 0.5
_BLOCK = 1 << 20
Progress = Callable[[int, int | None], None]


class OriginNotCovered(ChainFusionError):
    """An earlier ledger whose newest checkpoint does not cover all of its deals, or too few members cosigned it."""

    code = "ORIGIN_NOT_COVERED"
    says = Text("Of the earlier ledger's {blocks} blocks its newest checkpoint covers {size}.",
                "原账本共 {blocks} 个区块，其最新检查点仅覆盖 {size} 个。")  # fmt: skip
    do = Text("Publish a checkpoint there, let the members cosign it, then migrate.",
              "请先在原账本发布检查点并由成员联署，再行迁移。")  # fmt: skip


class CannotRestate(ChainFusionError):
    """A fact that cannot be stated again as it was."""

    code = "CANNOT_RESTATE"
    says = Text("Transaction {tx_id} cannot be stated again: {why}.", "交易 {tx_id} 无法重述：{why_zh}。")
    do = Text("Settle this deal on the earlier ledger.", "请在原账本上完成该项目。")


@dataclass(frozen=True)
class Earlier:
    """The ledger that deals come from, and the store with their encrypted objects."""

    ledger: EmbeddedLedger
    store: ObjectStore

    @property
    def id(self) -> str:
        """Its id."""
        return self.ledger.ledger_id

    def facts(self, deals: frozenset[str] = frozenset()) -> tuple[CommittedTransaction, ...]:
        """The valid calls of all deals, or of those named, in their order."""
        found = (each for block in self.ledger.blocks(0, self.ledger.height()) for each in block.transactions)
        return tuple(each for each in found if _is_fact(each) and (not deals or deal_of(each) in deals))

    def request(self, tx_id: str) -> str:
        """The request id under which a transaction is stated again."""
        return f"migration {self.id} {tx_id}"

    def origin(self) -> Origin:
        """Its newest checkpoint, once it covers all blocks with deals and enough members have cosigned it.

        Raises: OriginNotCovered, NotOnLedger, and what a signature that counts for nothing is refused with.
        """
        membership = Members(self.ledger).current()
        note = without_idle_lines(self.ledger.note(), membership)
        checkpoint = Checkpoint.parse(note.text)
        last = max((each.block for each in self.facts()), default=-1)
        covered = last < checkpoint.size and self.ledger.checkpoint(checkpoint.size) == checkpoint
        require(covered, OriginNotCovered(blocks=last + 1, size=checkpoint.size))
        check_cosignatures(note, membership)
        return Origin(self.id, str(note), checkpoint.size)


@dataclass
class Restated:
    """Which facts of the earlier ledger the new one has, read off its blocks as they come."""

    ledger: Ledger
    wanted: Mapping[tuple[str, str], str]
    """Institution and every nonce that it may re-state a fact under, to the fact's transaction id."""
    found: dict[str, CommittedTransaction] = field(default_factory=dict)
    _read: int = 0

    @classmethod
    def on(cls, ledger: Ledger, earlier: Earlier, facts: tuple[CommittedTransaction, ...]) -> Restated:
        """Of these facts of an earlier ledger."""
        wanted: dict[tuple[str, str], str] = {}
        for fact in facts:
            first = nonce_of(earlier.request(_id(fact)))
            wanted |= {(_by(fact), attempt_nonce(first, number)): _id(fact) for number in range(ATTEMPTS)}
        return cls(ledger, wanted)

    def follow(self) -> None:
        """Takes in the blocks that are new."""
        height = self.ledger.height()
        for block in self.ledger.blocks(self._read, height):
            for each in block.transactions:
                old = self.wanted.get((_by(each), each.transaction.proposal.nonce))
                if old is not None and each.outcome.code == VALID:
                    self.found.setdefault(old, each)
        self._read = height

    def of(self, old: CommittedTransaction) -> CommittedTransaction | None:
        """What re-states a fact, by the institution that stated it; None where nothing does yet."""
        return self.found.get(_id(old))


@dataclass(frozen=True)
class Moved:
    """How far a migration came: facts, those that are re-stated, those that this run re-stated and linked; `waits_for`
    is each deal whose next fact is another institution's, with that institution."""

    facts: int
    restated: int
    own: int
    linked: int
    waits_for: Mapping[str, str]


@dataclass(frozen=True)
class Migrating:
    """One institution's part in a migration: `desk` is the person's on the new ledger."""

    desk: Desk
    earlier: Earlier
    store: ObjectStore
    deals: frozenset[str] = frozenset()

    def run(self, wait: float = 0, progress: Progress = lambda _done, _of: None) -> Moved:
        """States this institution's facts anew, each in its turn; waits so many seconds for another's turn to pass.

        Run again, it goes on where it ended. Raises: OriginNotCovered, CannotRestate; what contracts and stores refuse.
        """
        self._name_origin()
        facts = self.earlier.facts(self.deals)
        restated = Restated.on(self.desk.session.ledger, self.earlier, facts)
        end, own = time.monotonic() + wait, 0
        while True:
            stated, waits_for = self._pass(facts, restated, progress)
            own += stated
            if not waits_for or time.monotonic() >= end:
                break
            time.sleep(0 if stated else _PAUSE)
        linked = self._link(facts, restated, frozenset(waits_for))
        return Moved(len(facts), len(restated.found), own, linked, waits_for)

    def _name_origin(self) -> None:
        known = from_json(tuple[Migration, ...], self.desk.session.query("migration.origins"))
        if all(each.origin.ledger != self.earlier.id for each in known):
            origin = self.earlier.origin()
            with suppress(OriginExists):  # another institution came first
                self.desk.session.call("migration.name_origin", origin=origin)

    def _pass(
        self, facts: tuple[CommittedTransaction, ...], restated: Restated, progress: Progress
    ) -> tuple[int, dict[str, str]]:
        """States every own fact that is in its turn: how many, and for whom the deals wait that did not end."""
        stated = 0
        waits_for: dict[str, str] = {}
        restated.follow()
        for fact in facts:
            if deal_of(fact) in waits_for or restated.of(fact) is not None:
                continue
            if _by(fact) == self.desk.msp:
                self._state(fact, restated)
                stated += 1
                progress(len(restated.found), len(facts))
            else:
                waits_for[deal_of(fact)] = _by(fact)
        return stated, waits_for

    def _state(self, fact: CommittedTransaction, restated: Restated) -> None:
        proposal = fact.transaction.proposal
        lost = CannotRestate(tx_id=_id(fact), why="its transient input is recorded nowhere", why_zh="瞬时输入未被记录")
        require(proposal.transient is None, lost)
        if (proposal.contract, proposal.operation) == ("document", "register"):
            carry_object(self.earlier.store, self.store, proposal.args["document"]["object"])
        request = self.earlier.request(_id(fact))
        arguments = _renamed(proposal.args, {old: _id(new) for old, new in restated.found.items()})
        receipt = self.desk.session.call(f"{proposal.contract}.{proposal.operation}", request=request, **arguments)
        self.desk.session.await_block(receipt.block)
        restated.follow()

    def _link(self, facts: tuple[CommittedTransaction, ...], restated: Restated, unfinished: frozenset[str]) -> int:
        """States the links of this institution's facts that are not stated yet, of finished deals; gives how many."""
        linked = 0
        for deal, links in sorted(self._links(facts, restated).items()):
            if deal in unfinished:
                continue
            stated = from_json(tuple[Restatement, ...], self.desk.session.query("migration.links", deal=deal))
            mine = [each for each in stated if (each.by, each.ledger) == (self.desk.msp, self.earlier.id)]
            left = links[sum(len(each.links) for each in mine) :]
            for part, start in enumerate(range(0, len(left), MAX_LINKS), len(mine) + 1):
                chosen = tuple(left[start : start + MAX_LINKS])
                self.desk.session.call("migration.link", ledger=self.earlier.id, deal=deal, part=part, links=chosen)
                linked += len(chosen)
        return linked

    def _links(self, facts: tuple[CommittedTransaction, ...], restated: Restated) -> dict[str, list[Link]]:
        found: dict[str, list[Link]] = {}
        for fact in facts:
            new = restated.of(fact)
            if new is not None and _by(fact) == self.desk.msp:
                found.setdefault(deal_of(fact), []).append(Link(_id(fact), fact.block, fact.index, _id(new)))
        return found


@dataclass(frozen=True)
class Difference:
    """A fact of the earlier ledger that the new one does not state as it was. `what` says how."""

    tx_id: str
    deal: str
    what: Text


def differences(earlier: Earlier, ledger: Ledger, deals: frozenset[str] = frozenset()) -> Iterator[Difference]:
    """Compares every fact with what re-states it: by whom, which call, which arguments; and their order."""
    facts = earlier.facts(deals)
    restated = Restated.on(ledger, earlier, facts)
    restated.follow()
    ids = {old: _id(new) for old, new in restated.found.items()}
    for deal, group in groupby(sorted(facts, key=deal_of), key=deal_of):
        before = (-1, -1)
        for fact in group:
            new = restated.of(fact)
            why = _difference(fact, new, ids, before)
            if why is not None:
                yield Difference(_id(fact), deal, why)
            before = (new.block, new.index) if new is not None else before


def _difference(
    old: CommittedTransaction, new: CommittedTransaction | None, ids: Mapping[str, str], before: tuple[int, int]
) -> Text | None:
    if new is None:
        return Text("it is not stated on the new ledger", "新账本上尚未重述")
    was, now = old.transaction.proposal, new.transaction.proposal
    if (was.contract, was.operation) != (now.contract, now.operation):
        return Text("another operation is called", "所调用的操作不同")
    if _renamed(was.args, ids) != now.args:
        return Text("it has other arguments", "参数不同")
    return None if (new.block, new.index) > before else Text("it stands before an earlier fact", "次序先于更早的事实")


def carry_object(source: ObjectStore, target: ObjectStore, object_id: str) -> None:
    """Copies an encrypted object with its envelope and grants to another store; what is there is left.

    Raises: ObjectMissing, StoreUnavailable.
    """
    parts = (ObjectKey(Kind.CIPHERTEXT, object_id), ObjectKey(Kind.ENVELOPE, object_id))
    for key in (*parts, *source.list(Kind.GRANT, object_id)):
        if not target.exists(key):
            target.put(key, source.get(key, _BLOCK))


def deal_of(fact: CommittedTransaction) -> str:
    """The deal that a call is of."""
    args = fact.transaction.proposal.args
    return str(args["deal"] if "deal" in args else args["terms"]["deal"])


def _is_fact(each: CommittedTransaction) -> bool:
    return each.outcome.code == VALID and each.transaction.proposal.contract in CONTRACTS


def _renamed(value: Any, ids: Mapping[str, str]) -> Any:
    """The same JSON value with the ids of earlier transactions as those of the ones that re-state them."""
    if isinstance(value, dict):
        return {key: _renamed(item, ids) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, ids) for item in value]
    return ids.get(value, value) if isinstance(value, str) else value


def _id(each: CommittedTransaction) -> str:
    return each.transaction.proposal.tx_id


def _by(each: CommittedTransaction) -> str:
    return each.transaction.proposal.creator.msp
