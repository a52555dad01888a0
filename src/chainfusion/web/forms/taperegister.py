"""`/deals/{deal}/tape/register`: the one step that cannot be taken back, asked once with all that it says."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from chainfusion.api.problems import FormRefused
from chainfusion.api.seats import seat_of
from chainfusion.domain.errors import require
from chainfusion.node.desk import Desk
from chainfusion.node.jobs import Job
from chainfusion.node.office import Office
from chainfusion.node.pools import failed
from chainfusion.node.tapes.tapes import possible_readers
from chainfusion.web.forms.jobs import PATIENCE
from chainfusion.web.forms.submission import EMPTY, Filled, submit, with_receipt
from chainfusion.web.forms.tapesteps import facts, number_of
from chainfusion.web.rendering import page


def router(office: Office) -> APIRouter:
    """The confirmation, and the registration."""
    made = APIRouter(include_in_schema=False)

    @made.get("/deals/{deal}/tape/register", response_model=None)
    def show(request: Request, deal: str) -> Response:
        """What would be registered."""
        told = register_facts(office, deal)
        if told["pool"] is None:
            return RedirectResponse(f"/deals/{quote(deal)}/tape", 303)
        return page(request, office.workspace, "tape-register.html", given=EMPTY, refusal=None, **told)

    @made.post("/deals/{deal}/tape/register")
    async def register(request: Request, deal: str) -> Response:
        """Registers it."""
        account = seat_of(request).account

        def act(desk: Desk, form: Filled) -> Job:
            known = possible_readers(desk, deal)
            readers = tuple(each for each in form.all("reader") if each)
            why = "a reader is no accepted party of the deal"
            require(set(readers) <= set(known), FormRefused(why=why, why_zh="所选读者不是已接受的参与方"))
            job = office.tapes.register(
                desk,
                account,
                deal,
                number_of(form),
                form.text("root"),
                readers=readers,
                though_failing=form.text("though_failing") == "yes",
                request=form.request,
            )
            return office.jobs.awaited(job.id, PATIENCE)

        return await submit(
            request,
            office,
            "tape-register.html",
            act,
            registered,
            lambda _: register_facts(office, deal),
        )

    return made


def registered(job: Job) -> str:
    """To the pool with its receipt where it is registered, else to the work."""
    if job.result is None:
        return f"/jobs/{job.id}"
    return with_receipt(f"/deals/{quote(job.deal)}/pool", job.result["transaction"])


def register_facts(office: Office, deal: str) -> dict[str, Any]:
    """What the confirmation shows."""
    told = facts(office, deal)
    checked = told["checked"]
    pool = checked.pool if checked else None
    parties = {each.institution.msp: each for each in told["overview"].parties}
    return told | {
        "pool": pool,
        "failed": failed(pool.results) if pool else [],
        "in_force": told["overview"].line.pool,
        "readers": [parties[msp] for msp in possible_readers(office.desk, deal) if msp in parties],
    }
