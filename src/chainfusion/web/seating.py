"""Seats a request's person before any page is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from chainfusion.api.seats import VISIT, Seat, Visit
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office


class Seating(Protocol):
    """How those who come to a workspace are seated."""

    def routers(self, office: Office) -> tuple[APIRouter, ...]:
        """The pages that seating itself needs, such as the one to sign in on."""

    def middleware(self, app: ASGIApp, office: Office) -> ASGIApp:
        """What seats each request before `app` answers it."""


@dataclass(frozen=True)
class OpenSeat:
    """Everybody who reaches the address sits at `desk`: for tests, and for tools of one person on one machine."""

    desk: Desk
    account: str = ""

    def routers(self, office: Office) -> tuple[APIRouter, ...]:
        """No page is needed."""
        del office
        return ()

    def middleware(self, app: ASGIApp, office: Office) -> ASGIApp:
        """The same seat for every request."""
        return _Seated(app, Visit(Seat(self.account or office.workspace.me().person, self.desk)))


@dataclass(frozen=True)
class _Seated:
    app: ASGIApp
    visit: Visit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})[VISIT] = self.visit
        await self.app(scope, receive, send)
