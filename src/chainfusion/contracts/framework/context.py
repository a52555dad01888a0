"""What a contract can see and do, the same on every engine.

The semantics are Hyperledger Fabric's: a read sees the committed state and never this transaction's own writes;
`range` walks simple keys only; history is newest first; of all events of a transaction one bundle is kept; there is
no clock, randomness, locale, file or network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chainfusion.domain.roles import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed the transaction: the member, the person, and the roles that the certificate lets the person act in."""

    msp: str
    name: str
    roles: frozenset[Role]
    certificate: str
    """SHA-256 of the certificate's DER, lower-case hexadecimal."""


@dataclass(frozen=True, slots=True)
class Modification:
    """One change of a key: the value written, or None where it was deleted."""

    tx_id: str
    timestamp: datetime
    value: bytes | None


class PrivateState(Protocol):
    """One private data collection: values for its members, their hashes on the ledger for all.

    `get`, `put` and `delete` are refused (CollectionRefused) where the caller's member is not in the collection.
    """

    def get(self, key: str) -> bytes | None:
        """The committed private value, or None."""

    def digest(self, key: str) -> bytes | None:
        """SHA-256 of the committed private value, which every member sees, or None."""

    def put(self, key: str, value: bytes) -> None:
        """Writes a private value; only its hash goes to the ledger."""

    def delete(self, key: str) -> None:
        """Deletes a private value."""

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        """Committed private keys from `start` (included) to `end` (excluded), in order."""


class Context(Protocol):
    """One transaction, as its contract sees it."""

    @property
    def channel(self) -> str:
        """The ledger's id."""

    @property
    def tx_id(self) -> str:
        """Hexadecimal id of this transaction."""

    @property
    def timestamp(self) -> datetime:
        """The time that the client stated and signed (UTC)."""

    @property
    def caller(self) -> Caller:
        """Who signed."""

    @property
    def transient(self) -> Mapping[str, bytes]:
        """Input that is not recorded; the transaction carries only its hash."""

    def get(self, key: str) -> bytes | None:
        """The committed value of a key, or None."""

    def foresee(self, *keys: str) -> None:
        """Names keys that this transaction is about to `get`, so that an engine may fetch them together. They count as
        read from then on."""

    def put(self, key: str, value: bytes) -> None:
        """Writes a key. Raises: StateRefused for an empty key, an empty or an oversized value."""

    def delete(self, key: str) -> None:
        """Deletes a key."""

    def endorsed_by(self, key: str, parties: Collection[str], members: Collection[str]) -> None:
        """Demands that whoever changes a public key later has it endorsed by the nodes of all `parties`, and of more
        than half of `members` (MSP ids). It takes the place of an earlier demand, and holds until the next.

        Where one node runs the contracts for all there is nobody else to ask, and the demand is checked but not kept.
        Raises: StateRefused where no party is named, or one that is no member.
        """

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        """Committed simple keys from `start` (included) to `end` (excluded); "" leaves a side open. In key order."""

    def by_prefix(self, object_type: str, *attributes: str) -> Iterator[tuple[str, bytes]]:
        """Committed composite keys that begin with these parts, in key order."""

    def history(self, key: str) -> Iterator[Modification]:
        """Committed changes of a key, newest first."""

    def private(self, collection: str) -> PrivateState:
        """A private data collection by name."""

    def emit(self, event: object) -> None:
        """Adds a record to this transaction's one event bundle; its name is the record's class name."""
