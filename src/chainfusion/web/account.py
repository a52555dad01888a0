"""`/account`: a person's own sessions, passkeys, tokens, password and key. Nobody else's are reached from here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from chainfusion.api.problems import FormRefused, problem, status_of
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.domain.text import whole_number
from chainfusion.node.accounts.gatekeeper import Gatekeeper, Seated
from chainfusion.node.accounts.refusals import SignInAgain
from chainfusion.node.accounts.tokens import LONGEST_DAYS
from chainfusion.node.office import Office
from chainfusion.web.forms.submission import EMPTY, Filled, filled
from chainfusion.web.rendering import language, page
from chainfusion.web.signin import json_object, named_site, told
from chainfusion.web.visitors import Cookies, seated_of, site_of, where_of

FRESH = 15 * 60
"""Seconds after signing in within which a new way in may be made: a session that was left open makes none."""


def router(office: Office, gatekeeper: Gatekeeper, cookies: Cookies) -> APIRouter:
    """The page, and what is done on it."""
    routes = APIRouter(include_in_schema=False)
    pages = _Pages(office, gatekeeper)
    _page(routes, pages)
    _password(routes, pages, cookies)
    _sessions(routes, pages)
    _passkeys(routes, pages)
    _tokens(routes, pages)
    return routes


class _Pages:
    """The account's page, as it is and after a refusal."""

    def __init__(self, office: Office, gatekeeper: Gatekeeper) -> None:
        self.office, self.gatekeeper = office, gatekeeper

    def show(
        self, request: Request, given: Filled = EMPTY, refusal: ChainFusionError | None = None, part: str = "",
        token: str = "",
    ) -> Response:  # fmt: skip
        """`part` is the section that was refused or has something to show."""
        seated, keeper = seated_of(request), self.gatekeeper
        name, certificate = seated.account.name, seated.signer.identity.certificate
        facts: dict[str, Any] = {
            "given": given, "refusal": refusal, "part": part, "token": token,
            "account": seated.account, "session": seated.session, "key_is_open": seated.signer.is_open,
            "certificate": certificate, "roles": sorted(certificate.roles),
            "accepted": self.office.desk.members.accepts(seated.signer.msp_id, certificate, moment_of(keeper.now)),
            "sessions": sorted(keeper.accounts.sessions.of(name, keeper.now), key=lambda each: each != seated.session),
            "passkeys": keeper.accounts.passkeys.of(name), "tokens": keeper.accounts.tokens.of(name),
            "named": site_of(request) is not None, "port": request.url.port, "at": moment_of, "now_s": keeper.now,
            "idle": keeper.accounts.settings.idle_minutes, "longest": keeper.accounts.settings.longest_hours,
        }  # fmt: skip
        status = 200 if refusal is None else status_of(refusal)
        return page(request, self.office.workspace, "account.html", status, **facts)

    async def change(self, request: Request, part: str, act: Callable[[Seated, Filled], Response | None]) -> Response:
        """Acts on a form as the person signed in; a refusal is shown in its section."""
        seated = seated_of(request)
        async with filled(request) as form:
            try:
                done = await run_in_threadpool(act, seated, form)
            except ChainFusionError as error:
                return await run_in_threadpool(self.show, request, form, error, part)
            return done or RedirectResponse(f"/account#{part}", 303)

    def fresh(self, seated: Seated) -> None:
        """Raises: SignInAgain."""
        require(self.gatekeeper.now < seated.session.began + FRESH, SignInAgain(minutes=FRESH // 60))


def moment_of(seconds: int) -> datetime:
    """Seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def _page(routes: APIRouter, pages: _Pages) -> None:
    @routes.get("/account")
    def show(request: Request) -> Response:
        return pages.show(request)


def _password(routes: APIRouter, pages: _Pages, cookies: Cookies) -> None:
    @routes.post("/account/password")
    async def change(request: Request) -> Response:
        def act(seated: Seated, form: Filled) -> Response:
            old, new, again = (form.fields.get(name, ("",))[0] for name in ("old", "new", "again"))
            require(
                new == again, FormRefused(why="the new password was typed in two ways", why_zh="两次输入的新口令不一致")
            )
            if seated.account.password is None:
                pages.fresh(seated)
            entered = pages.gatekeeper.change_password(seated, old, new, where_of(request))
            response = RedirectResponse("/account", 303)
            cookies.set_session(response, entered.secret)
            return response

        return await pages.change(request, "password", act)


def _sessions(routes: APIRouter, pages: _Pages) -> None:
    sessions, keyring = pages.gatekeeper.accounts.sessions, pages.gatekeeper.keyring

    @routes.post("/account/sessions/end")
    async def end(request: Request) -> Response:
        def act(seated: Seated, form: Filled) -> None:
            keyring.forget(sessions.end_one_of(seated.account.name, form.text("id")))

        return await pages.change(request, "sessions", act)

    @routes.post("/account/sessions/end-others")
    async def end_others(request: Request) -> Response:
        def act(seated: Seated, _: Filled) -> None:
            sessions.end_all_of(seated.account.name, but=seated.session.digest)
            pages.gatekeeper.sweep()

        return await pages.change(request, "sessions", act)


def _passkeys(routes: APIRouter, pages: _Pages) -> None:
    passkeys = pages.gatekeeper.accounts.passkeys

    @routes.post("/account/passkeys/question")
    def question(request: Request) -> Response:
        def make() -> dict[str, Any]:
            seated = seated_of(request)
            pages.fresh(seated)
            return passkeys.ask_for_new(
                seated.account, named_site(request), seated.session.digest, pages.gatekeeper.now
            )

        return told(request, make)

    @routes.post("/account/passkeys")
    async def add(request: Request) -> Response:
        given, seated = await json_object(request), seated_of(request)

        def keep() -> None:
            pages.fresh(seated)
            label = str(given.get("label", "")).strip() or seated.session.agent
            site, now = named_site(request), pages.gatekeeper.now
            passkeys.add(seated.account, site, seated.session.digest, given.get("answer"), label, now)
            pages.gatekeeper.audit.note("passkey added", seated.account.name, where_of(request))

        try:
            await run_in_threadpool(keep)
        except ChainFusionError as error:
            return problem(error, language(request))
        return JSONResponse({"then": "/account"})

    @routes.post("/account/passkeys/remove")
    async def remove(request: Request) -> Response:
        def act(seated: Seated, form: Filled) -> None:
            passkeys.remove(seated.account.name, form.text("id"))

        return await pages.change(request, "passkeys", act)


def _tokens(routes: APIRouter, pages: _Pages) -> None:
    @routes.post("/account/tokens")
    async def make(request: Request) -> Response:
        def act(seated: Seated, form: Filled) -> Response:
            pages.fresh(seated)
            days, label = form.text("days"), form.text("label")
            lasts = whole_number(days, 4) or 0
            require(
                0 < lasts <= LONGEST_DAYS,
                FormRefused(
                    why=f"a token lasts 1 to {LONGEST_DAYS} days", why_zh=f"令牌有效期为 1 至 {LONGEST_DAYS} 天"
                ),
            )
            require(bool(label), FormRefused(why="a token needs a name", why_zh="令牌须有名称"))
            password = form.fields.get("token_key_password", ("",))[0] if form.text("scope") == "act" else None
            token = pages.gatekeeper.make_token(seated, label, lasts, password, where_of(request))
            return pages.show(request, part="tokens", token=token)

        return await pages.change(request, "tokens", act)

    @routes.post("/account/tokens/revoke")
    async def revoke(request: Request) -> Response:
        def act(seated: Seated, form: Filled) -> None:
            pages.gatekeeper.accounts.tokens.revoke(seated.account.name, form.text("id"))

        return await pages.change(request, "tokens", act)
