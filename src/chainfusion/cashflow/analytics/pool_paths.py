"""A pool's collections on many paths of default and interest, replayed from one projection of its loans.

The projection tells, for each period, what part of the performing balance is scheduled, prepays and pays interest,
after defaults; on a path those parts are taken of the balance that the path's defaults leave. This is what the loans
themselves would give where a path's defaults strike every loan alike, but for rounding loan by loan. Where the path's
default rates are the projection's own, the collections are the projection's, to the cent.

    D = round(B d)    S = round((B - D) s)    V = round((B - D - S) v)    I = round((B - D) (i + w (L - L0) / 12))

with w the share of the pool whose rate follows the index L, and L0 the index of the projection.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.analytics.copula import Floats, cumulative_of
from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.assumptions.numbers import GRID_BITS, HALF
from chainfusion.cashflow.assumptions.recovery import Recovery
from chainfusion.cashflow.collections import Collections, collections_of
from chainfusion.cashflow.pool.kernel import kernel

Ints = NDArray[np.int64]
_FLOWS = ("scheduled", "prepaid", "defaulted", "recovered", "lost", "interest")


@dataclass(frozen=True, slots=True, eq=False)
class PoolPaths:
    """Parts of the balance by period: `defaults` of the opening one, `scheduled` and `interest` of what performs,
    `prepaid` of what performs after scheduled principal."""

    currency: str
    opening: int
    defaults: Floats
    scheduled: Floats
    prepaid: Floats
    interest: Floats
    recovery: Recovery

    @property
    def cumulative(self) -> Floats:
        """A loan's probability of default by each period."""
        return cumulative_of(self.defaults)

    def collections(self, monthly: Floats, index_moves: Floats, floating_share: float) -> Collections:
        """Collections on paths of default rates (paths, periods), and of the index's difference to the projection's
        (paths or 1, periods), of which `floating_share` reaches the pool's interest."""
        paths, periods = monthly.shape
        out = np.zeros((len(_FLOWS), paths, periods), np.int64)
        lags = np.array([lag for lag, _ in self.recovery.parts], np.int64)
        upto = np.cumsum(np.array([share for _, share in self.recovery.parts], np.int64))
        moves = np.ascontiguousarray(np.broadcast_to(index_moves * (floating_share / 12), monthly.shape))
        _replay(
            float(self.opening), self.scheduled, self.prepaid, self.interest, monthly, moves, lags, upto, out
        )  # fmt: skip
        flows = dict(zip(_FLOWS, out, strict=True))
        return collections_of(self.currency, [str(n) for n in range(paths)], np.full(paths, self.opening), flows)


def pool_paths(base: Collections, recovery: Recovery) -> PoolPaths:
    """From a projection of one scenario that recovers by `recovery`. Raises: BadAnalysis where it buys loans."""
    if base.scenarios != 1 or base.purchased.any():
        raise BadAnalysis(
            where="projection",
            value=str(base),
            why="one scenario of a pool that buys nothing is needed",
            why_zh="须为无循环购买资产池的单一情景",
        )
    if not base.scheduled.any():
        raise BadAnalysis(
            where="projection",
            value=str(base),
            why="nothing of it is scheduled, so no path ends",
            why_zh="没有计划还本，路径无法终结",
        )
    performing = base.opening[0] - base.defaulted[0]
    return PoolPaths(
        base.currency, int(base.opening[0, 0]),
        defaults=_part(base.defaulted[0], base.opening[0]),
        scheduled=_part(base.scheduled[0], performing),
        prepaid=_part(base.prepaid[0], performing - base.scheduled[0]),
        interest=_part(base.interest[0], performing),
        recovery=recovery,
    )  # fmt: skip


def _part(of: Ints, whole: Ints) -> Floats:
    return np.divide(of, whole, out=np.zeros(len(of)), where=whole > 0)


@kernel
def _replay(
    opening: float, scheduled: Floats, prepaid: Floats, interest: Floats, monthly: Floats, moves: Floats,
    lags: Ints, upto: Ints, out: Ints,
) -> None:  # fmt: skip
    """Flows in the order of _FLOWS. What recovers is cut as the projection cuts it: half up, by cumulative shares."""
    periods = monthly.shape[1]
    last = np.flatnonzero(scheduled)
    end = last[-1] if len(last) else -1
    for path in range(monthly.shape[0]):
        balance = opening
        for t in range(periods):
            defaulted = min(np.floor(balance * monthly[path, t] + 0.5), balance)
            left = balance - defaulted
            due = left if t == end else np.floor(left * scheduled[t] + 0.5)
            early = 0.0 if t == end else np.floor((left - due) * prepaid[t] + 0.5)
            paid = np.floor(left * max(interest[t] + moves[path, t], 0.0) + 0.5)
            balance = left - due - early
            out[0, path, t] = int(due)
            out[1, path, t] = int(early)
            out[2, path, t] = int(defaulted)
            out[5, path, t] = int(paid)
            _recover(int(defaulted), t, lags, upto, out[3, path], out[4, path])


@kernel
def _recover(defaulted: int, t: int, lags: Ints, upto: Ints, recovered: Ints, lost: Ints) -> None:
    before = 0
    for k in range(len(lags)):
        high, low = defaulted >> GRID_BITS, defaulted & ((1 << GRID_BITS) - 1)
        so_far = high * upto[k] + ((low * upto[k] + HALF) >> GRID_BITS)
        at = min(t + lags[k], len(recovered) - 1)
        recovered[at] += so_far - before
        before = so_far
    lost[min(t + lags[-1], len(lost) - 1)] += defaulted - before
