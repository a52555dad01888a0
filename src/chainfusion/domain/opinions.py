"""Opinions: who may give which, on which facts they rely, and what they conclude."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import Text
from chainfusion.domain.roles import Role
from chainfusion.domain.text import check, check_digest, check_opaque_id

MAX_RELIED_DOCUMENTS = 100
_CONCLUSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9+().-]{0,23}")


class OpinionKind(StrEnum):
    """What an opinion is about."""

    LEGAL = "legal"
    ACCOUNTING = "accounting"
    TAX = "tax"
    RATING = "rating"


OPINION_KIND_NAMES: dict[OpinionKind, Text] = {
    OpinionKind.LEGAL: Text("Legal opinion", "法律意见"),
    OpinionKind.ACCOUNTING: Text("Accounting opinion", "会计意见"),
    OpinionKind.TAX: Text("Tax opinion", "税务意见"),
    OpinionKind.RATING: Text("Rating", "信用评级"),
}

OPINION_ROLES: dict[OpinionKind, frozenset[Role]] = {
    OpinionKind.LEGAL: frozenset({Role.LAW_FIRM}),
    OpinionKind.ACCOUNTING: frozenset({Role.ACCOUNTANT}),
    OpinionKind.TAX: frozenset({Role.ACCOUNTANT, Role.LAW_FIRM}),
    OpinionKind.RATING: frozenset({Role.RATING_AGENCY}),
}
"""In which roles an institution may give an opinion of each kind."""

OPINION_DOCUMENTS: dict[OpinionKind, DocumentKind] = {
    OpinionKind.LEGAL: DocumentKind.LEGAL_OPINION,
    OpinionKind.ACCOUNTING: DocumentKind.ACCOUNTING_OPINION,
    OpinionKind.TAX: DocumentKind.TAX_OPINION,
    OpinionKind.RATING: DocumentKind.RATING_REPORT,
}
"""The kind of document that holds the text of an opinion."""

CONCLUSION_NAMES: dict[str, Text] = {
    "unqualified": Text("Unqualified", "无保留意见"),
    "qualified": Text("Qualified", "保留意见"),
    "adverse": Text("Adverse", "否定意见"),
    "disclaimer": Text("Disclaimer", "无法表示意见"),
}
"""Conclusions of legal, accounting and tax opinions; a rating's conclusion is its grade, such as AAAsf."""


@dataclass(frozen=True)
class PoolFact:
    """A loan tape that an opinion relies on: the version of the deal's pool and its Merkle root."""

    version: int
    root: bytes

    def __post_init__(self) -> None:
        check(self.version >= 1, "versions count from 1")
        check_digest(self.root)


@dataclass(frozen=True)
class DocumentFact:
    """A version of a document, by its salted fingerprint."""

    document: str
    version: int
    fingerprint: bytes

    def __post_init__(self) -> None:
        check_opaque_id(self.document)
        check(self.version >= 1, "versions count from 1")
        check_digest(self.fingerprint)


@dataclass(frozen=True)
class TermsFact:
    """A version of the deal's terms, by their fingerprint: SHA-256 of what they say."""

    version: int
    fingerprint: bytes

    def __post_init__(self) -> None:
        check(self.version >= 1, "versions count from 1")
        check_digest(self.fingerprint)


@dataclass(frozen=True)
class Statement:
    """What an institution states: its conclusion, where the text is, and the facts that it relies on."""

    kind: OpinionKind
    conclusion: str
    document: DocumentFact
    pool: PoolFact | None
    documents: tuple[DocumentFact, ...]
    terms: TermsFact | None = None

    def __post_init__(self) -> None:
        check(_CONCLUSION.fullmatch(self.conclusion) is not None, "a conclusion is a code of 1 to 24 characters")
        rated = self.kind is OpinionKind.RATING
        check(rated or self.conclusion in CONCLUSION_NAMES, f"a conclusion is one of {', '.join(CONCLUSION_NAMES)}")
        relied = {fact.document for fact in self.documents}
        check(len(relied) == len(self.documents) <= MAX_RELIED_DOCUMENTS, "a document is relied on twice, or too many")
        check(bool(self.pool or self.terms or relied), "an opinion relies on at least one fact")
        check(self.document.document not in relied, "an opinion does not rely on itself")
