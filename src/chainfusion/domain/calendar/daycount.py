"""Day counts: what part of a year lies between two dates, as an exact fraction.

Sources: ISDA 2006 Definitions, section 4.16 (a) to (h); ICMA Rule 251 for ACT/ACT ICMA; ACTUS Dictionary for 28/336;
the whole-month counts as China's lenders write them (整年整月加零头天数). The start counts, the end does not.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from chainfusion.domain.calendar.months import EndOfMonth, add_months, is_month_end, whole_months
from chainfusion.domain.calendar.refusals import BadDayCount


class DayCount(Enum):
    """A day-count convention; `docs/calendars.md` tells each with its source and an example."""

    ACT_360 = "ACT/360"
    ACT_365F = "ACT/365F"
    ACT_ACT_ISDA = "ACT/ACT"
    ACT_ACT_ICMA = "ACT/ACT ICMA"
    THIRTY_360 = "30/360"
    """Bond basis, ISDA 4.16(f)."""
    THIRTY_360_US = "30/360 US"
    """Bond basis with the rule for the end of February."""
    THIRTY_E_360 = "30E/360"
    """Eurobond basis, ISDA 4.16(g)."""
    THIRTY_E_360_ISDA = "30E/360 ISDA"
    """ISDA 4.16(h): the end of February is a 30th, unless it is the maturity date."""
    TWENTY_EIGHT_336 = "28/336"
    MONTHS_360 = "MONTHS/360"
    """Whole months a twelfth of a year each, odd days by 360."""
    MONTHS_365 = "MONTHS/365"
    """Whole months a twelfth of a year each, odd days by 365."""
    ONE_ONE = "1/1"
    """Every period is one year: for fees stated per period (ISDA 4.16(a))."""


@dataclass(frozen=True, slots=True)
class CouponPeriod:
    """The regular period that ACT/ACT ICMA measures by: its two ends and how many such periods make a year."""

    start: date
    end: date
    per_year: int


def fraction(
    day_count: DayCount,
    start: date,
    end: date,
    *,
    maturity: date | None = None,
    period: CouponPeriod | None = None,
    day: int | None = None,
) -> Fraction:
    """The part of a year from `start` (counted) to `end` (not counted), exact; negative where `end` is earlier.

    `maturity` is needed by 30E/360 ISDA, `period` by ACT/ACT ICMA; counts of whole months take the `day` of the month
    that payments keep, where it is not `start`'s own. Raises: BadDayCount.
    """
    if end < start:
        return -fraction(day_count, end, start, maturity=maturity, period=period, day=day)
    if day_count in _MONTHS_BY:
        months, odd = whole_months(start, end, day)
        return Fraction(months, 12) + Fraction(odd, _MONTHS_BY[day_count])
    if day_count is DayCount.ACT_ACT_ICMA:
        return _icma(start, end, period)
    if day_count is DayCount.THIRTY_E_360_ISDA:
        return Fraction(_thirty_e_isda(start, end, maturity), 360)
    return _COUNTS[day_count](start, end)


def days(day_count: DayCount, start: date, end: date) -> int:
    """The days between by the convention's own count: actual days, or days of 30-day (28-day) months.

    Raises: BadDayCount for conventions whose fraction is no count of days by a fixed year.
    """
    year = _YEAR_DAYS.get(day_count)
    if year is None:
        raise _refusal(day_count, start, end, "it has no year of a fixed length")
    return int(fraction(day_count, start, end) * year)


_YEAR_DAYS = {
    DayCount.ACT_360: 360,
    DayCount.ACT_365F: 365,
    DayCount.THIRTY_360: 360,
    DayCount.THIRTY_360_US: 360,
    DayCount.THIRTY_E_360: 360,
    DayCount.TWENTY_EIGHT_336: 336,
}

# ------------------------------------------------------------------ the conventions


def _act_act_isda(start: date, end: date) -> Fraction:
    """Days in leap years by 366, the others by 365 (ISDA 4.16(b))."""
    total, here = Fraction(0), start
    while here.year < end.year:
        turn = date(here.year + 1, 1, 1)
        total += Fraction((turn - here).days, _days_of_year(here.year))
        here = turn
    return total + Fraction((end - here).days, _days_of_year(here.year))


def _days_of_year(year: int) -> int:
    return 366 if isleap(year) else 365


def _icma(start: date, end: date, period: CouponPeriod | None) -> Fraction:
    """Days by the days of the regular period times periods a year; a long stub is cut at the regular dates."""
    if period is None or period.per_year not in (1, 2, 3, 4, 6, 12):
        raise _refusal(DayCount.ACT_ACT_ICMA, start, end, "the regular period and its number in a year are needed")
    if not period.start < period.end:
        raise _refusal(DayCount.ACT_ACT_ICMA, start, end, "the regular period has no days")
    months, total = 12 // period.per_year, Fraction(0)
    at_ends = is_month_end(period.start) and is_month_end(period.end)
    keep = EndOfMonth.LAST if at_ends else EndOfMonth.SAME
    low, high, step = period.start, period.end, 0
    while start < low:
        step -= 1
        low, high = add_months(period.start, months * step, keep), low
    while low < end:
        inside = (min(end, high) - max(start, low)).days
        total += Fraction(max(inside, 0), (high - low).days * period.per_year)
        step += 1
        low, high = high, add_months(period.end, months * step, keep)
    return total


def _thirty(start: date, end: date, first: int, last: int) -> int:
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def _thirty_360(start: date, end: date) -> Fraction:
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    return Fraction(_thirty(start, end, first, last), 360)


def _thirty_360_us(start: date, end: date) -> Fraction:
    first, last = start.day, end.day
    if _ends_february(start):
        last = 30 if _ends_february(end) else last
        first = 30
    first = min(first, 30)
    last = 30 if last == 31 and first == 30 else last
    return Fraction(_thirty(start, end, first, last), 360)


def _thirty_e_360(start: date, end: date) -> Fraction:
    return Fraction(_thirty(start, end, min(start.day, 30), min(end.day, 30)), 360)


def _thirty_e_isda(start: date, end: date, maturity: date | None) -> int:
    if maturity is None:
        raise _refusal(DayCount.THIRTY_E_360_ISDA, start, end, "the maturity date is needed")
    first = 30 if is_month_end(start) else start.day
    stays = _ends_february(end) and end == maturity
    last = 30 if is_month_end(end) and not stays else end.day
    return _thirty(start, end, first, last)


def _ends_february(day: date) -> bool:
    return day.month == 2 and is_month_end(day)


def _twenty_eight_336(start: date, end: date) -> Fraction:
    first, last = min(start.day, 28), min(end.day, 28)
    return Fraction(336 * (end.year - start.year) + 28 * (end.month - start.month) + last - first, 336)


def _refusal(day_count: DayCount, start: date, end: date, why: str) -> BadDayCount:
    return BadDayCount(day_count=day_count.value, start=start.isoformat(), end=end.isoformat(), why=why)


_MONTHS_BY = {DayCount.MONTHS_360: 360, DayCount.MONTHS_365: 365}
_COUNTS: dict[DayCount, Callable[[date, date], Fraction]] = {
    DayCount.ACT_360: lambda start, end: Fraction((end - start).days, 360),
    DayCount.ACT_365F: lambda start, end: Fraction((end - start).days, 365),
    DayCount.ACT_ACT_ISDA: _act_act_isda,
    DayCount.THIRTY_360: _thirty_360,
    DayCount.THIRTY_360_US: _thirty_360_us,
    DayCount.THIRTY_E_360: _thirty_e_360,
    DayCount.TWENTY_EIGHT_336: _twenty_eight_336,
    DayCount.ONE_ONE: lambda _start, _end: Fraction(1),
}
