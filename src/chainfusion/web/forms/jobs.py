"""`/jobs`: the institution's long work, where it stands, and the end of it; the same for programs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from chainfusion.api.problems import status_of
from chainfusion.api.routes import answers
from chainfusion.api.seats import seat_of
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.records import to_json, utc_text
from chainfusion.node.jobs import Job
from chainfusion.node.office import Office
from chainfusion.node.views.jobs import JobsView, JobView, job_view, jobs_view
from chainfusion.web.figures import in_lang
from chainfusion.web.forms.submission import filled
from chainfusion.web.pages import Twins
from chainfusion.web.rendering import page
from chainfusion.web.tables import Sheet, Tables

PATIENCE = 2.0
"""Seconds that a page waits for a job before it leads to the job's own page."""


def router(office: Office) -> APIRouter:
    """The pages of jobs."""
    made = APIRouter(include_in_schema=False)
    twins = Twins(made, office.workspace)
    twins.add("/jobs", "jobs.html", lambda _request: jobs_view(office.jobs), _sheet)
    twins.add(
        "/jobs/{job}", "job.html", lambda request: _view(office, request), lambda t, v: _sheet(t, JobsView(0, (v,)))
    )

    @made.post("/jobs/{job}/cancel")
    async def cancel(request: Request, job: str) -> Response:
        """Asks for the end of a job."""
        return await _ask(request, office, job, again=False)

    @made.post("/jobs/{job}/again")
    async def again(request: Request, job: str) -> Response:
        """Runs a job again."""
        return await _ask(request, office, job, again=True)

    return made


def api(office: Office) -> APIRouter:
    """`/api/v1/jobs`."""
    made = APIRouter(prefix="/api/v1")

    @made.get("/jobs", responses=answers(JobsView), tags=["read"])
    def jobs() -> Response:
        """Long work of this institution, the newest first."""
        return JSONResponse(to_json(jobs_view(office.jobs)))

    @made.get("/jobs/{job}", responses=answers(JobView), tags=["read"])
    def one(job: str) -> Response:
        """One job: its state, stage and count."""
        return JSONResponse(to_json(job_view(office.jobs, office.jobs.find(job))))

    @made.post("/jobs/{job}/cancel", responses=answers(JobView), tags=["act"])
    def cancel(request: Request, job: str) -> Response:
        """Ends a job of yours: at once where it waits, at its next count where it is under way."""
        return JSONResponse(to_json(job_view(office.jobs, office.jobs.cancel(job, seat_of(request).account))))

    @made.post("/jobs/{job}/again", responses=answers(JobView), tags=["act"])
    def again(request: Request, job: str) -> Response:
        """Runs a job of yours again that ended without its result; a repeat gives the same new job."""
        seat = seat_of(request)
        return JSONResponse(to_json(job_view(office.jobs, office.jobs.again(job, seat.account, seat.desk))))

    return made


def led_to(job: Job) -> str:
    """Where a person goes on whose work was started: to its result, or to where it can be watched."""
    return job.then if not job.is_open and job.then else f"/jobs/{job.id}"


def _view(office: Office, request: Request) -> JobView:
    return job_view(office.jobs, office.jobs.find(str(request.path_params["job"])))


async def _ask(request: Request, office: Office, job: str, *, again: bool) -> Response:
    async with filled(request):
        seat = seat_of(request)
        try:
            if again:
                started = await run_in_threadpool(office.jobs.again, job, seat.account, seat.desk)
                return RedirectResponse(f"/jobs/{started.id}", 303)
            await run_in_threadpool(office.jobs.cancel, job, seat.account)
        except ChainFusionError as error:
            if error.code == "JOB_UNKNOWN":
                raise
            view: Any = job_view(office.jobs, office.jobs.find(job))
            return page(request, office.workspace, "job.html", status_of(error), view=view, refusal=error)
        return RedirectResponse(f"/jobs/{job}", 303)


def _sheet(tables: Tables, view: JobsView) -> Sheet:
    columns = (
        "job",
        "kind",
        "title",
        "deal",
        "about",
        "account",
        "state",
        "stage",
        "done",
        "of",
        "added",
        "ended",
        "code",
    )
    rows = (
        (
            each.id,
            each.kind,
            in_lang(each.title, tables.lang),
            each.deal,
            each.about,
            each.account,
            each.state.value,
            each.stage,
            each.done,
            each.of,
            utc_text(each.added),
            utc_text(each.ended) if each.ended else None,
            each.code,
        )
        for each in view.jobs
    )
    return Sheet(columns, rows)
