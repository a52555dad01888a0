"""The document contract: the index of kinds (底稿目录), documents by fingerprint, who may read, and opinions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from chainfusion.contracts.access import acting_in, as_member, as_party
from chainfusion.contracts.deal.state import accepted_roles, require_deal
from chainfusion.contracts.document import state
from chainfusion.contracts.document.refusals import (
    AlreadyGranted,
    DocumentExists,
    IndexRefused,
    KindDiffers,
    NotTheProvider,
    OpinionExists,
    OpinionRoleNeeded,
    ReaderNotAParty,
)
from chainfusion.contracts.facts import StaleFact
from chainfusion.contracts.framework import Context, Contract
from chainfusion.contracts.own_word import put_own_word
from chainfusion.contracts.pool.state import require_pool
from chainfusion.contracts.terms.state import require_terms
from chainfusion.domain.deal import DealState
from chainfusion.domain.document_kinds import DocumentKind, IndexEntry, default_index
from chainfusion.domain.document_records import Document, DocumentIndex, Grant, NewDocument, Opinion
from chainfusion.domain.errors import require
from chainfusion.domain.opinions import OPINION_DOCUMENTS, OPINION_ROLES, Statement
from chainfusion.domain.roles import INSTITUTION_ROLES, Role

document_contract = Contract("document", version=1, guard=as_party)
LIVE = (DealState.OPEN, DealState.CLOSED)
MAX_ENTRIES = 200


@dataclass(frozen=True)
class DocumentView:
    """A version of a document with the institutions that may read it."""

    document: Document
    readers: tuple[str, ...]


@dataclass(frozen=True)
class IndexLine:
    """One line of a deal's index: a kind, who provides it, and the current versions that are there.

    `provider` is None for documents beyond the index; a line with a provider and no document is `missing`.
    """

    kind: DocumentKind
    provider: Role | None
    missing: bool
    documents: tuple[Document, ...]


@dataclass(frozen=True)
class OpinionView:
    """An opinion, and whether all that it relies on, and its own text, is still current."""

    opinion: Opinion
    current: bool


@document_contract.operation(by=(Role.ORIGINATOR, Role.LEAD_UNDERWRITER), when=(DealState.DRAFT, DealState.OPEN))
def require_kinds(ctx: Context, deal: str, entries: tuple[IndexEntry, ...]) -> DocumentIndex:
    """Sets which documents the deal needs and who provides them; before, the product's default index holds.

    Raises: IndexRefused.
    """
    counted = Counter(entries).most_common(1)
    fits = 0 < len(entries) <= MAX_ENTRIES and counted[0][1] == 1
    require(fits, IndexRefused(kind=counted[0][0].kind if counted else ""))
    index = DocumentIndex(deal, entries, ctx.caller.msp, ctx.tx_id)
    ctx.emit(index)
    return state.indexes.put(ctx, index, deal)


@document_contract.operation(by=INSTITUTION_ROLES, when=LIVE)
def register(ctx: Context, deal: str, document: NewDocument) -> Document:
    """Puts a version of a document on the ledger, with its readers.

    A kind that the index names is provided by the roles it names; any party may add others. A next version comes from
    the same institution and is of the same kind.

    Raises: NotTheProvider, DocumentExists, DocumentUnknown, NotTheOwner, KindDiffers, ReaderNotAParty.
    """
    _require_provider(ctx, deal, document.kind)
    if state.version_of(ctx, deal, document.id, document.version) is not None:
        raise DocumentExists(document=document.id, version=document.version)
    _require_successor(ctx, deal, document)
    registered = Document(
        deal=deal,
        id=document.id,
        kind=document.kind,
        version=document.version,
        fingerprint=document.fingerprint,
        object=document.object,
        owner=ctx.caller.msp,
        supersedes=document.supersedes,
        registered=ctx.timestamp,
        tx_id=ctx.tx_id,
    )
    for reader in sorted({*document.readers, ctx.caller.msp}):
        if reader != ctx.caller.msp:  # the guard has found the caller to be a party
            _require_reader(ctx, deal, reader)
        _grant(ctx, registered, reader)
    ctx.emit(registered)
    return state.documents.put(ctx, registered, *state.document_ids(deal, document.id, document.version))


@document_contract.operation(by=INSTITUTION_ROLES, when=LIVE)
def grant(ctx: Context, deal: str, document: str, version: int, reader: str) -> Grant:
    """Lets one more party read a version. Raises: DocumentUnknown, NotTheOwner, AlreadyGranted, ReaderNotAParty."""
    owned = state.require_owned(ctx, state.require_version(ctx, deal, document, version))
    granted = reader in state.readers_of(ctx, owned)
    require(not granted, AlreadyGranted(msp=reader, document=document, version=version))
    _require_reader(ctx, deal, reader)
    return _grant(ctx, owned, reader)


@document_contract.operation(by=(Role.LAW_FIRM, Role.ACCOUNTANT, Role.RATING_AGENCY), when=LIVE)
def state_opinion(ctx: Context, deal: str, statement: Statement) -> Opinion:
    """States an opinion that names the facts it relies on, all on the ledger and current.

    Raises: OpinionRoleNeeded, OpinionExists, UnknownFact, StaleFact, NotTheOwner, KindDiffers.
    """
    needed, text = OPINION_ROLES[statement.kind], statement.document
    refusal = OpinionRoleNeeded(deal=deal, kind=statement.kind, needed=", ".join(sorted(needed)))
    require(bool(needed & acting_in(ctx, deal)), refusal)
    ids = state.document_ids(deal, text.document, text.version)
    exists = state.opinions.get(ctx, *ids) is not None
    require(not exists, OpinionExists(document=text.document, version=text.version))
    state.require_own_text(ctx, deal, text, OPINION_DOCUMENTS[statement.kind])
    _require_relied(ctx, deal, statement)
    opinion = Opinion(deal, ctx.caller.msp, statement, ctx.timestamp, ctx.tx_id)
    ctx.emit(opinion)
    return put_own_word(ctx, state.opinions, opinion, *ids)


@document_contract.query(guard=as_member)
def index(ctx: Context, deal: str) -> tuple[IndexLine, ...]:
    """The deal's index with what is there and what is missing, then the documents beyond it. Raises: UnknownDeal."""
    there = _current(ctx, deal)
    owners = {owner: accepted_roles(ctx, deal, owner) for owner in sorted({document.owner for document in there})}
    lines = [
        (entry, tuple(each for each in there if each.kind is entry.kind and entry.provider in owners[each.owner]))
        for entry in _entries(ctx, deal)
    ]
    indexed = {document.tx_id for _, documents in lines for document in documents}
    beyond = [each for each in there if each.tx_id not in indexed]
    return (
        *(IndexLine(entry.kind, entry.provider, not documents, documents) for entry, documents in lines),
        *(IndexLine(each.kind, None, False, (each,)) for each in sorted(beyond, key=lambda each: each.kind)),
    )


@document_contract.query(guard=as_member)
def show(ctx: Context, deal: str, document: str) -> tuple[DocumentView, ...]:
    """All versions of a document with their readers, oldest first."""
    versions = state.documents.all(ctx, deal, document)
    return tuple(DocumentView(version, state.readers_of(ctx, version)) for version in versions)


@document_contract.query(guard=as_member)
def overview(ctx: Context, deal: str) -> tuple[DocumentView, ...]:
    """The current version of every document of a deal, in order of id."""
    return tuple(DocumentView(document, state.readers_of(ctx, document)) for document in _current(ctx, deal))


@document_contract.query(guard=as_member)
def opinions(ctx: Context, deal: str) -> tuple[OpinionView, ...]:
    """The opinions of a deal, and whether each still stands on current facts. Raises: UnknownDeal."""
    require_deal(ctx, deal)
    return tuple(OpinionView(each, _stands(ctx, each)) for each in state.opinions.all(ctx, deal))


# ------------------------------------------------------------------ rules


def _require_provider(ctx: Context, deal: str, kind: DocumentKind) -> None:
    providers = {entry.provider for entry in _entries(ctx, deal) if entry.kind is kind}
    if providers and not providers & acting_in(ctx, deal):
        raise NotTheProvider(msp=ctx.caller.msp, kind=kind, deal=deal, providers=", ".join(sorted(providers)))


def _require_successor(ctx: Context, deal: str, document: NewDocument) -> None:
    if document.supersedes is None:
        return
    before = state.require_owned(ctx, state.require_version(ctx, deal, document.id, document.supersedes))
    same = before.kind is document.kind
    require(same, KindDiffers(document=document.id, kind=before.kind, needed=document.kind))


def _require_reader(ctx: Context, deal: str, reader: str) -> None:
    if not accepted_roles(ctx, deal, reader):
        raise ReaderNotAParty(msp=reader, deal=deal)


def _grant(ctx: Context, document: Document, reader: str) -> Grant:
    granted = Grant(document.deal, document.id, document.version, reader, ctx.timestamp, ctx.tx_id)
    ctx.emit(granted)
    return state.grants.put(ctx, granted, *state.document_ids(document.deal, document.id, document.version), reader)


def _require_relied(ctx: Context, deal: str, statement: Statement) -> None:
    if statement.pool is not None:
        require_pool(ctx, deal, statement.pool)
    if statement.terms is not None:
        require_terms(ctx, deal, statement.terms)
    for fact in statement.documents:
        state.require_fact(ctx, deal, fact)


def _stands(ctx: Context, opinion: Opinion) -> bool:
    statement = opinion.statement
    try:
        state.require_fact(ctx, opinion.deal, statement.document)
        _require_relied(ctx, opinion.deal, statement)
    except StaleFact:
        return False
    return True


# ------------------------------------------------------------------ the index


def _entries(ctx: Context, deal: str) -> tuple[IndexEntry, ...]:
    required = state.indexes.get(ctx, deal)
    return required.entries if required else default_index(require_deal(ctx, deal).product)


def _current(ctx: Context, deal: str) -> tuple[Document, ...]:
    newest = {document.id: document for document in state.documents.all(ctx, deal)}  # versions come in order
    return tuple(newest.values())
