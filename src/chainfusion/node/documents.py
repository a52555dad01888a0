"""Documents: sealed for their readers before they leave the node, registered by fingerprint, granted, opened."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from typing import BinaryIO, TypeVar

from chainfusion.contracts.document.contract import DocumentView
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import Document, Grant, NewDocument, Opinion
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.opinions import Statement
from chainfusion.domain.records import from_json
from chainfusion.ledger.port import Receipt
from chainfusion.node.desk import Desk
from chainfusion.vault.chunks import Progress, no_progress
from chainfusion.vault.opened import Opened

R = TypeVar("R")


class DocumentMissing(ChainFusionError):
    """A document or version that the deal does not have."""

    code = "DOCUMENT_MISSING"
    says = Text(
        "Deal {deal} has no document {document} in version {version}.",
        "项目 {deal} 没有文件 {document}（版本 {version}）。",
    )
    do = Text("List the deal's documents and take an id from there.", "请先列出项目文件，再使用其中的编号。")


@dataclass(frozen=True)
class Upload:
    """A file on its way into a deal: its content, its name (which stays in the vault) and who may read it."""

    deal: str
    kind: DocumentKind
    content: BinaryIO
    name: str
    media_type: str
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Added:
    """A registered document, with the salt that its readers' evidence needs."""

    document: Document
    salt: bytes
    receipt: Receipt


def add(
    desk: Desk,
    upload: Upload,
    *,
    next_of: str | None = None,
    request: str | None = None,
    progress: Progress = no_progress,
) -> Added:
    """Seals a file for its readers and registers it, as a new document or as the next version of `next_of`.

    A repeat of `request` seals nothing and returns what the first one registered.

    The contract is asked before anything is sealed, so that a refused file costs nothing.

    Raises: the vault's and the contract's refusals.
    """
    if (first := desk.session.repeated(request)) is not None:
        document = _answer(first, Document)
        return Added(document, read(desk, document).facts.salt, first)
    before = versions(desk, upload.deal, next_of)[-1].document if next_of else None
    keys = {msp: desk.members.encryption_key(msp) for msp in {desk.msp, *upload.readers}}
    draft = NewDocument(
        id=before.id if before else secrets.token_hex(16),
        kind=upload.kind,
        version=before.version + 1 if before else 1,
        fingerprint=bytes(32),
        object="0" * 64,
        readers=tuple(sorted(set(upload.readers) - {desk.msp})),
        supersedes=before.version if before else None,
    )
    desk.session.check("document.register", deal=upload.deal, document=draft)
    sealed = desk.vault.seal(
        upload.content, upload.name, upload.media_type, keys, desk.session.signer, progress=progress
    )
    sealed_draft = replace(draft, fingerprint=sealed.fingerprint, object=sealed.object_id)
    receipt = desk.session.call("document.register", request=request, deal=upload.deal, document=sealed_draft)
    return Added(_answer(receipt, Document), sealed.salt, receipt)


def versions(desk: Desk, deal: str, document: str) -> tuple[DocumentView, ...]:
    """All versions of a document with their readers, oldest first. Raises: DocumentMissing."""
    found = from_json(tuple[DocumentView, ...], desk.session.query("document.show", deal=deal, document=document))
    if not found:
        raise DocumentMissing(deal=deal, document=document, version="—")
    return found


def version(desk: Desk, deal: str, document: str, number: int | None = None) -> DocumentView:
    """One version of a document, the newest where none is named. Raises: DocumentMissing."""
    every = versions(desk, deal, document)
    if number is None:
        return every[-1]
    for each in every:
        if each.document.version == number:
            return each
    raise DocumentMissing(deal=deal, document=document, version=number)


def overview(desk: Desk, deal: str) -> tuple[DocumentView, ...]:
    """The current version of every document of a deal."""
    return from_json(tuple[DocumentView, ...], desk.session.query("document.overview", deal=deal))


def grant(desk: Desk, document: Document, reader: str, *, request: str | None = None) -> Grant:
    """Lets one more party read a version: its key is sealed to the party, and the grant registered.

    The registration comes first: what the contract refuses is not sealed to anybody.
    """
    receipt = desk.session.call(
        "document.grant",
        request=request,
        deal=document.deal,
        document=document.id,
        version=document.version,
        reader=reader,
    )
    if reader not in desk.vault.readers(document.object, desk.members.signed):
        desk.vault.grant(
            document.object,
            desk.msp,
            desk.encryption,
            desk.members.signed,
            (reader, desk.members.encryption_key(reader)),
            desk.session.signer,
        )
    return _answer(receipt, Grant)


def read(desk: Desk, document: Document, progress: Progress = no_progress) -> Opened:
    """Opens a version that the institution was granted; the content is checked while it is read.

    Raises: NotGranted, and what shows that store or envelope were tampered with.
    """
    return desk.vault.open(
        document.object, desk.msp, desk.encryption, desk.members.signed, document.fingerprint, progress
    )


def content_digest(opened: Opened) -> bytes:
    """SHA-256 of an opened document's content, read to its verified end. Raises: as reading does."""
    digest = hashlib.sha256()
    for chunk in opened:
        digest.update(chunk)
    return digest.digest()


def state_opinion(desk: Desk, deal: str, statement: Statement, *, request: str | None = None) -> Opinion:
    """States an opinion on facts of the deal. Raises: the contract's refusals."""
    return _answer(
        desk.session.call("document.state_opinion", request=request, deal=deal, statement=statement), Opinion
    )


def _answer(receipt: Receipt, kind: type[R]) -> R:
    return from_json(kind, json.loads(receipt.response))
