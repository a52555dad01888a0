"""What awaits the reader's institution, across all deals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chainfusion.node.views.board import Standing
from chainfusion.node.views.waits import DealName, WaitLine, line_of


@dataclass(frozen=True)
class InboxView:
    """What awaits the reader's institution, the most pressing first, and what others are awaited for."""

    height: int
    mine: tuple[WaitLine, ...]
    others: tuple[WaitLine, ...]


def inbox(standing: Mapping[str, Standing], msp: str, height: int, now: datetime) -> InboxView:
    """All deals' awaited steps, as an institution reads them at a moment."""
    lines = [
        line_of(DealName(deal, each.line.name), wait, msp, now)
        for deal, each in standing.items()
        for wait in each.waits
    ]
    lines.sort(key=lambda line: (line.due or date.max, line.since, line.deal.id, line.run, line.step))
    mine = tuple(line for line in lines if line.mine is not None)
    return InboxView(height, mine, tuple(line for line in lines if line.mine is None))
