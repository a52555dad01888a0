"""The outbox: `<home>/outbox.db`. What is to be told stands in it before it is sent, and how that went afterwards.

A letter is queued once for its occasion and channel, whatever is looked at again or started anew. It is sent at least
once: where a node dies between sending and noting it, it is sent again under the same id, by which who receives it
tells that it is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.node.accounts.database import Database
from chainfusion.node.notifications.occasions import Occasion

FILE = "outbox.db"
PAUSES = (60, 300, 1800, 7200, 43_200)
"""Seconds until a letter is tried again; after the last of them it is given up."""
KEPT_SECONDS = 400 * 24 * 3600
"""Delivered letters are forgotten after so long; their occasions are long over."""
_SCHEMA = """
CREATE TABLE letter (
  id TEXT PRIMARY KEY, channel TEXT NOT NULL, kind TEXT NOT NULL, title_en TEXT NOT NULL, title_zh TEXT NOT NULL,
  about_en TEXT NOT NULL, about_zh TEXT NOT NULL, path TEXT NOT NULL, added INTEGER NOT NULL,
  attempts INTEGER NOT NULL, next INTEGER, delivered INTEGER, error TEXT NOT NULL) STRICT;
CREATE INDEX letter_next ON letter (next);
"""
_COLUMNS = "id, channel, kind, title_en, title_zh, about_en, about_zh, path, added, attempts, next, delivered, error"


class LetterUnknown(ChainFusionError):
    """A letter that is not in the outbox."""

    code = "LETTER_UNKNOWN"
    says = Text("There is no letter {id} in the outbox.", "发件箱中没有 {id}。")
    do = Text("List the outbox (`chainfusion notify list`).", "请查看发件箱（`chainfusion notify list`）。")


@dataclass(frozen=True)
class Letter:
    """One notification to one recipient. Times are seconds since 1970, UTC.

    next: when it is tried, None once it is `delivered`, or given up with its last `error`.
    """

    id: str
    channel: str
    kind: str
    title: Text
    about: Text
    path: str
    added: int
    attempts: int
    next: int | None
    delivered: int | None
    error: str

    @property
    def state(self) -> str:
        """How it stands: waiting, retrying, delivered, failed."""
        if self.delivered is not None:
            return "delivered"
        return "failed" if self.next is None else "retrying" if self.attempts else "waiting"


def letter_id(channel: str, occasion: Occasion) -> str:
    """The id of what an occasion has to say to a channel: the same, however often it is made."""
    return hashlib.sha256(f"{channel}\n{occasion.key}".encode()).hexdigest()[:32]


class Outbox:
    """The letters of a home."""

    def __init__(self, home: Path) -> None:
        self._database = Database(home / FILE, _SCHEMA)

    def queue(self, found: Iterable[Occasion], channels: Iterable[str], now: int) -> int:
        """Puts what has not been put before; gives how many letters that are."""
        added, ways = 0, tuple(channels)
        with self._database.writing():
            for each in found:
                for channel in ways:
                    id_ = letter_id(channel, each)
                    words = (each.title.en, each.title.zh, each.about.en, each.about.zh, each.path)
                    added += self._database.change(
                        "INSERT OR IGNORE INTO letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, NULL, '')",
                        id_, channel, each.kind, *words, now, now,
                    )  # fmt: skip
        return added

    def due(self, now: int) -> list[Letter]:
        """What is to be sent now, the oldest first."""
        return self._letters("WHERE next <= ? ORDER BY next, added, id", now)

    def find(self, id_: str) -> Letter:
        """A letter by id. Raises: LetterUnknown."""
        found = self._letters("WHERE id = ?", id_)
        require(bool(found), LetterUnknown(id=id_))
        return found[0]

    def all(self, limit: int = 500) -> list[Letter]:
        """The newest letters first."""
        return self._letters("ORDER BY added DESC, id LIMIT ?", limit)

    def delivered(self, letter: Letter, now: int) -> None:
        """Notes that a letter has gone out."""
        self._database.change(
            "UPDATE letter SET attempts = attempts + 1, next = NULL, delivered = ?, error = '' WHERE id = ?",
            now, letter.id,
        )  # fmt: skip

    def failed(self, letter: Letter, now: int, why: str, *, for_good: bool) -> None:
        """Notes that it has not, and when it is tried again."""
        again = None if for_good or letter.attempts >= len(PAUSES) else now + PAUSES[letter.attempts]
        self._database.change(
            "UPDATE letter SET attempts = attempts + 1, next = ?, error = ? WHERE id = ?", again, why[:300], letter.id
        )

    def again(self, id_: str, now: int) -> None:
        """Has a letter that was not delivered tried anew. Raises: LetterUnknown."""
        changed = self._database.change(
            "UPDATE letter SET attempts = 0, next = ? WHERE id = ? AND delivered IS NULL", now, id_
        )
        require(changed == 1, LetterUnknown(id=id_))

    def forget(self, now: int) -> None:
        """Removes what was delivered long ago."""
        self._database.change("DELETE FROM letter WHERE delivered < ?", now - KEPT_SECONDS)

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def _letters(self, which: str, *values: object) -> list[Letter]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM letter {which}", *values)  # noqa: S608 - fixed words
        return [
            Letter(id_, channel, kind, Text(title_en, title_zh), Text(about_en, about_zh), *rest)
            for id_, channel, kind, title_en, title_zh, about_en, about_zh, *rest in rows
        ]
