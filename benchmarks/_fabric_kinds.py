"""One deal's life on a Fabric network, one transaction after the other, and the bytes that each kind leaves."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from fabric_protos.common import common_pb2 as common
from fabric_protos.peer import transaction_pb2 as transactions

from benchmarks._fabric_stage import ORIGINATOR, Stage
from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import NewDocument
from chainfusion.domain.opinions import DocumentFact, PoolFact
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from chainfusion.node.network import DESK
from tests.support.world import pool

TRUSTEE, UNDERWRITER, CUSTODIAN = "YunjinMSP", "WangchaoMSP", "BeichenMSP"
PARTIES = (
    NamedParty(Role.ORIGINATOR, ORIGINATOR),
    NamedParty(Role.TRUSTEE, TRUSTEE),
    NamedParty(Role.LEAD_UNDERWRITER, UNDERWRITER),
    NamedParty(Role.CUSTODIAN, CUSTODIAN),
)
READERS = (TRUSTEE, UNDERWRITER, CUSTODIAN)
Step = tuple[str, str, str, dict[str, Any]]
"""Name of the kind, who does it, operation, arguments."""


def document(kind: DocumentKind, readers: tuple[str, ...] = ()) -> NewDocument:
    """A first version with a fresh id."""
    number = secrets.token_bytes(32)
    return NewDocument(number[:16].hex(), kind, 1, number, number.hex(), readers, None)


def life(deal: str) -> Iterator[Step]:
    """A deal from its opening until two institutions work on its pool."""
    terms = DealTerms(deal, "Ruiying 2026-1", "瑞盈2026年第一期", Product.AUTO_LOANS, "CNY", PARTIES)
    yield "deal.open, 4 parties", ORIGINATOR, "deal.open", {"terms": to_json(terms)}
    for party in PARTIES[1:]:
        yield "deal.accept", party.msp, "deal.accept", {"deal": deal, "role": party.role.value}
    paper = document(DocumentKind.WORKING_PAPER)
    of_deal = {"deal": deal, "document": to_json(paper)}
    yield "document.register, no reader", ORIGINATOR, "document.register", of_deal
    granted = {"deal": deal, "document": paper.id, "version": 1, "reader": TRUSTEE}
    yield "document.grant", ORIGINATOR, "document.grant", granted
    tape = document(DocumentKind.LOAN_TAPE, READERS)
    of_deal = {"deal": deal, "document": to_json(tape)}
    yield "document.register, 3 readers", ORIGINATOR, "document.register", of_deal
    record = pool(DocumentFact(tape.id, 1, tape.fingerprint), deal)
    yield "pool.register", ORIGINATOR, "pool.register", {"deal": deal, "pool": to_json(record)}
    known = {"deal": deal, "pool": to_json(PoolFact(1, record.root))}
    for msp in (TRUSTEE, UNDERWRITER):
        yield "pool.acknowledge", msp, "pool.acknowledge", known


def endorsement_bytes(on: Stage) -> int:
    """Mean bytes of one endorsement (identity and signature) in the newest block."""
    ledger = on.ledgers[on.msp]
    block = ledger.fabric_block(ledger.height() - 1)
    payload = common.Payload.FromString(common.Envelope.FromString(block.envelopes[0]).payload)
    action = transactions.Transaction.FromString(payload.data).actions[0]
    endorsed = transactions.ChaincodeActionPayload.FromString(action.payload).action.endorsements
    return round(sum(int(each.ByteSize()) for each in endorsed) / len(endorsed))


def bytes_by_kind(on: Stage, deals: int) -> dict[str, int]:
    """Mean bytes of a transaction's envelope in its block, by kind, over so many deals done one after the other."""
    sizes: defaultdict[str, list[int]] = defaultdict(list)
    for number in range(deals):
        for kind, msp, operation, arguments in life(f"sizes-{number}"):
            signer = on.network.signer(msp, DESK)
            receipt = on.ledgers[msp].submit(on.proposal(signer, operation, arguments), signer)
            block = on.ledgers[msp].fabric_block(receipt.block)
            ids = [each.header.tx_id for each in block.transactions]
            sizes[kind].append(len(block.envelopes[ids.index(receipt.tx_id)]))
    return {kind: round(sum(found) / len(found)) for kind, found in sizes.items()}
