"""The server: HTTP/1.1 by uvicorn, and an end to connections whose request's head comes bit by bit."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from chainfusion.node.accounts.gatekeeper import Gatekeeper
from chainfusion.node.rounds import rounds

HEAD_SECONDS = 10
"""For a request's first line and headers, from the connection's beginning or from its first byte."""
LARGEST_HEAD = 32 * 1024
KEEP_ALIVE, MOST_AT_ONCE = 15, 1000
LAST_WORDS = 5
"""Seconds that requests under way have to end when the server stops; streams that are left open never would."""
SWEPT_EVERY = 15
"""Seconds between two looks for sessions that have timed out: so long may a key outlive its session."""


@dataclass(frozen=True)
class Certificate:
    """The files of the certificate and key that the address is served by."""

    chain: Path
    key: Path


class Server(uvicorn.Server):
    """Tells the application that it stops, so that streams end which would be left open."""

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Ends what is under way."""
        self.config.app.state.stops = True  # type: ignore[union-attr]
        await super().shutdown(sockets)


class Impatient(H11Protocol):
    """Closes a connection whose request's head is not there in time."""

    _due: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """The clock runs from here."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """It stops once the head is whole, and runs again for the next request's."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._due is None:
            self._due = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None


def config(
    app: Any, host: str, port: int, *, certificate: Certificate | None = None, gateway: str = ""
) -> uvicorn.Config:
    """The server's settings. What a gateway says of its visitors is believed of that one address, and of no other."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Impatient,
        ws="none",
        log_level="warning",
        server_header=False,
        proxy_headers=bool(gateway),
        forwarded_allow_ips=gateway or None,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_keep_alive=KEEP_ALIVE,
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=LAST_WORDS,
        ssl_certfile=str(certificate.chain) if certificate else None,
        ssl_keyfile=str(certificate.key) if certificate else None,
    )


@contextmanager
def swept(gatekeeper: Gatekeeper) -> Iterator[None]:
    """Forgets keys as their sessions time out, as long as the block runs, and all of them when it ends."""
    try:
        with rounds("sessions", gatekeeper.sweep, SWEPT_EVERY):
            yield
    finally:
        gatekeeper.close()
