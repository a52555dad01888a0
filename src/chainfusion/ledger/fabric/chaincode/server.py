"""The chaincode's server, to which peers connect: mutual TLS, a thread for each, an end that waits for what runs."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

import structlog

from chainfusion.ledger.fabric.chaincode.call import Program
from chainfusion.ledger.fabric.chaincode.link import Link

log = structlog.get_logger(__name__)
_BACKLOG = 64


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: the server's key and certificate, and the CA certificates whose clients (peers) may connect."""

    key: Path
    certificate: Path
    client_roots: Path

    def context(self, protocol: str) -> ssl.SSLContext:
        """TLS 1.2 or later, the protocol on it, and no client without a certificate of the roots. Raises: OSError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        context.load_verify_locations(self.client_roots)
        context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols([protocol])
        return context


class ChaincodeServer:
    """Serves contracts under a package id. Use as a context manager, or `start` and `stop`.

    Several processes may serve one address: with `shared`, the system gives each new connection to one of them.
    """

    def __init__(
        self, package_id: str, program: Program, address: str, tls: TlsFiles | None = None, *, shared: bool = False
    ) -> None:
        """`address` is host:port (port 0: any). Without `tls` it serves in the clear, for a loopback of one machine.

        Raises: OSError where the address cannot be bound or a file cannot be read.
        """
        self._package_id, self._program = package_id, program
        self._context = None if tls is None else tls.context("h2")
        host, _, port = address.rpartition(":")
        self._listener = socket.create_server((host, int(port)), backlog=_BACKLOG, reuse_port=shared)
        self.port: int = self._listener.getsockname()[1]
        self._links: set[Link] = set()
        self._lock = Lock()
        self._stopping = False
        program.metrics.gauge("running", "Transactions under way.", lambda: self.running)
        program.metrics.gauge("peers", "Connections of peers.", lambda: self.peers)

    def start(self) -> None:
        """Begins to serve."""
        Thread(target=self._accept, name="chaincode-server", daemon=True).start()

    def stop(self, grace_seconds: float = 5) -> None:
        """Takes no new connections, lets what runs finish, and ends."""
        self._stopping = True
        _shut(self._listener)
        end = time.monotonic() + grace_seconds
        while any(link.running for link in self._now()) and time.monotonic() < end:
            time.sleep(0.02)
        for link in self._now():
            link.stop()

    @property
    def healthy(self) -> bool:
        """Whether it takes new connections."""
        return not self._stopping

    @property
    def running(self) -> int:
        """How many transactions are under way."""
        return sum(link.running for link in self._now())

    @property
    def peers(self) -> int:
        """How many connections there are."""
        return len(self._now())

    def _now(self) -> tuple[Link, ...]:
        with self._lock:
            return tuple(self._links)

    def _accept(self) -> None:
        while not self._stopping:
            try:
                client, address = self._listener.accept()
            except OSError:
                return  # the listener was shut
            link = Link(client, self._context, self._package_id, self._program)
            log.info("peer connected", peer=f"{address[0]}:{address[1]}")
            Thread(target=self._serve, args=(link,), name="peer", daemon=True).start()

    def _serve(self, link: Link) -> None:
        with self._lock:
            self._links.add(link)
        try:
            link.serve()
        finally:
            with self._lock:
                self._links.discard(link)

    def __enter__(self) -> ChaincodeServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _shut(listener: socket.socket) -> None:
    """Closes a listener, and wakes the thread that waits on it."""
    with suppress(OSError):  # some systems shut no listener; closing it is enough there
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
