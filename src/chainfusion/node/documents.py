"""Documents: sealed for their readers before they leave the node, registered by fingerprint, granted, opened."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, TypeVar

from chainfusion.contracts.document.contract import DocumentView
from chainfusion.contracts.document.refusals import AlreadyGranted
from chainfusion.contracts.document.state import document_ids, grants
from chainfusion.domain.document_kinds import DocumentKind, IndexEntry
from chainfusion.domain.document_records import Document, Grant, NewDocument, Opinion
from chainfusion.domain.documents import document_fingerprint
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.opinions import Statement
from chainfusion.domain.records import from_json
from chainfusion.ledger.port import OutcomeUnknown, Receipt
from chainfusion.node.desk import Desk
from chainfusion.node.session import RequestReused
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

    @classmethod
    def sent(
        cls, deal: str, kind: DocumentKind, content: BinaryIO, called: str | None, readers: Iterable[str]
    ) -> Upload:
        """A file under the name that a browser or a program gave it, which also tells its media type."""
        name = file_name(called, "document")
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return cls(deal, kind, content, name, media_type, tuple(readers))


@dataclass(frozen=True)
class Added:
    """A registered document, with the salt that its readers' evidence needs."""

    document: Document
    salt: bytes
    receipt: Receipt


def file_name(given: str | None, otherwise: str) -> str:
    """A file's own name, of what a browser or a program calls it: the last part of a path of any system."""
    return (given or otherwise).replace("\\", "/").rpartition("/")[2]


def add(
    desk: Desk,
    upload: Upload,
    *,
    next_of: str | None = None,
    request: str | None = None,
    progress: Progress = no_progress,
) -> Added:
    """Seals a file for its readers and registers it, as a new document or as the next version of `next_of`.

    A repeat of `request` with the same file seals nothing and returns what the first one registered. The contract is
    asked before anything is sealed, so that a refused file costs nothing and leaves nothing.

    Raises: RequestReused; the vault's and the contract's refusals.
    """
    if (first := desk.session.repeated(request)) is not None:
        return _added_before(desk, upload, next_of, str(request), first)
    keys = {msp: desk.members.encryption_key(msp) for msp in {desk.msp, *upload.readers}}
    draft = check(desk, upload, next_of)
    sealed = desk.vault.seal(
        upload.content, upload.name, upload.media_type, keys, desk.session.signer, progress=progress
    )
    sealed_draft = replace(draft, fingerprint=sealed.fingerprint, object=sealed.object_id)
    try:
        receipt = desk.session.call("document.register", request=request, deal=upload.deal, document=sealed_draft)
    except OutcomeUnknown:
        raise  # whether it was recorded shows later: what was sealed must be there then
    except ChainFusionError:
        desk.vault.delete(sealed.object_id)
        raise
    return Added(answer(receipt, Document), sealed.salt, receipt)


def check(desk: Desk, upload: Upload, next_of: str | None = None) -> NewDocument:
    """Asks the contract whether it would take the file now, without reading it. Raises: the contract's refusals."""
    before = versions(desk, upload.deal, next_of)[-1].document if next_of else None
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
    return draft


def _added_before(desk: Desk, upload: Upload, next_of: str | None, request: str, first: Receipt) -> Added:
    """What the first of two equal requests registered. Raises: RequestReused where the two are not equal."""
    proposal = desk.session.ledger.transaction(first.tx_id).transaction.proposal
    operation = f"{proposal.contract}.{proposal.operation}"
    reused = RequestReused(request=request, operation=operation)
    require(operation == "document.register" and proposal.args["deal"] == upload.deal, reused)
    document = answer(first, Document)
    known = from_json(NewDocument, proposal.args["document"])
    same = known.kind is upload.kind and known.readers == tuple(sorted(set(upload.readers) - {desk.msp}))
    require(same and next_of == (known.id if known.supersedes else None), reused)
    opened = read(desk, document)
    require(document_fingerprint(opened.facts.salt, _digest(upload.content)) == document.fingerprint, reused)
    return Added(document, opened.facts.salt, first)


def _digest(content: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    while chunk := content.read(1 << 20):
        digest.update(chunk)
    return digest.digest()


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


def require_kinds(desk: Desk, deal: str, entries: tuple[IndexEntry, ...], *, request: str | None = None) -> Receipt:
    """Sets which documents the deal needs, and from whom. Raises: the contract's refusals."""
    return desk.session.call("document.require_kinds", request=request, deal=deal, entries=entries)


def granted(desk: Desk, document: Document, readers: tuple[str, ...]) -> tuple[Grant, ...]:
    """When and by which transaction each of a version's readers was let in, in the order of `readers`."""
    return tuple(_grant_on_ledger(desk, document, reader) for reader in readers)


def grant(desk: Desk, document: Document, reader: str, *, request: str | None = None) -> Grant:
    """Lets one more party read a version: the grant is registered, and the version's key sealed to the party.

    The registration comes first: what the contract refuses is not sealed to anybody. A grant that was interrupted
    between the two is completed when it is asked for again.

    Raises: the contract's refusals, AlreadyGranted among them once the grant is complete; the vault's.
    """
    version: dict[str, Any] = {"deal": document.deal, "document": document.id, "version": document.version}
    try:
        granted = answer(desk.session.call("document.grant", request=request, **version, reader=reader), Grant)
    except AlreadyGranted:
        if reader in desk.vault.readers(document.object, desk.members.signed):
            raise
        granted = _grant_on_ledger(desk, document, reader)
    if reader not in desk.vault.readers(document.object, desk.members.signed):
        _seal_to(desk, document, reader)
    return granted


def grant_all(desk: Desk, document: Document, readers: tuple[str, ...], *, request: str) -> Receipt:
    """Lets several parties read a version, a signed grant each, or none of them; gives the last receipt.

    Every grant is asked for before the first is signed. Interrupted between two, a repeat of `request` completes it.
    Raises: as `grant`.
    """
    version: dict[str, Any] = {"deal": document.deal, "document": document.id, "version": document.version}
    requests = {reader: f"{request}:{reader}" for reader in readers}
    for reader, each in requests.items():
        if desk.session.first(each) is None:
            desk.session.check("document.grant", **version, reader=reader)
    for reader, each in requests.items():
        grant(desk, document, reader, request=each)
    last = desk.session.repeated(requests[readers[-1]])
    assert last is not None
    return last


def _grant_on_ledger(desk: Desk, document: Document, reader: str) -> Grant:
    key = grants.key(*document_ids(document.deal, document.id, document.version), reader)
    return grants.read(desk.session.ledger.state(key) or b"null")


def _seal_to(desk: Desk, document: Document, reader: str) -> None:
    to = (reader, desk.members.encryption_key(reader))
    check, signer = desk.members.signed, desk.session.signer
    desk.vault.grant(document.object, desk.msp, desk.encryption, check, to, signer)


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
    return answer(opine(desk, deal, statement, request=request), Opinion)


def opine(desk: Desk, deal: str, statement: Statement, *, request: str | None = None) -> Receipt:
    """`state_opinion`, answered with the receipt."""
    return desk.session.call("document.state_opinion", request=request, deal=deal, statement=statement)


def answer(receipt: Receipt, kind: type[R]) -> R:
    """The record that an operation answered with."""
    return from_json(kind, json.loads(receipt.response))
