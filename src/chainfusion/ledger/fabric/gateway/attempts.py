"""Attempts at one request: each has a nonce of its own that follows from the request's."""

from __future__ import annotations

import hashlib


def attempt_nonce(nonce: str, number: int) -> str:
    """The nonce of a request's attempt; attempt 0 has the request's own."""
    data = b"chainfusion attempt %d\n" % number + bytes.fromhex(nonce)
    return hashlib.sha256(data).hexdigest()[:48] if number else nonce
