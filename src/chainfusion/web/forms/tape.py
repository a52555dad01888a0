"""`/deals/{deal}/tape`: a loan tape from the file to the registered pool, a page a step."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from chainfusion.api.problems import FormRefused
from chainfusion.api.seats import seat_of
from chainfusion.domain.errors import require
from chainfusion.node.desk import Desk
from chainfusion.node.documents import file_name
from chainfusion.node.jobs import Job
from chainfusion.node.office import Office
from chainfusion.tape.encoding import ENCODINGS
from chainfusion.web.forms import tapemapping, taperegister, taperesult
from chainfusion.web.forms.jobs import PATIENCE, led_to
from chainfusion.web.forms.submission import EMPTY, Filled, submit
from chainfusion.web.forms.tapesteps import facts, next_step, number_of, standing
from chainfusion.web.rendering import page


def router(office: Office) -> APIRouter:
    """All steps."""
    made = APIRouter(include_in_schema=False)
    for part in (tapemapping, taperesult, taperegister):
        made.include_router(part.router(office))
    _steps(made, office)
    return made


def _steps(made: APIRouter, office: Office) -> None:
    @made.get("/deals/{deal}/tape.json")
    def as_json(deal: str) -> Response:
        """The draft as it stands, for programs."""
        return JSONResponse(standing(office, deal))

    @made.get("/deals/{deal}/tape", response_model=None)
    def show(request: Request, deal: str) -> Response:
        """The page of the step that the draft is at."""
        draft = office.tapes.folder.find(deal)
        where = next_step(office, draft) if draft else ""
        if where and "new" not in request.query_params:
            kept = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(where + kept, 303)
        return page(request, office.workspace, "tape.html", given=EMPTY, refusal=None, **facts(office, deal))

    @made.post("/deals/{deal}/tape")
    async def bring(request: Request, deal: str) -> Response:
        """Takes a file."""
        account = seat_of(request).account

        def act(desk: Desk, form: Filled) -> Job:
            file = form.file("tape")
            require(file is not None, FormRefused(why="a file is needed", why_zh="请选择文件"))
            assert file is not None
            name = file_name(file.filename, "tape")
            job = office.tapes.bring(desk, account, deal, name, file.file, request=form.request)
            return office.jobs.awaited(job.id, PATIENCE)

        return await submit(request, office, "tape.html", act, led_to, lambda _: facts(office, deal))

    @made.post("/deals/{deal}/tape/look")
    async def look(request: Request, deal: str) -> Response:
        """Reads the file once more in another encoding, or another of its sheets."""
        account = seat_of(request).account

        def act(desk: Desk, form: Filled) -> Job:
            encoding = form.text("encoding") if form.text("encoding") in ENCODINGS else "auto"
            job = office.tapes.look_again(desk, account, deal, number_of(form), encoding, form.text("sheet")[:100])
            return office.jobs.awaited(job.id, PATIENCE)

        return await submit(request, office, "tape.html", act, led_to, lambda _: facts(office, deal))

    @made.post("/deals/{deal}/tape/discard")
    async def discard(request: Request, deal: str) -> Response:
        """Removes the draft."""

        def act(desk: Desk, _form: Filled) -> None:
            office.tapes.discard(desk, deal)

        return await submit(
            request, office, "tape.html", act, f"/deals/{quote(deal)}/tape", lambda _: facts(office, deal)
        )
