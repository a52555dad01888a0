"""Connections to an institution's peers: one is used until it fails, then the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import grpc
from fabric_protos.gateway import gateway_pb2_grpc as services

from chainfusion.ledger.fabric.gateway.failures import Failure
from chainfusion.ledger.fabric.gateway.refusals import PeersUnreachable

MAX_MESSAGE = 100 * 1024 * 1024
"""As the peers' own limit."""
MAX_METADATA = 1024 * 1024
"""A contract's refusal comes in the trailing metadata."""
ANSWER_SECONDS = 20
"""How long one peer is waited for before the next is asked."""
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.max_metadata_size", MAX_METADATA),
    ("grpc.absolute_max_metadata_size", MAX_METADATA),
    # A peer takes a ping a minute; more often, and it hangs up.
    ("grpc.keepalive_time_ms", 120_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True)
class Tls:
    """PEM: the CA certificates of peers' servers; the client's own key and certificate where peers ask for them."""

    roots: bytes
    key: bytes | None = field(default=None, repr=False)
    certificate: bytes | None = None


@dataclass(frozen=True)
class PeerAddress:
    """host:port, and the name in the server's certificate where it is another than the host."""

    address: str
    server_name: str = ""


@dataclass(frozen=True)
class Deadline:
    """A point in time that a call may last to."""

    at: float
    seconds: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds, seconds)

    @property
    def left(self) -> float:
        """Seconds that are left, never below 0."""
        return max(0.0, self.at - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return self.left == 0

    def pause(self, seconds: float) -> None:
        """Sleeps, but not beyond the deadline."""
        time.sleep(min(seconds, self.left))


class CallFailed(Exception):
    """A call of the gateway that failed, with what the gateway said."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.why)


class Peers:
    """The peers of one institution. Thread-safe. Close it."""

    def __init__(self, addresses: Sequence[PeerAddress], tls: Tls | None = None) -> None:
        """Connects when it is first used. Without `tls` it speaks in the clear, for a loopback of one machine."""
        self.addresses = tuple(addresses)
        self._channels = [_channel(each, tls) for each in self.addresses]
        self._stubs = [services.GatewayStub(channel) for channel in self._channels]
        self._lock = Lock()
        self._current = 0
        self.closed = False

    def call(self, method: str, request: Any, seconds: float) -> Any:
        """Calls the peer in use; where it does not answer, the next is used from then on. Raises: CallFailed."""
        used = self._current
        try:
            return getattr(self._stubs[used], method)(request, timeout=max(seconds, 0.001))
        except grpc.RpcError as error:
            failure = Failure.of(error)
            if failure.passing:
                self.turn_from(used)
            raise CallFailed(failure) from None

    def any(self, method: str, request: Any, deadline: Deadline, patience: float = 0.2) -> Any:
        """A call that may be repeated: peers are asked in turn until one answers. Raises: CallFailed,
        PeersUnreachable when the deadline passes."""
        while True:
            last = None
            for _ in self.addresses:
                try:
                    return self.call(method, request, min(deadline.left, ANSWER_SECONDS))
                except CallFailed as error:
                    last = error.failure
                    if not last.passing:
                        raise
            if deadline.left <= patience:
                raise self.unreachable(last)
            deadline.pause(patience)

    def stream(self, method: str, request: Any) -> tuple[Any, Callable[[], None]]:
        """Opens a stream at the peer in use; the second value turns to the next peer."""
        used = self._current
        return getattr(self._stubs[used], method)(request), lambda: self.turn_from(used)

    def turn_from(self, used: int) -> None:
        """Uses the next peer, unless another thread has turned already."""
        with self._lock:
            if self._current == used:
                self._current = (used + 1) % len(self._stubs)

    def unreachable(self, failure: Failure | None) -> PeersUnreachable:
        """The refusal that names them all."""
        names = ", ".join(each.address for each in self.addresses)
        return PeersUnreachable(peers=names, why=failure.why if failure else "no peer is named")

    def close(self) -> None:
        """Ends all connections."""
        self.closed = True
        for channel in self._channels:
            channel.close()


def _channel(peer: PeerAddress, tls: Tls | None) -> grpc.Channel:
    if tls is None:
        return grpc.insecure_channel(peer.address, _OPTIONS)
    named = (("grpc.ssl_target_name_override", peer.server_name),) if peer.server_name else ()
    credentials = grpc.ssl_channel_credentials(tls.roots, tls.key, tls.certificate)
    return grpc.secure_channel(peer.address, credentials, (*_OPTIONS, *named))
