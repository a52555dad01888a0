"""Signed acts in order: a projection of all blocks, kept in memory, followed by height and never trusted as a source.

It is rebuilt from block 0 at every start; what it says of a transaction is read off that transaction alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from chainfusion.domain.errors import ChainFusionError, Text, error_from_json
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.evidence.transaction import VALID
from chainfusion.ledger.port import Block, CommittedTransaction, Ledger
from chainfusion.node.members import Members
from chainfusion.node.views.facts import Institution, Place
from chainfusion.node.views.sentences import sentence


@dataclass(frozen=True)
class Act:
    """One transaction as people read it.

    `time` is the signer's clock, `recorded` the block's; `what` follows the institution's name; `failure` says why an
    invalid transaction changed nothing.
    """

    tx_id: str
    block: int
    index: int
    time: datetime
    recorded: datetime
    by: Institution
    person: str
    operation: str
    version: int
    deal: str | None
    valid: bool
    code: str
    what: Text
    failure: Text | None

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.tx_id, self.block, self.index, self.time, self.by)


@dataclass(frozen=True)
class BlockLine:
    """A block in a list."""

    number: int
    hash: str
    time: datetime
    count: int
    invalid: int


@dataclass
class Acts:
    """All acts of a ledger."""

    ledger: Ledger
    blocks: list[BlockLine] = field(default_factory=list)
    by_tx: dict[str, Act] = field(default_factory=dict)
    by_deal: dict[str, list[Act]] = field(default_factory=dict)
    landmarks: dict[str, str] = field(default_factory=dict)
    """Roots, fingerprints, document ids and block hashes, to the address of the page that shows them."""
    _names: dict[str, Text] = field(default_factory=dict)
    _people: dict[str, str] = field(default_factory=dict)
    _kinds: dict[str, str] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def follow(self) -> int:
        """Takes in what is new; returns the height that all of this speaks for."""
        with self._lock:
            height = self.ledger.height()
            if len(self.blocks) < height:
                members = Members(self.ledger).current().members
                self._names = {msp: Text(each.name, each.name_zh) for msp, each in members.items()}
            for block in self.ledger.blocks(len(self.blocks), height):
                self._take(block)
            return height

    def institution(self, msp: str) -> Institution:
        """A member by MSP id; one that the ledger does not know keeps its id as its name."""
        return Institution(msp, self._names.get(msp) or Text(msp, msp))

    def place(self, tx_id: str) -> Place:
        """Where a transaction stands. Raises: KeyError."""
        return self.by_tx[tx_id].place

    def _take(self, block: Block) -> None:
        number, digest = block.header.number, block.header.hash.hex()
        acts = [self._act(each, block.header.time) for each in block.transactions]
        invalid = sum(not act.valid for act in acts)
        self.landmarks[digest] = f"/ledger/blocks/{number}"
        for act, each in zip(acts, block.transactions, strict=True):
            self.by_tx[act.tx_id] = act
            if act.deal is not None:
                self.by_deal.setdefault(act.deal, []).append(act)
            for event in each.events if act.valid else ():
                self._remember(event["name"], event["payload"], act)
        self.blocks.append(BlockLine(number, digest, block.header.time, block.header.count, invalid))

    def _act(self, each: CommittedTransaction, recorded: datetime) -> Act:
        proposal = each.transaction.proposal
        operation = f"{proposal.contract}.{proposal.operation}"
        for event in each.events:
            if event["name"] == "Document":
                self._kinds[event["payload"]["id"]] = event["payload"]["kind"]
        valid = each.outcome.code == VALID
        return Act(
            tx_id=proposal.tx_id,
            block=each.block,
            index=each.index,
            time=proposal.time,
            recorded=recorded,
            by=self.institution(proposal.creator.msp),
            person=self._person(proposal.creator.certificate),
            operation=operation,
            version=proposal.version,
            deal=_deal_of(proposal.args),
            valid=valid,
            code=each.outcome.code,
            what=sentence(operation, proposal.args, lambda msp: self.institution(msp).name, self._kinds.get),
            failure=None if valid else _failure(each.response),
        )

    def _person(self, fingerprint: str) -> str:
        if fingerprint not in self._people:
            self._people[fingerprint] = Certificate.from_der(self.ledger.certificate(fingerprint)).subject
        return self._people[fingerprint]

    def _remember(self, name: str, payload: dict[str, Any], act: Act) -> None:
        if name == "Pool":
            self.landmarks[payload["record"]["root"]] = f"/deals/{act.deal}/pool"
        if name == "Document":
            page = f"/deals/{act.deal}/documents/{payload['id']}"
            self.landmarks |= {payload["id"]: page, payload["fingerprint"]: page, payload["object"]: page}


def _deal_of(args: dict[str, Any]) -> str | None:
    terms = args.get("terms")
    found = args.get("deal") or (terms.get("deal") if isinstance(terms, dict) else None)
    return found if isinstance(found, str) else None


def _failure(response: bytes) -> Text:
    try:
        error = error_from_json(json.loads(response))
    except (ValueError, AttributeError, ChainFusionError):
        return Text("refused", "被拒绝")
    return Text(error.message("en"), error.message("zh"))
