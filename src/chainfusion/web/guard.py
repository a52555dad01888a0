"""What stands before every request: the host, where a form came from, how much it brings and how slowly; and what
every answer says.

Pages carry no script, style or handler inline, so that the content security policy can forbid all of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chainfusion.api.problems import BadAddress, NotEncrypted, OtherHost, OtherSite, TooSlow, UploadTooLarge
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.web.formtokens import SAFE

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
TLS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}
"""Where the node is reached by TLS: browsers ask for nothing else for a year."""
MAX_UPLOAD = 512 * 1024 * 1024
"""The largest request: an evidence file with a document. Files above 1 MB wait on disk, not in memory."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MAX_ADDRESS, MAX_HEADERS = 8_000, 32_000
"""Characters of a path and its query; bytes of all headers."""
SLOWEST = 2_000
PATIENCE = 20
"""What a body must come with: bytes a second, once so many seconds have passed."""
Refuse = Callable[[Request, ChainFusionError], Awaitable[Response]]


@dataclass
class Guard:
    """ASGI middleware. `hosts` are the names that this node is served under, without ports."""

    app: ASGIApp
    refuse: Refuse
    hosts: tuple[str, ...]
    max_upload: int
    is_tls: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what may pass; answers the rest itself."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check(scope, headers)
        except ChainFusionError as error:
            response = await self.refuse(Request(scope, receive), error)
            await response(scope, receive, self._with_headers(send))
            return
        await self.app(scope, self._counted(receive), self._with_headers(send))

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        require(_name(host) in self.hosts, OtherHost(host=host[:100]))
        require(not self.is_tls or scope["scheme"] == "https", NotEncrypted())
        if scope["method"] not in SAFE:
            require(_same_origin(headers, host), OtherSite())
        address = len(scope.get("raw_path") or b"") + len(scope["query_string"])
        require(address <= MAX_ADDRESS, BadAddress(where="length", why=f"more than {MAX_ADDRESS} characters"))
        said = sum(len(name) + len(value) for name, value in scope["headers"])
        require(said <= MAX_HEADERS, BadAddress(where="headers", why=f"more than {MAX_HEADERS} bytes"))
        length = headers.get("content-length", "0")
        fits = length.isdecimal() and len(length) < 16 and int(length) <= self.max_upload
        require(fits, UploadTooLarge(limit=self.max_upload))

    def _counted(self, receive: Receive) -> Receive:
        came, whole, began = 0, False, time.monotonic()

        async def counted() -> Message:
            nonlocal came, whole
            if whole:  # what is waited for now is that the browser goes
                return await receive()
            late = began + PATIENCE + came / SLOWEST - time.monotonic()
            try:
                message = await asyncio.wait_for(receive(), max(late, 0))
            except TimeoutError:
                raise TooSlow(seconds=PATIENCE) from None
            came, whole = came + len(message.get("body", b"")), not message.get("more_body", False)
            require(came <= self.max_upload, UploadTooLarge(limit=self.max_upload))
            return message

        return counted

    def _with_headers(self, send: Send) -> Send:
        said = HEADERS | TLS_HEADERS if self.is_tls else HEADERS

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in said.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        return sending


def _name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


def _same_origin(headers: Headers, host: str) -> bool:
    """Whether a form comes from this very site, or from a program that is no browser."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or (origin != "null" and urlsplit(origin).netloc == host)
