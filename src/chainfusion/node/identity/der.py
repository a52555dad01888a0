"""The little of DER that is written by hand here: a tag, a length, a content."""

from __future__ import annotations

import base64

INTEGER, BIT_STRING, OCTET_STRING, SEQUENCE = 0x02, 0x03, 0x04, 0x30


def tlv(tag: int, *content: bytes) -> bytes:
    """One DER element around the content."""
    body = b"".join(content)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def unsigned(value: int) -> bytes:
    """A DER INTEGER that is not negative."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pem(label: str, der: bytes) -> bytes:
    """DER in the text armour of RFC 7468."""
    text = base64.b64encode(der).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()
