"""One writer at a time, across processes, for the length of one commit."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class WriteLock:
    """A lock on a file beside the ledger's; the system frees it when a process ends, however it ends.

    SQLite's own lock is asked for again and again by those who wait; this one wakes them. It is a file of its own,
    since closing the ledger's file elsewhere in a process would drop SQLite's locks on it.
    """

    def __init__(self, ledger: Path) -> None:
        name = ledger.with_name(ledger.name + "-lock")
        self._file = os.fdopen(os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Waits for the lock, and frees it at the end."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Gives the file back; a second time does nothing."""
        self._file.close()
