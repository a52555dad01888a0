"""An entity tag on every answer for programs (RFC 9110): who asks again with it, and nothing has changed, gets 304.

The tag is the SHA-256 of the body, so that it changes exactly when the answer does, on whichever node it is asked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TAGGED = ("application/json", "text/csv")
METHODS = ("GET", "HEAD")


@dataclass(frozen=True)
class Tagged:
    """ASGI middleware. Answers that stream, or that are no twin, pass as they are."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, and holds its answer back until its tag is known."""
        if scope["type"] != "http" or scope["method"] not in METHODS:
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("if-none-match", "")
        await self.app(scope, receive, _Answer(send, asked))


class _Answer:
    def __init__(self, send: Send, asked: str) -> None:
        self._send, self._asked = send, asked
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_tagged(message):
            self._start = message
            return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        start, self._start = self._start, None
        if not message.get("more_body", False):
            tag = f'"{hashlib.sha256(message.get("body", b"")).hexdigest()[:32]}"'
            headers = MutableHeaders(scope=start)
            headers["ETag"] = tag
            if _names(self._asked, tag):
                del headers["content-length"], headers["content-type"]
                start, message = {**start, "status": 304, "headers": headers.raw}, {**message, "body": b""}
        await self._send(start)
        await self._send(message)


def _is_tagged(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "").partition(";")[0]
    return start["status"] == 200 and kind in TAGGED


def _names(asked: str, tag: str) -> bool:
    """Whether a list of tags has this one; weak comparison, as If-None-Match asks for."""
    found = [each.strip().removeprefix("W/") for each in asked.split(",")]
    return tag in found or asked.strip() == "*"
