"""Lists that are asked for with filters and come page by page: deals, blocks, transactions, a search, cycle times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from chainfusion.api.asked import before_asked, deals_asked, efficiency_asked, ledger_asked
from chainfusion.api.problems import BadAddress
from chainfusion.api.routes import LARGEST
from chainfusion.domain.errors import require
from chainfusion.domain.records import to_json
from chainfusion.node.views import Workspace
from chainfusion.node.views.dealslist import ORDER_NAMES, DealsView
from chainfusion.node.views.efficiency import EfficiencyView
from chainfusion.node.views.ledger import LedgerView, TransactionsView
from chainfusion.web.rendering import language, page
from chainfusion.web.tables import Tables
from chainfusion.web.workbars import work_bars

LONGEST_SEARCH = 200


@dataclass(frozen=True)
class Links:
    """Addresses of the same list with something else asked for."""

    path: str
    asked: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: Request, *names: str) -> Links:
        """Of a request, with the parameters that the list knows; what else the address holds is left out."""
        given = request.query_params
        return cls(request.url.path, tuple((name, given[name]) for name in names if given.get(name)))

    def __call__(self, **changes: str | int | None) -> str:
        """The address with some parameters changed, or taken away where they are None."""
        return self.path + self.query(**changes)

    def query(self, **changes: str | int | None) -> str:
        """What follows the path; without a word that begins a page, unless it is given."""
        kept: dict[str, str | int | None] = {name: v for name, v in self.asked if name not in ("before", "page")}
        found = {name: value for name, value in (kept | changes).items() if value is not None}
        return f"?{urlencode(found)}" if found else ""

    @property
    def here(self) -> str:
        """What follows the path of this very page: for its twins."""
        return f"?{urlencode(self.asked)}" if self.asked else ""


LEDGER = ("contract", "member", "outcome", "since", "until", "before")
DEALS = ("state", "product", "role", "originator", "q", "sort", "page", "size")


def deals_facts(request: Request, view: DealsView) -> dict[str, Any]:
    """What the list of deals needs beside the deals."""
    del view
    return {"links": Links.of(request, *DEALS), "orders": ORDER_NAMES}


def ledger_facts(request: Request, view: LedgerView | TransactionsView) -> dict[str, Any]:
    """What a list of the ledger needs beside its entries."""
    del view
    return {"links": Links.of(request, *LEDGER)}


def efficiency_facts(request: Request, view: EfficiencyView) -> dict[str, Any]:
    """The drawing of cycle times."""
    return {"links": Links.of(request, "product", "process"), "chart": work_bars(view.steps)}


def timeline_links(request: Request) -> dict[str, Any]:
    """The pages of a timeline."""
    return {"links": Links.of(request, "before")}


def deals_of(workspace: Workspace) -> Callable[[Request], DealsView]:
    """The deals that a request asks for."""
    return lambda request: workspace.deals(deals_asked(request))


def blocks_of(workspace: Workspace) -> Callable[[Request], LedgerView]:
    """The blocks that a request asks for."""
    return lambda request: workspace.log(block_before(request), ledger_asked(request))


def transactions_of(workspace: Workspace) -> Callable[[Request], TransactionsView]:
    """The transactions that a request asks for."""
    return lambda request: workspace.transactions(ledger_asked(request), before_asked(request))


def efficiency_of(workspace: Workspace) -> Callable[[Request], EfficiencyView]:
    """The cycle times that a request asks for."""
    return lambda request: workspace.efficiency(efficiency_asked(request))


def block_before(request: Request) -> int | None:
    """?before=: blocks with smaller numbers only. Raises: BadAddress."""
    asked = request.query_params.get("before")
    if not asked:
        return None
    fits = asked.isascii() and asked.isdigit() and len(asked) < 17
    require(fits, BadAddress(where="before", why="a block number is needed"))
    return min(int(asked), LARGEST)


def searches(pages: APIRouter, workspace: Workspace) -> None:
    """/search: where one thing answers it leads there, else it lists them."""

    def asked(request: Request) -> str:
        return request.query_params.get("q", "")[:LONGEST_SEARCH]

    @pages.get("/search.json")
    def as_json(request: Request) -> Response:
        return JSONResponse(to_json(workspace.search(asked(request))))

    @pages.get("/search.csv")
    def as_csv(request: Request) -> Response:
        text = Tables(language(request)).search(workspace.search(asked(request))).text()
        return Response(text, media_type="text/csv; charset=utf-8")

    @pages.get("/search")
    def as_page(request: Request) -> Response:
        view = workspace.search(asked(request))
        if len(view.found) == 1:
            return RedirectResponse(view.found[0].page, 303)
        return page(request, workspace, "search.html", view=view, links=Links.of(request, "q"))
