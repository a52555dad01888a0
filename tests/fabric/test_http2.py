"""The HTTP/2 layer of the chaincode server: frames in any pieces, windows, and clients that do not speak it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.ledger.fabric.chaincode.http2 import (
    MAX_FRAME,
    MAX_HEADERS,
    MAX_WINDOW,
    PREFACE,
    WINDOW,
    Connection,
    Ended,
    Event,
    Fault,
    Opened,
    ProtocolBroken,
    Received,
)

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
LIMIT = 1 << 20


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def message(data: bytes) -> bytes:
    return b"\0" + len(data).to_bytes(4, "big") + data


def setting(name: int, value: int) -> bytes:
    return name.to_bytes(2, "big") + value.to_bytes(4, "big")


def frames(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    while data:
        size = int.from_bytes(data[:3], "big")
        yield data[3], data[4], int.from_bytes(data[5:9], "big"), data[9 : 9 + size]
        data = data[9 + size :]


def greeted(call: int | None = 1, limit: int = LIMIT) -> Connection:
    """A connection whose client has said hello, and has begun a call."""
    connection = Connection(limit)
    begun = [] if call is None else [frame(HEADERS, END_HEADERS, call, b"\x83")]
    list(connection.receive(b"".join([PREFACE, frame(SETTINGS), *begun])))
    connection.take()
    return connection


def sent(connection: Connection, kind: int) -> list[tuple[int, int, bytes]]:
    """What is to be sent of a type: flags, stream, payload."""
    return [rest for found, *rest in frames(connection.take()) if found == kind]


def test_a_greeting_is_answered_by_settings_a_window_and_an_acknowledgement() -> None:
    connection = Connection(LIMIT)
    assert list(connection.receive(PREFACE + frame(SETTINGS, 0, 0, setting(3, 9)))) == []
    kinds = [(kind, flags) for kind, flags, _, _ in frames(connection.take())]
    assert kinds == [(SETTINGS, 0), (WINDOW_UPDATE, 0), (SETTINGS, ACK)]


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=6), st.lists(st.integers(1, 40), min_size=1, max_size=9))
def test_messages_arrive_whole_however_the_bytes_are_cut(messages: list[bytes], cuts: list[int]) -> None:
    body = b"".join(message(each) for each in messages)
    pieces = [body[at : at + cuts[0]] for at in range(0, len(body), cuts[0])]
    padded = [frame(DATA, PADDED, 1, bytes([cuts[0]]) + each + b"\0" * cuts[0]) for each in pieces]
    data = b"".join(
        [
            PREFACE,
            frame(SETTINGS),
            frame(HEADERS, 0, 1, b"\x83"),
            frame(CONTINUATION, END_HEADERS, 1, b"\x86"),
            *padded,
            frame(PRIORITY, 0, 1, b"\x00" * 5),
            frame(77, 0, 0, b"unknown"),
            frame(DATA, END_STREAM, 1),
        ]
    )
    connection, events, at = Connection(LIMIT), list[Event](), 0
    while at < len(data):
        size = cuts[at % len(cuts)]
        events += connection.receive(data[at : at + size])
        at += size
    assert events == [Opened(1), *(Received(1, each) for each in messages), Ended(1)]


def test_each_call_is_answered_with_success_and_then_a_status() -> None:
    connection = Connection(LIMIT)
    events = list(connection.receive(PREFACE + frame(HEADERS, END_HEADERS, 1, b"\x83")))
    assert events == [Opened(1)]
    connection.send(1, b"hello")
    connection.end(1)
    answers = [each for each in frames(connection.take()) if each[2] == 1]
    assert [each[0] for each in answers] == [HEADERS, DATA, HEADERS]
    assert answers[0][3] == b"\x88\x0f\x10\x10application/grpc"
    assert answers[1][3] == message(b"hello")
    assert answers[2][1:] == (END_STREAM | END_HEADERS, 1, b"\x00\x0bgrpc-status\x010")
    connection.send(1, b"too late")
    assert connection.take() == b""


def test_a_ping_comes_back() -> None:
    connection = greeted()
    list(connection.receive(frame(PING, 0, 0, b"12345678") + frame(PING, ACK, 0, b"87654321")))
    assert sent(connection, PING) == [[ACK, 0, b"12345678"]]


# -------------------------------------------------------------- windows


def test_no_more_is_sent_than_the_client_takes() -> None:
    connection = greeted()
    connection.send(1, b"x" * 100_000)
    whole = message(b"x" * 100_000)
    first = b"".join(each[2] for each in sent(connection, DATA))
    assert first == whole[:65_535]
    list(connection.receive(frame(WINDOW_UPDATE, 0, 1, (50_000).to_bytes(4, "big"))))
    assert connection.take() == b""  # the connection's window is used up too
    list(connection.receive(frame(WINDOW_UPDATE, 0, 0, (10_000).to_bytes(4, "big"))))
    second = b"".join(each[2] for each in sent(connection, DATA))
    list(connection.receive(frame(WINDOW_UPDATE, 0, 0, (90_000).to_bytes(4, "big"))))
    third = b"".join(each[2] for each in sent(connection, DATA))
    assert (len(second), first + second + third) == (10_000, whole)


def test_frames_are_as_large_as_the_client_allows_and_windows_follow_its_settings() -> None:
    connection = greeted()
    connection.send(1, b"x" * 40_000)
    assert max(len(each[2]) for each in sent(connection, DATA)) == 16_384
    list(connection.receive(frame(SETTINGS, 0, 0, setting(4, 10) + setting(5, 30_000))))
    connection.send(1, b"y" * 10)
    assert sent(connection, DATA) == []  # 40,005 bytes were sent already, the window is below zero
    list(connection.receive(frame(SETTINGS, 0, 0, setting(4, 65_535))))
    assert sent(connection, DATA) == [[0, 1, message(b"y" * 10)]]


def test_what_has_arrived_is_given_back() -> None:
    connection, whole = greeted(limit=2 * WINDOW), message(b"x" * (WINDOW - 5))
    updates = []
    for at in range(0, WINDOW, MAX_FRAME):
        events = list(connection.receive(frame(DATA, 0, 1, whole[at : at + MAX_FRAME])))
        updates += sent(connection, WINDOW_UPDATE)
    assert [len(each.data) for each in events if isinstance(each, Received)] == [WINDOW - 5]
    granted = {
        stream: sum(int.from_bytes(each[2], "big") for each in updates if each[1] == stream) for stream in (0, 1)
    }
    assert granted == {0: WINDOW, 1: WINDOW}


# -------------------------------------------------------------- wrong


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (frame(DATA, 0, 3, b"x"), Fault.PROTOCOL),
        (frame(DATA, 0, 0, b"x"), Fault.PROTOCOL),
        (frame(DATA, PADDED, 1, b"\x05ab"), Fault.PROTOCOL),
        (frame(DATA, PADDED, 1, b""), Fault.PROTOCOL),
        (frame(HEADERS, END_HEADERS, 2), Fault.PROTOCOL),
        (frame(HEADERS, 0, 3) + frame(PING, 0, 0, b"12345678"), Fault.PROTOCOL),
        (frame(HEADERS, 0, 3) + frame(CONTINUATION, 0, 5), Fault.PROTOCOL),
        (frame(CONTINUATION, 0, 1), Fault.PROTOCOL),
        (frame(HEADERS, 0, 3, b"h" * MAX_HEADERS) + frame(CONTINUATION, 0, 3, b"h"), Fault.TOO_MUCH),
        (frame(HEADERS, END_HEADERS, 5) + frame(RESET, 0, 5, b"\0" * 4) + frame(HEADERS, 4, 5), Fault.PROTOCOL),
        (frame(SETTINGS, 0, 0, b"short"), Fault.FRAME_SIZE),
        (frame(SETTINGS, 0, 0, setting(4, MAX_WINDOW + 1)), Fault.FLOW_CONTROL),
        (frame(PING, 0, 0, b"1"), Fault.FRAME_SIZE),
        (frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\0"), Fault.PROTOCOL),
        (frame(WINDOW_UPDATE, 0, 0, MAX_WINDOW.to_bytes(4, "big")), Fault.FLOW_CONTROL),
        ((MAX_FRAME + 1).to_bytes(3, "big") + b"\0\0\0\0\0\1", Fault.FRAME_SIZE),
    ],
)
def test_a_client_that_breaks_the_rules_is_told_which(data: bytes, fault: Fault) -> None:
    with pytest.raises(ProtocolBroken) as broken:
        list(greeted().receive(data))
    assert broken.value.fault is fault


def test_what_is_no_http2_is_seen_at_its_first_bytes() -> None:
    with pytest.raises(ProtocolBroken):
        list(Connection(LIMIT).receive(b"GET / HTTP/1.1\r\n"))


@pytest.mark.parametrize(
    ("prefix", "status"), [(b"\0" + (LIMIT + 1).to_bytes(4, "big"), b"8"), (b"\x01\0\0\0\1", b"12")]
)
def test_what_is_too_large_or_compressed_ends_its_call_alone(prefix: bytes, status: bytes) -> None:
    connection = greeted()
    list(connection.receive(frame(HEADERS, END_HEADERS, 3)))
    connection.take()
    data = frame(DATA, 0, 1, prefix + b"x") + frame(DATA, 0, 1, b"y") + frame(DATA, 0, 3, message(b"fine"))
    assert list(connection.receive(data)) == [Ended(1), Received(3, b"fine")]
    assert sent(connection, HEADERS)[0][2].endswith(bytes([len(status)]) + status)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_break_the_protocol(data: bytes) -> None:
    connection = greeted()
    try:
        for event in connection.receive(data):
            assert isinstance(event, Opened | Received | Ended)
    except ProtocolBroken as broken:
        assert broken.fault in set(Fault)
