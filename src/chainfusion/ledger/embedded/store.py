"""The ledger's file: its tables and every SQL statement that touches them.

SQLite in WAL mode with synchronous=FULL: a commit returns when it is on disk. `place` numbers a transaction: its block
times 65,536 plus its position there, so one integer orders all that was ever written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chainfusion.ledger.embedded.schema import APPLICATION_ID, FORMAT, TABLES

Connect = Callable[..., sqlite3.Connection]
"""`sqlite3.connect`, or what stands in for it where a disk fails on purpose."""
StorageError = sqlite3.Error
DAMAGE = (sqlite3.Error, UnicodeError, OverflowError, MemoryError)
"""What reading a damaged file can raise: broken text even in SQLite's own messages, and lengths beyond all bounds."""
PLACES_PER_BLOCK = 1 << 16
BUSY_SECONDS = 60.0
PAGE = 256
"""Rows read at a time, so that no read stays open while a contract thinks."""

TransactionRow = tuple[int, bytes, str, bytes, bytes, bytes, bytes | None]
"""place, tx_id, time, leaf, outcome leaf, response, event bundle."""
StateRow = tuple[bytes, bytes, int]
PrivateRow = tuple[str, bytes, bytes, int]


class Store:
    """One connection to a ledger file. Not for use by two threads at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = connection
        connection.isolation_level = None

    # -------------------------------------------------------------- opening

    @classmethod
    def writer(cls, path: Path, connect: Connect = sqlite3.connect) -> Store:
        """A connection that may write; makes an empty file where there is none."""
        store = cls(connect(path, timeout=BUSY_SECONDS, check_same_thread=False))
        store._sql.execute("pragma journal_mode=wal")
        store._sql.execute("pragma synchronous=full")
        store._sql.execute("pragma fullfsync=on")
        store._sql.execute("pragma wal_autocheckpoint=4000")
        store._sql.execute("pragma cache_size=-65536")  # 64 MiB: ids are random, and so are the pages they fall on
        store._sql.execute("pragma journal_size_limit=67108864")
        return store._guarded()

    @classmethod
    def reader(cls, path: Path, connect: Connect = sqlite3.connect) -> Store:
        """A connection that cannot write."""
        uri = f"{path.resolve().as_uri()}?mode=ro"
        return cls(connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False))._guarded()

    @classmethod
    def scratch(cls) -> Store:
        """A store of its own that disappears when closed: in memory while small, in a temporary file beyond."""
        store = cls(sqlite3.connect("", check_same_thread=False))
        store._sql.execute("pragma synchronous=off")
        store._sql.execute("pragma journal_mode=off")
        store.create()
        return store

    def _guarded(self) -> Store:
        self._sql.execute("pragma trusted_schema=off")
        self._sql.execute("pragma cell_size_check=on")
        return self

    def create(self) -> None:
        """Makes the tables."""
        for statement in TABLES.values():
            self._sql.execute(statement)
        self._sql.execute(f"pragma application_id={APPLICATION_ID}")
        self._sql.execute(f"pragma user_version={FORMAT}")

    def is_empty(self) -> bool:
        """Whether the file has no tables yet."""
        return self._one("select count(*) from sqlite_schema") == 0

    def is_ledger(self) -> bool:
        """Whether the file says that it is a ledger of the format that this program writes."""
        return self._one("pragma application_id") == APPLICATION_ID and self._one("pragma user_version") == FORMAT

    def close(self) -> None:
        """Closes the connection; the last one folds the write-ahead log into the file."""
        self._sql.close()

    # -------------------------------------------------------------- transactions

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One durable write: all of it or, where anything is raised, nothing."""
        self._sql.execute("begin immediate")
        try:
            yield
            self._sql.execute("commit")
        except BaseException:
            if self._sql.in_transaction:
                self._sql.execute("rollback")
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One unchanging view of the file."""
        self._sql.execute("begin")
        try:
            yield
        finally:
            if self._sql.in_transaction:
                self._sql.execute("rollback")

    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        return self._one("pragma data_version")

    # -------------------------------------------------------------- writing

    def set_meta(self, name: str, value: bytes) -> None:
        """Keeps one fact of the file itself."""
        self._sql.execute("insert into meta values (?, ?)", (name, value))

    def add_block(self, number: int, header: bytes, signature: bytes) -> None:
        """Adds a block's header with its signature."""
        self._sql.execute("insert into blocks values (?, ?, ?)", (number, header, signature))

    def add_transactions(self, rows: Iterable[TransactionRow]) -> None:
        """Adds transactions with what became of them."""
        self._sql.executemany("insert into transactions values (?, ?, ?, ?, ?, ?, ?)", rows)

    def add_transients(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Keeps transient input, without which a transaction could not be run again."""
        self._sql.executemany("insert into transients values (?, ?)", rows)

    def add_certificates(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        """Keeps certificates by fingerprint; one that is there stays."""
        self._sql.executemany("insert or ignore into certificates values (?, ?)", rows)

    def add_nodes(self, rows: Iterable[tuple[int, int, bytes]]) -> None:
        """Adds full subtrees of the log's tree: level, position, hash."""
        self._sql.executemany("insert into nodes values (?, ?, ?)", rows)

    def put_states(self, rows: Iterable[StateRow]) -> None:
        """Sets current values: key, value, place."""
        self._sql.executemany("insert or replace into state values (?, ?, ?)", rows)

    def drop_states(self, keys: Iterable[bytes]) -> None:
        """Removes keys from the current state."""
        self._sql.executemany("delete from state where key = ?", ((key,) for key in keys))

    def add_history(self, rows: Iterable[tuple[bytes, int, bytes | None]]) -> None:
        """Adds changes: key, place, value or None for a deletion."""
        self._sql.executemany("insert into history values (?, ?, ?)", rows)

    def put_private(self, rows: Iterable[PrivateRow]) -> None:
        """Sets current private values: collection, key, value, place."""
        self._sql.executemany("insert or replace into private values (?, ?, ?, ?)", rows)

    def drop_private(self, keys: Iterable[tuple[str, bytes]]) -> None:
        """Removes private values: collection, key."""
        self._sql.executemany("delete from private where collection = ? and key = ?", keys)

    def put_private_hashes(self, rows: Iterable[PrivateRow]) -> None:
        """Sets the public hashes of private values: collection, key hash, value hash, place."""
        self._sql.executemany("insert or replace into private_hashes values (?, ?, ?, ?)", rows)

    def drop_private_hashes(self, keys: Iterable[tuple[str, bytes]]) -> None:
        """Removes the public hashes of private values: collection, key hash."""
        self._sql.executemany("delete from private_hashes where collection = ? and key_hash = ?", keys)

    def put_note(self, size: int, note: bytes) -> None:
        """Keeps the checkpoint note of a tree size in place of an earlier note of that size."""
        self._sql.execute("insert or replace into checkpoints values (?, ?)", (size, note))

    # -------------------------------------------------------------- state, history, private data

    def state(self, key: bytes) -> bytes | None:
        """The current value of a key."""
        return self._maybe("select value from state where key = ?", key)

    def state_range(self, start: bytes, end: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Current keys and values from `start` (included) to `end` (excluded; None is open), in key order."""
        return self._pages("select key, value from state where key >= ?", start, end)

    def history(self, key: bytes) -> Iterator[tuple[str, str, bytes | None]]:
        """Changes of a key, newest first: transaction id, its time, the value or None."""
        place = 1 << 62
        while True:
            rows = self._sql.execute(
                "select h.place, t.tx_id, t.time, h.value from history h join transactions t using (place)"
                " where h.key = ? and h.place < ? order by h.place desc limit ?",
                (key, place, PAGE),
            ).fetchall()
            yield from ((tx_id.hex(), time, value) for _, tx_id, time, value in rows)
            if len(rows) < PAGE:
                return
            place = rows[-1][0]

    def private(self, collection: str, key: bytes) -> bytes | None:
        """The current private value of a key."""
        return self._maybe("select value from private where collection = ? and key = ?", collection, key)

    def private_hash(self, collection: str, key_hash: bytes) -> bytes | None:
        """SHA-256 of the current private value of the key that has this hash."""
        return self._maybe(
            "select value_hash from private_hashes where collection = ? and key_hash = ?", collection, key_hash
        )

    def private_range(self, collection: str, start: bytes, end: bytes | None) -> Iterator[tuple[bytes, bytes]]:
        """Current private keys and values from `start` (included) to `end` (excluded; None is open), in key order."""
        return self._pages("select key, value from private where collection = ? and key >= ?", start, end, collection)

    def _pages(self, query: str, start: bytes, end: bytes | None, *before: Any) -> Iterator[tuple[bytes, bytes]]:
        """Rows of a query that ends with `key >= ?`. An open end is left out of it: "? is null or key < ?" would have
        SQLite read every key to the last."""
        ends: tuple[bytes, ...] = () if end is None else (end,)
        query = f"{query}{' and key < ?' * len(ends)} order by key limit {PAGE}"
        while True:
            rows = self._sql.execute(query, (*before, start, *ends)).fetchall()
            yield from rows
            if len(rows) < PAGE:
                return
            start = rows[-1][0] + b"\0"

    # -------------------------------------------------------------- blocks, transactions, proofs

    def meta(self, name: str) -> bytes | None:
        """One fact of the file itself."""
        return self._maybe("select value from meta where name = ?", name)

    def height(self) -> int:
        """Number of blocks."""
        return self._one("select coalesce(max(number), -1) + 1 from blocks")

    def block(self, number: int) -> tuple[bytes, bytes] | None:
        """A block's header and its signature."""
        row: tuple[bytes, bytes] | None = self._sql.execute(
            "select header, signature from blocks where number = ?", (number,)
        ).fetchone()
        return row

    def transactions(self, block: int) -> Iterator[TransactionRow]:
        """The transactions of a block in order, one at a time."""
        first = block * PLACES_PER_BLOCK
        yield from self._sql.execute(
            "select * from transactions where place >= ? and place < ? order by place",
            (first, first + PLACES_PER_BLOCK),
        )

    def transaction(self, tx_id: bytes) -> TransactionRow | None:
        """A transaction by id."""
        row: TransactionRow | None = self._sql.execute(
            "select * from transactions where tx_id = ?", (tx_id,)
        ).fetchone()
        return row

    def known(self, tx_ids: Iterable[bytes]) -> frozenset[bytes]:
        """Which of these transactions are recorded."""
        asked = tuple(tx_ids)
        marks = ",".join("?" * len(asked))
        rows = self._sql.execute(f"select tx_id from transactions where tx_id in ({marks})", asked)  # noqa: S608
        return frozenset(tx_id for (tx_id,) in rows)

    def transient(self, place: int) -> bytes | None:
        """The canonical transient map of a transaction."""
        return self._maybe("select input from transients where place = ?", place)

    def certificate(self, fingerprint: bytes) -> bytes | None:
        """A certificate (DER) by fingerprint."""
        return self._maybe("select der from certificates where fingerprint = ?", fingerprint)

    def node(self, level: int, position: int) -> bytes | None:
        """The hash of a full subtree of the log's tree."""
        return self._maybe("select hash from nodes where level = ? and position = ?", level, position)

    def note(self, size: int | None) -> bytes | None:
        """The checkpoint note of a tree size, or the newest."""
        if size is None:
            return self._maybe("select note from checkpoints order by size desc limit 1")
        return self._maybe("select note from checkpoints where size = ?", size)

    # -------------------------------------------------------------- for the examiner

    def table(self, name: str) -> Iterator[tuple[Any, ...]]:
        """All rows of a table in the order of its key."""
        key = ", ".join(row[1] for row in sorted(self._columns(name), key=lambda row: row[5]) if row[5])
        yield from self._sql.execute(f"select * from {name} order by {key}")  # noqa: S608 - names of our own tables

    def _columns(self, name: str) -> list[tuple[Any, ...]]:
        return self._sql.execute(f"pragma table_info({name})").fetchall()

    def count(self, table: str) -> int:
        """Rows of a table."""
        return self._one(f"select count(*) from {table}")  # noqa: S608 - names of our own tables

    def count_outside(self, table: str, column: str, first: int, last: int) -> int:
        """Rows of a table whose column is not between `first` and `last`, both included."""
        return self._one(f"select count(*) from {table} where {column} not between {first} and {last}")  # noqa: S608

    def schema(self) -> list[tuple[str, str]]:
        """Name and statement of everything that the file declares."""
        return self._sql.execute("select name, coalesce(sql, '') from sqlite_schema order by name").fetchall()

    def damage(self) -> Iterator[str]:
        """What SQLite itself finds wrong with the file."""
        for (line,) in self._sql.execute("pragma integrity_check"):
            if line != "ok":
                yield line

    # -------------------------------------------------------------- rows

    def _maybe(self, query: str, *parameters: Any) -> bytes | None:
        row: tuple[bytes] | None = self._sql.execute(query, parameters).fetchone()
        return None if row is None else row[0]

    def _one(self, query: str) -> int:
        row: tuple[int] = self._sql.execute(query).fetchone()
        return row[0]
