"""Evidence as people ask for it: of a loan, a pool, a document or a decision, on the newest witnessed checkpoint."""

from __future__ import annotations

from chainfusion.domain.document_records import Document
from chainfusion.ledger.evidence.evidence_file import DocumentOpening, SubjectKind
from chainfusion.ledger.evidence.opening import LoanOpening
from chainfusion.ledger.port import Ledger
from chainfusion.node import documents, pools
from chainfusion.node.desk import Desk
from chainfusion.node.evidence.making import Held, maker_of


def prove(
    ledger: Ledger,
    kind: SubjectKind,
    tx_id: str,
    *,
    loan: LoanOpening | None = None,
    document: DocumentOpening | None = None,
    trusted: Held | None = None,
) -> bytes:
    """Evidence as the ledger's engine makes it; `trusted` is what the recipient holds beside the genesis.

    Raises: NotOnLedger, NotInCheckpoint, NotAccepted, BeforeAnchor, HeldOfOtherKind, EvidenceUnsound.
    """
    return maker_of(ledger).prove(kind, tx_id, loan, document, trusted)


def prove_decision(ledger: Ledger, tx_id: str, trusted: Held | None = None) -> bytes:
    """Evidence that a transaction is on the ledger, valid, and signed by whom. Raises: as `prove`."""
    return prove(ledger, SubjectKind.DECISION, tx_id, trusted=trusted)


def prove_pool(ledger: Ledger, desk: Desk, deal: str, trusted: Held | None = None) -> bytes:
    """Evidence of the registration of a deal's pool in force. Raises: NotRegistered, as `prove`."""
    return prove(ledger, SubjectKind.POOL, pools.current(desk, deal).tx_id, trusted=trusted)


def prove_loan(ledger: Ledger, desk: Desk, deal: str, loan_id: str, trusted: Held | None = None) -> bytes:
    """Evidence of one loan of the pool in force; it shows that loan and no other.

    Raises: OpeningsMissing, LoanUnknown, as `prove`.
    """
    pool = pools.current(desk, deal)
    openings = pools.openings(desk, pool)
    opening = openings.opening(pools.loan_index(openings, loan_id))
    return prove(ledger, SubjectKind.LOAN, pool.tx_id, loan=opening, trusted=trusted)


def prove_document(ledger: Ledger, desk: Desk, document: Document, trusted: Held | None = None) -> bytes:
    """Evidence of a version of a document; whoever holds the file checks it with this.

    The document is read through once, to be sure that it is what the ledger holds. Raises: NotGranted, and what shows
    that the stored object was tampered with; as `prove`.
    """
    opened = documents.read(desk, document)
    digest = documents.content_digest(opened)
    opening = DocumentOpening(content_sha256=digest, salt=opened.facts.salt)
    return prove(ledger, SubjectKind.DOCUMENT, document.tx_id, document=opening, trusted=trusted)
