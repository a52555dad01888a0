"""A pool of which only its table of collections is known (现金流归集表), under other assumptions than the table's.

A prospectus states what the pool brings in each period without prepayment and default. Under a scenario, each period
takes the table's own parts of what is left of the balance: with B the balance, S/P the table's scheduled principal and
I/P its interest by its performing balance P, d and v the scenario's default and prepayment rates over the months of
the period,

    D = round(B d)    S' = round((B - D) S / P)    V = round((B - D - S') v)    I' = round((B - D) I / P)

each half up to the minor unit; where the table ends, all that is left is scheduled. It is what the loans would give
where defaults and prepayments strike every loan alike. Recoveries come in the period in which their month ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.study import Model
from chainfusion.cashflow.assumptions.curve import Curve
from chainfusion.cashflow.assumptions.numbers import from_grid
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario
from chainfusion.cashflow.collections import Collections, collections_of
from chainfusion.cashflow.scenarios.payments import SUMS

Row = dict[str, list[int]]


def published_model(table: Collections, months: Sequence[int]) -> Model:
    """A model of the pool behind a published table (one scenario) whose periods have so many months each.

    Curves count from the cut-off date. Raises: BadAnalysis where the table itself holds purchases, or no principal.
    """
    if table.scenarios != 1 or table.purchased.any() or not table.scheduled.any():
        raise BadAnalysis(
            where="table",
            value=str(table),
            why="one scenario with scheduled principal, no purchases",
            why_zh="须为含计划还本且无循环购买的单一情景",
        )
    if len(months) != table.periods or any(count < 0 for count in months):
        raise BadAnalysis(
            where="months",
            value=list(months),
            why=f"{table.periods} periods need a number each",
            why_zh=f"{table.periods} 期须各给一个数",
        )
    last = int(np.flatnonzero(table.scheduled[0])[-1])

    def model(scenarios: Sequence[Scenario]) -> Collections:
        rows = [_replayed(table, scenario.of(0), months, last) for scenario in scenarios]
        flows = {name: np.array([row[name] for row in rows], np.int64) for name in SUMS}
        opening = np.repeat(table.opening[:, 0], len(scenarios))
        return collections_of(table.currency, [s.name for s in scenarios], opening, flows, table.dates)

    return model


def _replayed(table: Collections, assumed: Assumption, months: Sequence[int], last: int) -> Row:
    row: Row = {name: [0] * table.periods for name in SUMS}
    balance, month = int(table.opening[0, 0]), 0
    recover = _recoveries(row, assumed, months)
    for t in range(last + 1):
        defaults, early = (_over(curve, month, months[t]) for curve in (assumed.default, assumed.prepayment))
        whole = int(table.opening[0, t] - table.defaulted[0, t])
        defaulted = _half_up(balance * defaults)
        left = balance - defaulted
        due = left if t == last else _half_up(Fraction(left * int(table.scheduled[0, t]), whole or 1))
        prepaid = _half_up((left - due) * early)
        row["scheduled"][t], row["prepaid"][t], row["defaulted"][t] = due, prepaid, defaulted
        row["interest"][t] = _half_up(Fraction(left * int(table.interest[0, t]), whole or 1))
        recover(t, month, defaulted)
        balance, month = left - due - prepaid, month + months[t]
    return row


def _over(curve: Curve, begun: int, months: int) -> Fraction:
    """The rate of so many months after month `begun`, on what is there when they begin."""
    kept = Fraction(1)
    for month in range(begun + 1, begun + months + 1):
        kept *= 1 - curve.exact(month)
    return 1 - kept


def _recoveries(row: Row, assumed: Assumption, months: Sequence[int]) -> Callable[[int, int, int], None]:
    """Adds what comes back of a period's defaults, counted from the period's last month; the rest is lost with it."""
    ends = list(np.cumsum(months))
    latest = len(months) - 1

    def recover(t: int, begun: int, defaulted: int) -> None:
        upto, before, at = Fraction(0), 0, t
        for lag, share in assumed.recovery.parts:
            upto += from_grid(share)
            back = _half_up(defaulted * upto)
            month = begun + months[t] + lag
            at = next((n for n in range(t, latest) if ends[n] >= month), t if not lag else latest)
            row["recovered"][at] += back - before
            before = back
        row["lost"][at] += defaulted - before

    return recover


def _half_up(value: Fraction | int) -> int:
    exact = Fraction(value)
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
