"""`/consortium`: members, the participation agreement, rules and votes; every act of a representative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chainfusion.api.problems import FormRefused
from chainfusion.domain.errors import require
from chainfusion.domain.membership import Change, ChangeKind, MemberStatus
from chainfusion.domain.records import utc_text
from chainfusion.domain.roles import Role
from chainfusion.ledger.port import Receipt
from chainfusion.node import consortium
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.views.consortium import ConsortiumView
from chainfusion.web.forms.acting import held
from chainfusion.web.forms.submission import EMPTY, Filled, file_of, one_of, submit
from chainfusion.web.pages import Twins
from chainfusion.web.tables import Sheet, Tables

TEMPLATE, HERE = "consortium.html", "/consortium"
Act = Callable[[Desk, Filled], Receipt]


def router(office: Office) -> APIRouter:
    """The page, and what is done on it."""
    made = APIRouter(include_in_schema=False)
    twins = Twins(made, office.workspace)
    twins.add(
        HERE,
        TEMPLATE,
        lambda _: office.workspace.consortium(),
        _sheet,
        lambda request, view: _facts(request, office, view) | {"given": EMPTY, "refusal": None},
    )
    _act(made, office)
    return made


def _again(request: Request, office: Office) -> dict[str, Any]:
    """The page under a form that was refused."""
    view = office.workspace.consortium()
    return _facts(request, office, view) | {"view": view}


def _facts(request: Request, office: Office, view: ConsortiumView) -> dict[str, Any]:
    present = [row for row in view.members if row.status is not MemberStatus.LEFT]
    return {
        "may": Role.REPRESENTATIVE in held(request),
        "mine": office.desk.msp,
        "has_home": office.home is not None,
        "active": [row for row in present if row.status is MemberStatus.ACTIVE],
        "suspended": [row for row in present if row.status is MemberStatus.SUSPENDED],
    }


def _sheet(_: Tables, view: ConsortiumView) -> Sheet:
    columns = ("msp", "name", "name_zh", "roles", "status", "orders", "signed", "transaction", "certificate_until")
    rows = (
        (
            row.institution.msp,
            row.institution.name.en,
            row.institution.name.zh,
            ", ".join(role.en for role in row.roles),
            row.status.value,
            "yes" if row.orders else "no",
            utc_text(row.signed.time) if row.signed else None,
            row.signed.tx_id if row.signed else None,
            row.valid_until.date().isoformat(),
        )
        for row in view.members
    )
    return Sheet(columns, rows)


# ------------------------------------------------------------------ acts


def _act(made: APIRouter, office: Office) -> None:
    acts: dict[str, Act] = {
        "agreement": lambda desk, form: consortium.sign_agreement(desk, file_of(form), request=form.request),
        "propose": _propose,
        "vote": _vote,
        "withdraw": lambda desk, form: consortium.withdraw(desk, form.text("proposal"), request=form.request),
        "leave": _leave,
        "keys": lambda desk, form: _renew(office, desk, form),
    }

    @made.post("/consortium/{act}")
    async def do(request: Request, act: str) -> Response:
        """Signs what the form says."""

        def said(desk: Desk, form: Filled) -> Receipt:
            return one_of(acts, act)(desk, form)

        return await submit(request, office, TEMPLATE, said, HERE, lambda _: _again(request, office))


def _propose(desk: Desk, form: Filled) -> Receipt:
    word = form.text("kind")
    require(word in set(ChangeKind), FormRefused(why="a kind of change is needed", why_zh="请选择变更种类"))
    return consortium.propose(desk, _change(desk, ChangeKind(word), form), request=form.request)


def _change(desk: Desk, kind: ChangeKind, form: Filled) -> Change:
    match kind:
        case ChangeKind.ADMIT | ChangeKind.REPLACE:
            return consortium.of_member(kind, file_of(form))
        case ChangeKind.SUSPEND | ChangeKind.REINSTATE:
            require(bool(form.text("msp")), FormRefused(why="a member is needed", why_zh="请选择成员"))
            return Change(kind, msp=form.text("msp"))
        case ChangeKind.ADOPT_AGREEMENT:
            return consortium.of_agreement(desk, file_of(form))
        case ChangeKind.AMEND_RULES:
            shares = {name: form.text(name) for name in consortium.SHARES}
            return consortium.of_rules(desk, shares, form.text("orderer"))


def _vote(desk: Desk, form: Filled) -> Receipt:
    word = form.text("approve")
    require(word in ("yes", "no"), FormRefused(why="a vote is yes or no", why_zh="请选择赞成或反对"))
    return consortium.vote(desk, form.text("proposal"), approve=word == "yes", request=form.request)


def _leave(desk: Desk, form: Filled) -> Receipt:
    sure = form.text("msp") == desk.msp
    require(sure, FormRefused(why=f"type {desk.msp} to leave", why_zh=f"请输入 {desk.msp} 以确认退出"))
    return consortium.leave(desk, request=form.request)


def _renew(office: Office, desk: Desk, form: Filled) -> Receipt:
    if office.home is None:
        raise FormRefused(why="this node keeps no keys", why_zh="本节点不保存密钥")
    return consortium.renew_keys(desk, office.home, request=form.request)
