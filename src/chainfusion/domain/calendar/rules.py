"""Date rules: a deal's dates as records, by period.

"The payment date is the 26th, else the next business day; the report is due five business days before it; the
collection period ends with the month" are three rules. A rule starts from a cycle, from another rule's date or from
a date that the deal gives (closing, cut-off), moves by an offset and rolls on a calendar. It keeps the date before
rolling beside the date after it: interest runs to the one, money moves on the other. Periods are numbered from 1; a
deal's period 0 is what lies before the first (the cut-off date, the closing date), so that "the previous calculation
date" has a meaning in period 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from chainfusion.domain.calendar.calendars import Calendar
from chainfusion.domain.calendar.months import EndOfMonth, add_months, add_period, month_end, period
from chainfusion.domain.calendar.named import named
from chainfusion.domain.calendar.refusals import BadDateRule, CircularDates, UnknownDate
from chainfusion.domain.calendar.rolls import Roll, add_business_days, rolled


class Unit(Enum):
    """What an offset counts."""

    DAYS = "days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Offset:
    """So many units later (earlier, where negative)."""

    count: int = 0
    unit: Unit = Unit.DAYS


@dataclass(frozen=True, slots=True)
class Cycle:
    """Period 1 falls on `first`, each later one a step (`every`: 1M, 3M, 1Y, 2W) after it.

    `month_end`: every date is the last day of its month, whatever the day of `first`.
    """

    first: date
    every: str = "1M"
    month_end: bool = False

    def day(self, number: int) -> date:
        """The date of period `number`. Raises: BadPeriod."""
        day = add_period(self.first, period(self.every), number - 1)
        return month_end(day) if self.month_end else day


@dataclass(frozen=True, slots=True)
class Fixed:
    """The date of one period, instead of the rule's: a first period's exception, or a postponement that was agreed."""

    period: int
    day: date


@dataclass(frozen=True, slots=True)
class Switch:
    """From the period in which `event` has happened on, `rule` gives the date."""

    event: str
    rule: str


@dataclass(frozen=True, slots=True)
class DateRule:
    """How a date of each period is found. Exactly one of `cycle` and `base` is given.

    `base` names another rule (its rolled date of the period `back` periods earlier) or a date given with the deal.
    `unrolled_base` starts from the base's date before rolling. `calendar` is a reference such as
    `cn-interbank@2025-11-04`; business-day offsets and rolls use it.
    """

    name: str
    cycle: Cycle | None = None
    base: str | None = None
    back: int = 0
    unrolled_base: bool = False
    offset: Offset = Offset()
    roll: Roll = Roll.NONE
    calendar: str = "none@1"
    exceptions: tuple[Fixed, ...] = ()
    switches: tuple[Switch, ...] = ()

    def __post_init__(self) -> None:
        if (self.cycle is None) == (self.base is None):
            raise BadDateRule(rule=self.name, why="it starts either from a cycle or from another date")
        if self.cycle is not None and (self.back or self.unrolled_base):
            raise BadDateRule(rule=self.name, why="a cycle has no base to go back from")
        numbers = [fixed.period for fixed in self.exceptions]
        if len(numbers) != len(set(numbers)):
            raise BadDateRule(rule=self.name, why="two exceptions for one period")


@dataclass(frozen=True, slots=True)
class RuleDate:
    """A date that a rule gave: after rolling, before it, the rule that gave it, and what it was before a switch."""

    day: date
    unrolled: date
    rule: str
    before_switch: date | None = None


class DateBook:
    """The dates of a set of rules, computed when asked for and kept.

    `given` holds the deal's own dates by name (closing, cut-off; a date may also be given for a rule's period 0 under
    the rule's name), `events` the events that have happened, with their dates.
    Raises on construction: BadDateRule, UnknownCalendar, BadPeriod, UnknownDate, CircularDates.
    """

    def __init__(
        self,
        rules: Iterable[DateRule],
        given: Mapping[str, date] | None = None,
        events: Mapping[str, date] | None = None,
    ) -> None:
        self._rules: dict[str, DateRule] = {}
        for rule in rules:
            if rule.name in self._rules:
                raise BadDateRule(rule=rule.name, why="two rules of this name")
            self._rules[rule.name] = rule
        self._given, self._events = dict(given or {}), dict(events or {})
        self._found: dict[tuple[str, int], RuleDate] = {}
        for rule in self._rules.values():
            self._check(rule)
        _refuse_circles(self._rules)

    def day(self, name: str, number: int = 1) -> date:
        """The rolled date of rule `name` in period `number`, or the given date of that name. Raises: UnknownDate."""
        if name not in self._rules and name in self._given:
            return self._given[name]
        return self.rule_date(name, number).day

    def rule_date(self, name: str, number: int) -> RuleDate:
        """The date of rule `name` in period `number`, with how it came about. Raises: UnknownDate, OutsideCalendar."""
        key = (name, number)
        if key not in self._found:
            if name not in self._rules:
                raise UnknownDate(rule=name, base=name)
            rule = self._rules[name]
            for each in range(1 if rule.back > 0 else number, number):  # upwards, so that no recursion goes deep
                if (name, each) not in self._found:
                    self._found[name, each] = self._resolve(rule, each)
            self._found[key] = self._resolve(rule, number)
        return self._found[key]

    def _resolve(self, rule: DateRule, number: int) -> RuleDate:
        plain = self._plain(rule, number)
        for switch in rule.switches:
            happened = self._events.get(switch.event)
            if happened is not None and happened <= plain.day:
                other = self.rule_date(switch.rule, number)
                return RuleDate(other.day, other.unrolled, other.rule, plain.day)
        return plain

    def _plain(self, rule: DateRule, number: int) -> RuleDate:
        for fixed in rule.exceptions:
            if fixed.period == number:
                return RuleDate(fixed.day, fixed.day, rule.name)
        if number < 1:
            if rule.name not in self._given:
                raise UnknownDate(rule=rule.name, base=f"{rule.name} of period {number}")
            return RuleDate(self._given[rule.name], self._given[rule.name], rule.name)
        calendar = named(rule.calendar)
        day = moved(self._start(rule, number), rule.offset, calendar)
        return RuleDate(rolled(day, rule.roll, calendar), day, rule.name)

    def _start(self, rule: DateRule, number: int) -> date:
        if rule.cycle is not None:
            return rule.cycle.day(number)
        base = rule.base or ""
        if base not in self._rules:
            return self._given[base]
        found = self.rule_date(base, number - rule.back)
        return found.unrolled if rule.unrolled_base else found.day

    def _check(self, rule: DateRule) -> None:
        named(rule.calendar)
        if rule.cycle is not None:
            period(rule.cycle.every)
        for name in (rule.base, *(switch.rule for switch in rule.switches)):
            if name is not None and name not in self._rules and (name not in self._given or name != rule.base):
                raise UnknownDate(rule=rule.name, base=name)


def moved(day: date, offset: Offset, calendar: Calendar) -> date:
    """`day` moved by an offset. Raises: OutsideCalendar."""
    if offset.unit is Unit.BUSINESS_DAYS:
        return add_business_days(day, offset.count, calendar)
    if offset.unit is Unit.MONTHS:
        return add_months(day, offset.count, EndOfMonth.SAME)
    return day + timedelta(days=offset.count)


def _refuse_circles(rules: Mapping[str, DateRule]) -> None:
    """Raises CircularDates where a rule needs itself in the same period; going back a period is no circle."""
    done: set[str] = set()
    for start in rules:
        _walk(rules, start, (), done)


def _walk(rules: Mapping[str, DateRule], name: str, path: tuple[str, ...], done: set[str]) -> None:
    if name in path:
        raise CircularDates(chain=" -> ".join((*path[path.index(name) :], name)))
    if name in done or name not in rules:
        return
    rule = rules[name]
    needed = [switch.rule for switch in rule.switches]
    if rule.base is not None and rule.back == 0:
        needed.append(rule.base)
    for other in needed:
        _walk(rules, other, (*path, name), done)
    done.add(name)
