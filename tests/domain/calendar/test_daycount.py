"""Day counts against their publishers' examples, and what holds for every pair of dates."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.calendar import BadDayCount, CouponPeriod, DayCount, days, fraction

D = date.fromisoformat
DATES = st.dates(date(1990, 1, 1), date(2060, 12, 31))
WITHOUT_CONTEXT = [d for d in DayCount if d not in (DayCount.ACT_ACT_ICMA, DayCount.THIRTY_E_360_ISDA)]

# start, end, then 30/360, 30E/360, 30E/360 ISDA (maturity elsewhere) by the text of ISDA 2006 4.16 (f) to (h)
THIRTIES = [
    ("2007-01-15", "2007-01-30", 15, 15, 15),
    ("2007-01-15", "2007-02-15", 30, 30, 30),
    ("2007-09-30", "2008-03-31", 180, 180, 180),
    ("2007-09-30", "2008-09-30", 360, 360, 360),
    ("2007-01-15", "2007-01-31", 16, 15, 15),
    ("2007-01-31", "2007-02-28", 28, 28, 30),
    ("2007-02-28", "2007-03-31", 33, 32, 30),
    ("2006-08-31", "2007-02-28", 178, 178, 180),
    ("2007-02-28", "2007-08-31", 183, 182, 180),
    ("2007-02-14", "2007-02-28", 14, 14, 16),
    ("2007-02-26", "2008-02-29", 363, 363, 364),
    ("2008-02-29", "2009-02-28", 359, 359, 360),
    ("2008-02-29", "2008-03-30", 31, 31, 30),
    ("2008-02-29", "2008-03-31", 32, 31, 30),
    ("2007-02-28", "2007-03-05", 7, 7, 5),
]


@pytest.mark.parametrize(("start", "end", "bond", "euro", "isda"), THIRTIES)
def test_months_of_thirty_days(start: str, end: str, bond: int, euro: int, isda: int) -> None:
    first, last = D(start), D(end)
    assert days(DayCount.THIRTY_360, first, last) == bond
    assert days(DayCount.THIRTY_E_360, first, last) == euro
    assert fraction(DayCount.THIRTY_E_360_ISDA, first, last, maturity=D("2050-01-15")) == Fraction(isda, 360)


def test_the_end_of_february_at_maturity_is_no_thirtieth() -> None:
    count = DayCount.THIRTY_E_360_ISDA
    assert fraction(count, D("2006-08-31"), D("2007-02-28"), maturity=D("2007-02-28")) == Fraction(178, 360)
    assert fraction(count, D("2006-08-31"), D("2007-02-28"), maturity=D("2008-02-28")) == Fraction(180, 360)


def test_the_american_bond_basis_takes_the_end_of_february_for_a_thirtieth() -> None:
    count = DayCount.THIRTY_360_US
    assert days(count, D("2007-02-28"), D("2007-03-31")) == 30
    assert days(count, D("2008-02-29"), D("2009-02-28")) == 360
    assert days(count, D("2007-08-31"), D("2008-02-29")) == 179
    assert days(count, D("2007-01-15"), D("2007-01-31")) == 16


# "EMU and market conventions: recent developments", ISDA 1998, its examples: start, end, ISDA, ICMA, regular period
ACT_ACT = [
    ("2003-11-01", "2004-05-01", Fraction(61, 365) + Fraction(121, 366), Fraction(1, 2),
     ("2003-11-01", "2004-05-01", 2)),
    ("1999-02-01", "1999-07-01", Fraction(150, 365), Fraction(150, 365), ("1998-07-01", "1999-07-01", 1)),
    ("1999-07-01", "2000-07-01", Fraction(184, 365) + Fraction(182, 366), Fraction(1), ("1999-07-01", "2000-07-01", 1)),
    ("2002-08-15", "2003-07-15", Fraction(334, 365), Fraction(1, 2) + Fraction(153, 368),
     ("2003-01-15", "2003-07-15", 2)),
    ("2000-01-30", "2000-06-30", Fraction(152, 366), Fraction(152, 364), ("2000-01-30", "2000-07-30", 2)),
    ("1999-11-30", "2000-04-30", Fraction(32, 365) + Fraction(120, 366), Fraction(1, 4) + Fraction(61, 368),
     ("1999-11-30", "2000-02-29", 4)),
]  # fmt: skip


@pytest.mark.parametrize(("start", "end", "isda", "icma", "period"), ACT_ACT)
def test_actual_actual(start: str, end: str, isda: Fraction, icma: Fraction, period: tuple[str, str, int]) -> None:
    regular = CouponPeriod(D(period[0]), D(period[1]), period[2])
    assert fraction(DayCount.ACT_ACT_ISDA, D(start), D(end)) == isda
    assert fraction(DayCount.ACT_ACT_ICMA, D(start), D(end), period=regular) == icma


def test_whole_months_count_alike_and_odd_days_by_the_day() -> None:
    assert fraction(DayCount.MONTHS_360, D("2026-01-20"), D("2026-02-20")) == Fraction(1, 12)
    assert fraction(DayCount.MONTHS_360, D("2026-01-20"), D("2026-03-25")) == Fraction(2, 12) + Fraction(5, 360)
    assert fraction(DayCount.MONTHS_365, D("2026-01-31"), D("2026-02-28")) == Fraction(1, 12)
    assert fraction(DayCount.MONTHS_365, D("2026-01-20"), D("2026-02-19")) == Fraction(30, 365)


def test_a_month_that_begins_in_a_short_february_is_a_month() -> None:
    count, february, march = DayCount.MONTHS_360, D("2026-02-28"), D("2026-03-31")
    assert fraction(count, february, march, day=31) == Fraction(1, 12)
    assert fraction(count, february, march) == Fraction(1, 12) + Fraction(3, 360)
    assert fraction(count, february, D("2026-03-29"), day=29) == Fraction(1, 12)
    assert fraction(count, D("2026-02-15"), D("2026-03-15"), day=31) == Fraction(1, 12)


@given(count=st.sampled_from(WITHOUT_CONTEXT), start=DATES, end=DATES)
@settings(max_examples=400, deadline=None)
def test_backwards_is_the_negative_and_a_year_is_about_one(count: DayCount, start: date, end: date) -> None:
    forward = fraction(count, start, end)
    if start != end:
        assert fraction(count, end, start) == -forward
    if count is not DayCount.ONE_ONE:
        years = Fraction((end - start).days, 365)
        assert abs(forward - years) <= abs(years) / 60 + Fraction(1, 80)


ADDITIVE = [
    DayCount.ACT_360,
    DayCount.ACT_365F,
    DayCount.ACT_ACT_ISDA,
    DayCount.THIRTY_E_360,
    DayCount.TWENTY_EIGHT_336,
]


@given(count=st.sampled_from(ADDITIVE), start=DATES, first=st.integers(0, 800), second=st.integers(0, 800))
@settings(max_examples=200, deadline=None)
def test_a_period_cut_in_two_is_the_sum_of_its_parts(count: DayCount, start: date, first: int, second: int) -> None:
    middle = start + timedelta(days=first)
    end = middle + timedelta(days=second)
    assert fraction(count, start, middle) + fraction(count, middle, end) == fraction(count, start, end)


@given(start=DATES, odd=st.integers(0, 2000))
def test_icma_cut_at_a_regular_date_is_the_sum(start: date, odd: int) -> None:
    period = CouponPeriod(date(2020, 3, 15), date(2020, 9, 15), 2)
    end = start + timedelta(days=odd)
    middle = date(start.year, 9, 15)
    if start <= middle <= end:
        parts = [(start, middle), (middle, end)]
        assert sum(fraction(DayCount.ACT_ACT_ICMA, a, b, period=period) for a, b in parts) == fraction(
            DayCount.ACT_ACT_ICMA, start, end, period=period
        )


def test_what_a_convention_needs_is_asked_for() -> None:
    start, end = D("2026-01-01"), D("2026-02-01")
    with pytest.raises(BadDayCount, match="maturity"):
        fraction(DayCount.THIRTY_E_360_ISDA, start, end)
    with pytest.raises(BadDayCount, match="regular period"):
        fraction(DayCount.ACT_ACT_ICMA, start, end)
    with pytest.raises(BadDayCount, match="no days"):
        fraction(DayCount.ACT_ACT_ICMA, start, end, period=CouponPeriod(end, start, 2))
    with pytest.raises(BadDayCount, match="number in a year"):
        fraction(DayCount.ACT_ACT_ICMA, start, end, period=CouponPeriod(start, end, 5))
    with pytest.raises(BadDayCount, match="fixed length"):
        days(DayCount.ACT_ACT_ISDA, start, end)
