"""The gate before the workspace: who is not signed in sees the page to sign in on, and what is open to all.

Everything is behind it but the few addresses in `OPEN`: a page that somebody adds is closed until it is named there.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chainfusion.api.problems import problem
from chainfusion.api.seats import VISIT, Seat, SignInNeeded, Visit
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.node.accounts.gatekeeper import Gatekeeper, Seated
from chainfusion.node.accounts.refusals import NotForPrograms, TokenReadsOnly, TokenRefused, TooManyRequests
from chainfusion.node.accounts.sessions import Where, form_secret
from chainfusion.node.office import Office
from chainfusion.web import account, signin
from chainfusion.web.formtokens import SAFE
from chainfusion.web.rendering import language, page
from chainfusion.web.visitors import SEATED, Cookies, browser_of, here, where_of, with_next

OPEN = ("/signin", "/evidence", "/evidence.json", "/theme", "/api/v1/verify", "/api/v1/openapi.json")
OPEN_BELOW = ("/signin/", "/static/")
PERSONAL = ("/account", "/unlock", "/signout", "/lock")
"""Where the account's own things are changed: no program goes there."""
LOOKED_EVERY = 5.0
"""Seconds between two looks whether the session of an open stream lasts."""


def is_open(path: str) -> bool:
    """Whether an address is for everybody."""
    return path in OPEN or path.startswith(OPEN_BELOW)


def is_personal(path: str) -> bool:
    """Whether an address is for people alone."""
    return any(path == each or path.startswith(each + "/") for each in PERSONAL)


@dataclass(frozen=True)
class SignIn:
    """Seats people who sign in, and programs with tokens. `is_tls` tells whether browsers reach the node by TLS."""

    gatekeeper: Gatekeeper
    is_tls: bool = False

    @property
    def cookies(self) -> Cookies:
        """The names of the cookies."""
        return Cookies(self.gatekeeper.home.organisation().msp_id, self.is_tls)

    def routers(self, office: Office) -> tuple[APIRouter, ...]:
        """Signing in and out, and the account's own page."""
        cookies = self.cookies
        return (signin.router(office, self.gatekeeper, cookies), account.router(office, self.gatekeeper, cookies))

    def middleware(self, app: ASGIApp, office: Office) -> ASGIApp:
        """Seats each request, or answers it."""
        return _Gate(app, office, self.gatekeeper, self.cookies)


@dataclass(frozen=True)
class _Gate:
    app: ASGIApp
    office: Office
    gatekeeper: Gatekeeper
    cookies: Cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = await self._answer(request)
        await (self.app if answer is None else answer)(scope, receive, self._watched(scope, send))

    def _watched(self, scope: Scope, send: Send) -> Send:
        """What a signed-in person sees stays in no cache; a stream that is left open ends with its session."""
        streams, looked = False, time.monotonic()

        async def sending(message: Message) -> None:
            nonlocal streams, looked
            state = scope.get("state", {})
            visit, seated = state.get(VISIT), state.get(SEATED)
            if message["type"] == "http.response.start" and visit is not None and (visit.seat or visit.form_secret):
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "private, no-store")
                streams = seated is not None and headers.get("content-type", "").startswith("text/event-stream")
            elif streams and time.monotonic() >= looked + LOOKED_EVERY:
                looked = time.monotonic()
                if await run_in_threadpool(self.gatekeeper.is_over, seated.session):
                    message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return sending

    async def _answer(self, request: Request) -> Response | None:
        """None where the request may pass."""
        if request.scope["path"].startswith("/static/"):
            return None
        try:
            visit = await run_in_threadpool(self._visit, request)
        except ChainFusionError as error:
            return self._refused(request, error)
        request.scope.setdefault("state", {})[VISIT] = visit
        if visit.seat is not None or is_open(request.scope["path"]):
            return None
        return await run_in_threadpool(self._closed, request)

    def _refused(self, request: Request, error: ChainFusionError) -> Response:
        if not isinstance(error, TooManyRequests):
            self.gatekeeper.audit.note("request refused", "", where_of(request), code=error.code)
        return problem(error, language(request))

    # ------------------------------------------------------------------ who is it

    def _visit(self, request: Request) -> Visit:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self._program(request, token.strip())
        return self._person(request)

    def _program(self, request: Request, token: str) -> Visit:
        try:
            kept, desk = self.gatekeeper.program(token)
        except TokenRefused:
            self._slow(f"address {where_of(request).address}")
            raise
        self._slow(f"account {kept.account}")
        require(not is_personal(request.scope["path"]), NotForPrograms())
        acts = request.method not in SAFE and not is_open(request.scope["path"])
        require(kept.acts or not acts, TokenReadsOnly())
        return Visit(Seat(kept.account, desk))

    def _person(self, request: Request) -> Visit:
        secret, where, seated = request.cookies.get(self.cookies.session, ""), where_of(request), None
        if secret:
            live = "text/event-stream" in request.headers.get("accept", "")
            seated = self.gatekeeper.seated(secret, where, busy=not live)
        if seated is None:
            self._slow(f"address {where.address}")
            return Visit(form_secret=self._gate_secret(request))
        self._slow(f"account {seated.account.name}")
        request.scope.setdefault("state", {})[SEATED] = seated
        unlock = None if seated.signer.is_open else partial(self._unlock, seated, where)
        return Visit(Seat(seated.account.name, seated.desk), form_secret(secret), unlock, manages=True)

    def _gate_secret(self, request: Request) -> bytes:
        """Forms to sign in are a browser's own too; one without a number for it has none that fits."""
        if not request.scope["path"].startswith("/signin"):
            return b""
        return browser_of(request, self.cookies) or secrets.token_bytes(32)

    def _unlock(self, seated: Seated, where: Where, password: str) -> None:
        try:
            self.gatekeeper.unlock(seated, password, where)
        except ChainFusionError as error:
            seated.signer.stays_locked(error)

    def _slow(self, key: str) -> None:
        self.gatekeeper.requests.take(key, self.gatekeeper.now)

    # ------------------------------------------------------------------ nobody is

    def _closed(self, request: Request) -> Response:
        path = request.scope["path"]
        if path.startswith("/api/") or path.endswith((".json", ".csv")):
            return problem(SignInNeeded(), language(request))
        if request.method not in SAFE:
            return page(request, self.office.workspace, "error.html", 401, error=SignInNeeded())
        if request.headers.get("sec-fetch-site") == "cross-site":
            return page(request, self.office.workspace, "onward.html", then=here(request))
        return RedirectResponse(with_next("/signin", here(request)), 303)
