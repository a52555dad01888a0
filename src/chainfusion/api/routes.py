"""`/api/v1`: the same views as the pages, described by OpenAPI at /api/v1/openapi.json."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from chainfusion.api.uploads import check
from chainfusion.domain.records import to_json
from chainfusion.node.views import Workspace
from chainfusion.node.views.deals import DealOverview, DealsView
from chainfusion.node.views.documents import DocumentPage, DocumentsView
from chainfusion.node.views.ledger import BlockView, LedgerView, TransactionView
from chainfusion.node.views.pools import PoolView
from chainfusion.node.views.steps import InboxView, ProcessView
from chainfusion.node.views.workspace import TimelineView

LARGEST = 2**53
DealId = Annotated[str, Path(max_length=64, description="The deal's id.")]
DocumentId = Annotated[str, Path(max_length=64, description="The document's id.")]
BlockNumber = Annotated[int, Path(ge=0, le=LARGEST, description="The block's number, from 0.")]
TxId = Annotated[str, Path(max_length=64, description="The transaction's id, 64 hexadecimal characters.")]
Before = Annotated[int | None, Query(ge=0, le=LARGEST, description="Blocks with smaller numbers only.")]
EVIDENCE_TYPE = "application/vnd.chainfusion.evidence"

_PROBLEM = {"description": "A typed refusal (RFC 9457)", "content": {"application/problem+json": {}}}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["evidence"],
                    "properties": {
                        "evidence": {"type": "string", "format": "binary"},
                        "document": {"type": "string", "format": "binary"},
                        "trust": {"type": "string", "enum": ["genesis", "file"], "default": "genesis"},
                        "trust_file": {"type": "string", "format": "binary"},
                    },
                }
            }
        },
    }
}


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

    @api.get("/inbox", responses=answers(InboxView))
    def inbox() -> Response:
        """What awaits this institution across all deals, and what others are awaited for."""
        return JSONResponse(to_json(workspace.inbox()))

    @api.get("/deals", responses=answers(DealsView))
    def deals() -> Response:
        """All deals, the newest first."""
        return JSONResponse(to_json(workspace.deals()))

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

    @api.get("/deals/{deal}/timeline", responses=answers(TimelineView))
    def timeline(deal: DealId) -> Response:
        """Signed acts of a deal, the newest first."""
        return JSONResponse(to_json(workspace.timeline(deal)))

    @api.get("/ledger", responses=answers(LedgerView))
    def ledger(before: Before = None) -> Response:
        """The ledger's height and checkpoint, and a page of blocks."""
        return JSONResponse(to_json(workspace.log(before)))

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

    return api
