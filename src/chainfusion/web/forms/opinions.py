"""`/deals/{deal}/opinions/new`: an opinion as a signed statement that names the facts it relies on."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chainfusion.api.problems import FormRefused
from chainfusion.domain.deal import DealState
from chainfusion.domain.errors import require
from chainfusion.domain.opinions import (
    CONCLUSION_NAMES,
    OPINION_DOCUMENTS,
    OPINION_KIND_NAMES,
    OPINION_ROLES,
    DocumentFact,
    OpinionKind,
    PoolFact,
    Statement,
    TermsFact,
)
from chainfusion.domain.roles import Role
from chainfusion.domain.text import whole_number
from chainfusion.ledger.port import Receipt
from chainfusion.node import documents
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.views.deals import DealOverview
from chainfusion.node.views.documents import DocumentLine
from chainfusion.web.forms.acting import acting
from chainfusion.web.forms.submission import EMPTY, Filled, submit
from chainfusion.web.rendering import page

TEMPLATE = "document-opinion.html"
F = TypeVar("F", PoolFact, TermsFact)


def router(office: Office) -> APIRouter:
    """The form, and the statement."""
    made = APIRouter(include_in_schema=False)

    def facts(request: Request, deal: str) -> dict[str, Any]:
        overview = office.workspace.deal(deal)
        roles = acting(request, overview)
        kinds = [kind for kind in OpinionKind if OPINION_ROLES[kind] & roles]
        current = _current(overview)
        return {
            "overview": overview,
            "tab": "documents",
            "kinds": [(kind, OPINION_KIND_NAMES[kind], OPINION_DOCUMENTS[kind]) for kind in kinds],
            "texts": _texts(overview, current, kinds, office.desk.msp),
            "live": overview.line.state in (DealState.OPEN, DealState.CLOSED),
            "conclusions": CONCLUSION_NAMES,
            "rates": Role.RATING_AGENCY in roles,
            "concludes": any(kind is not OpinionKind.RATING for kind in kinds),
            "terms": office.workspace.terms(deal).versions if overview.has_terms else (),
            "lines": [line for line in current if line.readable],
            "sealed": sum(not line.readable for line in current),
        }

    @made.get("/deals/{deal}/opinions/new")
    def show(request: Request, deal: str) -> Response:
        """What an opinion can rely on."""
        return page(request, office.workspace, TEMPLATE, given=EMPTY, refusal=None, **facts(request, deal))

    @made.post("/deals/{deal}/opinions/new")
    async def state(request: Request, deal: str) -> Response:
        """States it."""

        def act(desk: Desk, form: Filled) -> Receipt:
            return documents.opine(desk, deal, _statement(form), request=form.request)

        then = f"/deals/{quote(deal)}/documents"
        return await submit(request, office, TEMPLATE, act, then, lambda _: facts(request, deal))

    return made


# ------------------------------------------------------------------ what is offered


def _current(overview: DealOverview) -> list[DocumentLine]:
    lines = {line.id: line for row in overview.documents.index for line in row.documents}
    return list(lines.values())


def _texts(
    overview: DealOverview, current: list[DocumentLine], kinds: list[OpinionKind], msp: str
) -> list[tuple[OpinionKind, DocumentLine]]:
    """Own documents that hold an opinion's text and of which none is stated yet."""
    stated = {(row.text.document, row.text.version) for row in overview.documents.opinions}
    kind_of = {OPINION_DOCUMENTS[kind]: kind for kind in kinds}
    mine = (line for line in current if line.owner.msp == msp and (line.id, line.version) not in stated)
    return [(kind_of[line.kind], line) for line in mine if line.kind in kind_of]


# ------------------------------------------------------------------ what was filled in


def _statement(form: Filled) -> Statement:
    """What the form states. Raises: FormRefused."""
    kind, _, text = form.text("text").partition("|")
    require(kind in set(OpinionKind), FormRefused(why="the document with its text is needed", why_zh="请选择意见文件"))
    conclusion = form.text("grade") if kind == OpinionKind.RATING else form.text("conclusion")
    pool, terms = form.text("pool"), form.text("terms")
    try:
        return Statement(
            kind=OpinionKind(kind),
            conclusion=conclusion,
            document=_document(text),
            pool=_versioned(PoolFact, pool) if pool else None,
            documents=tuple(_document(each) for each in form.all("document")),
            terms=_versioned(TermsFact, terms) if terms else None,
        )
    except ValueError as error:
        raise FormRefused(why=str(error)[:200], why_zh=_WHY.get(str(error), "内容不符合要求")) from None


_WHY = {
    "a conclusion is a code of 1 to 24 characters": "结论或级别须为 1 至 24 个字符的代码",
    f"a conclusion is one of {', '.join(CONCLUSION_NAMES)}": "请选择结论",
    "an opinion relies on at least one fact": "意见须至少依据一项事实",
    "an opinion does not rely on itself": "意见不能以其自身为依据",
}


def _document(word: str) -> DocumentFact:
    """`id|version|fingerprint`. Raises: ValueError."""
    document, number, fingerprint = word.split("|")
    return DocumentFact(document, _number(number), bytes.fromhex(fingerprint))


def _versioned(kind: type[F], word: str) -> F:
    """`version|fingerprint`. Raises: ValueError."""
    number, fingerprint = word.split("|")
    return kind(_number(number), bytes.fromhex(fingerprint))


def _number(word: str) -> int:
    number = whole_number(word)
    if number is None:
        raise ValueError("a version is a whole number")
    return number
