"""Who may read a version, and which documents a deal needs: decisions that are asked once, with all that they say."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chainfusion.api.problems import FormRefused
from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES, DocumentKind, IndexEntry
from chainfusion.domain.errors import require
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from chainfusion.ledger.port import Receipt
from chainfusion.node import documents
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.views.documents import DocumentLine, DocumentPage
from chainfusion.web.forms.acting import acting, others
from chainfusion.web.forms.submission import EMPTY, Filled, submit
from chainfusion.web.rendering import page

GRANT, INDEX = "document-grant.html", "documents-index.html"
ARRANGE = frozenset({Role.ORIGINATOR, Role.LEAD_UNDERWRITER})
SPARE_ROWS = 3
"""Empty rows of the index's form, for a kind that several roles provide."""


def router(office: Office) -> APIRouter:
    """Grants, and the index."""
    made = APIRouter(include_in_schema=False)
    _grant(made, office)
    _index(made, office)
    return made


# ------------------------------------------------------------------ grants


def _grant(made: APIRouter, office: Office) -> None:
    def facts(deal: str, document: str, number: int) -> dict[str, Any]:
        overview, view = office.workspace.deal(deal), office.workspace.document(deal, document)
        line = _version(view, number)
        reads = {each.msp for each in line.readers}
        parties = [row for row in others(overview, office.desk.msp) if row.institution.msp not in reads]
        return {"overview": overview, "tab": "documents", "view": view, "line": line, "parties": parties,
                "owns": line.owner.msp == office.desk.msp}  # fmt: skip

    @made.get("/deals/{deal}/documents/{document}/versions/{number:int}/grant")
    def show(request: Request, deal: str, document: str, number: int) -> Response:
        """Who can still be let in."""
        told = facts(deal, document, number)
        return page(request, office.workspace, GRANT, given=EMPTY, refusal=None, **told)

    @made.post("/deals/{deal}/documents/{document}/versions/{number:int}/grant")
    async def grant(request: Request, deal: str, document: str, number: int) -> Response:
        """Lets those in who were chosen, one signed grant each; a repeat completes what was interrupted."""

        def act(desk: Desk, form: Filled) -> Receipt:
            readers = tuple(each for each in form.all("reader") if each)
            require(bool(readers), FormRefused(why="a reader is needed", why_zh="请选择读者"))
            found = documents.version(desk, deal, document, number).document
            return documents.grant_all(desk, found, readers, request=form.request)

        then = f"/deals/{quote(deal)}/documents/{quote(document)}"
        return await submit(request, office, GRANT, act, then, lambda _: facts(deal, document, number))


def _version(view: DocumentPage, number: int) -> DocumentLine:
    found = next((line for line in view.versions if line.version == number), None)
    if found is None:
        raise documents.DocumentMissing(deal=view.deal, document=view.id, version=min(number, 2**53))
    return found


# ------------------------------------------------------------------ the index


def _index(made: APIRouter, office: Office) -> None:
    def facts(request: Request, deal: str, form: Filled = EMPTY) -> dict[str, Any]:
        overview = office.workspace.deal(deal)
        needed = [(row.kind, row.provider) for row in overview.documents.index if row.provider is not None]
        return {
            "overview": overview,
            "tab": "documents",
            "arranges": bool(acting(request, overview) & ARRANGE),
            "rows": _typed(form) or _rows(needed),
            "spare": range(SPARE_ROWS),
            "kinds": DOCUMENT_KIND_NAMES,
            "roles": INSTITUTION_ROLES,
        }

    @made.get("/deals/{deal}/documents/index")
    def show(request: Request, deal: str) -> Response:
        """The index as it stands, to be changed."""
        return page(request, office.workspace, INDEX, given=EMPTY, refusal=None, **facts(request, deal))

    @made.post("/deals/{deal}/documents/index")
    async def put(request: Request, deal: str) -> Response:
        """Sets it."""

        def act(desk: Desk, form: Filled) -> Receipt:
            return documents.require_kinds(desk, deal, _entries(form), request=form.request)

        then = f"/deals/{quote(deal)}/documents"
        return await submit(request, office, INDEX, act, then, lambda form: facts(request, deal, form))


def _rows(needed: list[tuple[DocumentKind, Role]]) -> list[tuple[str, str]]:
    """What is needed, then every kind that is not."""
    named = {kind for kind, _ in needed}
    return [*((str(kind), str(role)) for kind, role in needed),
            *((str(kind), "") for kind in DocumentKind if kind not in named)]  # fmt: skip


def _typed(form: Filled) -> list[tuple[str, str]]:
    """The rows as they were sent, those of known kinds."""
    return [(kind, role) for kind, role in zip(form.all("kind"), form.all("role"), strict=False)
            if kind in set(DocumentKind)]  # fmt: skip


def _entries(form: Filled) -> tuple[IndexEntry, ...]:
    """The rows that name a kind and a role. Raises: FormRefused."""
    kinds, roles = form.all("kind"), form.all("role")
    require(len(kinds) == len(roles), FormRefused(why="each kind needs its role", why_zh="每个种类须对应一个角色"))
    chosen = [(kind, role) for kind, role in zip(kinds, roles, strict=True) if kind and role]
    known = all(kind in set(DocumentKind) and role in INSTITUTION_ROLES for kind, role in chosen)
    require(known, FormRefused(why="a kind or role is not known", why_zh="种类或角色不存在"))
    return tuple(IndexEntry(DocumentKind(kind), Role(role)) for kind, role in chosen)
