"""`/deals/{deal}/version`: which version of its process a deal runs on, and its change by all parties' consent."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chainfusion.api.problems import FormRefused
from chainfusion.domain.text import whole_number
from chainfusion.ledger.port import Receipt
from chainfusion.node import versions
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.views.versions import VersionsPage
from chainfusion.web.forms.acting import acting
from chainfusion.web.forms.submission import EMPTY, Filled, one_of, submit
from chainfusion.web.pages import Twins
from chainfusion.web.tables import Sheet, Tables

TEMPLATE = "version.html"


def router(office: Office) -> APIRouter:
    """The page, its twins, and what is done on it."""
    made = APIRouter(include_in_schema=False)

    def view(request: Request) -> VersionsPage:
        return office.workspace.version(str(request.path_params["deal"]))

    def facts(request: Request, found: VersionsPage) -> dict[str, Any]:
        overview = office.workspace.deal(found.deal)
        return {"overview": overview, "tab": "process", "may": bool(acting(request, overview)) and not found.ended}

    Twins(made, office.workspace).add(
        "/deals/{deal}/version",
        TEMPLATE,
        view,
        _sheet,
        lambda request, found: {"given": EMPTY, "refusal": None, **facts(request, found)},
    )

    @made.post("/deals/{deal}/version/{act}")
    async def do(request: Request, deal: str, act: str) -> Response:
        """Signs what the form says."""

        def said(desk: Desk, form: Filled) -> Receipt:
            return one_of(ACTS, act)(desk, deal, form)

        def shown(_: Filled) -> dict[str, Any]:
            found = view(request)
            return {"view": found, **facts(request, found)}

        return await submit(request, office, TEMPLATE, said, f"/deals/{quote(deal)}/version", shown)

    return made


def _propose(desk: Desk, deal: str, form: Filled) -> Receipt:
    version = whole_number(form.text("version"), 6)
    if version is None:
        raise FormRefused(why="a version is needed", why_zh="请选择版本")
    return versions.propose(desk.session, deal, version, form.text("reason"), request=form.request)


def _agree(desk: Desk, deal: str, form: Filled) -> Receipt:
    return versions.answer(desk.session, deal, form.text("proposal"), agree=True, request=form.request)


def _decline(desk: Desk, deal: str, form: Filled) -> Receipt:
    reason = form.text("reason")
    return versions.answer(desk.session, deal, form.text("proposal"), agree=False, reason=reason, request=form.request)


def _change(desk: Desk, deal: str, form: Filled) -> Receipt:
    return versions.change(desk.session, deal, request=form.request)


ACTS = {"propose": _propose, "agree": _agree, "decline": _decline, "change": _change}


def _sheet(tables: Tables, view: VersionsPage) -> Sheet:
    del tables
    columns = ("version", "institution", "answer", "reason", "transaction")
    found = view.proposed
    rows = [
        (
            found.version if found else None,
            row.institution.msp,
            "outstanding" if row.said is None else "agreed" if row.agree else "declined",
            row.reason,
            row.said.tx_id if row.said else None,
        )
        for row in (found.answers if found else ())
    ]
    return Sheet(columns, [(view.version, None, "in force", None, None), *rows])
