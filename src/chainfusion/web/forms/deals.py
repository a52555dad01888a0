"""`/new-deal` and `/deals/{deal}/parties`: opening a deal, answering for a role, and what its originator settles."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from chainfusion.api.problems import FormRefused
from chainfusion.domain.deal import PRODUCT_NAMES, DealState, PartyStatus, Product
from chainfusion.domain.errors import require
from chainfusion.domain.membership import MemberStatus
from chainfusion.domain.roles import INSTITUTION_ROLES, ROLE_NAMES, Role
from chainfusion.ledger.port import Receipt
from chainfusion.node import deals, definitions
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.node.views.consortium import MemberRow
from chainfusion.processes import products
from chainfusion.web.forms.acting import acting, held
from chainfusion.web.forms.submission import EMPTY, Filled, one_of, submit
from chainfusion.web.pages import attachment
from chainfusion.web.rendering import page

NEW, PARTIES = "deal-new.html", "deal-parties.html"
Act = Callable[[Desk, str, Filled], Receipt]


def router(office: Office) -> APIRouter:
    """The pages, and what is done on them."""
    made = APIRouter(include_in_schema=False)
    _open(made, office)
    _settle(made, office)

    @made.get("/templates/{product}.zip")
    def template(product: str) -> Response:
        """What a deal of a known kind begins with, as files."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in products.files_of(products.template(product)).items():
                archive.writestr(zipfile.ZipInfo(f"{product}/{name}"), data)
        return Response(packed.getvalue(), media_type="application/zip", headers=attachment(f"{product}.zip"))

    return made


# ------------------------------------------------------------------ opening


def _open(made: APIRouter, office: Office) -> None:
    @made.get("/new-deal")
    def show(request: Request) -> Response:
        """The form."""
        return page(request, office.workspace, NEW, given=EMPTY, refusal=None, **_new_facts(request, office))

    @made.post("/new-deal")
    async def opened(request: Request) -> Response:
        """Opens it, and leads to its parties."""
        where: dict[str, str] = {}

        def act(desk: Desk, form: Filled) -> Receipt:
            word = form.text("product")
            require(word in set(Product), FormRefused(why="a product is needed", why_zh="请选择产品"))
            where["deal"] = form.text("id")
            names = form.text("name"), form.text("name_zh")
            parties = [each for each in form.all("party") if each]
            given = (form.text("id"), names, Product(word), form.text("currency"), parties)
            return deals.open_deal(desk, *given, request=form.request)

        return await submit(
            request,
            office,
            NEW,
            act,
            lambda _: f"/deals/{quote(where['deal'])}/parties",
            lambda _: _new_facts(request, office),
        )


def _new_facts(request: Request, office: Office) -> dict[str, Any]:
    active = _active(office)
    return {
        "may": Role.ORIGINATOR in held(request) & _roles_of(active, office.desk.msp),
        "products": PRODUCT_NAMES,
        "templates": [products.template(name) for name in products.names()],
        "choices": [(role, ROLE_NAMES[role], _holding(active, role)) for role in INSTITUTION_ROLES],
        "mine": office.desk.msp,
    }


def _active(office: Office) -> list[MemberRow]:
    return [row for row in office.workspace.consortium().members if row.status is MemberStatus.ACTIVE]


def _roles_of(rows: list[MemberRow], msp: str) -> frozenset[Role]:
    return frozenset(role for row in rows if row.institution.msp == msp for role in row.holds)


def _holding(rows: list[MemberRow], role: Role) -> list[MemberRow]:
    return [row for row in rows if role in row.holds]


# ------------------------------------------------------------------ parties


def _settle(made: APIRouter, office: Office) -> None:
    acts: dict[str, Act] = {
        "accept": lambda desk, deal, form: deals.accept(desk, deal, _role(form), request=form.request),
        "decline": lambda desk, deal, form: deals.decline(
            desk, deal, _role(form), form.text("reason"), request=form.request
        ),
        "name": lambda desk, deal, form: deals.name_party(desk, deal, form.text("party"), request=form.request),
        "replace": lambda desk, deal, form: deals.replace_party(
            desk, deal, form.text("party"), form.text("successor"), form.text("reason"), request=form.request
        ),
        "process": _start,
        "close": lambda desk, deal, form: deals.close(desk, deal, request=form.request),
        "cancel": lambda desk, deal, form: deals.cancel(desk, deal, form.text("reason"), request=form.request),
    }

    @made.get("/deals/{deal}/parties")
    def show(request: Request, deal: str) -> Response:
        """Parties and their answers."""
        facts = _party_facts(request, office, deal)
        return page(request, office.workspace, PARTIES, given=EMPTY, refusal=None, **facts)

    @made.post("/deals/{deal}/parties/{act}")
    async def do(request: Request, deal: str, act: str) -> Response:
        """Signs what the form says."""

        def said(desk: Desk, form: Filled) -> Receipt:
            return one_of(acts, act)(desk, deal, form)

        where = f"/deals/{quote(deal)}/parties"
        return await submit(request, office, PARTIES, said, where, lambda _: _party_facts(request, office, deal))


def _role(form: Filled) -> Role:
    word = form.text("role")
    require(word in set(INSTITUTION_ROLES), FormRefused(why="a role is needed", why_zh="请选择角色"))
    return Role(word)


def _start(desk: Desk, deal: str, form: Filled) -> Receipt:
    process, _, version = form.text("process").rpartition("@")
    require(version.isascii() and version.isdigit(), FormRefused(why="a process is needed", why_zh="请选择流程"))
    return deals.start_process(desk, deal, process, int(version), request=form.request)


def _party_facts(request: Request, office: Office, deal: str) -> dict[str, Any]:
    overview, active, mine = office.workspace.deal(deal), _active(office), office.desk.msp
    before = overview.line.state in (DealState.DRAFT, DealState.OPEN)
    leads = Role.ORIGINATOR in acting(request, overview)
    live = [row for row in overview.parties if row.status is not PartyStatus.REPLACED]
    named = {(row.role, row.institution.msp) for row in live}
    return {
        "overview": overview,
        "tab": "overview",
        "mine": mine,
        "asked": [
            row
            for row in live
            if row.institution.msp == mine and row.status is PartyStatus.NAMED and row.role in held(request)
        ],
        "leads": leads and before,
        "closes": leads and overview.line.state is DealState.OPEN and overview.line.pool is not None,
        "others": [
            (role, ROLE_NAMES[role], row)
            for role in INSTITUTION_ROLES
            for row in _holding(active, role)
            if (role, row.institution.msp) not in named
        ],
        "live": [row for row in live if not (row.role is Role.ORIGINATOR and row.institution.msp == mine)],
        "members": active,
        "processes": [] if overview.has_process else definitions.adopted(office.desk),
    }
