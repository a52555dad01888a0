"""Over a real socket: requests that come bit by bit, never end, or are larger than they may be."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from fastapi import FastAPI

from chainfusion.web import guard, server
from chainfusion.web.app import create_app
from chainfusion.web.gate import SignIn
from tests.support.gate import Gate
from tests.support.identities import new_key
from tests.support.serving import serving

SOON = 10


@contextmanager
def served(app: object, **options: object) -> Iterator[int]:
    with serving(app, **options) as address:
        yield int(address.rpartition(":")[2])


@pytest.fixture(scope="module")
def small(shared: Gate) -> FastAPI:
    """The workspace as 127.0.0.1 has it, with little room."""
    return create_app(shared.office, seating=SignIn(shared.keeper), hosts=("127.0.0.1",), max_upload=10_000)


@pytest.fixture
def port(place: Gate, small: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Served with little patience: what takes 10 and 20 seconds takes a fraction here."""
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(guard, "PATIENCE", 0.3)
    with served(small) as found:
        yield found


def said(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """What a connection answers to what is sent in parts, until it is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=SOON) as line:
        try:
            for part in parts:
                line.sendall(part)
                time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            return b""
        return received(line)


def received(line: socket.socket) -> bytes:
    found = b""
    try:
        while chunk := line.recv(65536):
            found += chunk
    except ConnectionResetError:
        return found
    return found


HEAD = b"GET /signin HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
POST = HEAD.replace(b"GET /signin", b"POST /api/v1/verify") + b"Content-Type: multipart/form-data; boundary=b\r\n"


def test_an_ordinary_request_is_answered(port: int) -> None:
    assert said(port, HEAD + b"\r\n").startswith(b"HTTP/1.1 200")


def test_who_says_nothing_is_let_go(port: int) -> None:
    assert said(port) == b""


def test_a_head_that_comes_bit_by_bit_is_let_go(port: int) -> None:
    drip = [b"X-%d: y\r\n" % n for n in range(40)]
    assert b"200" not in said(port, HEAD, *drip, b"\r\n", pause=0.05)


def test_the_second_head_of_a_connection_is_watched_too(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=SOON) as line:
        line.sendall(HEAD.replace(b"close", b"keep-alive") + b"\r\n")
        first = b""
        while b"</html>" not in first:
            first += line.recv(65536)
        line.sendall(b"GET /signin HT")
        assert received(line).strip() == b""


def test_a_body_that_does_not_come_is_refused(port: int) -> None:
    answer = said(port, POST + b"Content-Length: 500\r\n\r\n", b"--b\r\n")
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"TOO_SLOW" in answer


def test_a_chunked_body_that_never_ends_is_refused(port: int) -> None:
    drip = [b"5\r\n--b\r\n\r\n"] * 30
    answer = said(port, POST + b"Transfer-Encoding: chunked\r\n\r\n", *drip, pause=0.05)
    assert answer[:12] in (b"HTTP/1.1 408", b"")


def test_a_slow_form_of_a_signed_in_person_is_refused(place: Gate, port: int) -> None:
    person = place.signed_in()
    cookie = f"Cookie: {person.session_cookie}={person.session}\r\nUser-Agent: {person.agent}\r\n".encode()
    head = b"POST /account/password HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + cookie
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 400\r\n\r\n"
    assert said(port, head + form, b"csrf=").startswith(b"HTTP/1.1 408")


def test_bodies_are_bounded_whatever_they_state(port: int) -> None:
    assert said(port, POST + b"Content-Length: 20000\r\n\r\n").startswith(b"HTTP/1.1 413")
    assert said(port, POST + b"Content-Length: 99999999999999999999\r\n\r\n")[:12] in (b"HTTP/1.1 413", b"HTTP/1.1 400")
    chunks = [b"1000\r\n" + b"x" * 0x1000 + b"\r\n"] * 6
    assert said(port, POST + b"Transfer-Encoding: chunked\r\n\r\n", *chunks)[:12] in (
        b"HTTP/1.1 413",
        b"HTTP/1.1 422",
        b"",
    )


def test_heads_are_bounded(port: int) -> None:
    answer = said(port, HEAD + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n")
    assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 422", b"HTTP/1.1 431", b"")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /signin HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.test\r\n\r\n",
        b"GET /signin HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
        b"GET /signin HTTP/1.1\r\n\r\n",
        b"GET http://evil.test/signin HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
        b"GET /signin HTTP/1.1\r\nHost: 127.0.0.1\r\n X: folded\r\nX-A: b\x00c\r\n\r\n",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /deals HTTP/1.1\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_requests_that_say_two_things_get_no_page(port: int, head: bytes) -> None:
    assert b"HTTP/1.1 200" not in said(port, head)


def test_no_answer_carries_a_line_that_was_sent(port: int) -> None:
    for path in (
        b"/x%0d%0aSet-Cookie:%20a=b",
        b"/signin?next=/%0d%0aSet-Cookie:%20a=b",
        b"/deals%0aX-A:b?lang=%0d%0aX-B:c",
    ):
        head, _, _ = said(
            port, b"GET " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        ).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1")
        names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
        assert not names & {b"x-a", b"x-b"}
        assert b"a=b" not in b"".join(line for line in head.split(b"\r\n") if line.lower().startswith(b"set-cookie"))


def test_many_idle_connections_keep_nobody_out(port: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    try:
        assert said(port, HEAD + b"\r\n").startswith(b"HTTP/1.1 200")
    finally:
        for line in idle:
            line.close()


def test_tls_is_served_and_plain_requests_are_not(tls: Gate, tmp_path: Path) -> None:
    certificate = _certificate(tmp_path)
    app = create_app(tls.office, seating=SignIn(tls.keeper, True), hosts=("127.0.0.1",), is_tls=True)
    with served(app, certificate=certificate) as port:
        assert b"HTTP/1.1 200" not in said(port, HEAD + b"\r\n")
        context = ssl.create_default_context(cafile=str(certificate.chain))
        with (
            socket.create_connection(("127.0.0.1", port), timeout=SOON) as line,
            context.wrap_socket(line, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(HEAD + b"\r\n")
            answer = received(secure)
            assert secure.version() in ("TLSv1.2", "TLSv1.3")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"strict-transport-security" in answer
    assert b"__Host-cf-gate" in answer


def test_what_a_stranger_says_of_the_way_here_is_not_believed(tls: Gate) -> None:
    """Only the gateway's word that the browser came by TLS counts, and who else it came for."""
    app = create_app(tls.office, seating=SignIn(tls.keeper, True), hosts=("127.0.0.1",), is_tls=True)
    claimed = HEAD + b"X-Forwarded-Proto: https\r\nX-Forwarded-For: 10.9.8.7\r\n\r\n"
    with served(app, gateway="10.1.1.1") as port:
        assert said(port, claimed).startswith(b"HTTP/1.1 421")
    with served(app) as port:
        assert said(port, claimed).startswith(b"HTTP/1.1 421")
    with served(app, gateway="127.0.0.1") as port:
        assert said(port, claimed).startswith(b"HTTP/1.1 200")


def _certificate(folder: Path) -> server.Certificate:
    import ipaddress

    key, now = new_key(), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )  # fmt: skip
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return server.Certificate(chain, secret)
