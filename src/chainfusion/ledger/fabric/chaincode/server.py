"""The chaincode's gRPC server, to which peers connect: mutual TLS, health, and an end that waits for what runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_protos.peer import chaincode_shim_pb2_grpc as services

from chainfusion.ledger.fabric.chaincode.call import Program
from chainfusion.ledger.fabric.chaincode.stream import PeerStream

MAX_MESSAGE = 100 * 1024 * 1024
"""As the peer's own limit; gRPC's default of 4 MiB would kill the stream."""
WORKERS = 64
STREAMS = 16
log = structlog.get_logger(__name__)
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    # Peers ping an idle stream; gRPC's default takes more than two pings in five minutes for an attack and hangs up.
    ("grpc.http2.min_ping_interval_without_data_ms", 1_000),
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
)


@dataclass(frozen=True)
class TlsFiles:
    """PEM: the server's key and certificate, and the CA certificates whose clients (peers) may connect."""

    key: bytes
    certificate: bytes
    client_roots: bytes


class _Servicer(services.ChaincodeServicer):  # type: ignore[misc]
    """Answers a peer's Connect with a stream of its own."""

    def __init__(self, package_id: str, program: Program, workers: ThreadPoolExecutor) -> None:
        self._package_id, self._program, self._workers = package_id, program, workers

    def Connect(  # noqa: N802 - the service's name
        self, request_iterator: Iterable[shim.ChaincodeMessage], context: Any
    ) -> Iterator[shim.ChaincodeMessage]:
        """One peer's stream."""
        log.info("peer connected", peer=context.peer())
        yield from PeerStream(self._package_id, self._program, self._workers).messages(request_iterator)


class ChaincodeServer:
    """Serves contracts under a package id. Use as a context manager, or `start` and `stop`."""

    def __init__(self, package_id: str, program: Program, address: str, tls: TlsFiles | None = None) -> None:
        """`address` is host:port (port 0: any). Without `tls` it serves in the clear, for a loopback of one machine.

        Raises: OSError where the address cannot be bound.
        """
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="contract")
        self._server = grpc.server(ThreadPoolExecutor(STREAMS, thread_name_prefix="peer"), options=_OPTIONS)
        services.add_ChaincodeServicer_to_server(_Servicer(package_id, program, self._workers), self._server)
        if tls is None:
            self.port: int = self._server.add_insecure_port(address)
        else:
            credentials = grpc.ssl_server_credentials(
                [(tls.key, tls.certificate)], root_certificates=tls.client_roots, require_client_auth=True
            )
            self.port = self._server.add_secure_port(address, credentials)

    def start(self) -> None:
        """Begins to serve."""
        self._server.start()

    def wait(self) -> None:
        """Serves until stopped."""
        self._server.wait_for_termination()

    def stop(self, grace_seconds: float = 5) -> None:
        """Takes no new streams, lets what runs finish, and ends."""
        self._server.stop(grace_seconds).wait()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> ChaincodeServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
