"""`/api/v1`: the same views as the pages, described by OpenAPI at /api/v1/openapi.json."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from chainfusion.api.asked import (
    BEFORE,
    DEALS,
    EFFICIENCY,
    LEDGER,
    TRANSACTIONS,
    before_asked,
    deals_asked,
    efficiency_asked,
    ledger_asked,
)
from chainfusion.api.problems import BadAddress
from chainfusion.api.uploads import FILE, check, multipart_body
from chainfusion.cashflow.deal.assumed import Assumed, from_query
from chainfusion.domain.records import to_json
from chainfusion.domain.text import whole_number
from chainfusion.node.views import Workspace
from chainfusion.node.views.consortium import ConsortiumView
from chainfusion.node.views.deals import DealOverview
from chainfusion.node.views.dealslist import DealsView
from chainfusion.node.views.definitions import DefinitionsView
from chainfusion.node.views.documents import DocumentPage, DocumentsView
from chainfusion.node.views.duties import DutiesView
from chainfusion.node.views.efficiency import EfficiencyView
from chainfusion.node.views.inbox import InboxView
from chainfusion.node.views.ledger import BlockView, LedgerView, TransactionsView, TransactionView
from chainfusion.node.views.pools import PoolView
from chainfusion.node.views.search import SearchView
from chainfusion.node.views.steps import ProcessView
from chainfusion.node.views.terms import CashflowView, PaymentView, TermsPage
from chainfusion.node.views.versions import VersionsPage
from chainfusion.node.views.workspace import TimelineView

LARGEST = 2**53
DealId = Annotated[str, Path(max_length=64, description="The deal's id.")]
DocumentId = Annotated[str, Path(max_length=64, description="The document's id.")]
BlockNumber = Annotated[int, Path(ge=0, le=LARGEST, description="The block's number, from 0.")]
TxId = Annotated[str, Path(max_length=64, description="The transaction's id, 64 hexadecimal characters.")]
Before = Annotated[int | None, Query(ge=0, le=LARGEST, description="Blocks with smaller numbers only.")]
Words = Annotated[str, Query(max_length=200, description="What is looked for.")]
PaymentNumber = Annotated[str, Path(max_length=8, description="The payment's number, from 1.")]
EVIDENCE_TYPE = "application/vnd.chainfusion.evidence"

_PROBLEM = {"description": "A typed refusal (RFC 9457)", "content": {"application/problem+json": {}}}
_TRUST = {"type": "string", "enum": ["genesis", "file"], "default": "genesis"}
_FORM = multipart_body("evidence", evidence=FILE, document=FILE, trust=_TRUST, trust_file=FILE)
_ASSUMED = {
    "parameters": [
        {"name": name, "in": "query", "required": False, "description": said, "schema": {"type": "string"}}
        for name, said in (
            ("cpr", "Prepayment, per cent a year."),
            ("cdr", "Default, per cent a year."),
            ("recovery", "Recovered of what defaults, per cent."),
            ("lag", "Months from default to recovery."),
            ("bound", "Which bound private terms are taken at: low or high."),
            ("version", "A version of the terms; else that in force, else the newest."),
            ("index.NAME", "An index, per cent a year; a path by payment with commas."),
            ("event.NAME", "The payment from which an event holds."),
        )
    ]
}


def assumptions(request: Request) -> tuple[Assumed, int | None]:
    """What an address assumes, and of which version of the terms. Raises: BadScenario, BadAddress."""
    version = request.query_params.get("version")
    return from_query(request.query_params.multi_items()), whole("version", version) if version else None


def whole(where: str, word: str) -> int:
    """A number from 1 in an address. Raises: BadAddress."""
    number = whole_number(word)
    if not number:
        raise BadAddress(where=where, why="a whole number from 1 is needed")
    return number


def answers(model: Any) -> dict[int | str, dict[str, Any]]:
    """What a reading call answers, for OpenAPI."""
    return {200: {"model": model}, 404: _PROBLEM, 422: _PROBLEM}


def evidence_file(data: bytes, name: str) -> Response:
    """Evidence as a download; `name` is made of ids alone."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.evidence"', "Cache-Control": "no-store"}
    return Response(data, media_type=EVIDENCE_TYPE, headers=headers)


def router(workspace: Workspace) -> APIRouter:
    """The API on a node's views."""
    api = APIRouter(prefix="/api/v1", tags=["read"])
    _deals(api, workspace)
    _money(api, workspace)
    _ledger(api, workspace)
    return api


def _deals(api: APIRouter, workspace: Workspace) -> None:
    @api.get("/inbox", responses=answers(InboxView))
    def inbox() -> Response:
        """What awaits this institution across all deals, and what others are awaited for."""
        return JSONResponse(to_json(workspace.inbox()))

    @api.get("/deals", responses=answers(DealsView), openapi_extra=DEALS)
    def deals(request: Request) -> Response:
        """A page of the deals that are asked for, and how many there are of each kind."""
        return JSONResponse(to_json(workspace.deals(deals_asked(request))))

    @api.get("/deals/{deal}", responses=answers(DealOverview))
    def deal(deal: DealId) -> Response:
        """One deal: what stands, who is awaited, parties, figures, documents."""
        return JSONResponse(to_json(workspace.deal(deal)))

    @api.get("/deals/{deal}/pool", responses=answers(PoolView))
    def pool(deal: DealId) -> Response:
        """The pool in force: figures, stratifications, versions, strands."""
        return JSONResponse(to_json(workspace.pool(deal)))

    @api.get("/deals/{deal}/process", responses=answers(ProcessView))
    def process(deal: DealId) -> Response:
        """The deal's process: where it stands, whom it waits for, and every act."""
        return JSONResponse(to_json(workspace.process(deal)))

    @api.get("/deals/{deal}/documents", responses=answers(DocumentsView))
    def documents(deal: DealId) -> Response:
        """The index with what is there and missing, and the opinions."""
        return JSONResponse(to_json(workspace.documents(deal)))

    @api.get("/deals/{deal}/documents/{document}", responses=answers(DocumentPage))
    def document(deal: DealId, document: DocumentId) -> Response:
        """A document's versions, readers and opinions."""
        return JSONResponse(to_json(workspace.document(deal, document)))

    @api.get("/deals/{deal}/duties", responses=answers(DutiesView))
    def duties(deal: DealId) -> Response:
        """By when each party owes what, and what was done on time, late or not at all."""
        return JSONResponse(to_json(workspace.duties(deal)))

    @api.get("/deals/{deal}/version", responses=answers(VersionsPage))
    def version(deal: DealId) -> Response:
        """Which version of its process a deal runs on, and how its change stands."""
        return JSONResponse(to_json(workspace.version(deal)))

    @api.get("/deals/{deal}/timeline", responses=answers(TimelineView), openapi_extra=BEFORE)
    def timeline(request: Request, deal: DealId) -> Response:
        """A page of a deal's signed acts, the newest first."""
        return JSONResponse(to_json(workspace.timeline(deal, before_asked(request))))


def _money(api: APIRouter, workspace: Workspace) -> None:
    @api.get("/deals/{deal}/terms", responses=answers(TermsPage))
    def terms(deal: DealId) -> Response:
        """The deal's terms: every version, who consented, whose consent is outstanding, the text."""
        return JSONResponse(to_json(workspace.terms(deal)))

    @api.get("/deals/{deal}/cashflow", responses=answers(CashflowView), openapi_extra=_ASSUMED)
    def cashflow(request: Request, deal: DealId) -> Response:
        """What the deal pays under assumptions, by payment and class; or why this node cannot tell."""
        return JSONResponse(to_json(workspace.cashflow(deal, *assumptions(request))))

    @api.get("/deals/{deal}/cashflow/{period}", responses=answers(PaymentView), openapi_extra=_ASSUMED)
    def payment(request: Request, deal: DealId, period: PaymentNumber) -> Response:
        """One payment step by step: due, there, paid, unpaid and why; triggers with both sides."""
        return JSONResponse(to_json(workspace.payment(deal, whole("period", period), *assumptions(request))))


def _ledger(api: APIRouter, workspace: Workspace) -> None:
    @api.get("/ledger", responses=answers(LedgerView), openapi_extra=LEDGER)
    def ledger(request: Request, before: Before = None) -> Response:
        """The ledger's height and checkpoint, and a page of the blocks that hold what is asked for."""
        return JSONResponse(to_json(workspace.log(before, ledger_asked(request))))

    @api.get("/ledger/transactions", responses=answers(TransactionsView), openapi_extra=TRANSACTIONS)
    def transactions(request: Request) -> Response:
        """A page of the transactions that are asked for, the newest first."""
        return JSONResponse(to_json(workspace.transactions(ledger_asked(request), before_asked(request))))

    @api.get("/consortium", responses=answers(ConsortiumView))
    def consortium() -> Response:
        """Members, the agreement with who signed it, rules, and what is under vote."""
        return JSONResponse(to_json(workspace.consortium()))

    @api.get("/processes", responses=answers(DefinitionsView))
    def processes() -> Response:
        """Process definitions before the consortium, and the votes on them."""
        return JSONResponse(to_json(workspace.definitions()))

    @api.get("/search", responses=answers(SearchView))
    def search(q: Words = "") -> Response:
        """What answers to a hash or how it begins, an id, a name, a block's number."""
        return JSONResponse(to_json(workspace.search(q)))

    @api.get("/efficiency", responses=answers(EfficiencyView), openapi_extra=EFFICIENCY)
    def efficiency(request: Request) -> Response:
        """Cycle times in seconds, by step and by institution."""
        return JSONResponse(to_json(workspace.efficiency(efficiency_asked(request))))

    @api.get("/ledger/blocks/{number}", responses=answers(BlockView))
    def block(number: BlockNumber) -> Response:
        """A block and its transactions."""
        return JSONResponse(to_json(workspace.block(number)))

    @api.get("/ledger/transactions/{tx_id}", responses=answers(TransactionView))
    def transaction(tx_id: TxId) -> Response:
        """A transaction, decoded."""
        return JSONResponse(to_json(workspace.transaction(tx_id)))

    @api.post("/verify", tags=["verify"], openapi_extra=_FORM, responses={413: _PROBLEM, 422: _PROBLEM})
    async def verify(request: Request) -> Response:
        """What an evidence file proves to one who trusts this node's genesis, or another genesis or checkpoint."""
        return JSONResponse((await check(request, workspace.trust)).verdict.to_json())
