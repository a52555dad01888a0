"""Committed state as the next transaction sees it: the file, and before it what the block at hand has settled."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from chainfusion.contracts.framework import Modification
from chainfusion.domain.records import utc_time
from chainfusion.ledger.embedded.store import Store, TransactionRow

Write = tuple[bytes, bytes | None]
"""Key and value, or None where the key is deleted."""
PrivateWrite = tuple[str, bytes, bytes | None]
Bounds = tuple[bytes, bytes | None]
REMEMBERED_BYTES = 64 << 20
REMEMBERED_RANGES = 32
"""Ranges kept: so few that looking through them at every write costs less than reading one again."""
SHORT_RANGE = 64
"""Rows of a range that is worth keeping."""


class Writes(NamedTuple):
    """What one transaction writes, in the order of keys."""

    public: tuple[Write, ...] = ()
    private: tuple[PrivateWrite, ...] = ()


def sha256(data: bytes) -> bytes:
    """SHA-256 (32 bytes)."""
    return hashlib.sha256(data).digest()


class State:
    """Reads through a store, remembers what it read, and gathers writes until `flush` hands them to the store.

    What is gathered is seen by `get` at once; a range or history that could miss some of it flushes first.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.forget()

    def forget(self) -> None:
        """Drops everything remembered and gathered: another process wrote, or a write failed."""
        self._forget_read()
        self._forget_gathered()

    def _forget_read(self) -> None:
        self._read: dict[bytes, bytes | None] = {}
        self._read_bytes = 0
        self._ranges: dict[Bounds, list[tuple[bytes, bytes]]] = {}

    def _forget_gathered(self) -> None:
        self._transactions: list[TransactionRow] = []
        self._transients: list[tuple[int, bytes]] = []
        self._public: dict[bytes, tuple[bytes | None, int]] = {}
        self._public_keys: list[bytes] = []
        self._history: list[tuple[bytes, int, bytes | None]] = []
        self._private: dict[tuple[str, bytes], tuple[bytes | None, int]] = {}

    # -------------------------------------------------------------- reading

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        try:
            return self._read[key]
        except KeyError:
            value = self._public[key][0] if key in self._public else self._store.state(key)
            self._remember(key, value)
            return value

    def range(self, start: bytes, end: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values from `start` (included) to `end` (excluded; None is open), in key order."""
        short = self._ranges.get((start, end))
        if short is not None:
            return iter(short)
        if self._gathered_within(start, end):
            self.flush()
        return self._remembered_range(start, end)

    def _gathered_within(self, start: bytes, end: bytes | None) -> bool:
        at = bisect_left(self._public_keys, start)
        return at < len(self._public_keys) and (end is None or self._public_keys[at] < end)

    def _remembered_range(self, start: bytes, end: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        rows = self._store.state_range(start, end)
        beginning = list(islice(rows, SHORT_RANGE))
        if len(beginning) == SHORT_RANGE:
            return chain(beginning, rows)
        if len(self._ranges) == REMEMBERED_RANGES:
            self._ranges.clear()
        self._ranges[start, end] = beginning
        return iter(beginning)

    def history(self, key: bytes) -> Iterator[Modification]:
        """Changes of a key, newest first."""
        self.flush()
        for tx_id, time, value in self._store.history(key):
            yield Modification(tx_id, utc_time(time), value)

    def private(self, collection: str, key: bytes) -> bytes | None:
        """The private value of a key, or None."""
        self.flush()
        return self._store.private(collection, key)

    def private_hash(self, collection: str, key: bytes) -> bytes | None:
        """SHA-256 of the private value of a key, or None."""
        self.flush()
        return self._store.private_hash(collection, sha256(key))

    def private_range(self, collection: str, start: bytes, end: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Private keys and values from `start` (included) to `end` (excluded; None is open), in key order."""
        self.flush()
        return self._store.private_range(collection, start, end)

    # -------------------------------------------------------------- writing

    def apply(self, row: TransactionRow, transient: bytes | None, writes: Writes) -> None:
        """Settles a transaction: from now on its writes are what the next one reads."""
        place = row[0]
        self._transactions.append(row)
        if transient is not None:
            self._transients.append((place, transient))
        for key, value in writes.public:
            if key not in self._public:
                insort(self._public_keys, key)
            self._public[key] = (value, place)
            self._history.append((key, place, value))
            self._remember(key, value)
            self._forget_ranges(key)
        for collection, key, value in writes.private:
            self._private[collection, key] = (value, place)

    def _remember(self, key: bytes, value: bytes | None) -> None:
        self._read_bytes += len(key) + len(value or b"") + 128
        if self._read_bytes > REMEMBERED_BYTES:
            self._forget_read()
        self._read[key] = value

    def _forget_ranges(self, key: bytes) -> None:
        for start, end in [*self._ranges]:
            if start <= key and (end is None or key < end):
                del self._ranges[start, end]

    def flush(self) -> None:
        """Hands what was gathered to the store, inside whose transaction this is called."""
        if not self._transactions:
            return
        store = self._store
        store.add_transactions(self._transactions)
        store.add_transients(self._transients)
        store.put_states((key, value, place) for key, (value, place) in self._public.items() if value is not None)
        store.drop_states(key for key, (value, _) in self._public.items() if value is None)
        store.add_history(self._history)
        if self._private:
            self._flush_private()
        self._forget_gathered()

    def _flush_private(self) -> None:
        kept = [(name, key, value, place) for (name, key), (value, place) in self._private.items() if value is not None]
        gone = [name_key for name_key, (value, _) in self._private.items() if value is None]
        self._store.put_private(kept)
        self._store.put_private_hashes((name, sha256(key), sha256(value), place) for name, key, value, place in kept)
        self._store.drop_private(gone)
        self._store.drop_private_hashes((name, sha256(key)) for name, key in gone)
