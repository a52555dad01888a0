"""Calendars: which days are business days, by name and by the date of what they rest on.

A Chinese calendar's version is the publication date of the newest notice in it: `cn-interbank@2020-01-27` knows that
the Spring Festival of 2020 was extended, `cn-interbank@2019-11-21` does not, and both give for ever what they gave
then. Days for which nothing is published are refused, unless the calendar's name carries a projection
(`cn-interbank@2025-11-04+statutory`): what is guessed is then said, agreed on and part of the deal's fingerprint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from chainfusion.domain.calendar.refusals import BadCalendar, OutsideCalendar
from chainfusion.domain.calendar.statutory import is_statutory_holiday

_SATURDAY, _LONGEST_BREAK = 5, 40


class Projection(Enum):
    """What to take where nothing is published. WEEKDAYS: Monday to Friday. STATUTORY: without the public holidays
    that China's law fixes (`statutory.py`); make-up weekends and bridge days cannot be known."""

    NONE = "none"
    WEEKDAYS = "weekdays"
    STATUTORY = "statutory"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are business days.

    Monday to Friday are, without `closed`; of Saturdays and Sundays those in `open` are. `first` to `last` is what is
    published (None: always known); `projection` says what to take outside. `every_day` is the calendar without any
    closed day.
    """

    name: str
    version: str = "1"
    first: date | None = None
    last: date | None = None
    closed: frozenset[date] = frozenset()
    open: frozenset[date] = frozenset()
    projection: Projection = Projection.NONE
    every_day: bool = False

    def __post_init__(self) -> None:
        if self.closed & self.open:
            raise BadCalendar(calendar=self.ref, why=f"{min(self.closed & self.open)} is both open and closed")
        if self.first is not None and self.last is not None and self.last < self.first:
            raise BadCalendar(calendar=self.ref, why="it ends before it starts")

    @property
    def ref(self) -> str:
        """The text that names this calendar for ever: name@version, and +projection if there is one."""
        tail = "" if self.projection is Projection.NONE else f"+{self.projection.value}"
        return f"{self.name}@{self.version}{tail}"

    def is_business(self, day: date) -> bool:
        """Whether `day` is a business day. Raises: OutsideCalendar."""
        if self.every_day:
            return True
        if (self.first is not None and day < self.first) or (self.last is not None and day > self.last):
            return self._projected(day)
        return day in self.open if day.weekday() >= _SATURDAY else day not in self.closed

    def nearest(self, day: date, step: int) -> date:
        """The first business day from `day` on (`step` 1) or back (-1), `day` included. Raises: OutsideCalendar."""
        for away in range(_LONGEST_BREAK):
            found = day + timedelta(days=step * away)
            if self.is_business(found):
                return found
        raise BadCalendar(calendar=self.ref, why=f"no business day within {_LONGEST_BREAK} days of {day}")

    def _projected(self, day: date) -> bool:
        if self.projection is Projection.NONE:
            raise OutsideCalendar(calendar=self.ref, day=day.isoformat(), first=str(self.first), last=str(self.last))
        if day.weekday() >= _SATURDAY:
            return False
        return self.projection is Projection.WEEKDAYS or not is_statutory_holiday(day)


def amended(calendar: Calendar, version: str, closed: Iterable[date] = (), opened: Iterable[date] = ()) -> Calendar:
    """The calendar with a notice of one's own: more closed days, more open ones, under a version of one's own."""
    shut, more = frozenset(closed), frozenset(opened)
    return replace(
        calendar,
        version=version,
        closed=(calendar.closed - more) | shut,
        open=(calendar.open - shut) | frozenset(day for day in more if day.weekday() >= _SATURDAY),
    )


def joint(*calendars: Calendar) -> JointCalendar:
    """The calendar whose business days are business days of all of `calendars`."""
    return JointCalendar("&".join(c.name for c in calendars), "&".join(c.ref for c in calendars), parts=calendars)


@dataclass(frozen=True, slots=True)
class JointCalendar(Calendar):
    """Business days are those of all its parts."""

    parts: tuple[Calendar, ...] = ()

    @property
    def ref(self) -> str:
        """The parts' references, joined by &."""
        return self.version

    def is_business(self, day: date) -> bool:
        """Whether `day` is a business day of every part. Raises: OutsideCalendar."""
        return all(part.is_business(day) for part in self.parts)
