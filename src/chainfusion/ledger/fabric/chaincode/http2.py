"""The server's side of HTTP/2 (RFC 9113) under gRPC, as far as long streams of messages need it. It does no I/O.

gRPC's own server in Python costs 0.4 ms of processor time and five changes of thread for a message; a transaction asks
its peer half a dozen questions. This costs a tenth of that, since one thread reads, runs and writes.

Every stream that a client opens is taken for a call of the one method that is served, so that a request's compressed
headers need not be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW = 16 << 20
"""How many bytes a client may send ahead; what arrives is used at once, so it is given back as it comes."""
MAX_FRAME = 1 << 20
MAX_HEADERS = 64 << 10
MAX_WINDOW = (1 << 31) - 1
_FIRST_WINDOW, _FIRST_FRAME = 65_535, 16_384
_END_STREAM, _ACK, _END_HEADERS, _PADDED = 0x1, 0x1, 0x4, 0x8
_HEAD, _PREFIX = 9, 5
# HPACK (RFC 7541): ":status: 200" is entry 8 of the static table, "content-type" the name in entry 31.
_RESPONSE = b"\x88\x0f\x10\x10application/grpc"


class Frame(IntEnum):
    """Types of frames."""

    DATA = 0
    HEADERS = 1
    RESET = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Fault(IntEnum):
    """Error codes of RFC 9113, section 7."""

    NONE = 0
    PROTOCOL = 1
    FLOW_CONTROL = 3
    FRAME_SIZE = 6
    TOO_MUCH = 11


class Status(IntEnum):
    """How a gRPC call ended."""

    OK = 0
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12


class ProtocolBroken(Exception):
    """A client that does not speak HTTP/2; the connection ends with this error code."""

    def __init__(self, fault: Fault, why: str) -> None:
        self.fault = fault
        super().__init__(why)


@dataclass(frozen=True)
class Opened:
    """A client has begun a call."""

    stream: int


@dataclass(frozen=True)
class Received:
    """One whole message of a call."""

    stream: int
    data: bytes


@dataclass(frozen=True)
class Ended:
    """A client sends no more on a call, or has dropped it."""

    stream: int


Event = Opened | Received | Ended


@dataclass
class _Stream:
    window: int
    credit: int = WINDOW
    arriving: bytearray = field(default_factory=bytearray)
    leaving: bytearray = field(default_factory=bytearray)


class Connection:
    """One connection: give it what arrives, ask it what is to be sent."""

    def __init__(self, max_message: int) -> None:
        """`max_message`: bytes of a message; a longer one ends its call with RESOURCE_EXHAUSTED."""
        self._max_message = max_message
        self._arriving = bytearray()
        self._leaving = bytearray()
        self._streams: dict[int, _Stream] = {}
        self._greeted = False
        self._last = 0
        self._headers: tuple[int, int, int] | None = None
        self._window, self._first_window, self._max_frame = _FIRST_WINDOW, _FIRST_WINDOW, _FIRST_FRAME
        self._credit = WINDOW
        settings = b"".join(_setting(*each) for each in ((3, 100), (4, WINDOW), (5, MAX_FRAME)))
        self._frame(Frame.SETTINGS, 0, 0, settings)
        self._frame(Frame.WINDOW_UPDATE, 0, 0, (WINDOW - _FIRST_WINDOW).to_bytes(4, "big"))

    # -------------------------------------------------------------- sending

    def take(self) -> bytes:
        """What is to be sent now."""
        data = bytes(self._leaving)
        self._leaving.clear()
        return data

    def send(self, stream: int, message: bytes) -> None:
        """Sends a message on a call, as far as the client's windows let it; the rest follows. Nothing to a call that
        has ended."""
        found = self._streams.get(stream)
        if found is not None:
            found.leaving += b"\0" + len(message).to_bytes(4, "big") + message
            self._pump(stream, found)

    def end(self, stream: int, status: Status = Status.OK) -> None:
        """Ends a call; what the client's windows held back is dropped."""
        if self._streams.pop(stream, None) is not None:
            trailer = b"\x00\x0bgrpc-status" + bytes([len(str(status.value))]) + str(status.value).encode()
            self._frame(Frame.HEADERS, _END_HEADERS | _END_STREAM, stream, trailer)

    def close(self, fault: Fault = Fault.NONE) -> None:
        """Says goodbye."""
        self._frame(Frame.GOAWAY, 0, 0, self._last.to_bytes(4, "big") + fault.to_bytes(4, "big"))

    def _pump(self, stream: int, found: _Stream) -> None:
        while size := min(len(found.leaving), found.window, self._window, self._max_frame):
            if size < 0:
                return
            self._frame(Frame.DATA, 0, stream, found.leaving[:size])
            del found.leaving[:size]
            found.window -= size
            self._window -= size

    def _frame(self, kind: Frame, flags: int, stream: int, payload: bytes | bytearray) -> None:
        self._leaving += len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
        self._leaving += payload

    # -------------------------------------------------------------- receiving

    def receive(self, data: bytes) -> Iterator[Event]:
        """What has happened on the calls, after these bytes. Raises: ProtocolBroken."""
        self._arriving += data
        if not self._greeted and not self._greeting():
            return
        while (frame := self._next()) is not None:
            yield from self._taken(*frame)

    def _greeting(self) -> bool:
        if not PREFACE.startswith(self._arriving[: len(PREFACE)]):
            raise ProtocolBroken(Fault.PROTOCOL, "no HTTP/2")
        if len(self._arriving) < len(PREFACE):
            return False
        del self._arriving[: len(PREFACE)]
        self._greeted = True
        return True

    def _next(self) -> tuple[int, int, int, bytearray] | None:
        have = self._arriving
        if len(have) < _HEAD:
            return None
        size = int.from_bytes(have[:3], "big")
        if size > MAX_FRAME:
            raise ProtocolBroken(Fault.FRAME_SIZE, f"a frame of {size} bytes")
        if len(have) < _HEAD + size:
            return None
        head, payload = have[:_HEAD], have[_HEAD : _HEAD + size]
        del have[: _HEAD + size]
        return head[3], head[4], int.from_bytes(head[5:9], "big") & MAX_WINDOW, payload

    def _taken(self, kind: int, flags: int, stream: int, payload: bytearray) -> Iterator[Event]:
        if self._headers is not None and kind != Frame.CONTINUATION:
            raise ProtocolBroken(Fault.PROTOCOL, "headers are cut off")
        match kind:
            case Frame.DATA:
                yield from self._data(flags, stream, payload)
            case Frame.HEADERS:
                yield from self._header(flags, stream, len(payload))
            case Frame.CONTINUATION:
                yield from self._continuation(flags, stream, len(payload))
            case Frame.RESET:
                if self._streams.pop(stream, None) is not None:
                    yield Ended(stream)
            case Frame.SETTINGS:
                self._settings(flags, payload)
            case Frame.PING:
                self._ping(flags, payload)
            case Frame.WINDOW_UPDATE:
                self._window_update(stream, payload)

    def _header(self, flags: int, stream: int, size: int) -> Iterator[Event]:
        """The beginning of a call, or a client's trailers."""
        if stream % 2 == 0 or (stream not in self._streams and stream <= self._last):
            raise ProtocolBroken(Fault.PROTOCOL, f"stream {stream} cannot begin")
        self._headers = stream, flags & _END_STREAM, 0
        yield from self._continuation(flags, stream, size)

    def _continuation(self, flags: int, stream: int, size: int) -> Iterator[Event]:
        if self._headers is None or self._headers[0] != stream:
            raise ProtocolBroken(Fault.PROTOCOL, "headers out of place")
        _, ends, before = self._headers
        if before + size > MAX_HEADERS:
            raise ProtocolBroken(Fault.TOO_MUCH, "headers that never end")
        self._headers = stream, ends, before + size
        if flags & _END_HEADERS:
            self._headers = None
            yield from self._begun(stream, bool(ends))

    def _begun(self, stream: int, ends: bool) -> Iterator[Event]:
        if stream not in self._streams:
            self._last = stream
            self._streams[stream] = _Stream(self._first_window)
            self._frame(Frame.HEADERS, _END_HEADERS, stream, _RESPONSE)
            yield Opened(stream)
        if ends:
            yield Ended(stream)

    def _data(self, flags: int, stream: int, payload: bytearray) -> Iterator[Event]:
        size = len(payload)
        self._credit = self._given_back(0, self._credit - size)
        found = self._streams.get(stream)
        if found is None:
            if stream > self._last or stream == 0:
                raise ProtocolBroken(Fault.PROTOCOL, f"data on stream {stream}, which has not begun")
            return  # of a call that has just ended
        found.credit = self._given_back(stream, found.credit - size)
        found.arriving += _unpadded(flags, payload)
        yield from self._messages(stream, found)
        if flags & _END_STREAM:
            yield Ended(stream)

    def _given_back(self, stream: int, credit: int) -> int:
        if credit < 0:
            raise ProtocolBroken(Fault.FLOW_CONTROL, "more than the window")
        if credit > WINDOW // 2:
            return credit
        self._frame(Frame.WINDOW_UPDATE, 0, stream, (WINDOW - credit).to_bytes(4, "big"))
        return WINDOW

    def _messages(self, stream: int, found: _Stream) -> Iterator[Event]:
        while len(found.arriving) >= _PREFIX:
            size = int.from_bytes(found.arriving[1:_PREFIX], "big")
            if size > self._max_message or found.arriving[0]:  # compressed: we have offered no compression
                self.end(stream, Status.UNIMPLEMENTED if found.arriving[0] else Status.RESOURCE_EXHAUSTED)
                yield Ended(stream)
                return
            if len(found.arriving) < _PREFIX + size:
                return
            message = bytes(found.arriving[_PREFIX : _PREFIX + size])
            del found.arriving[: _PREFIX + size]
            yield Received(stream, message)

    # -------------------------------------------------------------- the connection

    def _settings(self, flags: int, payload: bytearray) -> None:
        if flags & _ACK:
            return
        if len(payload) % 6:
            raise ProtocolBroken(Fault.FRAME_SIZE, "settings are cut off")
        for at in range(0, len(payload), 6):
            name, value = int.from_bytes(payload[at : at + 2], "big"), int.from_bytes(payload[at + 2 : at + 6], "big")
            if name == 4:
                self._rewindow(value)
            elif name == 5:
                self._max_frame = value
        self._frame(Frame.SETTINGS, _ACK, 0, b"")
        self._pump_all()

    def _rewindow(self, value: int) -> None:
        if value > MAX_WINDOW:
            raise ProtocolBroken(Fault.FLOW_CONTROL, "a window beyond all bounds")
        for found in self._streams.values():
            found.window += value - self._first_window
        self._first_window = value

    def _ping(self, flags: int, payload: bytearray) -> None:
        if len(payload) != 8:
            raise ProtocolBroken(Fault.FRAME_SIZE, "a ping of another size")
        if not flags & _ACK:
            self._frame(Frame.PING, _ACK, 0, payload)

    def _window_update(self, stream: int, payload: bytearray) -> None:
        grant = int.from_bytes(payload, "big") & MAX_WINDOW
        if len(payload) != 4 or not grant:
            raise ProtocolBroken(Fault.PROTOCOL, "a window that does not grow")
        found = self._streams.get(stream)
        if stream == 0:
            self._window = _grown(self._window, grant)
            self._pump_all()
        elif found is not None:
            found.window = _grown(found.window, grant)
            self._pump(stream, found)

    def _pump_all(self) -> None:
        for stream, found in self._streams.items():
            self._pump(stream, found)


def _grown(window: int, grant: int) -> int:
    if window + grant > MAX_WINDOW:
        raise ProtocolBroken(Fault.FLOW_CONTROL, "a window beyond all bounds")
    return window + grant


def _unpadded(flags: int, payload: bytearray) -> bytearray:
    if not flags & _PADDED:
        return payload
    padding = payload[0] if payload else 0
    if padding >= len(payload):
        raise ProtocolBroken(Fault.PROTOCOL, "more padding than data")
    return payload[1 : len(payload) - padding]


def _setting(name: int, value: int) -> bytes:
    return name.to_bytes(2, "big") + value.to_bytes(4, "big")
