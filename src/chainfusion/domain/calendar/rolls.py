"""Where a date goes that falls on no business day."""

from __future__ import annotations

from datetime import date, timedelta
from enum import Enum

from chainfusion.domain.calendar.calendars import Calendar
from chainfusion.domain.errors import Text


class Roll(Enum):
    """A business-day convention (ISDA 2006 Definitions, section 4.12)."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"
    PRECEDING = "preceding"
    MODIFIED_PRECEDING = "modified_preceding"

    @property
    def label(self) -> Text:
        """The convention's name in English and as Chinese deals write it."""
        return _LABELS[self]


_LABELS = {
    Roll.NONE: Text("unadjusted", "不调整"),
    Roll.FOLLOWING: Text("following", "向后顺延"),
    Roll.MODIFIED_FOLLOWING: Text("modified following", "非跨月向后顺延"),
    Roll.PRECEDING: Text("preceding", "向前顺延"),
    Roll.MODIFIED_PRECEDING: Text("modified preceding", "非跨月向前顺延"),
}
_STEP = {
    Roll.FOLLOWING: (1, False),
    Roll.MODIFIED_FOLLOWING: (1, True),
    Roll.PRECEDING: (-1, False),
    Roll.MODIFIED_PRECEDING: (-1, True),
}


def rolled(day: date, roll: Roll, calendar: Calendar) -> date:
    """`day`, or the business day that the convention puts in its place.

    A modified convention that would leave the month turns round. Raises: OutsideCalendar.
    """
    if roll is Roll.NONE:
        return day
    step, stays = _STEP[roll]
    found = calendar.nearest(day, step)
    return calendar.nearest(day, -step) if stays and found.month != day.month else found


def add_business_days(day: date, count: int, calendar: Calendar) -> date:
    """The `count`-th business day after `day` (before it, where `count` is negative); `day` itself for 0.

    Whether `day` is a business day makes no difference: from Saturday the first business day after is Monday.
    Raises: OutsideCalendar.
    """
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day = calendar.nearest(day + step, step.days)
    return day


def business_days_between(start: date, end: date, calendar: Calendar) -> int:
    """How many business days lie after `start` up to and with `end`; negative where `end` is earlier.

    The inverse of `add_business_days` on business days. Raises: OutsideCalendar.
    """
    if end < start:
        return -business_days_between(end, start, calendar)
    return sum(calendar.is_business(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))
