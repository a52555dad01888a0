"""Where the ledger keeps documents.

Every version, grant and opinion is a key of its own, and the newest version is found by its number: no key is written
twice, so facts are never edited and concurrent parties do not conflict.
"""

from __future__ import annotations

from chainfusion.contracts.document.refusals import DocumentUnknown, KindDiffers, NotTheOwner
from chainfusion.contracts.facts import StaleFact, UnknownFact
from chainfusion.contracts.framework import Context, Table
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import Document, DocumentIndex, Grant, Opinion
from chainfusion.domain.opinions import DocumentFact

indexes = Table("document-index", DocumentIndex)
documents = Table("document", Document)
grants = Table("grant", Grant)
opinions = Table("opinion", Opinion)


def document_ids(deal: str, document: str, version: int) -> tuple[str, str, str]:
    """The key parts of a version: versions in numeric order."""
    return deal, document, f"{version:06d}"


def version_of(ctx: Context, deal: str, document: str, version: int) -> Document | None:
    """A version of a document, or None."""
    return documents.get(ctx, *document_ids(deal, document, version))


def require_version(ctx: Context, deal: str, document: str, version: int) -> Document:
    """A version of a document. Raises: DocumentUnknown."""
    found = version_of(ctx, deal, document, version)
    if found is None:
        raise DocumentUnknown(deal=deal, document=document, version=version)
    return found


def require_owned(ctx: Context, document: Document) -> Document:
    """The document, if the caller's institution registered it. Raises: NotTheOwner."""
    if document.owner != ctx.caller.msp:
        raise NotTheOwner(document=document.id, owner=document.owner, msp=ctx.caller.msp)
    return document


def require_fact(ctx: Context, deal: str, fact: DocumentFact) -> Document:
    """The current version that a fact names. Raises: UnknownFact, StaleFact."""
    found = version_of(ctx, deal, fact.document, fact.version)
    if found is None or found.fingerprint != fact.fingerprint:
        raise UnknownFact(deal=deal, fact=f"document {fact.document} version {fact.version}")
    latest = newest(ctx, found)
    if latest.version != fact.version:
        raise StaleFact(deal=deal, fact=f"document {fact.document} version {fact.version}", current=latest.version)
    return found


def require_own_text(ctx: Context, deal: str, fact: DocumentFact, kind: DocumentKind) -> Document:
    """The caller's own current document of a kind that a statement refers to.

    Raises: UnknownFact, StaleFact, NotTheOwner, KindDiffers.
    """
    document = require_owned(ctx, require_fact(ctx, deal, fact))
    if document.kind is not kind:
        raise KindDiffers(document=document.id, kind=document.kind, needed=kind)
    return document


def newest(ctx: Context, document: Document) -> Document:
    """The newest version of a document; versions follow each other without a gap."""
    while (later := version_of(ctx, document.deal, document.id, document.version + 1)) is not None:
        document = later
    return document


def readers_of(ctx: Context, document: Document) -> tuple[str, ...]:
    """The institutions that may read a version, in order; its owner is one of them."""
    found = grants.all(ctx, *document_ids(document.deal, document.id, document.version))
    return tuple(grant.reader for grant in found)
