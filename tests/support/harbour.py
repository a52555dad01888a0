"""A history for evidence tests: founded, grown by a vote, a deal with a tape, a member suspended, closed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.documents import document_fingerprint
from chainfusion.domain.loan import Loan, encode_loan
from chainfusion.domain.opinions import DocumentFact
from chainfusion.domain.records import to_json
from chainfusion.ledger.evidence.evidence_file import DocumentOpening, SubjectKind
from chainfusion.ledger.evidence.merkle import inclusion_proof, root
from chainfusion.ledger.evidence.opening import LoanOpening, loan_leaf
from chainfusion.node.evidence import export_evidence
from tests.support import identities, world
from tests.support.figures import statistics
from tests.support.identities import make_member
from tests.support.ledger_builder import LedgerBuilder, entry

DEAL, OTHER_DEAL = "ruiying-2026-1", "anju-2026-2"
FOUNDERS = ("RegistryMSP", "DonghaiMSP", "YunjinMSP", "WangchaoMSP", "BeichenMSP")
JOINER = "MinghengMSP"
REPORT = b"%PDF-1.7 a due diligence report\n" * 100
OTHER_REPORT = b"%PDF-1.7 another report\n" * 100
SALT = bytes(range(16))
LOANS = 37


@cache
def institution(msp: str) -> identities.Member:
    """An institution with its keys, made once."""
    return make_member(msp)


def a_loan(number: int) -> Loan:
    """The loan at a place of the tape."""
    balance = 100_000 + number
    names = (f"L{number:04d}", None, "AUTO_LOAN", "CNY")
    return Loan(*names, 2 * balance, balance, 66_400, 36, 20, 16, *(None,) * 10, "CN-31")


def leaf_of(number: int) -> tuple[bytes, bytes]:
    """A loan's salt and record."""
    return hashlib.sha256(b"salt %d" % number).digest()[:16], encode_loan(a_loan(number))


LEAVES = [loan_leaf(*leaf_of(number)) for number in range(LOANS)]


def loan_opening(number: int) -> LoanOpening:
    """Shows one loan of the pool."""
    salt, record = leaf_of(number)
    return LoanOpening(number, inclusion_proof(LEAVES, number), record, salt)


def report_opening(content: bytes = REPORT, salt: bytes = SALT) -> DocumentOpening:
    """Shows the report."""
    return DocumentOpening(hashlib.sha256(content).digest(), salt)


def document_args(deal: str, content: bytes, version: int = 1) -> dict[str, Any]:
    """Arguments of `document.register`."""
    new = world.new_document(f"report {version}", DocumentKind.LEGAL_DUE_DILIGENCE_REPORT)
    fingerprint = document_fingerprint(SALT, hashlib.sha256(content).digest())
    return {"deal": deal, "document": to_json(new) | {"fingerprint": fingerprint.hex()}}


def pool_args(deal: str, pool_root: bytes = b"", loans: int = LOANS) -> dict[str, Any]:
    """Arguments of `pool.register`."""
    tape = DocumentFact(world.opaque("tape"), 1, world.digest("tape"))
    figures = statistics(loans, "CNY")
    record = world.pool(tape, root=pool_root or root(LEAVES), loans=loans, statistics=figures)
    return {"deal": deal, "pool": to_json(record)}


@dataclass(frozen=True)
class Harbour:
    """The history, and the ids of what evidence is made of."""

    builder: LedgerBuilder
    report: str
    other_report: str
    pool: str
    refused: str
    closing: str
    admission: str

    def evidence(self, kind: SubjectKind, tx_id: str, **opening: Any) -> bytes:
        """Evidence of something in it."""
        return export_evidence(self.builder, kind, tx_id, **opening)

    def of_report(self, **more: Any) -> bytes:
        """Evidence of the report."""
        return self.evidence(SubjectKind.DOCUMENT, self.report, document=report_opening(), **more)

    def of_pool(self) -> bytes:
        """Evidence of the pool."""
        return self.evidence(SubjectKind.POOL, self.pool)

    def of_loan(self, number: int = 5, **more: Any) -> bytes:
        """Evidence of a loan."""
        return self.evidence(SubjectKind.LOAN, self.pool, loan=loan_opening(number), **more)

    def of_closing(self) -> bytes:
        """Evidence of a decision on the deal."""
        return self.evidence(SubjectKind.DECISION, self.closing)

    def of_founding(self) -> bytes:
        """Evidence of the consortium's founding itself."""
        return self.evidence(SubjectKind.DECISION, self.builder.block(0).transactions[0].outcome.tx_id)

    def of_admission(self) -> bytes:
        """Evidence of a vote in the consortium."""
        return self.evidence(SubjectKind.DECISION, self.admission)


def build() -> Harbour:
    """A new history with the same institutions; its last checkpoint is cosigned by all that may."""
    builder = LedgerBuilder.founded([institution(msp) for msp in FOUNDERS], None, institution(JOINER))
    admission = {"kind": "admit", "member": to_json(entry(institution(JOINER)))} | dict.fromkeys(
        ("msp", "rules", "agreement")
    )
    proposal = builder.decide(admission, "DonghaiMSP", "YunjinMSP", "WangchaoMSP", "RegistryMSP")
    sign = builder.sign
    reports = [
        sign("YunjinMSP", "document.register", document_args(DEAL, REPORT)),
        sign("YunjinMSP", "document.register", document_args(OTHER_DEAL, OTHER_REPORT)),
        sign("WangchaoMSP", "document.register", document_args(DEAL, REPORT, 2)),
    ]
    builder.append(reports, codes=["VALID", "VALID", "DOCUMENT_EXISTS"], responses=[{"version": 1}, {}, {"code": "X"}])
    pool = builder.call("DonghaiMSP", "pool.register", {"version": 1}, **pool_args(DEAL))
    suspension = {"kind": "suspend", "msp": "BeichenMSP"} | dict.fromkeys(("member", "rules", "agreement"))
    builder.decide(suspension, "DonghaiMSP", "YunjinMSP", "WangchaoMSP", JOINER)
    closing = builder.call("DonghaiMSP", "deal.close", {"state": "closed"}, deal=DEAL)
    builder.witnessed()
    report, other, refused = (each.proposal.tx_id for each in reports)
    return Harbour(builder, report, other, pool, refused, closing, proposal)


@cache
def harbour() -> Harbour:
    """The history that tests share; do not add to it."""
    return build()
