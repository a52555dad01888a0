"""Seats a request's person before any page is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from chainfusion.api.seats import SEAT, Seat


@dataclass
class Seated:
    """ASGI middleware: everybody who reaches this address sits where the node was opened."""

    app: ASGIApp
    seat: Callable[[], Seat]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Notes the seat in the request's state."""
        if scope["type"] == "http":
            scope.setdefault("state", {})[SEAT] = self.seat()
        await self.app(scope, receive, send)
