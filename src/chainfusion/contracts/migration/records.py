"""What the ledger keeps of a migration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from chainfusion.domain.text import check, check_id, check_object_id

MAX_NOTE, MAX_LINKS = 64 * 1024, 500
_LEDGER = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Origin:
    """An earlier ledger up to its last checkpoint: `note` is that checkpoint as its log signed and its members cosigned
    it, so that each of its facts is provable against this record."""

    ledger: str
    note: str
    size: int

    def __post_init__(self) -> None:
        check(_LEDGER.fullmatch(self.ledger) is not None, "a ledger's id has 32 lower-case hexadecimal characters")
        fits = self.note.startswith(f"chainfusion/{self.ledger}\n{self.size}\n") and len(self.note) <= MAX_NOTE
        check(fits and 0 < self.size < 10**18, "the note is of another checkpoint, or too long")


@dataclass(frozen=True)
class Migration:
    """An origin as the ledger has it, with the member that named it."""

    origin: Origin
    by: str
    named: datetime
    tx_id: str


@dataclass(frozen=True)
class Link:
    """The transaction `old` in its place on the earlier ledger, and `new`, which states the same here."""

    old: str
    block: int
    index: int
    new: str

    def __post_init__(self) -> None:
        check_object_id(self.old)
        check_object_id(self.new)
        check(self.block >= 0 and self.index >= 0, "a place is not negative")


@dataclass(frozen=True)
class Restatement:
    """A part (from 1) of one institution's links for a deal."""

    deal: str
    ledger: str
    by: str
    part: int
    links: tuple[Link, ...]
    stated: datetime
    tx_id: str

    def __post_init__(self) -> None:
        check_id(self.deal)
