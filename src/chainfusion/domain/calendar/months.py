"""Periods of months and days, and adding them to a date."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from chainfusion.domain.calendar.refusals import BadPeriod


class EndOfMonth(Enum):
    """Whether dates that start on a month's last day stay on the last day.

    SAME: 30 April plus a month is 30 May. LAST: 30 April plus a month is 31 May. A start that is no month's end is
    treated alike by both, and so is every period of days or weeks (ACTUS: SD and EOM).
    """

    SAME = "same"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Period:
    """So many months and days. Written 10D, 2W, 3M, 1Q (three months), 1H (six), 1Y."""

    months: int = 0
    days: int = 0

    def __str__(self) -> str:
        return f"{self.months}M" if self.months or not self.days else f"{self.days}D"


_PERIOD = re.compile(r"([0-9]{1,4})([DWMQHY])")
_MONTHS = {"M": 1, "Q": 3, "H": 6, "Y": 12}
_DAYS = {"D": 1, "W": 7}


def period(text: str) -> Period:
    """The period that `text` writes. Raises: BadPeriod."""
    match = _PERIOD.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise BadPeriod(text=text)
    count, unit = int(match[1]), match[2]
    return Period(months=count * _MONTHS.get(unit, 0), days=count * _DAYS.get(unit, 0))


def month_end(day: date) -> date:
    """The last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def is_month_end(day: date) -> bool:
    """Whether `day` is the last of its month."""
    return (day + timedelta(days=1)).day == 1


def add_months(day: date, months: int, end_of_month: EndOfMonth = EndOfMonth.SAME) -> date:
    """`day` moved by so many months (or back); a day that the month lacks becomes its last."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(years, month + 1)[1]
    stays_last = end_of_month is EndOfMonth.LAST and is_month_end(day)
    return date(years, month + 1, last if stays_last else min(day.day, last))


def add_period(day: date, step: Period, times: int = 1, end_of_month: EndOfMonth = EndOfMonth.SAME) -> date:
    """`day` moved by `times` periods, counted from `day` itself so that short months leave no trace."""
    moved = add_months(day, step.months * times, end_of_month) if step.months else day
    return moved + timedelta(days=step.days * times)


def on_day(day: date, number: int) -> date:
    """The `number`-th of the month of `day`, or its last day where there is none."""
    return day.replace(day=min(number, month_end(day).day))


def whole_months(start: date, end: date, day: int | None = None) -> tuple[int, int]:
    """How many whole months fit from `start` to `end` (same day to same day), and the odd days behind them.

    `day` is the day of the month that payments keep: with 31, a month lies between 28 February and 31 March.
    """
    number = day if day is not None and start == on_day(start, day) else start.day
    months = (end.year - start.year) * 12 + end.month - start.month

    def moved(count: int) -> date:
        return on_day(add_months(start.replace(day=1), count), number)

    if moved(months) > end:
        months -= 1
    return months, (end - moved(months)).days


def cycle(start: date, step: Period, end_of_month: EndOfMonth = EndOfMonth.SAME) -> Iterator[date]:
    """start, start + step, start + 2 steps, ... for ever."""
    times = 0
    while True:
        yield add_period(start, step, times, end_of_month)
        times += 1


class Stub(Enum):
    """What becomes of the broken period at the end of a schedule: kept as a short one, or joined to the one before."""

    SHORT = "short"
    LONG = "long"


def dates_between(
    start: date,
    end: date,
    step: Period | None,
    *,
    end_of_month: EndOfMonth = EndOfMonth.SAME,
    stub: Stub = Stub.SHORT,
    with_end: bool = True,
) -> tuple[date, ...]:
    """The dates of a schedule from `start` to `end`: both ends and every step between.

    Without `step` only the two ends. With a long stub the last step before an `end` that is off the cycle is left out
    (ACTUS, Technical Specification, section 3.1). `with_end=False` leaves out an `end` that is off the cycle.
    """
    if step is None:
        return (start, end) if with_end and end != start else (start,)
    found = []
    for day in cycle(start, step, end_of_month):
        if day >= end:
            break
        found.append(day)
    on_cycle = day == end
    if not on_cycle and stub is Stub.LONG and len(found) > 1:
        found.pop()
    return tuple([*found, end] if with_end or on_cycle else found)
