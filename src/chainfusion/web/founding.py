"""The pages of a home that has not joined a ledger: its institution made, the consortium founded, the ledger joined.

Served on this machine alone, to whoever has the link that the command printed: here passwords make keys. Nothing of the
workspace is behind these pages; once the ledger is joined, `chainfusion serve` serves that.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from chainfusion.api.problems import FormRefused, NoSuchPage, status_of
from chainfusion.api.seats import NOBODY, SignInNeeded
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from chainfusion.node.beginning import Beginning
from chainfusion.node.home import Home
from chainfusion.web.forms.submission import EMPTY, Filled, filled, one_of
from chainfusion.web.guard import LOOPBACK, Guard
from chainfusion.web.pages import attachment
from chainfusion.web.rendering import drawn

COOKIE = "cf-founding"
MOST = 4 << 20
"""Bytes of a request: cards and an agreement's text."""


def create_founding_app(home: Home, secret: str, *, hosts: tuple[str, ...] = LOOPBACK) -> FastAPI:
    """The pages of `home`, for who knows `secret`."""
    app, beginning = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), Beginning(home)
    app.state.stops = False
    app.mount("/static", StaticFiles(directory=Path(str(files("chainfusion.web") / "static"))), "static")

    @app.get("/begin/{given}")
    def begin(given: str) -> Response:
        """The printed link: lets the browser in that opens it."""
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise SignInNeeded
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, secret, httponly=True, samesite="strict")
        return response

    @app.get("/")
    def show(request: Request) -> Response:
        """Where the home stands, and what can be done next."""
        _require(request, secret)
        return _page(request, beginning)

    @app.get("/genesis.json")
    def genesis(request: Request) -> Response:
        """The genesis at hand, with the signatures that it has."""
        _require(request, secret)
        return Response(beginning.text(), media_type="application/json", headers=attachment("genesis.json"))

    @app.post("/card.json")
    async def card(request: Request) -> Response:
        """The institution's card in the roles that were chosen."""
        _require(request, secret)
        async with filled(request) as form:
            try:
                data = beginning.card(_roles(form))
            except ChainFusionError as error:
                return _page(request, beginning, error, form)
        return Response(data, media_type="application/json", headers=attachment("card.json"))

    @app.post("/{act}")
    async def do(request: Request, act: str) -> Response:
        """One step."""
        _require(request, secret)
        async with filled(request) as form:
            try:
                await one_of(ACTS, act)(beginning, form)
            except ChainFusionError as error:
                return await run_in_threadpool(_page, request, beginning, error, form)
        return RedirectResponse("/", 303)

    async def refuse(request: Request, error: Exception) -> Response:
        known = error if isinstance(error, ChainFusionError) else None
        if isinstance(error, HTTPException):
            known = NoSuchPage()
        return _page(request, None, known or FormRefused(why="it cannot be read", why_zh="无法读取"))

    for kind in (ChainFusionError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, refuse)
    app.add_middleware(Guard, refuse=refuse, hosts=hosts, max_upload=MOST, is_tls=False)
    return app


def _require(request: Request, secret: str) -> None:
    if not hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), secret.encode()):
        raise SignInNeeded


def _page(
    request: Request, beginning: Beginning | None, error: ChainFusionError | None = None, form: Filled = EMPTY
) -> Response:
    """The page; without `beginning` it tells a refusal alone."""
    return drawn(
        request,
        NOBODY,
        "founding.html",
        status_of(error) if error else 200,
        stands=beginning.stands() if beginning else None,
        home=str(beginning.home.path) if beginning else "",
        refusal=error,
        given=form,
        roles=INSTITUTION_ROLES,
        representative=Role.REPRESENTATIVE,
        receipt=None,
        here=_here,
    )


def _here(**changes: str) -> str:
    """All of it is one page, whatever form it answers."""
    return f"/?{urlencode(changes)}" if changes else "/"


# ------------------------------------------------------------------ the steps


def _roles(form: Filled) -> tuple[Role, ...]:
    words = form.all("role")
    if any(word not in set(Role) for word in words):
        raise FormRefused(why="there is no such role", why_zh="没有该角色")
    return tuple(Role(word) for word in words)


def _twice(form: Filled) -> str:
    """A new password, typed twice; blanks in it are its own. Raises: FormRefused."""
    first, second = (form.fields.get(name, ("",))[0] for name in ("password", "again"))
    if first != second:
        raise FormRefused(why="the two passwords differ", why_zh="两次输入的口令不一致")
    return first


def _secret(form: Filled, name: str) -> str:
    return form.fields.get(name, ("",))[0]


async def _create(beginning: Beginning, form: Filled) -> None:
    given = (form.text("msp"), form.text("name"), form.text("name_zh"), _twice(form))
    await run_in_threadpool(beginning.create, *given)


async def _enrol(beginning: Beginning, form: Filled) -> None:
    given = (form.text("user"), _roles(form), _secret(form, "ca_password"), _twice(form))
    await run_in_threadpool(beginning.enrol, *given)


async def _draft(beginning: Beginning, form: Filled) -> None:
    cards = [await each.read() for each in form.files.get("card", ())]
    agreement = form.file("agreement")
    text = await agreement.read() if agreement else b""
    names = form.text("name"), form.text("name_zh")
    await run_in_threadpool(beginning.draft, names, cards, text, form.text("orderer"))


async def _take(beginning: Beginning, form: Filled) -> None:
    for each in form.files.get("genesis", ()):
        await run_in_threadpool(beginning.take, await each.read())


async def _sign(beginning: Beginning, form: Filled) -> None:
    await run_in_threadpool(beginning.sign, form.text("user"), _secret(form, "password"))


async def _found(beginning: Beginning, form: Filled) -> None:
    given = (form.text("folder"), form.text("user"), _secret(form, "password"), _secret(form, "node_password"))
    await run_in_threadpool(beginning.found, *given)


async def _join(beginning: Beginning, form: Filled) -> None:
    await run_in_threadpool(beginning.join, form.text("folder"), form.text("user"))


ACTS: dict[str, Callable[[Beginning, Filled], Awaitable[None]]] = {
    "create": _create,
    "enrol": _enrol,
    "draft": _draft,
    "take": _take,
    "sign": _sign,
    "found": _found,
    "join": _join,
}
