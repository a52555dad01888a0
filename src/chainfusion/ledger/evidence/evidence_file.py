"""The evidence file: all that proves, to whoever trusts the genesis or a checkpoint, that something is on the ledger.

Canonical JSON as a whole, and nothing in it twice or unused: the order of lists is fixed, every block and certificate
is one that a transaction needs, every transaction is the subject's or one of the consortium's governance. So there is
no byte that could be changed without a check that fails. docs/spec/evidence.md states the format for other verifiers.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any

from chainfusion.domain.canonical import canonical, parse_canonical
from chainfusion.domain.documents import SALT_LENGTH, document_fingerprint
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.governance import GOVERNANCE_OPERATIONS
from chainfusion.domain.records import from_json, to_bytes
from chainfusion.ledger.evidence.block import BlockHeader
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.evidence.opening import LoanOpening
from chainfusion.ledger.evidence.transaction import Outcome, Proposal, Transaction

FORMAT = "chainfusion-evidence-v1"
EMBEDDED = "embedded"
CONSORTIUM = "consortium"
MAX_BYTES = 32 * 1024 * 1024
_NONCE = re.compile(r"[0-9a-f]{48}")


class EvidenceMalformed(ChainFusionError):
    """Bytes that are no evidence file."""

    code = "EVIDENCE_MALFORMED"
    says = Text("This is not an evidence file: {why}.", "这不是存证文件：{why_zh}。")
    do = Text("Take the file as it was exported, or ask for it again.", "请使用导出的原始文件，或重新索取。")


class SubjectKind(StrEnum):
    """What an evidence file is about."""

    LOAN = "loan"
    POOL = "pool"
    DOCUMENT = "document"
    DECISION = "decision"


@dataclass(frozen=True)
class DocumentOpening:
    """Opens a document's fingerprint: its salt (16 bytes) and the SHA-256 of its whole content."""

    content_sha256: bytes
    salt: bytes

    def __post_init__(self) -> None:
        if len(self.content_sha256) != 32 or len(self.salt) != SALT_LENGTH:
            raise ValueError(f"a digest of 32 and a salt of {SALT_LENGTH} bytes are needed")

    @property
    def fingerprint(self) -> bytes:
        """What the ledger holds of the document."""
        return document_fingerprint(self.salt, self.content_sha256)


@dataclass(frozen=True)
class Subject:
    """What is proven: a transaction, with what opens the commitment in it.

    `loan` is set for a loan and `document` for a document, both None otherwise; `response` is what the contract
    answered, whose canonical bytes the outcome has the hash of.
    """

    document: DocumentOpening | None
    kind: SubjectKind
    loan: LoanOpening | None
    response: Any
    tx_id: str

    def __post_init__(self) -> None:
        openings = {SubjectKind.LOAN: self.loan, SubjectKind.DOCUMENT: self.document}
        if any((opening is not None) != (kind is self.kind) for kind, opening in openings.items()):
            raise ValueError("a loan and a document are opened, each by its own opening, and nothing else is")

    @property
    def response_digest(self) -> str:
        """SHA-256 of the canonical response, in hexadecimal."""
        return hashlib.sha256(canonical(self.response)).hexdigest()


@dataclass(frozen=True)
class ProvenTransaction:
    """A transaction and its outcome, each with the path to its tree's root in the block's header."""

    block: int
    index: int
    outcome: Outcome
    outcome_path: tuple[bytes, ...]
    transaction: Transaction
    transaction_path: tuple[bytes, ...]

    @property
    def proposal(self) -> Proposal:
        """What was signed."""
        return self.transaction.proposal

    @property
    def place(self) -> tuple[int, int]:
        """Block and index: where it stands in the ledger's order."""
        return self.block, self.index

    @property
    def is_governance(self) -> bool:
        """Whether it may change the membership."""
        return self.proposal.contract == CONSORTIUM and self.proposal.operation in GOVERNANCE_OPERATIONS


@dataclass(frozen=True)
class ProvenBlock:
    """A block's header, the ordering node's signature on it and the path to the checkpoint's root."""

    header: BlockHeader
    path: tuple[bytes, ...]
    signature: bytes


@dataclass(frozen=True)
class Consistency:
    """Another checkpoint of the same log, and the RFC 9162 proof that one of the two extends the other."""

    path: tuple[bytes, ...]
    root: bytes
    size: int


@dataclass(frozen=True)
class Evidence:
    """An evidence file. `certificates` are the transactions' creators' (DER), in order of their SHA-256."""

    blocks: tuple[ProvenBlock, ...]
    certificates: tuple[bytes, ...]
    checkpoint: str
    consistency: Consistency | None
    engine: str
    format: str
    subject: Subject
    transactions: tuple[ProvenTransaction, ...]

    @cached_property
    def note(self) -> Note:
        """The checkpoint as a note. Raises: BadNote."""
        return Note.parse(self.checkpoint.encode())

    @cached_property
    def head(self) -> Checkpoint:
        """The checkpoint that all paths of blocks lead to. Raises: BadNote, BadCheckpoint."""
        return Checkpoint.parse(self.note.text)

    @cached_property
    def stated(self) -> ProvenTransaction:
        """The subject's transaction."""
        return next(each for each in self.transactions if each.proposal.tx_id == self.subject.tx_id)

    def header(self, number: int) -> BlockHeader:
        """The header of one of the file's blocks."""
        return self._headers[number]

    def in_block(self, number: int) -> tuple[ProvenTransaction, ...]:
        """The file's transactions of a block, in order."""
        return tuple(self._transactions.get(number, ()))

    @cached_property
    def _headers(self) -> dict[int, BlockHeader]:
        return {block.header.number: block.header for block in self.blocks}

    @cached_property
    def _transactions(self) -> dict[int, list[ProvenTransaction]]:
        found: dict[int, list[ProvenTransaction]] = {}
        for each in self.transactions:
            found.setdefault(each.block, []).append(each)
        return found


def write_evidence(evidence: Evidence) -> bytes:
    """The bytes of an evidence file. Raises: EvidenceMalformed where a rule of the format is broken."""
    _check(evidence)
    return to_bytes(evidence)


def read_evidence(data: bytes) -> Evidence:
    """Reads an evidence file: its form is checked, nothing of what it says is.

    Raises: EvidenceMalformed, NotCanonical, BadRecord, BadNote, BadCheckpoint.
    """
    require(len(data) <= MAX_BYTES, malformed(f"it is longer than {MAX_BYTES} bytes", f"超过 {MAX_BYTES} 字节"))
    return evidence_of(parse_canonical(data))


def evidence_of(value: Any) -> Evidence:
    """The same, of the JSON value of canonical bytes. Raises: EvidenceMalformed, BadRecord, BadNote, BadCheckpoint."""
    evidence = from_json(Evidence, value)
    _check(evidence)
    return evidence


# ------------------------------------------------------------------ form


def _check(evidence: Evidence) -> None:
    _form(evidence.format == FORMAT, f"format {FORMAT} is needed", f"格式应为 {FORMAT}")
    engine = evidence.engine[:40]
    _form(engine == EMBEDDED, f"no ledger engine {engine!r} is known", f"未知的账本引擎 {engine!r}")
    nonces = all(_NONCE.fullmatch(each.proposal.nonce) for each in evidence.transactions)
    _form(nonces, "a nonce has 48 hex digits", "nonce 应为 48 位十六进制")
    _check_order(evidence)
    _check_nothing_unused(evidence)


def _check_order(evidence: Evidence) -> None:
    places = [each.place for each in evidence.transactions]
    numbers = [each.header.number for each in evidence.blocks]
    digests = [hashlib.sha256(der).digest() for der in evidence.certificates]
    _form(_ascending(places), "transactions stand in the ledger's order, each once", "交易应按账本次序排列且不重复")
    _form(_ascending(numbers), "blocks stand in the ledger's order, each once", "区块应按账本次序排列且不重复")
    _form(
        _ascending(digests),
        "certificates stand in the order of their SHA-256, each once",
        "证书应按 SHA-256 排列且不重复",
    )


def _check_nothing_unused(evidence: Evidence) -> None:
    used = {each.block for each in evidence.transactions} | {evidence.head.size - 1}
    exact = {each.header.number for each in evidence.blocks} == used
    _form(exact, "blocks: those of the transactions and the last", "区块应为各交易所在区块及最后一个区块")
    creators = {each.proposal.creator.certificate for each in evidence.transactions}
    held = {hashlib.sha256(der).hexdigest() for der in evidence.certificates}
    _form(held == creators, "certificates: those of the transactions' creators", "证书应为各交易签名人的证书")
    odd = [each for each in evidence.transactions if not each.is_governance]
    ids = [each.proposal.tx_id for each in evidence.transactions]
    subject = evidence.subject.tx_id
    _form(ids.count(subject) == 1, "the subject's transaction is there once", "存证主题的交易应恰有一笔")
    alone = all(each.proposal.tx_id == subject for each in odd)
    _form(alone, "a transaction that proves nothing of the subject", "含有与主题无关的交易")


def _ascending(items: list[Any]) -> bool:
    return all(before < after for before, after in pairwise(items))


def _form(condition: bool, why: str, why_zh: str) -> None:
    require(condition, malformed(why, why_zh))


def malformed(why: str, why_zh: str) -> EvidenceMalformed:
    """The refusal of a file that has not the form, for this reason."""
    return EvidenceMalformed(why=why, why_zh=why_zh)
