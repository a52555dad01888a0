"""Credit enhancement over time: what stands below a class, as a share of the pool.

For a class of rank k and the pool's performing balance P after a payment:

    subordination = balances that rank below k / P       overcollateralization = (P - all notes) / P
    reserve = cash in the reserve accounts / P           enhancement = the sum of the three

Subordination and overcollateralization are together 1 - (balances that rank k or before) / P.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chainfusion.cashflow.analytics.deal import Deal
from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.framed import Framed
from chainfusion.cashflow.scenarios.run import Result

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Enhancement(Framed):
    """Minor units by period: `pool`, `notes` and `reserve` of shape (periods,), `below[k]` what ranks below rank k."""

    ranks: tuple[tuple[str, ...], ...]
    dates: tuple[date, ...]
    pool: Ints
    notes: Ints
    reserve: Ints
    below: tuple[Ints, ...]

    def of(self, name: str) -> pl.DataFrame:
        """A class's enhancement by period, as shares; nothing (null) where no pool is left. Raises: BadAnalysis."""
        for rank, below in zip(self.ranks, self.below, strict=True):
            if name in rank:
                return self._frame(name, below)
        raise BadAnalysis(where="tranche", value=name, why="no rank holds it", why_zh="不在任何顺位中")

    def _frame(self, name: str, below: Ints) -> pl.DataFrame:
        parts = {
            "subordination": below,
            "overcollateralization": self.pool - self.notes,
            "reserve": self.reserve,
            "enhancement": below + self.pool - self.notes + self.reserve,
        }
        shares = {key: [_share(a, p) for a, p in zip(x, self.pool, strict=True)] for key, x in parts.items()}
        columns = [pl.Series(key, values, pl.Float64) for key, values in shares.items()]
        head = pl.DataFrame({"tranche": [name] * len(self.dates), "date": self.dates})
        return head.with_columns(columns)

    def frame(self) -> pl.DataFrame:
        """All classes, one after the other."""
        return pl.concat([self.of(name) for rank in self.ranks for name in rank])


def _share(part: int, whole: int) -> float | None:
    return int(part) / int(whole) if whole else None


def enhancement(
    deal: Deal,
    result: Result,
    scenario: int = 0,
    *,
    ranks: Sequence[Sequence[str]] | None = None,
    reserves: Sequence[str] = (),
) -> Enhancement:
    """Of one scenario. `ranks`: classes that rank alike, senior first (default: the document's order, each its own);
    `reserves`: accounts that hold reserves. The run must have been given `pool.closing`. Raises: BadAnalysis.
    """
    order = tuple(tuple(rank) for rank in ranks) if ranks is not None else tuple((t.id,) for t in deal.terms.tranches)
    placed = [name for rank in order for name in rank]
    if sorted(placed) != sorted(t.id for t in deal.terms.tranches):
        raise BadAnalysis(
            where="ranks", value=placed, why="each class stands in one of them", why_zh="每个档次须且仅须列入其一"
        )
    if "pool.closing" not in result.flows:
        raise BadAnalysis(
            where="result",
            value="pool.closing",
            why="the run was not given the pool's balance",
            why_zh="测算未给出资产池余额",
        )
    if not 0 <= scenario < result.scenarios:
        raise BadAnalysis(
            where="scenario",
            value=scenario,
            why=f"the run has {result.scenarios}, counted from 0",
            why_zh=f"本次测算共 {result.scenarios} 个，从 0 起",
        )
    pools = np.atleast_2d(result.flows["pool.closing"])
    pool = pools[scenario if len(pools) > 1 else 0, : deal.program.periods]
    zero = np.zeros(deal.program.periods, np.int64)
    of_rank = [sum((deal.flow(result, f"{n}.balance")[scenario] for n in rank), zero) for rank in order]
    below = tuple(sum(of_rank[k + 1 :], zero) for k in range(len(order)))
    for name in reserves:
        if all(account.id != name for account in deal.terms.accounts):
            raise BadAnalysis(where="reserve", value=name, why="the deal has no such account", why_zh="交易没有该账户")
    held = sum((deal.flow(result, f"{name}.balance")[scenario] for name in reserves), zero)
    return Enhancement(order, tuple(p.payment for p in deal.periods), pool, sum(of_rank, zero), held, below)
