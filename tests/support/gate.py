"""A workspace that people sign in to, on an institution with a home, asked as browsers and programs ask."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.node.accounts.accounts import Accounts
from chainfusion.node.accounts.gatekeeper import Gatekeeper
from chainfusion.node.accounts.passwords import Passwords
from chainfusion.node.home import Home, LedgerFolder
from chainfusion.node.locked import LockedSigner
from chainfusion.node.office import Office
from chainfusion.node.opening import open_ledger, open_office
from chainfusion.web.app import create_app
from chainfusion.web.gate import SignIn
from tests.support.homes import PASSWORD, THREE, Homes

HOST = "workspace.test"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"
OWN = "correct horse battery"
"""The password of the account; the key's is `PASSWORD`."""


def cheap() -> Passwords:
    """Passwords whose work is small: tests make many."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@dataclass
class Clock:
    """A clock that is moved by hand."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Browser:
    """A browser: cookies of its own, and what it calls itself."""

    app: FastAPI
    agent: str = FIREFOX
    host: str = HOST
    scheme: str = "http"
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        """One request, redirects not followed; an error in the app is an answer too."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            base = f"{self.scheme}://{self.host}"
            async with httpx.AsyncClient(transport=transport, base_url=base, cookies=self.cookies) as client:
                sent = {"user-agent": self.agent, "accept-language": "en", **(headers or {})}
                answer = await client.request(method, path, headers=sent, **options)
                self._keep(answer.headers.get_list("set-cookie"))
                return answer

        return asyncio.run(ask())

    def _keep(self, set_cookies: list[str]) -> None:
        for each in set_cookies:
            for name, morsel in SimpleCookie(each).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(
        self, path: str, *, token: str | None = None, data: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        """A form, with the token of the page it is on."""
        token = self.token() if token is None else token
        return self.send("POST", path, data={**(data or {}), "csrf": token}, **options)

    def token(self, page: str = "") -> str:
        """The token in a page's forms."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(page or self.home_page).text)
        return found[1] if found else ""

    @property
    def home_page(self) -> str:
        return "/account" if self.session else "/signin"

    @property
    def session(self) -> str:
        """The id of the session that this browser holds, or empty."""
        return next((value for name, value in self.cookies.items() if "session" in name), "")

    @property
    def session_cookie(self) -> str:
        """The name of the cookie that holds it."""
        return next(name for name in self.cookies if "session" in name)

    def sign_in(self, name: str, password: str = OWN, then: str = "/") -> httpx.Response:
        return self.post("/signin", data={"name": name, "password": password, "next": then})


@dataclass
class Gate:
    """One institution's workspace."""

    home: Home
    office: Office
    keeper: Gatekeeper
    app: FastAPI
    clock: Clock

    def browser(self, **options: Any) -> Browser:
        return Browser(self.app, **options)

    def signed_in(self, name: str = "", password: str = OWN, **options: Any) -> Browser:
        """A browser whose person has signed in."""
        browser = self.browser(**options)
        answer = browser.sign_in(name or self.desk, password)
        assert answer.status_code == 303, answer.text
        return browser

    @property
    def desk(self) -> str:
        """The account of who does the deals' work."""
        return THREE[0].desk

    @property
    def representative(self) -> str:
        """The account of who votes; its password is its key's too."""
        return THREE[0].representative

    def log(self) -> str:
        return (self.home.path / "signin.log").read_text()

    def fresh(self) -> Gate:
        """As it was first made: nobody is signed in, nothing is waited for, its people have their accounts again."""
        keeper, kept = self.keeper, self.keeper.accounts
        self.clock.now, keeper.oidc = datetime.now(UTC), None
        kept.people.passwords.hasher = cheap().hasher
        keeper.keyring.keep_only(frozenset())
        for held in (
            keeper.sign_ins._buckets,
            keeper.requests._buckets,
            keeper._links._held,
            kept.passkeys._asked._held,
        ):
            held.clear()
        kept.database.change("DELETE FROM account")
        kept.database.change("DELETE FROM attempt")
        keeper.audit.close()
        (self.home.path / "signin.log").unlink(missing_ok=True)
        kept.add(self.desk, self.desk, OWN, keeper.now)
        kept.add(self.representative, self.representative, PASSWORD.decode(), keeper.now)
        return self


def gate(
    homes: Homes,
    ledger: EmbeddedLedger,
    clock: Clock | None = None,
    *,
    is_tls: bool = False,
    hosts: tuple[str, ...] = (HOST,),
) -> Gate:
    """The workspace of the first of the three, with accounts for its people."""
    home, moves = homes.home(THREE[0]), clock or Clock()
    reader = LockedSigner(home.organisation().user(THREE[0].desk), PASSWORD)
    office = open_office(home, ledger, reader, PASSWORD)
    accounts = Accounts.of(home, cheap())
    keeper = Gatekeeper(home, office.desk, moves, accounts)
    oidc, app = keeper.oidc, create_app(office, seating=SignIn(keeper, is_tls), hosts=hosts, is_tls=is_tls)
    made = Gate(home, office, keeper, app, moves).fresh()
    keeper.oidc = oidc
    return made


def ledger_of(homes: Homes, folder: LedgerFolder) -> EmbeddedLedger:
    """The ledger, open for writing."""
    return open_ledger(folder, PASSWORD)


def founded(path: Path) -> tuple[Homes, LedgerFolder]:
    """Three institutions on a ledger, with a deal."""
    homes = Homes(path).make()
    folder = homes.found(b"agreed")
    homes.deal(folder, "GATE-1")
    return homes, folder
