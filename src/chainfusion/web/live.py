"""`/live`: a stream of server-sent events by which an open page hears what has come to the ledger.

Two events. `now` tells what the frame of every page shows: height, steps that await the institution, jobs that have
not ended. `news` names what came since the page was drawn; its id is the height, so that a browser that lost the
stream goes on where it was. The page announces, and shows when asked: nothing moves under a reader's hand.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from chainfusion.api.problems import BadAddress
from chainfusion.api.seats import seat_of
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.domain.records import to_json
from chainfusion.node.office import Office
from chainfusion.node.views.news import Now

LOOKED_EVERY = 1.0
"""Seconds between two looks at the ledger, however many pages are open."""
QUIET = 15.0
"""Seconds after which a line without meaning is sent, so that nothing on the way takes the stream for dead."""
LONGEST = 30 * 60.0
"""Seconds that one stream lasts; its browser comes again by itself."""
AGAIN_AFTER = 3000
"""Milliseconds after which a browser that lost the stream comes again."""


@dataclass
class Pulse:
    """What stands now, looked at once for all streams."""

    office: Office
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _looked: float = float("-inf")
    _now: Now = field(default_factory=lambda: Now(0, 0, 0))

    async def now(self) -> Now:
        """The height and the counts, at most `LOOKED_EVERY` old."""
        async with self._lock:
            if time.monotonic() >= self._looked + LOOKED_EVERY:
                self._now = await run_in_threadpool(self._look)
                self._looked = time.monotonic()
            return self._now

    def _look(self) -> Now:
        nav = self.office.workspace.nav()
        return Now(nav.height, nav.awaiting, self.office.jobs.open_count())


def router(office: Office) -> APIRouter:
    """The stream of an institution's workspace."""
    made, pulse = APIRouter(include_in_schema=False), Pulse(office)

    @made.get("/live")
    def live(request: Request) -> StreamingResponse:
        """What comes after `since`, or after the event that the browser had last. Raises: SignInNeeded, BadAddress."""
        seat_of(request)
        said = request.headers.get("last-event-id") or request.query_params.get("since", "")
        require(said.isdecimal() and len(said) < 16, BadAddress(where="since", why="a ledger height is needed"))
        headers = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(
            _told(request, office, pulse, int(said)), media_type="text/event-stream", headers=headers
        )

    return made


async def _told(request: Request, office: Office, pulse: Pulse, since: int) -> AsyncIterator[str]:
    yield f"retry: {AGAIN_AFTER}\n\n"
    began = spoke = time.monotonic()
    told: Now | None = None
    while time.monotonic() < began + LONGEST and not request.app.state.stops:
        try:
            now = await pulse.now()
            news = await run_in_threadpool(office.workspace.news, since) if now.height > since else None
        except ChainFusionError:
            return  # the ledger cannot be reached: the browser comes again, and the page's own requests tell why
        if news is not None:
            since, spoke = news.height, time.monotonic()
            yield _event("news", to_json(news), since)
        if now != told:
            told, spoke = now, time.monotonic()
            yield _event("now", to_json(now))
        elif time.monotonic() >= spoke + QUIET:
            spoke = time.monotonic()
            yield ":\n\n"
        await asyncio.sleep(LOOKED_EVERY)


def _event(name: str, facts: Any, id_: int | None = None) -> str:
    mark = "" if id_ is None else f"id: {id_}\n"
    return f"event: {name}\n{mark}data: {json.dumps(facts, ensure_ascii=False)}\n\n"
