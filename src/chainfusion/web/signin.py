"""Signing in and out: by a local account, a passkey, the bank's identity provider, or a one-time link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from chainfusion.api.problems import BadAddress, headers_of, problem, status_of
from chainfusion.api.seats import VISIT, visit_of
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.node.accounts.gatekeeper import Entered, Gatekeeper
from chainfusion.node.accounts.passkeys import Site
from chainfusion.node.accounts.refusals import PasskeyRefused
from chainfusion.node.office import Office
from chainfusion.web.forms.submission import EMPTY, Filled, filled
from chainfusion.web.rendering import language, page
from chainfusion.web.visitors import (
    Cookies,
    browser_of,
    inside,
    new_gate,
    seated_of,
    site_of,
    where_of,
)

LARGEST_ANSWER = 100_000
"""Bytes of what a passkey answers."""


def router(office: Office, gatekeeper: Gatekeeper, cookies: Cookies) -> APIRouter:
    """The ways in, and out."""
    routes = APIRouter(include_in_schema=False)
    ways = Ways(office, gatekeeper, cookies)
    _by_password(routes, ways)
    _by_link(routes, ways)
    _by_passkey(routes, ways)
    _by_provider(routes, ways)
    _out(routes, ways)
    return routes


@dataclass(frozen=True)
class Ways:
    """What the ways in have in common."""

    office: Office
    gatekeeper: Gatekeeper
    cookies: Cookies

    @cached_property
    def fingerprint(self) -> tuple[str, ...]:
        """The fingerprint of the node's certificate, in lines of eight bytes."""
        digits = self.gatekeeper.home.organisation().node.certificate.fingerprint.upper()
        pairs = [digits[n : n + 2] for n in range(0, len(digits), 2)]
        return tuple(":".join(pairs[n : n + 8]) for n in range(0, len(pairs), 8))

    def gate(
        self, request: Request, refusal: ChainFusionError | None = None, given: Filled = EMPTY, then: str = "/"
    ) -> Response:
        """The page to sign in on, for this browser: it has a number of its own from now on."""
        number = request.cookies.get(self.cookies.gate, "")
        number = number if len(number) >= 32 else new_gate()
        request.cookies[self.cookies.gate] = number
        visit = visit_of(request)
        if visit.seat is None:
            setattr(request.state, VISIT, replace(visit, form_secret=browser_of(request, self.cookies)))
        status = 200 if refusal is None else status_of(refusal)
        facts = {"refusal": refusal, "given": given, "then": then, "place": self.place(request)}
        response = page(request, self.office.workspace, "signin.html", status, **facts)
        response.headers.update(headers_of(refusal) if refusal else {})
        self.cookies.set_gate(response, number)
        return response

    def place(self, request: Request) -> dict[str, Any]:
        """What tells a person that this is the right place."""
        membership = self.office.desk.members.current()
        return {
            "address": request.url.netloc,
            "fingerprint": self.fingerprint,
            "name": membership.name,
            "name_zh": membership.name_zh,
            "members": len(membership.members),
            "provider": self.gatekeeper.oidc is not None,
            "passkeys": site_of(request) is not None,
            "port": request.url.port,
        }

    def let_in(self, request: Request, entered: Entered, response: Response) -> Response:
        """Gives the browser its new session; one that it had before ends."""
        before = request.cookies.get(self.cookies.session)
        if before:
            self.gatekeeper.leave(before)
        self.cookies.set_session(response, entered.secret)
        return response

    def onward(self, request: Request, then: str) -> Response:
        """A page that leads on: a browser that came from another site sends a new session's cookie only from here."""
        return page(request, self.office.workspace, "onward.html", then=then)


def _by_password(routes: APIRouter, ways: Ways) -> None:
    @routes.get("/signin")
    def ask(request: Request) -> Response:
        then = inside(request.query_params.get("next"))
        return RedirectResponse(then, 303) if visit_of(request).seat else ways.gate(request, then=then)

    @routes.post("/signin")
    async def answer(request: Request) -> Response:
        async with filled(request) as form:
            then = inside(form.text("next"))
            password = form.fields.get("password", ("",))[0]
            try:
                entered = await run_in_threadpool(
                    ways.gatekeeper.by_password, form.text("name"), password, where_of(request)
                )
            except ChainFusionError as error:
                return await run_in_threadpool(ways.gate, request, error, form, then)
            return ways.let_in(request, entered, RedirectResponse(then, 303))


def _by_link(routes: APIRouter, ways: Ways) -> None:
    @routes.get("/signin/link/{secret}")
    def follow(request: Request, secret: str) -> Response:
        try:
            entered = ways.gatekeeper.by_link(secret, where_of(request))
        except ChainFusionError as error:
            return ways.gate(request, error)
        return ways.let_in(request, entered, RedirectResponse("/", 303))


def _by_passkey(routes: APIRouter, ways: Ways) -> None:
    @routes.post("/signin/passkey/question")
    def question(request: Request) -> Response:
        passkeys, now = ways.gatekeeper.accounts.passkeys, ways.gatekeeper.now
        return told(request, lambda: passkeys.ask(named_site(request), _browser(request, ways), now))

    @routes.post("/signin/passkey")
    async def answer(request: Request) -> Response:
        given = await json_object(request)
        browser, where = _browser(request, ways), where_of(request)

        def enter() -> Entered:
            return ways.gatekeeper.by_passkey(named_site(request), browser, given.get("answer"), where)

        try:
            entered = await run_in_threadpool(enter)
        except ChainFusionError as error:
            return problem(error, language(request))
        then = inside(str(given.get("next", "/")))
        return ways.let_in(request, entered, JSONResponse({"then": then}))


def _by_provider(routes: APIRouter, ways: Ways) -> None:
    @routes.get("/signin/provider")
    def leave(request: Request) -> Response:
        oidc, then = ways.gatekeeper.oidc, inside(request.query_params.get("next"))
        browser = browser_of(request, ways.cookies)
        if oidc is None or not browser:
            return RedirectResponse("/signin", 303)
        back = f"{request.url.scheme}://{request.url.netloc}/signin/provider/answer"
        try:
            return RedirectResponse(oidc.begin(browser, back, then, ways.gatekeeper.now), 303)
        except ChainFusionError as error:
            return ways.gate(request, error, then=then)

    @routes.get("/signin/provider/answer")
    def come_back(request: Request) -> Response:
        browser = browser_of(request, ways.cookies)
        if ways.gatekeeper.oidc is None:
            return RedirectResponse("/signin", 303)
        try:
            entered = ways.gatekeeper.by_provider(browser, dict(request.query_params), where_of(request))
        except ChainFusionError as error:
            return ways.gate(request, error)
        return ways.let_in(request, entered, ways.onward(request, entered.then))


def _out(routes: APIRouter, ways: Ways) -> None:
    @routes.post("/signout")
    def leave(request: Request) -> Response:
        ways.gatekeeper.sign_out(seated_of(request), where_of(request))
        response = RedirectResponse("/signin", 303)
        ways.cookies.clear(response)
        return response

    @routes.get("/unlock")
    def ask(request: Request) -> Response:
        then = inside(request.query_params.get("next"))
        return page(request, ways.office.workspace, "unlock.html", given=EMPTY, refusal=None, then=then,
                    user=seated_of(request).account.user)  # fmt: skip

    @routes.post("/unlock")
    async def unlock(request: Request) -> Response:
        seated = seated_of(request)
        async with filled(request) as form:
            then, password = inside(form.text("next")), form.fields.get("password", ("",))[0]
            try:
                await run_in_threadpool(ways.gatekeeper.unlock, seated, password, where_of(request))
            except ChainFusionError as error:
                facts = {"given": form, "refusal": error, "then": then, "user": seated.account.user}
                return page(request, ways.office.workspace, "unlock.html", status_of(error), **facts)
            return RedirectResponse(then, 303)

    @routes.post("/lock")
    def lock(request: Request) -> Response:
        ways.gatekeeper.keyring.lock(seated_of(request).session.digest)
        return RedirectResponse("/account", 303)


# ------------------------------------------------------------------ for the passkeys' island


def told(request: Request, make: Callable[[], Any]) -> Response:
    """What a script asked for, or the refusal as a problem document."""
    try:
        return JSONResponse(make())
    except ChainFusionError as error:
        return problem(error, language(request))


async def json_object(request: Request) -> dict[str, Any]:
    """The object that a script sent. Raises: BadAddress."""
    body = await request.body()
    bad = BadAddress(where="body", why="a JSON object is needed")
    require(len(body) <= LARGEST_ANSWER, bad)
    try:
        given = await request.json()
    except ValueError:
        raise bad from None
    require(isinstance(given, dict), bad)
    found: dict[str, Any] = given
    return found


def named_site(request: Request) -> Site:
    """Where the browser is, by a name. Raises: PasskeyRefused."""
    site = site_of(request)
    require(site is not None, PasskeyRefused())
    assert site is not None
    return site


def _browser(request: Request, ways: Ways) -> bytes:
    return browser_of(request, ways.cookies)
