"""What the ledger holds of a deal's documents: fingerprints, kinds, readers, opinions; no titles and no content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chainfusion.domain.document_kinds import DocumentKind, IndexEntry
from chainfusion.domain.membership import check_msp
from chainfusion.domain.opinions import DocumentFact, Statement
from chainfusion.domain.text import check, check_digest, check_object_id, check_opaque_id

MAX_READERS = 200


@dataclass(frozen=True)
class NewDocument:
    """A version of a document to put on the ledger.

    `id` is random; `fingerprint` the salted one of `domain.documents`; `object` names the encrypted object in the
    vault; `readers` are the institutions that its key is sealed to, beside the owner; `supersedes` the version before.
    """

    id: str
    kind: DocumentKind
    version: int
    fingerprint: bytes
    object: str
    readers: tuple[str, ...]
    supersedes: int | None

    def __post_init__(self) -> None:
        check_opaque_id(self.id)
        check_digest(self.fingerprint)
        check_object_id(self.object)
        check(1 <= self.version <= 999_999, "versions count from 1")
        check(self.supersedes == (self.version - 1 or None), "a version supersedes the one before it, the first none")
        check(len(set(self.readers)) == len(self.readers) <= MAX_READERS, "a reader is named twice, or too many are")
        for reader in self.readers:
            check_msp(reader)


@dataclass(frozen=True)
class Document:
    """A version of a document on the ledger: `owner` stated it in transaction `tx_id`."""

    deal: str
    id: str
    kind: DocumentKind
    version: int
    fingerprint: bytes
    object: str
    owner: str
    supersedes: int | None
    registered: datetime
    tx_id: str

    @property
    def fact(self) -> DocumentFact:
        """This version as an opinion names it."""
        return DocumentFact(self.id, self.version, self.fingerprint)


@dataclass(frozen=True)
class Grant:
    """An institution may read a version; its key is sealed to it in the vault."""

    deal: str
    document: str
    version: int
    reader: str
    granted: datetime
    tx_id: str


@dataclass(frozen=True)
class DocumentIndex:
    """The index of kinds (底稿目录) that a deal's arrangers require."""

    deal: str
    entries: tuple[IndexEntry, ...]
    by: str
    tx_id: str


@dataclass(frozen=True)
class Opinion:
    """A statement by an institution, signed with transaction `tx_id`."""

    deal: str
    by: str
    statement: Statement
    stated: datetime
    tx_id: str
