"""`/deals/{deal}/review`: the pool previewed before closing by who was invited, and the originator's answers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from chainfusion.api.problems import FormRefused
from chainfusion.contracts.review.contract import REVIEWERS
from chainfusion.domain.deal import DealState
from chainfusion.domain.records import to_json
from chainfusion.domain.review import Ask
from chainfusion.domain.roles import Role
from chainfusion.ledger.port import Receipt
from chainfusion.node import reviews
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.views.deals import DealOverview
from chainfusion.web.csvtable import csv_text
from chainfusion.web.forms.acting import accepted, acting
from chainfusion.web.forms.submission import EMPTY, Filled, one_of, submit
from chainfusion.web.rendering import page

TEMPLATE = "review.html"
SHARING = frozenset({Role.ORIGINATOR, Role.LEAD_UNDERWRITER})
CHINA = timezone(timedelta(hours=8))


def router(office: Office) -> APIRouter:
    """The preview, and what is done in it."""
    made = APIRouter(include_in_schema=False)
    _show(made, office)
    _act(made, office)
    return made


def _show(made: APIRouter, office: Office) -> None:
    @made.get("/deals/{deal}/review.json")
    def as_json(deal: str) -> Response:
        """All that was said, as this institution reads it."""
        found = reviews.overview(office.desk, deal)
        said = [to_json(reviews.read(office.desk, deal, each)) for each in found.remarks]
        return JSONResponse({"invitations": [to_json(each) for each in found.invitations], "remarks": said})

    @made.get("/deals/{deal}/review.csv")
    def as_csv(deal: str) -> Response:
        """A remark a row."""
        rows = (_row(each) for each in _said(office, deal))
        names = ("remark", "version", "by", "at", "ask", "loan", "text", "accepted", "reason", "removed_in")
        return Response(csv_text(names, rows), media_type="text/csv; charset=utf-8")

    @made.get("/deals/{deal}/review")
    def show(request: Request, deal: str) -> Response:
        """The page."""
        return page(request, office.workspace, TEMPLATE, given=EMPTY, refusal=None, **_facts(request, office, deal))


def _said(office: Office, deal: str) -> list[reviews.Said]:
    found = reviews.overview(office.desk, deal).remarks
    return [reviews.read(office.desk, deal, each) for each in found]


def _row(said: reviews.Said) -> tuple[str | int | None, ...]:
    remark, answer, removal = said.view.remark, said.view.answer, said.view.removal
    accepted = None if answer is None else ("yes" if answer.accepted else "no")
    moved = removal.pool.version if removal else None
    at = remark.at.isoformat(timespec="seconds")
    head = (remark.tx_id, remark.pool.version, remark.by, at, remark.ask.value)
    return (*head, said.loan, said.text, accepted, said.reason, moved)


def _facts(request: Request, office: Office, deal: str) -> dict[str, Any]:
    overview = office.workspace.deal(deal)
    found = reviews.overview(office.desk, deal)
    roles, live = acting(request, overview), overview.line.state is DealState.OPEN
    names = {row.institution.msp: row.institution.name for row in overview.parties}
    return {
        "overview": overview,
        "tab": "pool",
        "invitations": found.invitations,
        "said": [reviews.read(office.desk, deal, each) for each in found.remarks],
        "names": names,
        "guests": _guests(overview),
        "shares": live and bool(roles & SHARING),
        "answers": live and Role.ORIGINATOR in roles,
        "remarks": live and any(each.guest == office.desk.msp for each in found.invitations),
    }


def _guests(overview: DealOverview) -> list[Any]:
    return [row for row in accepted(overview) if row.role in REVIEWERS]


def _act(made: APIRouter, office: Office) -> None:
    def share(desk: Desk, deal: str, form: Filled) -> Receipt:
        return reviews.share(desk, deal, form.text("guest"), _until(form.text("until")), request=form.request)

    def remark(desk: Desk, deal: str, form: Filled) -> Receipt:
        ask = Ask.REMOVAL if form.text("ask") == Ask.REMOVAL else Ask.COMMENT
        loan = form.text("loan") or None
        return reviews.remark(desk, deal, ask, form.text("text"), loan, request=form.request)

    def answer(desk: Desk, deal: str, form: Filled) -> Receipt:
        word = form.text("accepted")
        if word not in ("yes", "no"):
            raise FormRefused(why="accept or refuse", why_zh="请选择接受或不接受")
        told = form.text("remark"), word == "yes", form.text("reason")
        return reviews.answer(desk, deal, *told, request=form.request)

    def removed(desk: Desk, deal: str, form: Filled) -> Receipt:
        return reviews.state_removal(desk, deal, form.text("remark"), request=form.request)

    acts = {"share": share, "remark": remark, "answer": answer, "removed": removed}

    @made.post("/deals/{deal}/review/{act}")
    async def do(request: Request, deal: str, act: str) -> Response:
        """Says what the form says."""

        def said(desk: Desk, form: Filled) -> Receipt:
            return one_of(acts, act)(desk, deal, form)

        where = f"/deals/{quote(deal)}/review"
        return await submit(request, office, TEMPLATE, said, where, lambda _: _facts(request, office, deal))


def _until(word: str) -> datetime | None:
    """The end of a day or a minute in UTC+8. Raises: FormRefused."""
    if not word:
        return None
    try:
        return datetime.fromisoformat(word).replace(tzinfo=CHINA)
    except ValueError:
        raise FormRefused(why="the end is a date and time", why_zh="截止时间格式不正确") from None
