"""The signed transaction and its outcome: the two leaves that a block commits to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from chainfusion.domain.canonical import parse_canonical, trusted_canonical
from chainfusion.domain.encoding import encoded
from chainfusion.domain.lazy import lazy
from chainfusion.domain.records import from_json

SIGNING_PREFIX = b"chainfusion transaction v1\n"
VALID = "VALID"
MAX_CLOCK_DIFFERENCE = timedelta(minutes=15)
"""How far the time that a person states may be from that of the block, or of the peer that endorses."""
_BEFORE_PAYLOAD, _AFTER_PAYLOAD = b'{"proposal":', b',"signature":"'


@dataclass(frozen=True)
class Creator:
    """Who signs: the member and the SHA-256 (hexadecimal) of the person's certificate in DER."""

    msp: str
    certificate: str


@dataclass(frozen=True)
class Proposal:
    """What a person asks a contract to do.

    `nonce` is 48 hexadecimal characters; `transient` the SHA-256 (hexadecimal) of the canonical transient map, or
    None where there is none; `time` the client's clock.
    """

    args: dict[str, Any]
    channel: str
    contract: str
    creator: Creator
    nonce: str
    operation: str
    time: datetime
    transient: str | None
    version: int

    @lazy
    def payload(self) -> bytes:
        """Canonical bytes."""
        return encoded(self)

    @lazy
    def tx_id(self) -> str:
        """The transaction's id, see `transaction_id`."""
        return transaction_id(self.nonce, self.creator)

    @property
    def signing_bytes(self) -> bytes:
        """What the creator's key signs."""
        return SIGNING_PREFIX + self.payload

    def asks_as(self, other: Proposal) -> bool:
        """Whether both ask for the same: in a repeat of a request, time and contract version may differ."""
        return (self.contract, self.operation, self.args, self.transient) == (
            other.contract,
            other.operation,
            other.args,
            other.transient,
        )


@dataclass(frozen=True)
class Transaction:
    """A proposal with its creator's ECDSA P-256 signature (DER, low S)."""

    proposal: Proposal
    signature: bytes

    @lazy
    def leaf(self) -> bytes:
        """Canonical bytes: the leaf of the block's transaction tree."""
        return b"".join((_BEFORE_PAYLOAD, self.proposal.payload, _AFTER_PAYLOAD, self.signature.hex().encode(), b'"}'))

    @classmethod
    def from_leaf(cls, leaf: bytes) -> Transaction:
        """Reads `leaf`. Raises: NotCanonical, BadRecord."""
        transaction = from_json(cls, parse_canonical(leaf))
        # canonical bytes are what the properties would make of the records again: keep them
        vars(transaction)["leaf"] = leaf
        vars(transaction.proposal)["payload"] = leaf[len(_BEFORE_PAYLOAD) : leaf.rindex(_AFTER_PAYLOAD)]
        return transaction


@dataclass(frozen=True)
class Outcome:
    """What became of a transaction, and what it wrote.

    `code` is VALID or a reason in Fabric's words. `writes` holds [key in hexadecimal of its UTF-8, SHA-256 of the
    value or None for a deletion] sorted by key; `private` the same as [collection, SHA-256 of key, SHA-256 of value or
    None]; `event` and `response` are SHA-256 of the event bundle (or None) and of the response.
    """

    code: str
    event: str | None
    private: tuple[tuple[str | None, ...], ...]
    response: str
    tx_id: str
    writes: tuple[tuple[str | None, ...], ...]

    @lazy
    def leaf(self) -> bytes:
        """Canonical bytes: the leaf of the block's outcome tree. Its fields are JSON values as they stand."""
        return trusted_canonical(
            {
                "code": self.code,
                "event": self.event,
                "private": self.private,
                "response": self.response,
                "tx_id": self.tx_id,
                "writes": self.writes,
            }
        )

    @classmethod
    def from_leaf(cls, leaf: bytes) -> Outcome:
        """Reads `leaf`. Raises: NotCanonical, BadRecord."""
        outcome = from_json(cls, parse_canonical(leaf))
        vars(outcome)["leaf"] = leaf
        return outcome


PublicWrites = tuple[tuple[bytes, bytes | None], ...]
"""Key and value (None where the key is deleted), in the order of keys."""
PrivateWrites = tuple[tuple[str, bytes, bytes | None], ...]


def outcome_leaf(
    code: str, tx_id: str, response: bytes, event: bytes | None, writes: PublicWrites, private: PrivateWrites
) -> bytes:
    """`Outcome.leaf` straight from what a transaction answered, emitted and wrote, as ledgers need it of each."""
    text = _OUTCOME % (
        encode_basestring(code),
        _digest(event),
        ",".join([f"[{encode_basestring(name)},{_digest(key)},{_digest(value)}]" for name, key, value in private]),
        _digest(response),
        tx_id,
        ",".join([f'["{key.hex()}",{_digest(value)}]' for key, value in writes]),
    )
    return text.encode()


_OUTCOME = '{"code":%s,"event":%s,"private":[%s],"response":%s,"tx_id":"%s","writes":[%s]}'


def _digest(data: bytes | None) -> str:
    return "null" if data is None else f'"{hashlib.sha256(data).hexdigest()}"'


def transaction_id(nonce: str, creator: Creator) -> str:
    """SHA-256(nonce, canonical creator) in hexadecimal: a repeated request id gives the same id."""
    return hashlib.sha256(bytes.fromhex(nonce) + _creator_bytes(creator)).hexdigest()


@lru_cache(maxsize=4096)
def _creator_bytes(creator: Creator) -> bytes:
    """A person signs many transactions."""
    return encoded(creator)


def nonce_of(request_id: str) -> str:
    """The nonce that a client-made request id stands for (24 bytes, hexadecimal)."""
    return hashlib.sha256(b"chainfusion request\n" + request_id.encode()).hexdigest()[:48]


def transient_digest(transient: dict[str, bytes]) -> str | None:
    """SHA-256 of the canonical transient map, in hexadecimal; None for an empty one."""
    if not transient:
        return None
    return hashlib.sha256(trusted_canonical({k: v.hex() for k, v in transient.items()})).hexdigest()
