"""A deal's documents as its parties see them: the index of kinds (底稿目录), versions, readers, opinions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainfusion.contracts.document.contract import DocumentView, IndexLine, OpinionView
from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES, DocumentKind
from chainfusion.domain.document_records import Document
from chainfusion.domain.errors import Text
from chainfusion.domain.opinions import OPINION_KIND_NAMES, DocumentFact, OpinionKind
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.node import documents
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution, NotFound, Place
from chainfusion.node.views.sentences import conclusion_name


@dataclass(frozen=True)
class Reader:
    """An institution that may read a version, and where it was let in."""

    institution: Institution
    since: Place


@dataclass(frozen=True)
class DocumentLine:
    """A version of a document. `readable` tells whether this institution was granted it; names stay in the vault.

    `granted` tells since when each of the readers reads, on the document's own page alone.
    """

    id: str
    kind: DocumentKind
    kind_name: Text
    version: int
    fingerprint: str
    object: str
    owner: Institution
    readers: tuple[Institution, ...]
    readable: bool
    registered: Place
    granted: tuple[Reader, ...] = ()


@dataclass(frozen=True)
class IndexRow:
    """A line of the index: a kind, who provides it, and what is there; `provider` is None beyond the index."""

    kind: DocumentKind
    kind_name: Text
    provider: Role | None
    provider_name: Text | None
    providers: tuple[Institution, ...]
    missing: bool
    documents: tuple[DocumentLine, ...]


@dataclass(frozen=True)
class Relied:
    """A fact that an opinion relies on; `document` is None for pool and terms. `page`: where it is in the deal."""

    what: Text
    version: int
    document: str | None
    fingerprint: str
    page: str


@dataclass(frozen=True)
class OpinionRow:
    """An opinion; `current` is false once anything that it relies on, or its own text, was replaced."""

    kind: OpinionKind
    kind_name: Text
    conclusion: str
    conclusion_name: Text
    by: Institution
    current: bool
    text: DocumentFact
    text_fingerprint: str
    relies_on: tuple[Relied, ...]
    stated: Place


@dataclass(frozen=True)
class DocumentsView:
    """The index with what is there and what is missing, and the opinions. `height`: the ledger's, as it was read."""

    deal: str
    height: int
    required: int
    there: int
    index: tuple[IndexRow, ...]
    opinions: tuple[OpinionRow, ...]


@dataclass(frozen=True)
class DocumentPage:
    """One document: its versions, newest first, and the opinions that rely on it or that it states."""

    deal: str
    height: int
    id: str
    kind: DocumentKind
    kind_name: Text
    name: str | None
    """The file's name out of the vault; None where it is not readable here."""
    versions: tuple[DocumentLine, ...]
    opinions: tuple[OpinionRow, ...]


@dataclass(frozen=True)
class Documents:
    """Reads a deal's documents."""

    desk: Desk
    acts: Acts

    def view(self, deal: str, height: int, providers: dict[Role, tuple[Institution, ...]]) -> DocumentsView:
        """The index and the opinions. `providers`: the deal's accepted or named parties by role."""
        lines = from_json(tuple[IndexLine, ...], self.desk.session.query("document.index", deal=deal))
        readers = {
            (view.document.id, view.document.version): view.readers for view in documents.overview(self.desk, deal)
        }
        self.acts.keep(each.tx_id for line in lines for each in line.documents)
        rows = tuple(self._row(line, readers, providers) for line in lines)
        required = [row for row in rows if row.provider is not None]
        there = sum(not row.missing for row in required)
        return DocumentsView(deal, height, len(required), there, rows, self.opinions(deal))

    def opinions(self, deal: str) -> tuple[OpinionRow, ...]:
        """All opinions, the newest first."""
        found = from_json(tuple[OpinionView, ...], self.desk.session.query("document.opinions", deal=deal))
        rows = [self._opinion(deal, view) for view in found]
        return tuple(sorted(rows, key=lambda row: (row.stated.block, row.stated.index), reverse=True))

    def page(self, deal: str, document: str, height: int) -> DocumentPage:
        """One document. Raises: DocumentMissing."""
        views = documents.versions(self.desk, deal, document)
        self.acts.keep(view.document.tx_id for view in views)
        newest = views[-1].document
        opinions = tuple(
            row
            for row in self.opinions(deal)
            if document in (row.text.document, *(relied.document for relied in row.relies_on))
        )
        versions = tuple(replace(self._line(view), granted=self._granted(view)) for view in reversed(views))
        name = documents.read(self.desk, newest).facts.name if versions[0].readable else None
        kind_name = DOCUMENT_KIND_NAMES[newest.kind]
        return DocumentPage(deal, height, document, newest.kind, kind_name, name, versions, opinions)

    def version(self, deal: str, document: str, number: int) -> Document:
        """A version's record, of this deal. Raises: DocumentMissing, NotFound where it is not readable here."""
        view = documents.version(self.desk, deal, document, number)
        if self.desk.msp not in view.readers:
            raise NotFound(what="readable document", what_zh="可读文件", id=document)
        return view.document

    def _row(
        self,
        line: IndexLine,
        readers: dict[tuple[str, int], tuple[str, ...]],
        providers: dict[Role, tuple[Institution, ...]],
    ) -> IndexRow:
        lines = tuple(
            self._line(DocumentView(each, readers.get((each.id, each.version), ()))) for each in line.documents
        )
        role = line.provider
        return IndexRow(
            kind=line.kind,
            kind_name=DOCUMENT_KIND_NAMES[line.kind],
            provider=role,
            provider_name=ROLE_NAMES[role] if role else None,
            providers=providers.get(role, ()) if role else (),
            missing=line.missing,
            documents=lines,
        )

    def _line(self, view: DocumentView) -> DocumentLine:
        document = view.document
        return DocumentLine(
            id=document.id,
            kind=document.kind,
            kind_name=DOCUMENT_KIND_NAMES[document.kind],
            version=document.version,
            fingerprint=document.fingerprint.hex(),
            object=document.object,
            owner=self.acts.institution(document.owner),
            readers=tuple(map(self.acts.institution, view.readers)),
            readable=self.desk.msp in view.readers,
            registered=self.acts.place(document.tx_id),
        )

    def _granted(self, view: DocumentView) -> tuple[Reader, ...]:
        found = documents.granted(self.desk, view.document, view.readers)
        return tuple(Reader(self.acts.institution(each.reader), self.acts.place(each.tx_id)) for each in found)

    def _opinion(self, deal: str, view: OpinionView) -> OpinionRow:
        opinion = view.opinion
        statement = opinion.statement
        relies = [self._relied(deal, fact) for fact in statement.documents]
        if (terms := statement.terms) is not None:
            relies.insert(
                0, Relied(Text("Deal terms", "交易条款"), terms.version, None, terms.fingerprint.hex(), "terms")
            )
        if (pool := statement.pool) is not None:
            relies.insert(0, Relied(Text("Pool", "资产池"), pool.version, None, pool.root.hex(), "pool"))
        return OpinionRow(
            kind=statement.kind,
            kind_name=OPINION_KIND_NAMES[statement.kind],
            conclusion=statement.conclusion,
            conclusion_name=conclusion_name(statement.conclusion),
            by=self.acts.institution(opinion.by),
            current=view.current,
            text=statement.document,
            text_fingerprint=statement.document.fingerprint.hex(),
            relies_on=tuple(relies),
            stated=self.acts.place(opinion.tx_id),
        )

    def _relied(self, deal: str, fact: DocumentFact) -> Relied:
        document = documents.version(self.desk, deal, fact.document, fact.version).document
        kind, page = DOCUMENT_KIND_NAMES[document.kind], f"documents/{fact.document}"
        return Relied(kind, fact.version, fact.document, fact.fingerprint.hex(), page)
