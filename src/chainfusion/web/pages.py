"""The pages: each is a view, shown as HTML, as JSON and as CSV at addresses that do not change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from chainfusion.api.asked import before_asked
from chainfusion.api.problems import BadAddress
from chainfusion.api.routes import LARGEST, assumptions, evidence_file, whole
from chainfusion.domain.errors import require
from chainfusion.domain.records import to_json
from chainfusion.node.views import Workspace
from chainfusion.node.views.deals import DealOverview
from chainfusion.node.views.facts import NotFound
from chainfusion.node.views.terms import PaymentView
from chainfusion.web.listpages import (
    blocks_of,
    deals_facts,
    deals_of,
    efficiency_facts,
    efficiency_of,
    ledger_facts,
    searches,
    timeline_links,
    transactions_of,
)
from chainfusion.web.rendering import language, page
from chainfusion.web.tables import Sheet, Tables
from chainfusion.web.termpages import cashflow_facts, payment_facts

View = Callable[[Request], Any]
Facts = Callable[[Request, Any], dict[str, Any]]
SHORT_TIMELINE = 8


@dataclass(frozen=True)
class Twins:
    """Registers a page's three forms."""

    router: APIRouter
    workspace: Workspace

    def add(
        self,
        path: str,
        template: str,
        view: View,
        sheet: Callable[[Tables, Any], Sheet],
        facts: Facts = lambda _request, _found: {},
    ) -> None:
        """`path`, `path`.json and `path`.csv, all of what `view` makes of the request."""

        def as_json(request: Request) -> Response:
            return JSONResponse(to_json(view(request)))

        def as_csv(request: Request) -> Response:
            text = sheet(Tables(language(request)), view(request)).text()
            return Response(text, media_type="text/csv; charset=utf-8")

        def as_page(request: Request) -> Response:
            found = view(request)
            return page(request, self.workspace, template, view=found, **facts(request, found))

        for suffix, endpoint in ((".json", as_json), (".csv", as_csv), ("", as_page)):
            self.router.add_api_route(path + suffix, endpoint, methods=["GET", "HEAD"], response_model=None)


def router(workspace: Workspace) -> APIRouter:
    """All pages that read."""
    pages = APIRouter(include_in_schema=False)
    twins = Twins(pages, workspace)
    _downloads(pages, workspace)  # before the pages, whose last part would take the suffix for its own
    _deals(twins, workspace)
    _ledger(twins, workspace)
    return pages


def _of(request: Request, name: str) -> str:
    return str(request.path_params[name])


# ------------------------------------------------------------------ deals


def _deals(twins: Twins, workspace: Workspace) -> None:
    def deal(request: Request) -> DealOverview:
        return workspace.deal(_of(request, "deal"))

    def overview(request: Request, view: DealOverview) -> dict[str, Any]:
        del request
        return {"overview": view, "tab": "overview", "acts": workspace.timeline(view.line.id, size=SHORT_TIMELINE).acts}

    def within(tab: str) -> Facts:
        return lambda request, _view: {"overview": deal(request), "tab": tab}

    twins.add("/inbox", "inbox.html", lambda _request: workspace.inbox(), Tables.inbox)
    twins.add("/deals", "deals.html", deals_of(workspace), Tables.deals, deals_facts)
    twins.add(
        "/deals/{deal}/process",
        "process.html",
        lambda request: workspace.process(_of(request, "deal")),
        Tables.process,
        within("process"),
    )
    _terms(twins, workspace, within)
    twins.add(
        "/deals/{deal}/documents",
        "documents.html",
        lambda request: workspace.documents(_of(request, "deal")),
        Tables.documents,
        within("documents"),
    )
    twins.add(
        "/deals/{deal}/documents/{document}",
        "document.html",
        lambda request: workspace.document(_of(request, "deal"), _of(request, "document")),
        Tables.document,
        within("documents"),
    )
    twins.add(
        "/deals/{deal}/timeline",
        "timeline.html",
        lambda request: workspace.timeline(_of(request, "deal"), before_asked(request)),
        Tables.timeline,
        lambda request, view: within("timeline")(request, view) | timeline_links(request),
    )
    twins.add("/deals/{deal}", "deal.html", deal, Tables.parties, overview)

    @twins.router.get("/")
    def home(request: Request) -> Response:
        found = workspace.deal_names()
        kept = f"?{request.url.query}" if request.url.query else ""
        where = f"/deals/{found[0].id}" if len(found) == 1 else "/deals"
        return RedirectResponse(where + kept, 303)


def _terms(twins: Twins, workspace: Workspace, within: Callable[[str], Facts]) -> None:
    """What the deal's terms pay, and one payment of it."""

    def payment(request: Request) -> PaymentView:
        return workspace.payment(_of(request, "deal"), whole("period", _of(request, "period")), *assumptions(request))

    def more(tab: str, facts: Callable[[Request, Any, str], dict[str, Any]]) -> Facts:
        return lambda request, view: within(tab)(request, view) | facts(request, view, language(request))

    twins.add(
        "/deals/{deal}/cashflow/{period}", "inspector.html", payment, Tables.payment, more("cashflow", payment_facts)
    )
    twins.add(
        "/deals/{deal}/cashflow",
        "cashflow.html",
        lambda request: workspace.cashflow(_of(request, "deal"), *assumptions(request)),
        Tables.cashflow,
        more("cashflow", cashflow_facts),
    )


# ------------------------------------------------------------------ the ledger


def _ledger(twins: Twins, workspace: Workspace) -> None:
    twins.add(
        "/ledger/blocks/{number:int}",
        "block.html",
        lambda request: workspace.block(int(request.path_params["number"])),
        Tables.block,
    )
    twins.add(
        "/ledger/transactions/{tx_id}",
        "transaction.html",
        lambda request: workspace.transaction(_of(request, "tx_id")),
        Tables.transaction,
    )

    twins.add(
        "/ledger/transactions", "transactions.html", transactions_of(workspace), Tables.transactions, ledger_facts
    )
    twins.add("/ledger", "ledger.html", blocks_of(workspace), Tables.ledger, ledger_facts)
    twins.add("/efficiency", "efficiency.html", efficiency_of(workspace), Tables.efficiency, efficiency_facts)
    searches(twins.router, workspace)

    @twins.router.get("/ledger/checkpoint")
    def checkpoint() -> Response:
        found = workspace.log().checkpoint
        if found is None:
            raise NotFound(what="checkpoint", what_zh="检查点", id="")
        return PlainTextResponse(found.note, headers=attachment("checkpoint.txt"))

    @twins.router.get("/ledger/trust.json")
    @twins.router.get("/ledger/genesis.json")
    def trust() -> Response:
        return Response(workspace.trust, media_type="application/json", headers=attachment(workspace.trust_name))


# ------------------------------------------------------------------ downloads


def _downloads(pages: APIRouter, workspace: Workspace) -> None:
    @pages.get("/deals/{deal}/pool.evidence")
    def pool(deal: str) -> Response:
        return evidence_file(workspace.evidence_of_pool(deal), f"{deal}-pool-v{workspace.pool(deal).version}")

    @pages.get("/deals/{deal}/terms/{version}.yaml")
    def terms(deal: str, version: str) -> Response:
        number = whole("version", version)
        headers = attachment(f"{deal}-terms-v{number}.yaml")
        return Response(workspace.terms_document(deal, number), media_type="application/yaml", headers=headers)

    @pages.get("/deals/{deal}/loan.evidence")
    def loan(request: Request, deal: str) -> Response:
        number = request.query_params.get("loan", "").strip()
        workspace.pool(deal)
        require(0 < len(number) <= 256, BadAddress(where="loan", why="a loan's number is needed"))
        return evidence_file(workspace.evidence_of_loan(deal, number), f"{deal}-loan")

    @pages.get("/deals/{deal}/documents/{document}/versions/{number:int}.evidence")
    def document(request: Request, deal: str, document: str) -> Response:
        number = _version(request)
        return evidence_file(workspace.evidence_of_document(deal, document, number), f"{document}-v{number}")

    @pages.get("/deals/{deal}/documents/{document}/versions/{number:int}/content")
    def content(request: Request, deal: str, document: str) -> Response:
        opened = workspace.open_document(deal, document, _version(request))
        headers = attachment(opened.facts.name) | {
            "Content-Length": str(opened.facts.content_length),
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return StreamingResponse(iter(opened), media_type="application/octet-stream", headers=headers)

    @pages.get("/ledger/transactions/{tx_id}.evidence")
    def decision(tx_id: str) -> Response:
        return evidence_file(workspace.evidence_of_transaction(tx_id), f"transaction-{tx_id[:12]}")


def _version(request: Request) -> int:
    return min(int(request.path_params["number"]), LARGEST)


def attachment(name: str) -> dict[str, str]:
    """A download under a name that may hold anything: RFC 6266."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "no-store",
    }
