"""Where an institution looks after its contract server: /healthz and /metrics, over HTTPS with client certificates."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from chainfusion.ledger.fabric.chaincode.metrics import Metrics

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_SECONDS = 10


@dataclass(frozen=True)
class Told:
    """What the pages show."""

    metrics: Metrics
    healthy: Callable[[], bool]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], told: Told, tls: ssl.SSLContext | None) -> None:
        self.told, self.tls = told, tls
        super().__init__(address, _Pages)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shakes hands in the request's own thread, so that a slow client holds up no other."""
        request.settimeout(REQUEST_SECONDS)
        if self.tls is not None:
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off, or may not come in, is no error of ours."""


class _Pages(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answers one of the two pages."""
        if self.path == "/metrics":
            self._answer(200, self.server.told.metrics.text())
        elif self.path == "/healthz":
            healthy = self.server.told.healthy()
            self._answer(200 if healthy else 503, "ok\n" if healthy else "stopping\n")
        else:
            self._answer(404, "there are /healthz and /metrics\n")

    def _answer(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", _TEXT)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Who looks is not logged."""


class Operations:
    """The two pages at an address. Use as a context manager."""

    def __init__(self, address: str, told: Told, tls: ssl.SSLContext | None = None) -> None:
        """`address` is host:port (port 0: any). Raises: OSError where it cannot be bound."""
        host, _, port = address.rpartition(":")
        self._server = _Server((host, int(port)), told, tls)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Operations:
        Thread(target=self._server.serve_forever, args=(0.1,), name="operations", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
