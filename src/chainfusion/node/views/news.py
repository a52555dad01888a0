"""What the ledger has taken in since a page was drawn, and what awaits its reader now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from chainfusion.domain.errors import Text
from chainfusion.node.readmodel.schema import acts as table
from chainfusion.node.views.acts import Acts

NAMED = 5
"""Acts that are named; of the others only the number is told."""


@dataclass(frozen=True)
class NewAct:
    """A transaction that has come: who, what, where it stands."""

    tx_id: str
    block: int
    time: datetime
    by: Text
    what: Text
    deal: str | None


@dataclass(frozen=True)
class DealNews:
    """How many transactions have come that name a deal."""

    id: str
    acts: int


@dataclass(frozen=True)
class News:
    """What has come since height `since`: `total` acts, the newest of them in `acts`, and how many of each deal."""

    since: int
    height: int
    total: int
    acts: tuple[NewAct, ...]
    deals: tuple[DealNews, ...]


@dataclass(frozen=True)
class Now:
    """What the frame of every page tells: the ledger's height, how many steps await the institution, and how many of
    its jobs have not ended."""

    height: int
    awaiting: int
    jobs: int


def news_since(acts: Acts, since: int, height: int) -> News:
    """The news of the blocks from `since` on, those below `height`."""
    came = (table.c.block >= since, table.c.block < height)
    newest = select(table).where(*came).order_by(table.c.block.desc(), table.c.position.desc()).limit(NAMED)
    with acts.model.database.reading() as connection:
        total = connection.execute(select(func.count()).select_from(table).where(*came)).scalar_one()
        by_deal = select(table.c.deal, func.count()).where(*came, table.c.deal.is_not(None)).group_by(table.c.deal)
        touched = tuple(DealNews(*row) for row in connection.execute(by_deal.order_by(table.c.deal)))
    named = (NewAct(a.tx_id, a.block, a.recorded, a.by.name, a.what, a.deal) for a in acts.read(newest))
    return News(since, height, total, tuple(named), touched)
