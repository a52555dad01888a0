"""Discount margins of floating cash."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.cashflow.analytics.cash import Cash, cash
from chainfusion.cashflow.analytics.errors import BadAnalysis, NoSolution
from chainfusion.cashflow.analytics.margin import discount_margin, margin_value
from chainfusion.domain.calendar import DayCount, add_months, fraction

START = date(2024, 1, 26)
FACE = 10**12


def floater(index: list[int], spread: int, payments: int = 8) -> Cash:
    """Quarterly, a bullet; index and spread in units of 1e-8."""
    dates = [add_months(START, 3 * n) for n in range(1, payments + 1)]
    ends = zip([START, *dates[:-1]], dates, strict=True)
    parts = [fraction(DayCount.ACT_360, a, b) for a, b in ends]
    interest = [round(FACE * (i + spread) * part / 10**8) for i, part in zip(index, parts, strict=True)]
    return cash(dates, [0] * (payments - 1) + [FACE], interest, START, day_count=DayCount.ACT_360)


@given(st.lists(st.integers(0, 8_000_000), min_size=8, max_size=8), st.integers(-500_000, 2_000_000))
def test_at_par_on_a_reset_day_the_margin_is_the_spread(index: list[int], spread: int) -> None:
    index = [i + 500_000 for i in index]
    flows = floater(index, spread)
    assert discount_margin(flows, START, FACE, index) == pytest.approx(spread / 1e8, abs=1e-11)
    for day in flows.dates[:-1]:
        assert discount_margin(flows, day, FACE, index) == pytest.approx(spread / 1e8, abs=1e-11)


def test_a_textbook_floater() -> None:
    """Six years, semiannual, index 10%, quoted margin 80 bp: prices by assumed margin, and 96 bp at 99.3098."""
    dates = [add_months(date(2020, 1, 1), 6 * n) for n in range(1, 13)]
    flows = cash(dates, [0] * 11 + [100_0000], [5_4000] * 12, date(2020, 1, 1), day_count=DayCount.THIRTY_360)
    index = [10_000_000] * 12
    begin = date(2020, 1, 1)
    for margin, price in ((0.0080, 100.0), (0.0084, 99.8269), (0.0088, 99.6541), (0.0096, 99.3098), (0.01, 99.1381)):
        assert margin_value(flows, begin, margin, index) / 10**4 == pytest.approx(price, abs=0.00006)
    assert round(discount_margin(flows, begin, 99_3098, index) * 1e4, 1) == 96.0


def test_a_higher_price_is_a_lower_margin() -> None:
    index = [3_000_000] * 8
    flows = floater(index, 100_0000)
    margins = [discount_margin(flows, START, FACE * p // 100, index) for p in (80, 99, 100, 101, 130)]
    assert margins == sorted(margins, reverse=True)
    assert margin_value(flows, START, margins[0], index) == pytest.approx(FACE * 0.8, rel=1e-12)


def test_what_is_refused() -> None:
    index = [3_000_000] * 8
    flows = floater(index, 0)
    with pytest.raises(BadAnalysis, match="8 periods"):
        discount_margin(flows, START, FACE, index[:-1])
    with pytest.raises(BadAnalysis, match="period 3"):
        discount_margin(flows, START, FACE, [1, 1, 0.03, 1, 1, 1, 1, 1])  # type: ignore[list-item]
    with pytest.raises(BadAnalysis, match="price"):
        discount_margin(flows, START, 0, index)
    with pytest.raises(NoSolution):
        discount_margin(flows, START, 1, index)
    with pytest.raises(NoSolution):
        margin_value(flows, START, float("nan"), index)
