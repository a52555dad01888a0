"""Periods, ends of months and schedules of dates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.calendar import (
    BadPeriod,
    EndOfMonth,
    Period,
    Stub,
    add_months,
    add_period,
    dates_between,
    is_month_end,
    month_end,
    period,
    whole_months,
)

D = date.fromisoformat
DATES = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("text", "months", "days"),
    [("10D", 0, 10), ("2W", 0, 14), ("3M", 3, 0), ("1Q", 3, 0), ("1H", 6, 0), ("30Y", 360, 0)],
)
def test_periods_are_read(text: str, months: int, days: int) -> None:
    assert period(text) == Period(months, days)
    assert period(str(period(text))) == period(text)


@pytest.mark.parametrize("text", ["", "M", "0M", "1.5M", "-1M", "1m", "P1M", "1M ", "99999D", "١M"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(BadPeriod):
        period(text)


def test_ends_of_months_stay_ends_only_where_asked() -> None:
    assert add_months(D("2026-04-30"), 1) == D("2026-05-30")
    assert add_months(D("2026-04-30"), 1, EndOfMonth.LAST) == D("2026-05-31")
    assert add_months(D("2026-01-30"), 1, EndOfMonth.LAST) == D("2026-02-28")
    assert add_months(D("2024-02-29"), 12) == D("2025-02-28")
    assert add_months(D("2026-01-31"), -2) == D("2025-11-30")


@given(DATES, st.integers(-400, 400))
def test_months_there_and_back_lose_at_most_the_days_a_month_lacks(day: date, months: int) -> None:
    back = add_months(add_months(day, months), -months)
    assert back == day if day.day <= 28 else day.replace(day=28) <= back <= day
    assert is_month_end(add_months(month_end(day), months, EndOfMonth.LAST))


@given(DATES, DATES)
def test_whole_months_and_odd_days_make_up_the_distance(one: date, other: date) -> None:
    start, end = min(one, other), max(one, other)
    months, odd = whole_months(start, end)
    assert 0 <= odd < 31
    assert (end - add_months(start, months)).days == odd
    assert months == 0 or add_months(start, months) <= end < add_months(start, months + 1) or odd == 0


def test_short_months_leave_no_trace_in_a_schedule() -> None:
    found = dates_between(D("2026-01-31"), D("2026-05-31"), period("1M"))
    assert found == tuple(map(D, ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31")))


def test_stubs() -> None:
    start, end, step = D("2026-01-01"), D("2026-04-15"), period("1M")
    first_three = tuple(map(D, ("2026-01-01", "2026-02-01", "2026-03-01")))
    april, stop = D("2026-04-01"), D("2026-04-15")
    assert dates_between(start, end, step) == (*first_three, april, stop)
    assert dates_between(start, end, step, stub=Stub.LONG) == (*first_three, stop)
    assert dates_between(start, end, step, with_end=False) == (*first_three, april)
    assert dates_between(start, april, step, stub=Stub.LONG, with_end=False) == (*first_three, april)
    assert dates_between(start, end, None) == (start, end)
    assert dates_between(start, start, None) == (start,)
    assert dates_between(start, D("2026-01-10"), step, stub=Stub.LONG) == (start, D("2026-01-10"))


@given(DATES, st.sampled_from(["1D", "9D", "2W", "1M", "3M", "1Y"]), st.integers(1, 3000), st.sampled_from(EndOfMonth))
def test_a_schedule_rises_and_keeps_its_ends(start: date, step: str, length: int, keep: EndOfMonth) -> None:
    end = add_period(start, Period(days=length))
    found = dates_between(start, end, period(step), end_of_month=keep)
    assert list(found) == sorted(set(found))
    assert (found[0], found[-1]) == (start, end)
