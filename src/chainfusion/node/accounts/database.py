"""The file that keeps who may come in: `<home>/accounts.db`, its owner's alone.

Passwords, session ids and tokens stand in it as hashes: whoever reads a copy can come in with none of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

from chainfusion.domain.errors import require
from chainfusion.node.home import FileDamaged
from chainfusion.node.private import ensure_file

FILE = "accounts.db"
VERSION = 1
PATIENCE_MS = 5000
_SCHEMA = """
CREATE TABLE account (
  name TEXT PRIMARY KEY COLLATE NOCASE, user TEXT NOT NULL UNIQUE COLLATE NOCASE, handle BLOB NOT NULL UNIQUE,
  password TEXT, added INTEGER NOT NULL, locked INTEGER, signed_in INTEGER) STRICT;
CREATE TABLE attempt (name BLOB PRIMARY KEY, failures INTEGER NOT NULL, free INTEGER NOT NULL, last INTEGER NOT NULL)
  STRICT;
CREATE TABLE session (
  digest BLOB PRIMARY KEY, account TEXT NOT NULL COLLATE NOCASE REFERENCES account ON DELETE CASCADE, way TEXT NOT NULL,
  began INTEGER NOT NULL, seen INTEGER NOT NULL, ends INTEGER NOT NULL, agent TEXT NOT NULL, address TEXT NOT NULL)
  STRICT;
CREATE INDEX session_of ON session (account);
CREATE TABLE passkey (
  id BLOB PRIMARY KEY, account TEXT NOT NULL COLLATE NOCASE REFERENCES account ON DELETE CASCADE, label TEXT NOT NULL,
  host TEXT NOT NULL, public_key BLOB NOT NULL, count INTEGER NOT NULL, added INTEGER NOT NULL, used INTEGER) STRICT;
CREATE TABLE token (
  digest BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL COLLATE NOCASE REFERENCES account ON DELETE CASCADE, label TEXT NOT NULL, sealed BLOB,
  added INTEGER NOT NULL, ends INTEGER NOT NULL, used INTEGER) STRICT;
"""
_SETTINGS = (
    f"PRAGMA busy_timeout = {PATIENCE_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)
Row = tuple[Any, ...]


@dataclass
class Database:
    """One open file, used by any number of threads; other processes may use it too."""

    path: Path
    schema: str = _SCHEMA
    _lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        ensure_file(self.path)
        self.path.chmod(0o600)
        self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise FileDamaged(path=str(self.path), why=str(error)) from None

    def _prepare(self) -> None:
        for setting in _SETTINGS:
            self._connection.execute(setting)
        with self.writing():
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            require(version in (0, VERSION), FileDamaged(path=str(self.path), why=f"version {version} is not known"))
            if version == 0:
                for statement in self.schema.split(";"):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing of what is changed within; others wait."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def change(self, statement: str, *values: object) -> int:
        """Runs one statement; gives how many rows it changed. Raises: sqlite3.IntegrityError."""
        with self._lock:
            return self._connection.execute(statement, values).rowcount

    def rows(self, statement: str, *values: object) -> list[Row]:
        """What a question is answered with."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: object) -> Row | None:
        """The first row of the answer."""
        found = self.rows(statement, *values)
        return found[0] if found else None

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()
