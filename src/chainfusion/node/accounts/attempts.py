"""Pauses after wrong passwords, which grow with each; a name that nobody has is paused like any other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from chainfusion.domain.errors import require
from chainfusion.node.accounts.database import Database
from chainfusion.node.accounts.refusals import SignInPaused

FREE = 5
"""Wrong passwords before the first pause."""
FIRST_PAUSE, LONGEST_PAUSE = 15, 15 * 60
FORGOTTEN = 24 * 3600
"""Seconds: the first pause, which doubles; the longest; and after how long a name's failures count no more."""


@dataclass(frozen=True)
class Attempts:
    """Failures in a row, by the hash of the name: what people type there is not always a name."""

    database: Database

    def begin(self, name: str, now: int) -> int:
        """Counts a try before it is made, so that many at once are no more than one after the other.

        Gives how many are left before a pause. Raises: SignInPaused.
        """
        key = _key(name)
        with self.database.writing():
            self.database.change("DELETE FROM attempt WHERE last < ?", now - FORGOTTEN)
            row = self.database.row("SELECT failures, free FROM attempt WHERE name = ?", key) or (0, 0)
            failures, free = row
            require(now >= free, SignInPaused(seconds=max(1, free - now)))
            failures += 1
            self.database.change(
                "INSERT INTO attempt (name, failures, free, last) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE "
                "SET failures = excluded.failures, free = excluded.free, last = excluded.last",
                key, failures, now + pause_after(failures), now,
            )  # fmt: skip
        return max(0, FREE - int(failures))

    def clear(self, name: str) -> None:
        """The right password was given, or an administrator says so."""
        self.database.change("DELETE FROM attempt WHERE name = ?", _key(name))


def pause_after(failures: int) -> int:
    """Seconds until the next try after so many failures in a row."""
    return 0 if failures < FREE else min(FIRST_PAUSE * 2 ** min(failures - FREE, 20), LONGEST_PAUSE)


def _key(name: str) -> bytes:
    return hashlib.sha256(name.strip().lower().encode()).digest()
