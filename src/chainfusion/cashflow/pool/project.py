"""A chunk of loans under a batch of scenarios: one task, on one core. `cashflow.scale` runs those of a whole pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.assumptions.numbers import GRID_BITS, HALF
from chainfusion.cashflow.assumptions.recovery import Recovery
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.collections import Collections, collections_of
from chainfusion.cashflow.pool.columns import Pool
from chainfusion.cashflow.pool.errors import HorizonTooShort
from chainfusion.cashflow.pool.lanes import run
from chainfusion.cashflow.pool.loop import DEFAULTED, FLOWS, INTEREST, PREPAID, SCHEDULED
from chainfusion.cashflow.pool.order import blocks_of, loans_of
from chainfusion.cashflow.pool.tables import tables

Ints = NDArray[np.int64]
Totals = tuple[Ints, ...]
"""For each scenario the flows by row and month: int64 minor units, (rows, months, 4)."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Which total each group of loans counts in, scenario by scenario.

    Recoveries are a share of what defaulted in a month, so groups that recover alike share a row.
    """

    of: tuple[int, ...]
    recoveries: tuple[Recovery, ...]


def rows_of(scenario: Scenario, groups: int, by_group: bool) -> Rows:
    """A row for each group, or for each manner of recovery."""
    recoveries = [scenario.of(group).recovery for group in range(groups)]
    if by_group:
        return Rows(tuple(range(groups)), tuple(recoveries))
    distinct = {recovery: row for row, recovery in enumerate(dict.fromkeys(recoveries))}
    return Rows(tuple(distinct[recovery] for recovery in recoveries), tuple(distinct))


def flows_of(pool: Pool, scenarios: Sequence[Scenario], groups: int, months: int, by_group: bool) -> Totals:
    """The flows of these loans under each scenario. Scenarios that differ in recoveries alone are computed once."""
    loans = loans_of(pool)
    blocks = blocks_of(loans, _by_age(scenarios))
    names = pool.floating.names if pool.floating is not None else ()
    done: dict[object, Ints] = {}
    out = []
    for scenario in scenarios:
        rows = rows_of(scenario, groups, by_group)
        curves = tuple((assumed.prepayment, assumed.default) for assumed in scenario.groups)
        key = (curves, rows.of, tuple(scenario.indices[name] for name in names if name in scenario.indices))
        if key not in done:
            done[key] = np.zeros((len(rows.recoveries), months, FLOWS), np.int64)
            run(loans, blocks, tables(scenario, groups, names), np.array(rows.of, np.int64), done[key])
        out.append(done[key])
    return tuple(out)


def _by_age(scenarios: Sequence[Scenario]) -> bool:
    curves = {curve for s in scenarios for a in s.groups for curve in (a.prepayment, a.default)}
    return any(curve.by == "age" and len(curve.rates) > 1 for curve in curves)


def added(one: Totals, other: Totals) -> Totals:
    """Totals of two chunks under the same scenarios."""
    return tuple(a + b for a, b in zip(one, other, strict=True))


# ------------------------------------------------------------------ from flows to collections


def periods_of(pool: Pool, scenarios: Sequence[Scenario]) -> int:
    """Periods from cut-off to the last payment or recovery of any scenario."""
    tail = max(assumed.recovery.tail for scenario in scenarios for assumed in scenario.groups)
    return months_of(pool) + tail


def months_of(pool: Pool) -> int:
    """Months to the last payment."""
    return int(pool.term.max(initial=1))


def recovered(defaulted: Ints, recovery: Recovery, periods: int) -> tuple[Ints, Ints]:
    """Recovered and lost by period, of what defaulted by month: each part half up of the month's total, by cumulative
    shares so that the parts add up; the rest of the month's total is lost with the last part.
    """
    got, lost = np.zeros(periods, np.int64), np.zeros(periods, np.int64)
    months, upto, before = len(defaulted), 0, np.zeros(len(defaulted), np.int64)
    for lag, share in recovery.parts:
        upto += share
        so_far = _part(defaulted, upto)
        got[lag : lag + months] += so_far - before
        before = so_far
    lost[recovery.tail : recovery.tail + months] += defaulted - before
    return got, lost


def _part(amounts: Ints, rate: int) -> Ints:
    high, low = amounts >> GRID_BITS, amounts & ((1 << GRID_BITS) - 1)
    return high * rate + ((low * rate + HALF) >> GRID_BITS)


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A pool under scenarios: the whole pool's collections and, where they were asked for, each group's."""

    total: Collections
    groups: tuple[Collections, ...] = ()


def projection(
    pool: Pool, scenarios: Sequence[Scenario], totals: Totals, by_group: bool, dates: Sequence[date]
) -> Projection:
    """Collections of all loans' flows. Raises: HorizonTooShort where dates were given, but too few."""
    periods = periods_of(pool, scenarios)
    if dates and len(dates) < periods:
        raise HorizonTooShort(given=len(dates), periods=periods)
    periods = max(periods, len(dates))
    columns = _Columns(tuple(s.name for s in scenarios), pool.currency, tuple(dates))
    by_row = [_row_flows(flows, rows_of(s, pool.groups, by_group), periods) for s, flows in zip(scenarios, totals)]  # noqa: B905
    total = columns.collections(np.full(len(scenarios), pool.total), [sum_rows(rows) for rows in by_row])
    if not by_group:
        return Projection(total)
    opening = _opening(pool)
    each = (
        columns.collections(np.full(len(scenarios), opening[g]), [rows[g] for rows in by_row])
        for g in range(pool.groups)
    )
    return Projection(total, tuple(each))


_NAMES = ("scheduled", "prepaid", "defaulted", "recovered", "lost", "interest")
Flows = dict[str, Ints]


@dataclass(frozen=True, slots=True)
class _Columns:
    names: tuple[str, ...]
    currency: str
    dates: tuple[date, ...]

    def collections(self, opening: Ints, flows: list[Flows]) -> Collections:
        stacked = {name: np.stack([f[name] for f in flows]) for name in _NAMES}
        return collections_of(self.currency, self.names, opening.astype(np.int64), stacked, self.dates)


def _row_flows(flows: Ints, rows: Rows, periods: int) -> list[Flows]:
    out = []
    for row, recovery in enumerate(rows.recoveries):
        of_month = np.zeros((periods, FLOWS), np.int64)
        of_month[: flows.shape[1]] = flows[row]
        got, lost = recovered(flows[row, :, DEFAULTED], recovery, periods)
        out.append(
            {
                "scheduled": of_month[:, SCHEDULED],
                "prepaid": of_month[:, PREPAID],
                "defaulted": of_month[:, DEFAULTED],
                "interest": of_month[:, INTEREST],
                "recovered": got,
                "lost": lost,
            }
        )
    return out


def sum_rows(rows: list[Flows]) -> Flows:
    """The flows of all rows together."""
    return {name: sum((row[name] for row in rows[1:]), rows[0][name]) for name in _NAMES}


def _opening(pool: Pool) -> Ints:
    """Balance by group; float64 adds whole numbers below 2^53 exactly."""
    return np.bincount(pool.group, pool.balance, pool.groups).astype(np.int64)
