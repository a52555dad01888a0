"""`/deals/{deal}/terms`: a text becomes the deal's terms, examined, signed, consented to; versions compared."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from chainfusion.api.problems import BadAddress, FormRefused, status_of
from chainfusion.api.seats import seat_of
from chainfusion.cashflow.text.sheet import term_sheet
from chainfusion.contracts.terms.refusals import TermsUnknown
from chainfusion.contracts.terms.state import CONSENTING
from chainfusion.domain.deal import DealState
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from chainfusion.domain.text import whole_number
from chainfusion.ledger.port import Receipt
from chainfusion.node import cashflows, termdrafts
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.views.deals import DealOverview
from chainfusion.node.views.terms import TermsBrief, TermsComparison
from chainfusion.web.forms.acting import acting
from chainfusion.web.forms.submission import EMPTY, Filled, filled, submit
from chainfusion.web.pages import Twins
from chainfusion.web.rendering import language, page
from chainfusion.web.tables import Tables
from chainfusion.web.termpages import terms_facts

REGISTERING = frozenset({Role.ORIGINATOR, Role.LEAD_UNDERWRITER, Role.TRUSTEE})
NEW, CONSENT = "terms-new.html", "terms-consent.html"


def router(office: Office) -> APIRouter:
    """The terms and what is done with them."""
    made = APIRouter(include_in_schema=False)
    _compare(made, office)
    _text(made, office)
    _consent(made, office)
    _sealing(made, office)
    _show(made, office)
    return made


def _may_register(request: Request, overview: DealOverview) -> bool:
    return overview.line.state is DealState.OPEN and bool(acting(request, overview) & REGISTERING)


def _awaited(request: Request, overview: DealOverview, newest: TermsBrief, msp: str) -> bool:
    """Whether the person's institution has still to consent to the newest version, and he can say so."""
    asked = any(each.msp == msp for each in newest.outstanding)
    return asked and overview.line.state is DealState.OPEN and bool(acting(request, overview) & frozenset(CONSENTING))


def _show(made: APIRouter, office: Office) -> None:
    @made.get("/deals/{deal}/terms.json")
    def as_json(deal: str) -> Response:
        """The terms as the API has them."""
        return JSONResponse(to_json(office.workspace.terms(deal)))

    @made.get("/deals/{deal}/terms.csv")
    def as_csv(request: Request, deal: str) -> Response:
        """The term sheet, a cell a row."""
        text = Tables(language(request)).terms(office.workspace.terms(deal)).text()
        return Response(text, media_type="text/csv; charset=utf-8")

    @made.get("/deals/{deal}/terms")
    def show(request: Request, deal: str) -> Response:
        """The terms; in an open deal without any it says who registers them."""
        overview = office.workspace.deal(deal)
        told: dict[str, Any] = {"overview": overview, "tab": "terms", "registers": _may_register(request, overview)}
        try:
            view = office.workspace.terms(deal)
        except TermsUnknown:
            if overview.line.state is not DealState.OPEN:
                raise
            return page(request, office.workspace, "terms-none.html", **told)
        consents = _awaited(request, overview, view.versions[0], office.desk.msp)
        facts = terms_facts(request, view, language(request)) | {"consents": consents}
        return page(request, office.workspace, "terms.html", view=view, **told, **facts)


# ------------------------------------------------------------------ a text


def _text(made: APIRouter, office: Office) -> None:
    def facts(request: Request, deal: str, form: Filled = EMPTY) -> dict[str, Any]:
        overview = office.workspace.deal(deal)
        text = form.text("text") or termdrafts.newest_text(office.desk, deal)
        may = _may_register(request, overview)
        return {"overview": overview, "tab": "terms", "registers": may, "text": text, "found": None}

    @made.get("/deals/{deal}/terms/new")
    def show(request: Request, deal: str) -> Response:
        """The text to begin from: the newest version's."""
        return page(request, office.workspace, NEW, given=EMPTY, refusal=None, **facts(request, deal))

    @made.post("/deals/{deal}/terms/check")
    async def check(request: Request, deal: str) -> Response:
        """Examines a text; nothing is recorded."""

        def answer(form: Filled) -> Response:
            told = facts(request, deal, form)
            try:
                found = termdrafts.examine(seat_of(request).desk, deal, _document(form))
            except ChainFusionError as error:
                return page(request, office.workspace, NEW, status_of(error), given=form, refusal=error, **told)
            sheets = [term_sheet(found.terms, lang) for lang in _both(request)] if found.terms else []
            told |= {"found": found, "text": found.text, "sheets": sheets}
            return page(request, office.workspace, NEW, given=form, refusal=None, **told)

        async with filled(request) as form:
            return await run_in_threadpool(answer, form)

    @made.post("/deals/{deal}/terms/new")
    async def register(request: Request, deal: str) -> Response:
        """Registers the text that was examined, with the institution's consent."""

        def act(desk: Desk, form: Filled) -> Receipt:
            data, fingerprint = form.text("text").encode(), form.text("fingerprint")
            replaces = 0 if form.text("replaces") == "0" else whole_number(form.text("replaces"))
            if replaces is None:
                raise FormRefused(why="the version that is replaced is needed", why_zh="缺少被替换的版本")
            return termdrafts.register(desk, deal, data, fingerprint, replaces, request=form.request)

        return await submit(request, office, NEW, act, _at(deal), lambda form: facts(request, deal, form))


def _document(form: Filled) -> bytes:
    """The file that was chosen, else the text. Raises: FormRefused, TermsTooLong."""
    file = form.file("file")
    if file is None:
        require(bool(form.text("text")), FormRefused(why="a text or a file is needed", why_zh="请填写文本或选择文件"))
        return form.text("text").encode()
    size = file.size or 0
    require(size <= termdrafts.MAX_BYTES, termdrafts.TermsTooLong(size=size, most=termdrafts.MAX_BYTES))
    return file.file.read()


def _both(request: Request) -> tuple[str, str]:
    """Both languages, the reader's first."""
    return ("zh", "en") if language(request) == "zh" else ("en", "zh")


def _at(deal: str) -> str:
    return f"/deals/{quote(deal)}/terms"


# ------------------------------------------------------------------ consent


def _consent(made: APIRouter, office: Office) -> None:
    def facts(request: Request, deal: str, number: int) -> dict[str, Any]:
        overview, every = office.workspace.deal(deal), cashflows.versions(office.desk, deal)
        briefs = office.workspace.terms(deal).versions
        brief = next((each for each in briefs if each.version == number), None)
        if brief is None:
            raise TermsUnknown(deal=deal, version=min(number, 2**53))
        may = brief is briefs[0] and _awaited(request, overview, brief, office.desk.msp)
        before = office.workspace.terms_compared(deal, number - 1, number).changes if number > 1 else None
        sheets = [term_sheet(every[number - 1].record.terms, lang) for lang in _both(request)]
        return {"overview": overview, "tab": "terms", "view": brief, "consents": may, "changes": before,
                "sheets": sheets}  # fmt: skip

    @made.get("/deals/{deal}/terms/{number:int}/consent")
    def show(request: Request, deal: str, number: int) -> Response:
        """What is consented to: the whole text as it reads, and what has changed."""
        told = facts(request, deal, number)
        return page(request, office.workspace, CONSENT, given=EMPTY, refusal=None, **told)

    @made.post("/deals/{deal}/terms/{number:int}/consent")
    async def consent(request: Request, deal: str, number: int) -> Response:
        """Consents to the version whose fingerprint was shown."""

        def act(desk: Desk, form: Filled) -> Receipt:
            shown = form.text("fingerprint")
            require(bool(shown), FormRefused(why="a fingerprint is needed", why_zh="缺少指纹"))
            return cashflows.consent(desk, deal, number, shown, request=form.request)

        return await submit(request, office, CONSENT, act, _at(deal), lambda _: facts(request, deal, number))


# ------------------------------------------------------------------ private terms


def _sealing(made: APIRouter, office: Office) -> None:
    def facts(deal: str) -> dict[str, Any]:
        return {"overview": office.workspace.deal(deal), "tab": "terms", "sealed": None}

    @made.get("/deals/{deal}/terms/private")
    def show(request: Request, deal: str) -> Response:
        """A value that only its parties shall know."""
        return page(request, office.workspace, "terms-private.html", given=EMPTY, refusal=None, **facts(deal))

    @made.post("/deals/{deal}/terms/private")
    async def seal(request: Request, deal: str) -> Response:
        """Its fingerprint and salt, shown once; the node keeps neither."""
        async with filled(request) as form:
            seat_of(request)
            told = facts(deal)
            currency = told["overview"].line.currency
            try:
                told["sealed"] = termdrafts.seal(form.text("value"), currency)
            except ChainFusionError as error:
                template = "terms-private.html"
                return page(request, office.workspace, template, status_of(error), given=form, refusal=error, **told)
            return page(request, office.workspace, "terms-private.html", given=form, refusal=None, **told)


# ------------------------------------------------------------------ versions


def _compare(made: APIRouter, office: Office) -> None:
    def view(request: Request) -> TermsComparison:
        deal = str(request.path_params["deal"])
        newest = office.workspace.terms(deal).versions[0].version
        after = _number(request, "to", newest)
        return office.workspace.terms_compared(deal, _number(request, "from", max(1, after - 1)), after)

    def facts(_request: Request, view: TermsComparison) -> dict[str, Any]:
        deal = view.deal
        versions = office.workspace.terms(deal).versions
        return {"overview": office.workspace.deal(deal), "tab": "terms", "versions": versions}

    twins = Twins(made, office.workspace)
    twins.add("/deals/{deal}/terms/compare", "terms-compare.html", view, Tables.terms_compared, facts)


def _number(request: Request, name: str, otherwise: int) -> int:
    number = whole_number(request.query_params.get(name, str(otherwise)))
    if number is None:
        raise BadAddress(where=name, why="a version is a whole number from 1")
    return number
