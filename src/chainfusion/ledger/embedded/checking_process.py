"""The process that checks signatures: batch after batch from its standard input, until that ends.

A batch is how many (4 bytes), then of each the public key's point (65 bytes, uncompressed), the SHA-256 of what was
signed, the signature's length (1 byte) and the signature. The answer is a byte for each: GOOD or BAD.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import lru_cache
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from chainfusion.ledger.evidence.signatures import SignatureRefused, verify_p256_digest

READY, GOOD, BAD = b"R", 1, 0
COUNT, _POINT, _DIGEST = 4, 65, 32


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Says that it is ready, then answers."""
    answers.write(READY)
    while len(head := read(questions, COUNT)) == COUNT:
        answers.write(bytes(_checked(questions) for _ in range(int.from_bytes(head))))


def read(pipe: IO[bytes], count: int) -> bytes:
    """`count` bytes, or fewer at the end."""
    found = b""
    while len(found) < count and (more := pipe.read(count - len(found))):
        found += more
    return found


def _checked(questions: IO[bytes]) -> int:
    fixed = read(questions, _POINT + _DIGEST + 1)
    signature = read(questions, fixed[-1])
    try:
        verify_p256_digest(_key(fixed[:_POINT]), signature, fixed[_POINT:-1])
    except SignatureRefused:
        return BAD
    return GOOD


@lru_cache(maxsize=4096)
def _key(point: bytes) -> EllipticCurvePublicKey:
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)


def main() -> None:
    """On standard input and output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts the program ends this with its input
    serve(sys.stdin.buffer, os.fdopen(sys.stdout.fileno(), "wb", buffering=0, closefd=False))
