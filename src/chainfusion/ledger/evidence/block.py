"""The block header: what the ordering node signs and the log's tree has as its leaves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from chainfusion.domain.canonical import parse_canonical, trusted_canonical
from chainfusion.domain.lazy import lazy
from chainfusion.domain.records import from_json, to_json

FORMAT = "chainfusion-block-v1"
SIGNING_PREFIX = b"chainfusion block v1\n"
NO_PREVIOUS = bytes(32)


@dataclass(frozen=True)
class BlockHeader:
    """One block's commitments.

    `transactions` and `outcomes` are RFC 9162 roots over the same `count` leaves in the same order; `previous` the
    hash of the block before (32 zero bytes for block 0); `membership` the fingerprint of the consortium's membership
    record after this block.
    """

    channel: str
    count: int
    format: str
    membership: bytes
    number: int
    outcomes: bytes
    previous: bytes
    time: datetime
    transactions: bytes

    @lazy
    def encoded(self) -> bytes:
        """Canonical bytes: the leaf of the log's tree."""
        return trusted_canonical(to_json(self))

    @lazy
    def hash(self) -> bytes:
        """SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.encoded).digest()

    @property
    def signing_bytes(self) -> bytes:
        """What the ordering node's key signs."""
        return SIGNING_PREFIX + self.encoded

    @classmethod
    def decode(cls, data: bytes) -> BlockHeader:
        """Reads `encoded`. Raises: NotCanonical, BadRecord."""
        return from_json(cls, parse_canonical(data))
