"""From blocks to rows: what is kept of a transaction is read off that transaction and those before it, alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from chainfusion.domain.errors import ChainFusionError, Text, error_from_json
from chainfusion.domain.governance import governance_step
from chainfusion.domain.membership import Membership
from chainfusion.domain.records import from_bytes, utc_text
from chainfusion.ledger.evidence.transaction import VALID
from chainfusion.ledger.port import Block, CommittedTransaction
from chainfusion.node.readmodel import schema
from chainfusion.node.readmodel.batch import Batch, Row
from chainfusion.node.readmodel.narration import Narration
from chainfusion.node.readmodel.steptimes import StepTimes

BEIJING = timedelta(hours=8)
GOVERNANCE = ("found", "propose", "vote", "withdraw", "leave", "renew_keys")
"""The operations of the consortium's contract that change its membership record."""


@dataclass
class Projection:
    """Takes blocks in, in order, into one batch. `connection` answers what earlier batches have written."""

    connection: Connection
    narration: Narration
    person: Callable[[str], str]
    """Who a certificate is of, by its fingerprint."""
    batch: Batch = field(default_factory=Batch)

    def __post_init__(self) -> None:
        found = self.connection.execute(select(schema.membership.c.record)).scalar()
        self._membership = from_bytes(Membership, found.encode()) if found else None
        self._names = _names(self._membership)
        self._known = set(self.connection.execute(select(schema.deals.c.id)).scalars())
        self._step_times = StepTimes(self.connection, self.batch)

    def take(self, blocks: Iterable[Block]) -> None:
        """Adds blocks to the batch."""
        for block in blocks:
            self._take(block)

    def _take(self, block: Block) -> None:
        number, digest = block.header.number, block.header.hash.hex()
        recorded = utc_text(block.header.time)
        day = (block.header.time + BEIJING).date().isoformat()
        rows = [self._act(each, recorded, day) for each in block.transactions]
        invalid = sum(not row["valid"] for row in rows)
        self.batch.blocks.append(
            {"number": number, "hash": digest, "time": recorded, "transactions": block.header.count, "invalid": invalid}
        )
        self.batch.acts += rows
        self.batch.mark(digest, f"/ledger/blocks/{number}", "block")

    def _act(self, each: CommittedTransaction, recorded: str, day: str) -> Row:
        proposal = each.transaction.proposal
        valid = each.outcome.code == VALID
        deal, operation = _deal_of(proposal.args), f"{proposal.contract}.{proposal.operation}"
        self.batch.times[proposal.tx_id] = utc_text(proposal.time)
        if valid:
            self._follow(each, deal)
        what = self.narration.tell(operation, proposal.args, self._name, self._kind)
        failure = None if valid else _failure(each.response)
        self.batch.tallies[proposal.contract, proposal.creator.msp, valid, day] += 1
        if deal is not None:
            self.batch.named_by[deal] += 1
        return {
            "block": each.block,
            "position": each.index,
            "tx_id": proposal.tx_id,
            "time": utc_text(proposal.time),
            "recorded": recorded,
            "day": day,
            "msp": proposal.creator.msp,
            "person": self.person(proposal.creator.certificate),
            "contract": proposal.contract,
            "operation": operation,
            "version": proposal.version,
            "deal": deal,
            "valid": valid,
            "code": each.outcome.code,
            "what_en": what.en,
            "what_zh": what.zh,
            "failure_en": failure and failure.en,
            "failure_zh": failure and failure.zh,
        }

    # ------------------------------------------------------------------ what a valid transaction changes

    def _follow(self, each: CommittedTransaction, deal: str | None) -> None:
        proposal = each.transaction.proposal
        if proposal.contract == "consortium" and proposal.operation in GOVERNANCE:
            self._govern(each)
        for event in each.events:
            take = _EVENTS.get(event["name"])
            if take is not None:
                take(self, event["payload"], each)
        if deal in self._known:
            self.batch.touched[str(deal)] = each.block

    def _govern(self, each: CommittedTransaction) -> None:
        proposal, before = each.transaction.proposal, self._names
        args, msp = proposal.args, proposal.creator.msp
        self._membership = governance_step(self._membership, proposal.operation, args, msp, proposal.tx_id)
        self._names = _names(self._membership)
        self.batch.membership = self._membership
        if self._names != before:
            self.batch.renamed = each.block

    def _deal(self, payload: dict[str, Any], each: CommittedTransaction) -> None:
        deal = str(payload["id"])
        if deal not in self._known:
            self._known.add(deal)
            self.batch.deals[deal] = {
                "id": deal,
                "product": payload["product"],
                "acts": self._named_before(deal),
                "touched": each.block,
                "made": 0,
            }

    def _named_before(self, deal: str) -> int:
        """How many transactions of earlier batches named the deal before there was one; refused ones do."""
        counted = select(schema.acts.c.block).where(schema.acts.c.deal == deal)
        return len(self.connection.execute(counted).all())

    def _pool(self, payload: dict[str, Any], each: CommittedTransaction) -> None:
        deal = _deal_of(each.transaction.proposal.args)
        self.batch.mark(payload["record"]["root"], f"/deals/{deal}/pool", "pool")

    def _document(self, payload: dict[str, Any], each: CommittedTransaction) -> None:
        del each
        page = f"/deals/{payload['deal']}/documents/{payload['id']}"
        self.batch.documents[payload["id"]] = payload["kind"]
        for name in ("id", "fingerprint", "object"):
            self.batch.mark(payload[name], page, "document")

    def _terms(self, payload: dict[str, Any], each: CommittedTransaction) -> None:
        del each
        self.batch.mark(payload["fingerprint"], f"/deals/{payload['deal']}/terms", "terms")

    def _definition(self, payload: dict[str, Any], each: CommittedTransaction) -> None:
        del each
        definition = payload["definition"]
        key = (definition["id"], definition["version"])
        record = json.dumps(definition, ensure_ascii=False, separators=(",", ":"))
        self.batch.definitions[key] = {"process": key[0], "version": key[1], "record": record}

    def _process(self, payload: dict[str, Any], each: CommittedTransaction) -> None:
        del each
        self.batch.running[payload["deal"]] = (payload["process"], payload["version"])
        self._step_times.runs_on(payload["deal"])

    def _step(self, payload: dict[str, Any], each: CommittedTransaction) -> None:
        self._step_times.take(payload, each.block, each.index)

    # ------------------------------------------------------------------ names

    def _name(self, msp: str) -> Text:
        return self._names.get(msp) or Text(msp, msp)

    def _kind(self, document: str) -> str | None:
        found = self.batch.documents.get(document)
        if found is None:
            asked = select(schema.documents.c.kind).where(schema.documents.c.id == document)
            found = self.connection.execute(asked).scalar()
        return found


_EVENTS: dict[str, Callable[[Projection, dict[str, Any], CommittedTransaction], None]] = {
    "Act": Projection._step,
    "Deal": Projection._deal,
    "DealProcess": Projection._process,
    "Document": Projection._document,
    "Pool": Projection._pool,
    "Proposed": Projection._definition,
    "TermsVersion": Projection._terms,
}
"""What is read of a transaction's events, by their names."""


def _names(membership: Membership | None) -> dict[str, Text]:
    members = membership.members if membership else {}
    return {msp: Text(each.name, each.name_zh) for msp, each in members.items()}


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
