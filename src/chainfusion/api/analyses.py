"""`/api/v1/deals/{deal}/analysis`: questions about a deal's cash, asked by programs and answered by jobs."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from chainfusion.api.calls import KEY_PARAMETER, REFUSALS, NotJson, json_object, request_key
from chainfusion.api.routes import DealId, answers
from chainfusion.api.seats import seat_of
from chainfusion.cashflow.deal.assumed import from_query
from chainfusion.cashflow.inquiry.questions import QUESTIONS
from chainfusion.domain.errors import require
from chainfusion.domain.records import to_json
from chainfusion.node.office import Office
from chainfusion.node.studies import Asked
from chainfusion.node.views.analyses import (
    AnalysesView,
    AnalysisView,
    QuestionsView,
    analyses_view,
    analysis_view,
    questions_view,
)
from chainfusion.node.views.jobs import JobView, job_view

_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_BODY_PARTS = frozenset({"question", "words", "assumed", "version"})
_STARTED: dict[int | str, dict[str, Any]] = {202: {"model": JobView}} | REFUSALS
_BODY = {
    "parameters": [KEY_PARAMETER],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["question"],
                    "additionalProperties": False,
                    "properties": {
                        "question": {"type": "string", "enum": [*QUESTIONS]},
                        "words": _TEXTS,
                        "assumed": _TEXTS,
                        "version": {"type": "integer", "minimum": 1},
                    },
                }
            }
        },
    },
}


def router(office: Office) -> APIRouter:
    """The questions, a deal's analyses, and asking."""
    made = APIRouter(prefix="/api/v1")

    @made.get("/analysis", responses=answers(QuestionsView), tags=["read"])
    def questions() -> Response:
        """What can be asked of a deal's cash, and the words that each question takes."""
        return JSONResponse(to_json(questions_view()))

    @made.get("/deals/{deal}/analysis", responses=answers(AnalysesView), tags=["read"])
    def listed(deal: DealId) -> Response:
        """A deal's analyses, the newest first."""
        office.workspace.deal(deal)
        return JSONResponse(to_json(analyses_view(office.analyses, deal)))

    @made.get("/deals/{deal}/analysis/{job}", responses=answers(AnalysisView), tags=["read"])
    def one(deal: DealId, job: str) -> Response:
        """One analysis, with its answer once its job is done."""
        office.workspace.deal(deal)
        return JSONResponse(to_json(analysis_view(office.analyses, deal, job)))

    @made.post("/deals/{deal}/analysis", responses=_STARTED, status_code=202, tags=["act"],
               openapi_extra=_BODY)  # fmt: skip
    async def start(request: Request, deal: DealId) -> Response:
        """Asks a question; a job answers it."""
        said, key = await json_object(request), request_key(request)
        return await run_in_threadpool(_started, office, request, deal, said, key)

    return made


def _started(office: Office, request: Request, deal: str, said: dict[str, Any], key: str | None) -> Response:
    seat, (question, words, assumed, version) = seat_of(request), _said(said)
    told = from_query(assumed.items())
    found = office.workspace.cashflow(deal, told, version).terms.version
    asked = Asked(found, told.query, question, words)
    job = office.analyses.start(seat.desk, seat.account, deal, asked, request=key)
    where = f"/api/v1/deals/{quote(deal)}/analysis/{job.id}"
    return JSONResponse(to_json(job_view(office.jobs, job)), 202, {"Location": where})


def _said(body: dict[str, Any]) -> tuple[str, dict[str, str], dict[str, str], int | None]:
    """Question, words, assumptions and version. Raises: NotJson."""
    odd = sorted(body.keys() - _BODY_PARTS)
    require(not odd, NotJson(why=f"there is no {odd[0][:40]!r}" if odd else "", why_zh="含有未知字段"))
    question, version = body.get("question"), body.get("version")
    require(isinstance(question, str), NotJson(why="question is a text", why_zh="question 须为文本"))
    whole = version is None or (type(version) is int and version > 0)
    require(whole, NotJson(why="version is a whole number from 1", why_zh="version 须为正整数"))
    return str(question), _texts(body, "words"), _texts(body, "assumed"), version


def _texts(body: dict[str, Any], name: str) -> dict[str, str]:
    found = body.get(name, {})
    plain = isinstance(found, dict) and all(isinstance(value, str) for value in found.values())
    require(plain, NotJson(why=f"{name} are texts by name", why_zh=f"{name} 须为名称与文本"))
    return dict(found)
