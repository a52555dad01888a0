"""The `Context` of one transaction: reads see what was committed before it, writes are gathered and seen by none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from chainfusion.contracts.framework import Caller, Modification
from chainfusion.contracts.framework.keys import FIRST_SIMPLE, LAST, check_simple, composite_key
from chainfusion.contracts.framework.limits import (
    check_endorsers,
    check_transaction_size,
    check_value,
    key_bytes,
    text_bytes,
)
from chainfusion.contracts.framework.refusals import CollectionRefused, StateRefused
from chainfusion.domain.encoding import encoded
from chainfusion.ledger.embedded.private import Collections
from chainfusion.ledger.embedded.state import State, Writes
from chainfusion.ledger.evidence.transaction import Proposal


class EmbeddedContext:
    """What one run of a contract reads, and what it asks to be written."""

    def __init__(
        self,
        state: State,
        proposal: Proposal,
        caller: Caller,
        transient: Mapping[str, bytes],
        collections: Collections,
        size: int,
    ) -> None:
        self.channel = proposal.channel
        self.tx_id = proposal.tx_id
        self.timestamp: datetime = proposal.time
        self.caller = caller
        self.transient = transient
        self._state = state
        self._collections = collections
        self.size = size
        self._public: dict[bytes, bytes | None] = {}
        self._private: dict[tuple[str, bytes], bytes | None] = {}
        self._events: list[bytes] = []
        self._queried_private = False

    # -------------------------------------------------------------- reading

    def get(self, key: str) -> bytes | None:
        """The committed value of a key, or None."""
        return self._state.get(key_bytes(key))

    def foresee(self, *keys: str) -> None:
        """Nothing: a read costs no journey here."""

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        """Committed simple keys from `start` (included) to `end` (excluded); "" leaves a side open. In key order."""
        return _decoded(self._state.range(*_bounds(start, end)))

    def by_prefix(self, object_type: str, *attributes: str) -> Iterator[tuple[str, bytes]]:
        """Committed composite keys that begin with these parts, in key order."""
        return _decoded(self._state.range(*_prefix_bounds(object_type, *attributes)))

    def history(self, key: str) -> Iterator[Modification]:
        """Committed changes of a key, newest first."""
        return self._state.history(key_bytes(key))

    # -------------------------------------------------------------- writing

    def put(self, key: str, value: bytes) -> None:
        """Writes a key. Raises: StateRefused for an empty key, an empty or an oversized value."""
        check_value(value)
        self._write(self._public, key_bytes(key), value)

    def delete(self, key: str) -> None:
        """Deletes a key."""
        self._write(self._public, key_bytes(key), None)

    def endorsed_by(self, key: str, parties: Collection[str], members: Collection[str]) -> None:
        """Checks a demand for endorsements, and no more: this engine has one node. Raises: StateRefused."""
        key_bytes(key)
        check_endorsers(parties, members)

    def private(self, collection: str) -> PrivateCollection:
        """A private data collection by name. Raises: CollectionRefused where there is none of that name."""
        members = self._collections.members(collection, self._state)
        if members is None:
            raise CollectionRefused(collection=collection, msp=self.caller.msp)
        return PrivateCollection(self, collection, self.caller.msp in members)

    def emit(self, event: object) -> None:
        """Adds a record to this transaction's one event bundle; its name is the record's class name."""
        entry = b'{"name":"%b","payload":%b}' % (type(event).__name__.encode(), encoded(event))
        self.grow(len(entry))
        self._events.append(entry)

    def _write(self, where: dict[Any, bytes | None], key: Any, value: bytes | None) -> None:
        if self._queried_private:
            raise StateRefused(what="write", why="this transaction has queried private data")
        self.grow(len(key[-1] if isinstance(key, tuple) else key) + len(value or b""))
        where[key] = value

    def grow(self, size: int) -> None:
        """Counts further bytes of this transaction. Raises: StateRefused beyond the limit."""
        self.size += size
        check_transaction_size(self.size)

    # -------------------------------------------------------------- what came of it

    @property
    def writes(self) -> Writes:
        """The write sets, in the order of keys."""
        private = [(collection, key, value) for (collection, key), value in sorted(self._private.items())]
        return Writes(tuple(sorted(self._public.items())), tuple(private))

    @property
    def events(self) -> bytes | None:
        """The canonical event bundle, or None where nothing was emitted."""
        return b"[" + b",".join(self._events) + b"]" if self._events else None


class PrivateCollection:
    """One private data collection, as one transaction sees it."""

    def __init__(self, ctx: EmbeddedContext, name: str, is_member: bool) -> None:
        self._ctx = ctx
        self._name = name
        self._is_member = is_member

    def get(self, key: str) -> bytes | None:
        """The committed private value, or None."""
        self._require_member()
        return self._ctx._state.private(self._name, key_bytes(key))

    def digest(self, key: str) -> bytes | None:
        """SHA-256 of the committed private value, which every member sees, or None."""
        return self._ctx._state.private_hash(self._name, key_bytes(key))

    def put(self, key: str, value: bytes) -> None:
        """Writes a private value; only its hash goes to the ledger."""
        self._require_member()
        check_value(value)
        self._ctx._write(self._ctx._private, (self._name, key_bytes(key)), value)

    def delete(self, key: str) -> None:
        """Deletes a private value."""
        self._require_member()
        self._ctx._write(self._ctx._private, (self._name, key_bytes(key)), None)

    def range(self, start: str, end: str) -> Iterator[tuple[str, bytes]]:
        """Committed private keys from `start` (included) to `end` (excluded), in order.

        As on Fabric only in transactions that write nothing, since other members could not check such a read.
        """
        self._require_member()
        bounds = _bounds(start, end)
        if self._ctx._public or self._ctx._private:
            raise StateRefused(what="query", why="private data is queried in reading transactions only")
        self._ctx._queried_private = True
        return _decoded(self._ctx._state.private_range(self._name, *bounds))

    def _require_member(self) -> None:
        if not self._is_member:
            raise CollectionRefused(collection=self._name, msp=self._ctx.caller.msp)


def _bounds(start: str, end: str) -> tuple[bytes, bytes | None]:
    check_simple(start, bound=True)
    check_simple(end, bound=True)
    return text_bytes(start or FIRST_SIMPLE), text_bytes(end) if end else None


@lru_cache(maxsize=4096)
def _prefix_bounds(object_type: str, *attributes: str) -> tuple[bytes, bytes]:
    prefix = composite_key(object_type, *attributes)
    return text_bytes(prefix), text_bytes(prefix + LAST)


def _decoded(rows: Iterator[tuple[bytes, bytes]]) -> Iterator[tuple[str, bytes]]:
    return ((key.decode(), value) for key, value in rows)
