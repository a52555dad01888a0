"""Orderers join a channel: the administrator's HTTPS endpoint, with TLS on both sides."""

from __future__ import annotations

import http.client
import secrets
import ssl
import time
from threading import Event

from chainfusion.ledger.fabric.network.places import TlsFiles
from chainfusion.ledger.fabric.network.wire import NodeRefused

CHANNELS = "/participation/v1/channels"
PATIENCE_SECONDS = 60


def join_orderer(name: str, address: str, own: TlsFiles, block: bytes, given_up: Event) -> None:
    """Has an orderer join the channel that begins with this block; joining again does nothing.

    Waits for an orderer that is starting, until `given_up` is set. Raises: NodeRefused.
    """
    boundary = secrets.token_hex(16)
    head = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="config-block"; filename="config.block"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + block + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    status, answer = _patiently(name, address, own, body, headers, given_up)
    if status not in (201, 405):  # 405: it is a member already
        raise NodeRefused(node=name, what="a channel's first block", why=answer[:300].decode(errors="replace"))


def fetch(address: str, own: TlsFiles, path: str) -> tuple[int, bytes]:
    """One page of a node's administration or operations endpoint. Raises: OSError, http.client.HTTPException."""
    return _once(address, own, "GET", path, b"", {})


def _patiently(
    name: str, address: str, own: TlsFiles, body: bytes, headers: dict[str, str], given_up: Event
) -> tuple[int, bytes]:
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _once(address, own, "POST", CHANNELS, body, headers)
        except (OSError, http.client.HTTPException) as error:
            if given_up.wait(0.1) or time.monotonic() > end:
                raise NodeRefused(node=name, what="a connection", why=str(error)) from None


def _once(
    address: str, own: TlsFiles, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=str(own.ca))
    context.load_cert_chain(own.certificate, own.key)
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPSConnection(host, int(port), context=context, timeout=30)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
