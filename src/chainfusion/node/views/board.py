"""Every deal as the contracts answer for it, kept in the read model and asked again only where a block touched it.

The contracts decide what a deal waits for and where it stands; to ask them of every deal at every block takes as long
as there are deals. So each deal's answer is kept with the block that it speaks for, and with the moment at which the
passing of a day may change it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from chainfusion.domain.deal import PartyStatus
from chainfusion.domain.records import from_json, to_json, utc_text
from chainfusion.domain.roles import Role
from chainfusion.node.readmodel import ReadModel
from chainfusion.node.readmodel.model import Progress, State, unheard
from chainfusion.node.readmodel.schema import deals
from chainfusion.node.views.consents import Consent
from chainfusion.node.views.deals import DealLine
from chainfusion.node.views.waits import Wait

WRITTEN_AT_ONCE = 16
LOOKS = 3
"""How often deals are asked again where blocks come while they are asked."""


@dataclass(frozen=True)
class Held:
    """A role that an institution was named for in a deal, and how it stands to it."""

    msp: str
    role: Role
    status: PartyStatus


@dataclass(frozen=True)
class Standing:
    """What is kept of a deal. `turns`: when the passing of a day may change whom it waits for."""

    line: DealLine
    roles: tuple[Held, ...]
    waits: tuple[Wait, ...]
    consents: tuple[Consent, ...]
    turns: datetime | None


Ask = Callable[[str], Standing]
"""Asks the contracts about a deal."""


@dataclass
class Board:
    """All deals' standing at one height."""

    model: ReadModel
    ask: Ask
    clock: Callable[[], datetime]
    _standing: dict[str, Standing] = field(default_factory=dict)
    _touched: dict[str, int] = field(default_factory=dict)
    _at: State | None = None
    _made: int = 0
    _turns: datetime | None = None
    _lock: Lock = field(default_factory=Lock)

    def look(self, progress: Progress = unheard) -> dict[str, Standing]:
        """Every deal by id, as of the height that the model has followed to. Raises: as the contracts' queries."""
        with self._lock:
            for _ in range(LOOKS):
                state, now = self.model.follow(), self.clock().astimezone(UTC)
                if self._is_current(state, now):
                    break
                self._refresh(state, now, progress)
            return self._standing

    def touched(self, deal: str) -> int:
        """The block of the last valid transaction of a deal as `look` has seen it; -1 for one that is not there."""
        return self._touched.get(deal, -1)

    def _is_current(self, state: State, now: datetime) -> bool:
        at = self._at
        same = at is not None and (at.built, at.height) == (state.built, state.height)
        return same and (self._turns is None or now < self._turns)

    def _refresh(self, state: State, now: datetime, progress: Progress) -> None:
        if self._at is not None and self._at.built != state.built:
            self._standing, self._made = {}, 0
        stale = self._stale(now)
        for start in range(0, len(stale), WRITTEN_AT_ONCE):
            self._write([(deal, at, self.ask(deal)) for deal, at in stale[start : start + WRITTEN_AT_ONCE]])
            progress(min(start + WRITTEN_AT_ONCE, len(stale)), len(stale))
        self._load()
        self._at = state

    def _stale(self, now: datetime) -> list[tuple[str, int]]:
        outdated = or_(deals.c.read.is_(None), deals.c.read < deals.c.touched, deals.c.turns <= utc_text(now))
        with self.model.database.reading() as connection:
            rows = connection.execute(select(deals.c.id, deals.c.touched).where(outdated).order_by(deals.c.id)).all()
        return [(row.id, row.touched) for row in rows]

    def _write(self, found: list[tuple[str, int, Standing]]) -> None:
        with self.model.database.writing() as connection:
            made = self.model.locked(connection).made
            rows: list[dict[str, Any]] = [
                {
                    "deal": deal,
                    "as_of": at,
                    "until": standing.turns and utc_text(standing.turns),
                    "number": made + n,
                    "text": json.dumps(to_json(standing), ensure_ascii=False, separators=(",", ":")),
                }
                for n, (deal, at, standing) in enumerate(found, 1)
            ]
            values: dict[str, Any] = {
                "read": bindparam("as_of"),
                "turns": bindparam("until"),
                "made": bindparam("number"),
            }
            statement = update(deals).where(deals.c.id == bindparam("deal"))
            connection.execute(statement.values(values | {"record": bindparam("text")}), rows)
            self.model.note({"made": made + len(found)}, connection)

    def _load(self) -> None:
        changed = select(deals.c.made, deals.c.id, deals.c.record).where(deals.c.made > self._made)
        with self.model.database.reading() as connection:
            rows = connection.execute(changed).all()
            touched = connection.execute(select(deals.c.id, deals.c.touched)).all()
        new = {row.id: from_json(Standing, json.loads(row.record)) for row in rows}
        self._standing = {**self._standing, **new}
        self._made = max((row.made for row in rows), default=self._made)
        self._touched = {row.id: row.touched for row in touched}
        self._turns = min((each.turns for each in self._standing.values() if each.turns), default=None)
