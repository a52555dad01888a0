"""Evidence as people ask for it: of a loan, a pool, a document or a decision, on the newest witnessed checkpoint."""

from __future__ import annotations

from chainfusion.domain.document_records import Document
from chainfusion.ledger.embedded.reader import LedgerFile
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.evidence_file import DocumentOpening, SubjectKind
from chainfusion.node import documents, pools
from chainfusion.node.desk import Desk
from chainfusion.node.evidence.export import export_evidence


def prove_decision(ledger: LedgerFile, tx_id: str, trusted: Checkpoint | None = None) -> bytes:
    """Evidence that a transaction is on the ledger, valid, and signed by whom. Raises: as `export_evidence`."""
    return export_evidence(ledger, SubjectKind.DECISION, tx_id, trusted=trusted)


def prove_pool(ledger: LedgerFile, desk: Desk, deal: str, trusted: Checkpoint | None = None) -> bytes:
    """Evidence of the registration of a deal's pool in force. Raises: NotRegistered, as `export_evidence`."""
    return export_evidence(ledger, SubjectKind.POOL, pools.current(desk, deal).tx_id, trusted=trusted)


def prove_loan(ledger: LedgerFile, desk: Desk, deal: str, loan_id: str, trusted: Checkpoint | None = None) -> bytes:
    """Evidence of one loan of the pool in force; it shows that loan and no other.

    Raises: OpeningsMissing, LoanUnknown, as `export_evidence`.
    """
    pool = pools.current(desk, deal)
    openings = pools.openings(desk, pool)
    opening = openings.opening(pools.loan_index(openings, loan_id))
    return export_evidence(ledger, SubjectKind.LOAN, pool.tx_id, loan=opening, trusted=trusted)


def prove_document(ledger: LedgerFile, desk: Desk, document: Document, trusted: Checkpoint | None = None) -> bytes:
    """Evidence of a version of a document; whoever holds the file checks it with this.

    The document is read through once, to be sure that it is what the ledger holds. Raises: NotGranted, and what shows
    that the stored object was tampered with; as `export_evidence`.
    """
    opened = documents.read(desk, document)
    digest = documents.content_digest(opened)
    opening = DocumentOpening(content_sha256=digest, salt=opened.facts.salt)
    return export_evidence(ledger, SubjectKind.DOCUMENT, document.tx_id, document=opening, trusted=trusted)
