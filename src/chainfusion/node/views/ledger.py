"""The ledger itself: blocks, transactions decoded, and the checkpoint with who stands by it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from chainfusion.contracts.framework.keys import NAMESPACE, split_composite_key
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import Member, Membership
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.cosignatures import cosignature_of, cosignatures_needed, log_key, witnesses_of
from chainfusion.ledger.evidence.evidence_file import EMBEDDED
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.port import Ledger, NotOnLedger
from chainfusion.node.members import Members
from chainfusion.node.notaries import Notaries
from chainfusion.node.readmodel.schema import acts as act_table
from chainfusion.node.readmodel.schema import blocks as block_table
from chainfusion.node.views.acts import Act, Acts, Before, BlockLine
from chainfusion.node.views.arguments import Argument, arguments
from chainfusion.node.views.facets import LedgerAsked, LedgerFacets, counted, ledger_facets
from chainfusion.node.views.facts import Institution

PAGE = 50
"""Blocks to a page of the list."""
LATEST = 253_402_300_799
"""The last second that the calendar has: who signs a later one is shown with this."""


@dataclass(frozen=True)
class WitnessLine:
    """A member that may cosign checkpoints, and when it did; None: it has not."""

    member: Institution
    cosigned: datetime | None


@dataclass(frozen=True)
class CheckpointView:
    """The newest checkpoint: what the log committed to, and who has seen it. `signed_by` is who operates the log, None
    where nobody does and each member keeps its own."""

    origin: str
    size: int
    root: str
    signed_by: Institution | None
    witnesses: tuple[WitnessLine, ...]
    cosigned: int
    needed: int
    note: str


@dataclass(frozen=True)
class LedgerView:
    """The ledger and a page of its blocks, the newest first; `older` is the `before` of the next page. Where some are
    asked for, blocks that hold a transaction which answers, and `answering` of those."""

    ledger_id: str
    engine: str
    consortium: Text
    members: int
    height: int
    transactions: int
    answering: int
    asked: LedgerAsked
    facets: LedgerFacets
    checkpoint: CheckpointView | None
    blocks: tuple[BlockLine, ...]
    older: int | None


@dataclass(frozen=True)
class TransactionsView:
    """A page of the transactions that were asked for, the newest first; `older` is the `before` of the next page."""

    height: int
    transactions: int
    answering: int
    asked: LedgerAsked
    facets: LedgerFacets
    acts: tuple[Act, ...]
    older: str | None


@dataclass(frozen=True)
class BlockView:
    """One block: its header's commitments and its transactions. `membership` is "" where the header states none."""

    height: int
    engine: str
    number: int
    hash: str
    previous: str
    time: datetime
    count: int
    transactions: str
    outcomes: str
    membership: str
    signature: str
    ordered_by: tuple[Institution, ...]
    checkpoint: int | None
    """The size of the newest checkpoint, where it covers this block."""
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class Write:
    """A key that a transaction wrote, with the value's fingerprint; None: it was deleted."""

    key: str
    value: str | None
    collection: str | None


@dataclass(frozen=True)
class Proof:
    """What leads from this transaction to the checkpoint: sizes of the paths, in hashes."""

    leaf: int
    leaves: int
    path: tuple[str, ...]
    log_path: int | None


@dataclass(frozen=True)
class TransactionView:
    """One transaction, decoded. `arguments` is `args` leaf by leaf, for reading."""

    height: int
    engine: str
    act: Act
    channel: str
    nonce: str
    signature: str
    certificate: str
    person_roles: tuple[str, ...]
    certificate_until: datetime
    transient: str | None
    args: dict[str, Any]
    response: Any
    arguments: tuple[Argument, ...]
    writes: tuple[Write, ...]
    events: tuple[str, ...]
    block_hash: str
    proof: Proof
    checkpoint: int | None


@dataclass(frozen=True)
class Log:
    """Reads blocks and transactions."""

    ledger: Ledger
    acts: Acts
    members: Members

    def view(self, height: int, before: int | None, asked: LedgerAsked) -> LedgerView:
        """The ledger, with blocks below `before` (by default the newest)."""
        membership = self.members.current()
        lines = self._lines(min(height, before) if before is not None else height, asked)
        return LedgerView(
            ledger_id=self.ledger.ledger_id,
            engine=self.ledger.engine,
            consortium=Text(membership.name, membership.name_zh),
            members=len(membership.active),
            height=height,
            transactions=self.acts.count(),
            answering=counted(self.acts, asked),
            asked=asked,
            facets=ledger_facets(self.acts, asked),
            checkpoint=self.checkpoint(),
            blocks=lines[:PAGE],
            older=lines[PAGE - 1].number if len(lines) > PAGE else None,
        )

    def transactions(self, height: int, asked: LedgerAsked, before: Before | None) -> TransactionsView:
        """The transactions that are asked for, before a place (by default the newest)."""
        page = self.acts.page(PAGE, before, *asked.such())
        return TransactionsView(
            height=height,
            transactions=self.acts.count(),
            answering=counted(self.acts, asked),
            asked=asked,
            facets=ledger_facets(self.acts, asked),
            acts=page.acts,
            older=page.older,
        )

    def _lines(self, below: int, asked: LedgerAsked) -> tuple[BlockLine, ...]:
        """Blocks below one, the newest first: a page of them, and one more where there are more."""
        wanted = select(block_table).where(block_table.c.number < below)
        if not asked.everything:
            holding = select(act_table.c.block).where(act_table.c.block < below, *asked.such()).distinct()
            found = holding.order_by(act_table.c.block.desc()).limit(PAGE + 1).subquery()
            wanted = select(block_table).join(found, found.c.block == block_table.c.number)
        return self.acts.block_lines(wanted.order_by(block_table.c.number.desc()).limit(PAGE + 1))

    def checkpoint(self) -> CheckpointView | None:
        """The newest checkpoint kept, each cosignature checked; None where none was made."""
        try:
            note = self.ledger.note()
        except NotOnLedger:
            return None
        head, membership = Checkpoint.parse(note.text), self.members.current()
        operated = self._operated
        witnesses = witnesses_of(membership) if operated else _active(membership)
        times = self._cosigned(note) if operated else attested(note, witnesses)
        lines = tuple(WitnessLine(self.acts.institution(each.msp), times.get(each.msp)) for each in witnesses)
        rule = membership.rules.witnesses
        return CheckpointView(
            origin=head.origin,
            size=head.size,
            root=head.root.hex(),
            signed_by=self.acts.institution(membership.rules.orderer) if operated else None,
            witnesses=lines,
            cosigned=sum(line.cosigned is not None for line in lines),
            needed=cosignatures_needed(membership) if operated else -(-rule.numerator * len(lines) // rule.denominator),
            note=str(note),
        )

    @property
    def _operated(self) -> bool:
        """Whether one member operates the log."""
        return self.ledger.engine == EMBEDDED

    def _cosigned(self, note: Note) -> dict[str, datetime]:
        membership = self.members.current()
        found = {}
        for line in note.signatures:
            if log_key(membership).made(line):
                continue
            try:
                cosignature = cosignature_of(line, note, membership)
            except ChainFusionError:
                continue  # a line that counts for nothing is shown as not there
            found[cosignature.msp] = cosignature.time.astimezone(UTC)
        return found

    def block(self, number: int, height: int) -> BlockView:
        """A block by number. Raises: NotOnLedger."""
        require(0 <= number < height, NotOnLedger(what="block", id=str(number)[:20]))
        block = self.ledger.block(number)
        header = block.header
        signers = self.ledger.signers(number) or ((self.members.current().rules.orderer,) if self._operated else ())
        return BlockView(
            height=height,
            engine=self.ledger.engine,
            number=number,
            hash=header.hash.hex(),
            previous=header.previous.hex(),
            time=header.time,
            count=header.count,
            transactions=header.transactions.hex(),
            outcomes=header.outcomes.hex(),
            membership=header.membership.hex(),
            signature=block.signature.hex(),
            ordered_by=tuple(map(self.acts.institution, signers)),
            checkpoint=self._covering(number),
            acts=self.acts.of_block(number),
        )

    def transaction(self, tx_id: str, height: int) -> TransactionView:
        """A transaction by id. Raises: NotOnLedger."""
        committed = self.ledger.transaction(tx_id)
        proposal, outcome = committed.transaction.proposal, committed.outcome
        person = Certificate.from_der(self.ledger.certificate(proposal.creator.certificate))
        size = self._covering(committed.block)
        found = self.ledger.inclusion(proposal.tx_id, size)
        return TransactionView(
            height=height,
            engine=self.ledger.engine,
            act=self.acts.act(proposal.tx_id),
            channel=proposal.channel,
            nonce=proposal.nonce,
            signature=committed.transaction.signature.hex(),
            certificate=proposal.creator.certificate,
            person_roles=tuple(sorted(role.value for role in person.roles)),
            certificate_until=person.not_after,
            transient=proposal.transient,
            args=proposal.args,
            response=_parsed(committed.response),
            arguments=arguments(proposal.args, lambda msp: self.acts.institution(msp).name),
            writes=_writes(outcome.writes, outcome.private),
            events=tuple(event["name"] for event in committed.events),
            block_hash=self._hash(committed.block),
            proof=Proof(found.leaf, found.leaves, tuple(each.hex() for each in found.path), found.links),
            checkpoint=size,
        )

    def _hash(self, number: int) -> str:
        found = self.acts.block_lines(select(block_table).where(block_table.c.number == number))
        return found[0].hash

    def _covering(self, block: int) -> int | None:
        try:
            size = Checkpoint.parse(self.ledger.note().text).size
        except NotOnLedger:
            return None
        return size if block < size else None


def _active(membership: Membership) -> tuple[Member, ...]:
    return tuple(each for msp, each in sorted(membership.members.items()) if msp in membership.active)


def attested(note: Note, members: Iterable[Member]) -> dict[str, datetime]:
    """Who cosigned a channel's checkpoint with the notary that the ledger knows, and when; no other line counts."""
    notaries = Notaries(members)
    counted = [line for line in note.signatures if notaries.made(line, note.text)]
    return {
        line.name: datetime.fromtimestamp(0, UTC) + timedelta(seconds=min(line.seconds, LATEST)) for line in counted
    }


def _writes(
    writes: tuple[tuple[str | None, ...], ...], private: tuple[tuple[str | None, ...], ...]
) -> tuple[Write, ...]:
    public = [Write(_key(bytes.fromhex(str(key)).decode()), value, None) for key, value in writes]
    return (*public, *(Write(str(key), value, collection) for collection, key, value in private))


def _key(key: str) -> str:
    return " / ".join(split_composite_key(key)) if key.startswith(NAMESPACE) else key


def _parsed(response: bytes) -> Any:
    try:
        return json.loads(response)
    except ValueError:
        return response.hex()
