"""Who a browser is: the cookies that say so, and what is read from a request to tell."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from chainfusion.api.seats import SignInNeeded
from chainfusion.domain.errors import require
from chainfusion.node.accounts.gatekeeper import Seated
from chainfusion.node.accounts.passkeys import Site
from chainfusion.node.accounts.sessions import Where

GATE_LASTS = 3600
LONGEST_ADDRESS = 2000
SEATED = "seated"
"""Under this name the request's state holds the person who signed in at a page."""


@dataclass(frozen=True)
class Cookies:
    """The names of a node's cookies, and how they are set.

    Where the node is reached by TLS they have the prefix that ties them to this host and to encryption. On loopback
    all ports of a machine share cookies: the names tell institutions apart.
    """

    msp: str
    is_tls: bool

    @property
    def session(self) -> str:
        """Holds the session's id."""
        return self._name("session")

    @property
    def gate(self) -> str:
        """Holds a random number before anybody is signed in: what was begun by one browser is not ended by another."""
        return self._name("gate")

    def set_session(self, response: Response, secret: str) -> None:
        """Sets the session's id: no other site's page sends it, no script reads it."""
        self._set(response, self.session, secret, "strict", None)

    def set_gate(self, response: Response, secret: str) -> None:
        """Lax, since the bank's identity provider leads back from another site."""
        self._set(response, self.gate, secret, "lax", GATE_LASTS)

    def clear(self, response: Response) -> None:
        """Forgets the session in the browser."""
        response.delete_cookie(self.session, path="/", secure=self.is_tls, httponly=True, samesite="strict")

    def _name(self, what: str) -> str:
        mark = hashlib.sha256(self.msp.encode()).hexdigest()[:8]
        return f"{'__Host-' if self.is_tls else ''}cf-{what}-{mark}"

    def _set(self, response: Response, name: str, value: str, site: str, lasts: int | None) -> None:
        response.set_cookie(
            name, value, max_age=lasts, path="/", secure=self.is_tls, httponly=True,
            samesite="strict" if site == "strict" else "lax",
        )  # fmt: skip


def where_of(request: Request) -> Where:
    """Where a request comes from."""
    return Where(request.client.host if request.client else "", request.headers.get("user-agent", "")[:400])


def site_of(request: Request) -> Site | None:
    """The site for passkeys, or None where the address is no name: a passkey works under a name alone."""
    host = request.url.hostname or ""
    if host == "" or host.replace(".", "").isdigit() or ":" in host:
        return None
    return Site(host, f"{request.url.scheme}://{request.url.netloc}")


def browser_of(request: Request, cookies: Cookies) -> bytes:
    """The random number of a browser that nobody is signed in with, hashed; empty where it has none."""
    value = request.cookies.get(cookies.gate, "")
    return hashlib.sha256(b"gate\n" + value.encode()).digest() if len(value) >= 32 else b""


def new_gate() -> str:
    """A random number for a browser."""
    return secrets.token_urlsafe(32)


def inside(address: str | None) -> str:
    """An address of this workspace to lead on to: whatever could lead elsewhere becomes the first page."""
    given = address or "/"
    is_plain = given.startswith("/") and given.isprintable() and "\\" not in given and not given.startswith("//")
    if not is_plain or len(given) > LONGEST_ADDRESS:
        return "/"
    return "/" if given.startswith(("/signin", "/signout", "/unlock")) else given


def with_next(page: str, then: str) -> str:
    """A page's address that remembers where somebody was going."""
    return page if then == "/" else f"{page}?next={quote(then, safe='')}"


def seated_of(request: Request) -> Seated:
    """The person who signed in at a page. Raises: SignInNeeded."""
    found = getattr(request.state, SEATED, None)
    require(isinstance(found, Seated), SignInNeeded())
    assert isinstance(found, Seated)
    return found


def here(request: Request) -> str:
    """The address of a request, path and query."""
    path = "/" + str(request.scope["path"]).lstrip("/")
    return quote(path) + (f"?{request.url.query}" if request.url.query else "")
