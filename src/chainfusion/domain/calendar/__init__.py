"""Dates of loans, deals and processes: day counts, business days, rolls, and dates as rules.

    fraction(DayCount.ACT_365F, start, end)          an exact part of a year
    named("cn-interbank@2025-11-04")                 a calendar, for ever the same
    rolled(day, Roll.FOLLOWING, calendar)            the business day in its place
    add_business_days(day, -5, calendar)             five business days before
    DateBook(rules, given, events).day("pay", 3)    a deal's dates by their rules

Pure and exact: no clock, no locale, no float. docs/calendars.md tells each convention with its source.
"""

from chainfusion.domain.calendar.calendars import Calendar, Projection, amended, joint
from chainfusion.domain.calendar.daycount import CouponPeriod, DayCount, days, fraction
from chainfusion.domain.calendar.months import (
    EndOfMonth,
    Period,
    Stub,
    add_months,
    add_period,
    cycle,
    dates_between,
    is_month_end,
    month_end,
    on_day,
    period,
    whole_months,
)
from chainfusion.domain.calendar.named import LABELS, NONE, WEEKDAYS, known_on, named, newest, versions
from chainfusion.domain.calendar.refusals import (
    BadCalendar,
    BadDateRule,
    BadDayCount,
    BadPeriod,
    CircularDates,
    OutsideCalendar,
    UnknownCalendar,
    UnknownDate,
)
from chainfusion.domain.calendar.rolls import Roll, add_business_days, business_days_between, rolled
from chainfusion.domain.calendar.rules import Cycle, DateBook, DateRule, Fixed, Offset, RuleDate, Switch, Unit, moved

__all__ = [
    "LABELS",
    "NONE",
    "WEEKDAYS",
    "BadCalendar",
    "BadDateRule",
    "BadDayCount",
    "BadPeriod",
    "Calendar",
    "CircularDates",
    "CouponPeriod",
    "Cycle",
    "DateBook",
    "DateRule",
    "DayCount",
    "EndOfMonth",
    "Fixed",
    "Offset",
    "OutsideCalendar",
    "Period",
    "Projection",
    "Roll",
    "RuleDate",
    "Stub",
    "Switch",
    "Unit",
    "UnknownCalendar",
    "UnknownDate",
    "add_business_days",
    "add_months",
    "add_period",
    "amended",
    "business_days_between",
    "cycle",
    "dates_between",
    "days",
    "fraction",
    "is_month_end",
    "joint",
    "known_on",
    "month_end",
    "moved",
    "named",
    "newest",
    "on_day",
    "period",
    "rolled",
    "versions",
    "whole_months",
]
