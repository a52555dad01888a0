"""What awaits the reader's institution, across all deals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chainfusion.domain.deal import DealState, PartyStatus
from chainfusion.domain.errors import Text
from chainfusion.domain.roles import ROLE_NAMES
from chainfusion.node.views.board import Standing
from chainfusion.node.views.waits import DealName, WaitLine, line_of


@dataclass(frozen=True)
class AskedLine:
    """What the reader's institution is asked for beside steps: a role to take, a consent to give; `page`: where."""

    deal: DealName
    what: Text
    page: str


@dataclass(frozen=True)
class InboxView:
    """What awaits the reader's institution, the most pressing first: steps, and what it is `asked` for beside
    them; and what others are awaited for."""

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
    return InboxView(height, mine, tuple(_asked(standing, msp)), tuple(line for line in lines if line.mine is None))


def _asked(standing: Mapping[str, Standing], msp: str) -> Iterator[AskedLine]:
    for deal, each in sorted(standing.items()):
        name = DealName(deal, each.line.name)
        for held in each.roles if each.line.state in (DealState.DRAFT, DealState.OPEN) else ():
            if held.msp == msp and held.status is PartyStatus.NAMED:
                role = ROLE_NAMES[held.role]
                what = Text(f"Take the role of {role.en}", f"担任{role.zh}")
                yield AskedLine(name, what, f"/deals/{deal}/parties")
        for consent in each.consents:
            if msp in consent.msps:
                yield AskedLine(name, consent.what, f"/deals/{deal}/{consent.page}")
