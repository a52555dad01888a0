"""What the subject's transaction states, and whether the evidence's opening and the user's file fit it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES
from chainfusion.domain.document_records import NewDocument
from chainfusion.domain.documents import document_fingerprint
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.loan import Loan
from chainfusion.domain.records import from_json
from chainfusion.ledger.evidence.evidence_file import Subject, SubjectKind
from chainfusion.ledger.evidence.opening import PoolCommitment
from chainfusion.ledger.evidence.transaction import Proposal

CHUNK = 1 << 20
Progress = Callable[[int], None]
"""Told how many bytes of the document have been read so far."""


class OtherDeal(ChainFusionError):
    """Evidence of a deal other than the expected one."""

    code = "EVIDENCE_OF_OTHER_DEAL"
    says = Text("The evidence is of deal {found}, not of {expected}.", "存证属于项目 {found}，而非 {expected}。")
    do = Text("Ask for evidence of the right deal.", "请索取正确项目的存证。")


class OtherOperation(ChainFusionError):
    """Evidence that claims to be about one thing and holds a transaction about another."""

    code = "EVIDENCE_OF_OTHER_OPERATION"
    says = Text(
        "The evidence claims to be of a {kind}, but its transaction is {operation}.",
        "存证声称关于{kind_zh}，但其交易为 {operation}。",
    )
    do = Text("Reject the evidence.", "请拒绝该存证。")


class ResponseDiffers(ChainFusionError):
    """A contract's answer that is not the recorded one."""

    code = "RESPONSE_DIFFERS"
    says = Text("The contract's answer is not the one on the ledger.", "存证中的合约返回与账本记录不符。")
    do = Text("Reject the evidence.", "请拒绝该存证。")


class OpeningDiffers(ChainFusionError):
    """Salt and digest of a document that make another fingerprint."""

    code = "OPENING_DIFFERS"
    says = Text(
        "The evidence's salt and digest make the fingerprint {found}; the ledger holds {registered}.",
        "存证中的盐值与摘要得出指纹 {found}，账本上为 {registered}。",
    )
    do = Text("Reject the evidence.", "请拒绝该存证。")


class DocumentDiffers(ChainFusionError):
    """A user's file that is not the registered document."""

    code = "DOCUMENT_DIFFERS"
    says = Text(
        "This document is not the one the evidence is about: its fingerprint differs.",
        "此文件不是存证所指的文件：数字指纹不一致。",
    )
    do = Text(
        "Ask its owner for the registered version; a copy saved again by a reader has other bytes.",
        "请向提供方索取登记版本；经阅读器另存的副本字节会改变。",
    )


class NoDocumentHere(ChainFusionError):
    """A user's file beside evidence that is not of a document."""

    code = "NO_DOCUMENT_HERE"
    says = Text(
        "The evidence is of a {kind}, not of a document: it says nothing about the file you gave.",
        "该存证关于{kind_zh}而非文件：对您提供的文件不作任何证明。",
    )
    do = Text("Verify it without a file, or use the document's own.", "请不带文件验证，或使用该文件自己的存证。")


KIND_NAMES = {
    SubjectKind.LOAN: Text("loan", "贷款"),
    SubjectKind.POOL: Text("pool", "资产池"),
    SubjectKind.DOCUMENT: Text("document", "文件"),
    SubjectKind.DECISION: Text("decision", "决定"),
}
_OPERATIONS = {
    SubjectKind.LOAN: "pool.register",
    SubjectKind.POOL: "pool.register",
    SubjectKind.DOCUMENT: "document.register",
}
"""Which operation states a subject of each kind; a decision is any other."""


@dataclass(frozen=True)
class Statement:
    """The signed claim, read by its operation; `deal` is None where it is of the consortium as a whole."""

    operation: str
    deal: str | None
    args: dict[str, Any]
    document: NewDocument | None = None
    pool: PoolCommitment | None = None
    loan: Loan | None = None

    @property
    def document_kind(self) -> Text:
        """The kind of the document, as it stands within a sentence."""
        name = DOCUMENT_KIND_NAMES[self.document.kind] if self.document else Text("", "")
        return Text(name.en[:1].lower() + name.en[1:], name.zh)


def read_statement(subject: Subject, proposal: Proposal, answered: str, expect_deal: str | None) -> Statement:
    """What the subject's transaction states, with the evidence's opening of it; `answered` is the SHA-256 (hexadecimal)
    of what the contract answered.

    Raises: OtherOperation, ResponseDiffers, OtherDeal, OpeningDiffers, BadRecord, ProofInvalid, BadLoanRecord.
    """
    name = f"{proposal.contract}.{proposal.operation}"
    fits = name == _OPERATIONS.get(subject.kind) if name in _OPERATIONS.values() else subject.kind not in _OPERATIONS
    kind = KIND_NAMES[subject.kind]
    require(fits, OtherOperation(kind=kind.en, kind_zh=kind.zh, operation=name[:80]))
    require(subject.response_digest == answered, ResponseDiffers())
    deal = _deal(proposal)
    require(expect_deal in (None, deal), OtherDeal(found=deal or "-", expected=expect_deal))
    statement = Statement(name, deal, proposal.args)
    if subject.kind is SubjectKind.DOCUMENT:
        return _with_document(statement, subject)
    return _with_pool(statement, subject) if subject.kind in _OPERATIONS else statement


def fingerprint_of(subject: Subject, document: BinaryIO, progress: Progress | None) -> bytes:
    """The fingerprint that the user's file has under the evidence's salt. Reads it once, in constant memory.

    Raises: NoDocumentHere.
    """
    opening = subject.document
    if opening is None:
        kind = KIND_NAMES[subject.kind]
        raise NoDocumentHere(kind=kind.en, kind_zh=kind.zh)
    return document_fingerprint(opening.salt, _digest(document, progress))


def _digest(document: BinaryIO, progress: Progress | None) -> bytes:
    digest, done = hashlib.sha256(), 0
    while chunk := document.read(CHUNK):
        digest.update(chunk)
        done += len(chunk)
        if progress is not None:
            progress(done)
    return digest.digest()


def _with_document(statement: Statement, subject: Subject) -> Statement:
    document = from_json(NewDocument, statement.args.get("document"), "document")
    opening = subject.document
    found = opening.fingerprint if opening else b""
    differs = OpeningDiffers(found=found.hex(), registered=document.fingerprint.hex())
    require(found == document.fingerprint, differs)
    return Statement(statement.operation, statement.deal, statement.args, document=document)


def _with_pool(statement: Statement, subject: Subject) -> Statement:
    record = from_json(dict[str, Any], statement.args.get("pool"), "pool")
    root = from_json(bytes, record.get("root"), "pool.root")
    pool = PoolCommitment(root, from_json(int, record.get("loans"), "pool.loans"))
    opening = subject.loan
    loan = opening.verify(pool) if opening else None
    return Statement(statement.operation, statement.deal, statement.args, pool=pool, loan=loan)


def _deal(proposal: Proposal) -> str | None:
    args = proposal.args
    terms = args.get("terms")
    found = terms.get("deal") if proposal.operation == "open" and isinstance(terms, dict) else args.get("deal")
    named = isinstance(found, str) and proposal.contract != "consortium"
    return found if named else None
