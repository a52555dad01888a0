"""`/deals/{deal}/pool`: the registered pool, who works on it, and how its versions differ."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from chainfusion.api.problems import BadAddress, FormRefused
from chainfusion.contracts.pool.refusals import NotRegistered
from chainfusion.domain.deal import DealState
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import require
from chainfusion.domain.loan import FIELD
from chainfusion.domain.pool import Pool
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from chainfusion.domain.statistics import Band
from chainfusion.domain.text import whole_number
from chainfusion.ledger.port import Receipt
from chainfusion.node import pools
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.pools import OpeningsMissing
from chainfusion.node.views.deals import DealOverview
from chainfusion.node.views.loans import REST
from chainfusion.node.views.pools import PoolComparison, PoolView, comparison
from chainfusion.tape.compare import Changes
from chainfusion.web.csvtable import csv_pieces
from chainfusion.web.forms import loans
from chainfusion.web.forms.acting import roles_of
from chainfusion.web.forms.submission import EMPTY, Filled, submit
from chainfusion.web.rendering import language, page
from chainfusion.web.strata import Chart, chart_of
from chainfusion.web.tables import Tables

FIRST_CHARTS = ("ltv_ppm", "rate_ppm", "current_balance")
SIDE_CHARTS = ("rate_ppm", "credit_score", "current_balance", "remaining_term", "seasoning", "ltv_ppm")
MAY_ACKNOWLEDGE = frozenset({Role.TRUSTEE, Role.LEAD_UNDERWRITER})
SHOWN_CHANGES = 100


def router(office: Office) -> APIRouter:
    """The pool, its loans, its versions, and the acknowledgement."""
    made = APIRouter(include_in_schema=False)
    _compare(made, office)
    made.include_router(loans.router(office))
    _acknowledge(made, office)

    @made.get("/deals/{deal}/pool.json")
    def as_json(deal: str) -> Response:
        """The pool in force, with all its figures."""
        return JSONResponse(to_json(office.workspace.pool(deal)))

    @made.get("/deals/{deal}/pool.csv")
    def as_csv(request: Request, deal: str) -> Response:
        """All stratifications, a band a row."""
        text = Tables(language(request)).pool(office.workspace.pool(deal)).text()
        return Response(text, media_type="text/csv; charset=utf-8")

    @made.get("/deals/{deal}/pool")
    def show(request: Request, deal: str) -> Response:
        """The page; where there is no pool yet it says who brings the tape."""
        overview = office.workspace.deal(deal)
        told: dict[str, Any] = {"overview": overview, "tab": "pool", "brings": _brings(office, overview)}
        try:
            view = office.workspace.pool(deal)
        except NotRegistered:
            return page(request, office.workspace, "pool-none.html", **told, draft=office.tapes.folder.find(deal))
        return page(
            request, office.workspace, "pool.html", view=view, **told, **_pool_facts(office, request, view, overview)
        )

    return made


def _brings(office: Office, overview: DealOverview) -> bool:
    """Whether this institution brings the deal's tape, and the deal still takes one."""
    line = overview.line
    return line.originator.msp == office.desk.msp and line.state in (DealState.DRAFT, DealState.OPEN)


def _pool_facts(office: Office, request: Request, view: PoolView, overview: DealOverview) -> dict[str, Any]:
    charts = {table.field: chart_of(table, view.statistics) for table in view.statistics.stratifications}
    first = next((name for name in FIRST_CHARTS if name in charts), next(iter(charts), ""))
    asked = request.query_params.get("by", first)
    known = not charts or asked in charts
    require(known, BadAddress(where="by", why=f"{asked[:40]!r} is none of {', '.join(charts)}"))
    granted = may_open(office, view.deal)
    return {
        "by": asked,
        "charts": charts,
        "chart": charts.get(asked),
        "others": _others(charts, asked),
        "alike": [chart for chart in charts.values() if len(chart.bars) == 1 and chart.field != asked],
        "granted": granted,
        "band_link": _band_link(view.deal) if granted else None,
        "acknowledges": acknowledges(office, view, overview),
        "draft": office.tapes.folder.find(view.deal),
    }


def _others(charts: dict[str, Chart], asked: str) -> list[Chart]:
    """Three more charts beside the one that was asked for: those that say most, with more than one band."""
    return [charts[name] for name in SIDE_CHARTS if name in charts and name != asked and len(charts[name].bars) > 1][:3]


def _band_link(deal: str) -> Callable[[str, Band], str]:
    def link(field: str, band: Band) -> str:
        parts = [("part", each) for each in band.parts] or [("part", REST)]
        return f"/deals/{quote(deal)}/pool/loans?{urlencode([('by', field), *parts])}"

    return link


def may_open(office: Office, deal: str) -> bool:
    """Whether the loans of some version were granted to this institution."""
    index = office.workspace.documents(deal).index
    return any(line.readable for row in index if row.kind is DocumentKind.LOAN_OPENINGS for line in row.documents)


# ------------------------------------------------------------------ acknowledging


def acknowledges(office: Office, view: PoolView, overview: DealOverview) -> bool:
    """Whether this institution has still to say that it works on the version in force."""
    said = any(each.version == view.version and each.by.msp == office.desk.msp for each in view.acknowledged)
    mine = roles_of(overview, office.desk.msp)
    return bool(mine & MAY_ACKNOWLEDGE) and not said and overview.line.state is DealState.OPEN


def _acknowledge(made: APIRouter, office: Office) -> None:
    def facts(deal: str) -> dict[str, Any]:
        view, overview = office.workspace.pool(deal), office.workspace.deal(deal)
        may = acknowledges(office, view, overview)
        return {"view": view, "overview": overview, "tab": "pool", "may": may}

    @made.get("/deals/{deal}/pool/acknowledge")
    def show(request: Request, deal: str) -> Response:
        """What is acknowledged."""
        return page(request, office.workspace, "pool-acknowledge.html", given=EMPTY, refusal=None, **facts(deal))

    @made.post("/deals/{deal}/pool/acknowledge")
    async def acknowledge(request: Request, deal: str) -> Response:
        """Acknowledges the version that was shown."""

        def act(desk: Desk, form: Filled) -> Receipt:
            version, root = whole_number(form.text("version")), form.text("root")
            if version is None or len(root) != 64 or set(root) - set("0123456789abcdef"):
                raise FormRefused(why="version and root are needed", why_zh="缺少版本或根")
            return pools.acknowledge(desk, deal, version, bytes.fromhex(root), request=form.request)

        where = f"/deals/{quote(deal)}/pool"
        return await submit(request, office, "pool-acknowledge.html", act, where, lambda _: facts(deal))


# ------------------------------------------------------------------ versions


def _compare(made: APIRouter, office: Office) -> None:
    def pair(request: Request, deal: str) -> tuple[Pool, Pool]:
        after = _number(request, "to", office.workspace.pool(deal).version)
        before = _number(request, "from", max(1, after - 1))
        return office.loans.version(deal, before), office.loans.version(deal, after)

    def changes(before: Pool, after: Pool) -> Changes | None:
        try:
            return office.loans.changes(before, after)
        except OpeningsMissing:
            return None

    def view(before: Pool, after: Pool) -> PoolComparison:
        found = changes(before, after)
        return comparison(before, after, partial(loans.placed, office), found.compared if found else None)

    @made.get("/deals/{deal}/pool/compare.json")
    def as_json(request: Request, deal: str) -> Response:
        """Two versions beside each other."""
        return JSONResponse(to_json(view(*pair(request, deal))))

    @made.get("/deals/{deal}/pool/compare.csv")
    def as_csv(request: Request, deal: str) -> Response:
        """A loan that came or went, or a field that changed, a row. Raises: OpeningsMissing."""
        table = office.loans.changes(*pair(request, deal)).table
        return StreamingResponse(csv_pieces(table.columns, table.iter_rows()), media_type="text/csv; charset=utf-8")

    @made.get("/deals/{deal}/pool/compare", response_model=None)
    def show(request: Request, deal: str) -> Response:
        """The page; large pools are opened by a job first."""
        before, after = pair(request, deal)
        waits = next((each for each in (before, after) if not office.loans.is_ready(each)), None)
        if waits is not None and may_open(office, deal):
            return loans.opening(request, office, waits)
        found = changes(before, after)
        told: dict[str, Any] = {
            "overview": office.workspace.deal(deal),
            "tab": "pool",
            "table": found.table.head(SHOWN_CHANGES).rows(named=True) if found else [],
            "fields": FIELD,
            "versions": office.workspace.pool(deal).versions,
            "shown": loans.changed_value,
        }
        return page(request, office.workspace, "pool-compare.html", view=view(before, after), **told)


def _number(request: Request, name: str, otherwise: int) -> int:
    number = whole_number(request.query_params.get(name, str(otherwise)))
    if number is None:
        raise BadAddress(where=name, why="a version is a whole number from 1")
    return number
