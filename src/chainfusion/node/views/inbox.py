"""What awaits the reader's institution, across all deals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chainfusion.domain.deal import DealState, PartyStatus
from chainfusion.domain.errors import Text
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.node.views.board import Standing
from chainfusion.node.views.waits import DealName, WaitLine, line_of


@dataclass(frozen=True)
class AskedLine:
    """A role that the reader's institution is asked to take in a deal."""

    deal: DealName
    role: Role
    role_name: Text


@dataclass(frozen=True)
class InboxView:
    """What awaits the reader's institution, the most pressing first: steps, roles that it is `asked` to take; and what
    others are awaited for."""

    height: int
    mine: tuple[WaitLine, ...]
    asked: tuple[AskedLine, ...]
    others: tuple[WaitLine, ...]

    @property
    def awaiting(self) -> int:
        """How much awaits the reader's institution."""
        return len(self.mine) + len(self.asked)


def inbox(standing: Mapping[str, Standing], msp: str, height: int, now: datetime) -> InboxView:
    """All deals' awaited steps, as an institution reads them at a moment."""
    lines = [
        line_of(DealName(deal, each.line.name), wait, msp, now)
        for deal, each in standing.items()
        for wait in each.waits
    ]
    lines.sort(key=lambda line: (line.due or date.max, line.since, line.deal.id, line.run, line.step))
    mine = tuple(line for line in lines if line.mine is not None)
    return InboxView(height, mine, _asked(standing, msp), tuple(line for line in lines if line.mine is None))


def _asked(standing: Mapping[str, Standing], msp: str) -> tuple[AskedLine, ...]:
    return tuple(
        AskedLine(DealName(deal, each.line.name), held.role, ROLE_NAMES[held.role])
        for deal, each in sorted(standing.items())
        if each.line.state in (DealState.DRAFT, DealState.OPEN)
        for held in each.roles
        if held.msp == msp and held.status is PartyStatus.NAMED
    )
