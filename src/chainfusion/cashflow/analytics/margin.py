"""Discount margin of a floating class: what is added to the index, period by period, discounts its cash to the price.

    P = sum over payments n of C_n / product over j <= n of (1 + (L_j + m) a_j)

L_j is the index of the interest period that payment j ends, a_j the part of a year from the payment before it (from
settlement for the first) by the class's day count: simple interest within a period, compounded from period to period.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from chainfusion.cashflow.analytics.cash import Cash
from chainfusion.cashflow.analytics.errors import BadAnalysis, no_solution
from chainfusion.cashflow.analytics.solve import root
from chainfusion.domain.calendar import fraction
from chainfusion.domain.errors import Text

INDEX_ONE = 10**8
"""The index 1 (100% a year), as deals take it."""
WIDEST = 10.0
MARGIN = Text("discount margin", "贴现利差")


def margin_value(cash: Cash, settlement: date, margin: float, index: Sequence[int]) -> float:
    """What the payments after `settlement` are worth at a discount margin (fraction of one), in minor units.

    `index` is the rate of each of the cash's periods in units of 1e-8. Raises: BadAnalysis, NoSolution.
    """
    return _worth(_steps(cash, settlement, index), margin)


def discount_margin(cash: Cash, settlement: date, dirty: int, index: Sequence[int]) -> float:
    """The discount margin at a dirty price in minor units, as a fraction of one. Raises: BadAnalysis, NoSolution."""
    if type(dirty) is not int or dirty <= 0:
        raise BadAnalysis(
            where="price",
            value=str(dirty),
            why="a price is whole minor units above nothing",
            why_zh="价格须为大于零的最小货币单位整数",
        )
    steps = _steps(cash, settlement, index)
    lowest = max(-(1.0 - 1e-6) / part - level for part, level, _ in steps if part > 0)
    low = next((m for m in (-0.05, -0.2, -0.5) if m > lowest and _worth(steps, m) >= dirty), max(lowest, -WIDEST))
    return root(lambda m: _worth(steps, m) / dirty - 1.0, low, WIDEST, MARGIN)


def _steps(cash: Cash, settlement: date, index: Sequence[int]) -> list[tuple[float, float, int]]:
    """For each payment after settlement: part of a year, index, amount."""
    if len(index) != len(cash.dates):
        raise BadAnalysis(
            where="index",
            value=len(index),
            why=f"{len(cash.dates)} periods need a rate each",
            why_zh=f"{len(cash.dates)} 期须各给一个利率",
        )
    for n, level in enumerate(index, 1):
        if isinstance(level, float) or not -INDEX_ONE < int(level) < 100 * INDEX_ONE:
            raise BadAnalysis(
                where=f"index, period {n}",
                value=str(level),
                why="whole units of 1e-8 are needed",
                why_zh="须为 1e-8 的整数倍",
            )
    cash.after(settlement)
    found, before = [], settlement
    for day, level, amount in zip(cash.dates, index, cash.amounts, strict=True):
        if day > settlement:
            found.append((float(fraction(cash.day_count, before, day)), int(level) / INDEX_ONE, amount))
            before = day
    return found


def _worth(steps: list[tuple[float, float, int]], margin: float) -> float:
    factor, parts = 1.0, []
    for part, level, amount in steps:
        grown = 1.0 + (level + margin) * part
        if grown <= 0.0 or not math.isfinite(grown):
            raise no_solution(MARGIN, margin, margin, Text("nothing discounts at it", "该利差下无法贴现"))
        factor /= grown
        parts.append(amount * factor)
    return math.fsum(parts)
