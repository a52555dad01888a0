"""`/deals/{deal}/documents`: the index, one document, and a file on its way in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chainfusion.api.problems import FormRefused
from chainfusion.api.seats import seat_of
from chainfusion.domain.deal import DealState
from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES, DocumentKind
from chainfusion.domain.errors import Text, require
from chainfusion.domain.roles import Role
from chainfusion.node import documents
from chainfusion.node.desk import Desk
from chainfusion.node.documents import Added, Upload
from chainfusion.node.jobs import Job
from chainfusion.node.office import Office
from chainfusion.node.uploads import Uploads
from chainfusion.node.views.deals import DealOverview
from chainfusion.node.views.documents import DocumentLine, IndexRow
from chainfusion.web.forms import documentgrants
from chainfusion.web.forms.acting import acting, others
from chainfusion.web.forms.jobs import PATIENCE, led_to
from chainfusion.web.forms.submission import EMPTY, Filled, submit, with_receipt
from chainfusion.web.pages import Twins
from chainfusion.web.rendering import page
from chainfusion.web.tables import Tables

LIVE = (DealState.OPEN, DealState.CLOSED)
"""States in which a deal takes documents and opinions."""
BEFORE_CLOSING = (DealState.DRAFT, DealState.OPEN)
ARRANGE = frozenset({Role.ORIGINATOR, Role.LEAD_UNDERWRITER})
OPINE = frozenset({Role.LAW_FIRM, Role.ACCOUNTANT, Role.RATING_AGENCY})
ELSEWHERE = frozenset({DocumentKind.LOAN_TAPE, DocumentKind.LOAN_OPENINGS})
"""Kinds that come with a pool, from the tape's own pages."""
NEW, NEXT = "kind:", "next:"
TEMPLATE = "document-new.html"


@dataclass(frozen=True)
class May:
    """What a person may do with a deal's documents now."""

    upload: bool
    arrange: bool
    opine: bool
    roles: frozenset[Role]


def may(request: Request, overview: DealOverview) -> May:
    """By roles and state; the contract decides."""
    roles, state = acting(request, overview), overview.line.state
    live = state in LIVE
    return May(live and bool(roles), state in BEFORE_CLOSING and bool(roles & ARRANGE), live and bool(roles & OPINE),
               roles)  # fmt: skip


def router(office: Office) -> APIRouter:
    """Index, documents, uploads and grants."""
    made = APIRouter(include_in_schema=False)
    _upload(made, office, office.uploads)
    made.include_router(documentgrants.router(office))
    _read(made, office)
    return made


def _read(made: APIRouter, office: Office) -> None:
    def facts(request: Request, _view: Any) -> dict[str, Any]:
        overview = office.workspace.deal(str(request.path_params["deal"]))
        return {"overview": overview, "tab": "documents", "may": may(request, overview)}

    twins = Twins(made, office.workspace)
    twins.add(
        "/deals/{deal}/documents",
        "documents.html",
        lambda request: office.workspace.documents(request.path_params["deal"]),
        Tables.documents,
        facts,
    )
    twins.add(
        "/deals/{deal}/documents/{document}",
        "document.html",
        lambda request: office.workspace.document(request.path_params["deal"], request.path_params["document"]),
        Tables.document,
        facts,
    )


# ------------------------------------------------------------------ bringing a file


def _upload(made: APIRouter, office: Office, uploads: Uploads) -> None:
    def facts(request: Request, deal: str) -> dict[str, Any]:
        overview = office.workspace.deal(deal)
        able = may(request, overview)
        mine = _mine(overview, office.desk.msp)
        wanted, beyond = _wanted(overview, able.roles), _beyond(overview)
        offered = {
            *(value for value, *_ in wanted),
            *(value for value, _ in beyond),
            *(NEXT + line.id for line in mine),
        }
        asked = request.query_params.get("for", "")
        asked = asked if asked in offered else ""
        return {
            "overview": overview,
            "tab": "documents",
            "may": able,
            "wanted": wanted,
            "mine": mine,
            "beyond": beyond,
            "asked": asked,
            "others_provide": _others_provide(overview, request.query_params.get("for", "")) if not asked else None,
            "parties": others(overview, office.desk.msp),
            "read_before": _read_before(mine, asked),
        }

    @made.get("/deals/{deal}/documents/new")
    def show(request: Request, deal: str) -> Response:
        """The form; `for` chooses a kind (`kind:…`) or the document to replace (`next:…`)."""
        return page(request, office.workspace, TEMPLATE, given=EMPTY, refusal=None, **facts(request, deal))

    @made.post("/deals/{deal}/documents/new")
    async def bring(request: Request, deal: str) -> Response:
        """Seals the file for its readers and registers it."""
        account = seat_of(request).account

        def act(desk: Desk, form: Filled) -> Added | Job:
            upload, size, next_of = _filled_in(desk, deal, form)
            found = uploads.add(desk, account, upload, size, next_of=next_of, request=form.request)
            return office.jobs.awaited(found.id, PATIENCE) if isinstance(found, Job) else found

        return await submit(request, office, TEMPLATE, act, partial(_on, deal), lambda _: facts(request, deal))


def _filled_in(desk: Desk, deal: str, form: Filled) -> tuple[Upload, int, str | None]:
    """The file, its size, and the document whose next version it is. Raises: FormRefused, DocumentMissing."""
    file, what = form.file("file"), form.text("what")
    require(file is not None, FormRefused(why="a file is needed", why_zh="请选择文件"))
    assert file is not None
    next_of = what.removeprefix(NEXT) if what.startswith(NEXT) else None
    if next_of is not None:
        kind = documents.versions(desk, deal, next_of)[-1].document.kind
    else:
        word = what.removeprefix(NEW)
        require(word in set(DocumentKind), FormRefused(why="a kind is needed", why_zh="请选择文件种类"))
        kind = DocumentKind(word)
    readers = (each for each in form.all("reader") if each)
    upload = Upload.sent(deal, kind, file.file, file.filename, readers)
    return upload, file.size or 0, next_of


def _on(deal: str, went: Added | Job) -> str:
    base = f"/deals/{quote(deal)}/documents"
    if isinstance(went, Added):
        return with_receipt(f"{base}/{went.document.id}", went.receipt.tx_id)
    if went.result is None:
        return led_to(went)
    return with_receipt(f"{base}/{went.result['document']}", went.result["transaction"])


# ------------------------------------------------------------------ what the form offers


def _wanted(overview: DealOverview, roles: frozenset[Role]) -> list[tuple[str, Text, bool]]:
    """The kinds of the index that these roles provide: missing ones first."""
    rows = [row for row in overview.documents.index if row.provider in roles and row.kind not in ELSEWHERE]
    found = {row.kind: (f"{NEW}{row.kind}", row.kind_name, row.missing) for row in rows}
    return sorted(found.values(), key=lambda each: not each[2])


def _beyond(overview: DealOverview) -> list[tuple[str, Text]]:
    """Kinds that the index does not name: any party may add them."""
    named = {row.kind for row in overview.documents.index if row.provider is not None} | ELSEWHERE
    return [(f"{NEW}{kind}", DOCUMENT_KIND_NAMES[kind]) for kind in DocumentKind if kind not in named]


def _others_provide(overview: DealOverview, asked: str) -> IndexRow | None:
    """The line of the index of a kind that was asked for, and which other parties provide."""
    return next((row for row in overview.documents.index if f"{NEW}{row.kind}" == asked), None)


def _mine(overview: DealOverview, msp: str) -> list[DocumentLine]:
    """This institution's documents, each in its newest version."""
    lines = (line for row in overview.documents.index for line in row.documents)
    found = {line.id: line for line in lines if line.owner.msp == msp and line.kind not in ELSEWHERE}
    return sorted(found.values(), key=lambda line: line.kind.value)


def _read_before(mine: list[DocumentLine], asked: str) -> tuple[str, ...]:
    """Who reads the version that the new one is to replace."""
    before = next((line for line in mine if f"{NEXT}{line.id}" == asked), None)
    return tuple(each.msp for each in before.readers) if before else ()
