"""`/deals/{deal}/analysis`: questions about a deal's cash, asked as jobs; their answers, and the files of a run."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from chainfusion.api.problems import BadAddress, FormRefused
from chainfusion.api.routes import assumptions
from chainfusion.api.seats import seat_of
from chainfusion.cashflow.deal.assumed import from_query
from chainfusion.cashflow.export.answers import answer_file
from chainfusion.cashflow.export.files import parquet_bytes, xlsx_bytes
from chainfusion.cashflow.export.pictures import pictures
from chainfusion.cashflow.export.tables import tables
from chainfusion.cashflow.inquiry.questions import QUESTIONS, question_of
from chainfusion.domain.errors import require
from chainfusion.domain.records import to_json
from chainfusion.node.desk import Desk
from chainfusion.node.jobs import Job
from chainfusion.node.office import Office
from chainfusion.node.studies import Asked
from chainfusion.node.views.analyses import AnalysesView, AnalysisView, analyses_view, analysis_view
from chainfusion.web.answers import drawings, grids, sheet, shown
from chainfusion.web.forms.jobs import PATIENCE, led_to
from chainfusion.web.forms.submission import EMPTY, Filled, submit
from chainfusion.web.pages import Twins, attachment
from chainfusion.web.rendering import language, page
from chainfusion.web.tables import Sheet

TEMPLATE = "analysis.html"
_FILES = {".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
          ".parquet": "application/vnd.apache.parquet"}  # fmt: skip


def router(office: Office) -> APIRouter:
    """The pages, and the files."""
    made = APIRouter(include_in_schema=False)
    _files(made, office)
    _ask(made, office)
    twins = Twins(made, office.workspace)
    twins.add(
        "/deals/{deal}/analysis/{job}",
        "analysis-answer.html",
        lambda request: _found(request, office),
        lambda _, view: sheet(view.answer),
        lambda request, view: _answer_facts(request, office, view),
    )
    return made


# ------------------------------------------------------------------ asking


def _ask(made: APIRouter, office: Office) -> None:
    @made.get("/deals/{deal}/analysis.json")
    def as_json(deal: str) -> Response:
        """The deal's analyses."""
        office.workspace.deal(deal)
        return JSONResponse(to_json(analyses_view(office.analyses, deal)))

    @made.get("/deals/{deal}/analysis.csv")
    def as_csv(deal: str) -> Response:
        """An analysis a row."""
        office.workspace.deal(deal)
        text = _lines(analyses_view(office.analyses, deal)).text()
        return Response(text, media_type="text/csv; charset=utf-8")

    @made.get("/deals/{deal}/analysis")
    def show(request: Request, deal: str) -> Response:
        """The questions, one of them open, and what was asked before."""
        facts = _facts(request, office, deal, EMPTY)
        return page(request, office.workspace, TEMPLATE, given=EMPTY, refusal=None, **facts)

    @made.post("/deals/{deal}/analysis")
    async def ask(request: Request, deal: str) -> Response:
        """Starts the work."""
        account = seat_of(request).account

        def act(desk: Desk, form: Filled) -> Job:
            asked = _asked(office, deal, form)
            job = office.analyses.start(desk, account, deal, asked, request=form.request)
            return office.jobs.awaited(job.id, PATIENCE)

        return await submit(request, office, TEMPLATE, act, led_to, lambda form: _facts(request, office, deal, form))


def _asked(office: Office, deal: str, form: Filled) -> Asked:
    question = question_of(form.text("question"))
    told = from_query((name, form.text(name)) for name in form.fields)
    version = office.workspace.cashflow(deal, told).terms.version
    words = {p.name: form.text(f"word.{p.name}") for p in question.parameters}
    return Asked(version, told.query, question.name, words)


def _facts(request: Request, office: Office, deal: str, form: Filled) -> dict[str, Any]:
    told, version = assumptions(request) if form is EMPTY else (from_query(()), None)
    view = office.workspace.cashflow(deal, told, version)
    asked = form.text("question") or request.query_params.get("question", "")
    question = QUESTIONS.get(asked, next(iter(QUESTIONS.values())))
    base = {each.name: each.value for each in view.assumed}
    return {
        "overview": office.workspace.deal(deal),
        "tab": "cashflow",
        "view": view,
        "base": base | {name: form.text(name) for name in form.fields if name in base or "." in name},
        "questions": QUESTIONS.values(),
        "question": question,
        "classes": [each.name for each in view.classes],
        "lines": analyses_view(office.analyses, deal).analyses,
    }


def _lines(view: AnalysesView) -> Sheet:
    rows = (
        (
            each.job.id,
            each.question,
            each.version,
            " ".join([f"{g.name}={g.value}" for g in each.assumed] + [f"{w.name}={w.value}" for w in each.words]),
            each.job.account,
            each.asked.isoformat(timespec="seconds"),
            each.job.state.value,
        )
        for each in view.analyses
    )
    return Sheet(("analysis", "question", "version", "asked", "account", "at", "state"), rows)


# ------------------------------------------------------------------ answers


def _found(request: Request, office: Office) -> AnalysisView:
    deal, job = str(request.path_params["deal"]), str(request.path_params["job"])
    office.workspace.deal(deal)
    return analysis_view(office.analyses, deal, job)


def _answer_facts(request: Request, office: Office, view: AnalysisView) -> dict[str, Any]:
    lang, answer = language(request), view.answer
    again = [(each.name, each.value) for each in view.line.assumed]
    return {
        "overview": office.workspace.deal(view.deal),
        "tab": "cashflow",
        "question": QUESTIONS[view.line.question],
        "again": again,
        "grids": grids(answer, lang) if answer else [],
        "drawings": drawings(answer) if answer else [],
        "tables": shown(answer, lang) if answer else [],
    }


def _files(made: APIRouter, office: Office) -> None:
    for ending, media_type in _FILES.items():
        made.add_api_route(f"/deals/{{deal}}/analysis/{{job}}{ending}", _answered(office, ending, media_type))
        made.add_api_route(f"/deals/{{deal}}/cashflow{ending}", _run_as(office, ending, media_type))

    @made.get("/deals/{deal}/cashflow/pictures/{name}.svg")
    def picture(request: Request, deal: str, name: str) -> Response:
        """A picture of the run."""
        found = {each.name: each for each in pictures(_outcomes(request, office, deal), lang=language(request))}
        require(name in found, BadAddress(where="picture", why=f"there are {', '.join(found)}"))
        return Response(found[name].svg, media_type="image/svg+xml", headers=attachment(f"{deal}-{name}.svg"))


def _answered(office: Office, ending: str, media_type: str) -> Any:
    def file(request: Request) -> Response:
        view = _found(request, office)
        if view.answer is None:
            raise FormRefused(why="there is no answer yet", why_zh="分析尚未完成")
        name = f"{view.deal}-{view.line.question}{ending}"
        return Response(answer_file(view.answer, name), media_type=media_type, headers=attachment(name))

    return file


def _run_as(office: Office, ending: str, media_type: str) -> Any:
    def file(request: Request, deal: str) -> Response:
        found = tables(_outcomes(request, office, deal))
        data = xlsx_bytes(found) if ending == ".xlsx" else parquet_bytes(found[1])
        return Response(data, media_type=media_type, headers=attachment(f"{deal}-cashflow{ending}"))

    return file


def _outcomes(request: Request, office: Office, deal: str) -> Any:
    case = office.workspace.case(deal, *assumptions(request))
    return case.study.outcomes([case.base])
