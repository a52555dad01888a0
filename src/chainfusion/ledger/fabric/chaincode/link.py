"""One peer's connection: bytes from the socket to the streams on it, and what they say back."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress

import structlog

from chainfusion.ledger.fabric.chaincode.call import Program
from chainfusion.ledger.fabric.chaincode.http2 import Connection, Ended, Event, Opened, ProtocolBroken, Received
from chainfusion.ledger.fabric.chaincode.stream import PeerStream

MAX_MESSAGE = 100 * 1024 * 1024
"""As the peer's own limit; gRPC's default of 4 MiB would kill the stream."""
HANDSHAKE_SECONDS = 10
PATIENCE_SECONDS = 30
"""How long a write may take; how often a silent connection looks for contracts that wait too long."""
_CHUNK = 256 * 1024
log = structlog.get_logger(__name__)


class Link:
    """A connection and the streams on it. `serve` runs it in the calling thread; all else may be called from others."""

    def __init__(self, client: socket.socket, tls: ssl.SSLContext | None, package_id: str, program: Program) -> None:
        self._socket, self._tls = client, tls
        self._package_id, self._program = package_id, program
        self._connection = Connection(MAX_MESSAGE)
        self._streams: dict[int, PeerStream] = {}
        self._looked = time.monotonic()

    @property
    def running(self) -> int:
        """How many transactions are under way."""
        return sum(len(stream.running) for stream in tuple(self._streams.values()))

    def stop(self) -> None:
        """Ends the connection, whatever runs."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Serves until the peer goes or `stop` is called."""
        try:
            self._prepare()
            self._exchange()
        except ProtocolBroken as error:
            log.warning("peer speaks no HTTP/2", why=str(error))
            self._connection.close(error.fault)
        except OSError as error:
            log.info("connection ended", error=type(error).__name__)
        finally:
            self._end()

    def _prepare(self) -> None:
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket.settimeout(HANDSHAKE_SECONDS)
        if self._tls is not None:
            self._socket = self._tls.wrap_socket(self._socket, server_side=True)
        self._socket.settimeout(PATIENCE_SECONDS)

    def _exchange(self) -> None:
        while True:
            self._flush()
            try:
                data = self._socket.recv(_CHUNK)
            except TimeoutError:
                data = None
            if data == b"":
                return
            for event in self._connection.receive(data or b""):
                self._happened(event)
            self._look()

    def _happened(self, event: Event) -> None:
        match event:
            case Received(number, data):
                if number in self._streams:
                    self._streams[number].take(data)
            case Opened(number):
                stream = PeerStream(self._package_id, self._program, lambda data: self._connection.send(number, data))
                self._streams[number] = stream
                stream.begin()
            case Ended(number):
                ended = self._streams.pop(number, None)
                if ended is not None:
                    ended.hang_up()
                self._connection.end(number)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked >= PATIENCE_SECONDS:
            self._looked = now
            for stream in self._streams.values():
                stream.give_up(now)

    def _flush(self) -> None:
        data = self._connection.take()
        if data:
            self._socket.sendall(data)

    def _end(self) -> None:
        for stream in self._streams.values():
            stream.hang_up()
        self._streams.clear()
        with suppress(OSError):
            self._flush()
        self._socket.close()
