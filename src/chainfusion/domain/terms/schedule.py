"""The periods of a deal: payment dates, interest days and collection periods, by the date rules of its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import lcm

from chainfusion.domain.calendar import DateBook, DayCount, add_months, fraction
from chainfusion.domain.terms.records import By, Dates, Table
from chainfusion.domain.terms.refusals import BadRun

MAX_PERIODS = 1200


@dataclass(frozen=True, slots=True)
class DealPeriod:
    """One period: its number from 1, interest from a day (counted) to a day (not), collections after a day up to and
    with a day, and the day of payment."""

    number: int
    interest_from: date
    interest_to: date
    collected_after: date
    collected_to: date
    payment: date


def schedule(
    dates: Dates, count: int | None = None, events: Mapping[str, date] | None = None
) -> tuple[DealPeriod, ...]:
    """The periods up to the one whose payment day, before rolling, reaches the legal maturity; or the first `count`.

    Raises: the calendar's refusals, BadRun where the dates do not rise.
    """
    book = date_book(dates, events)
    names = {rule.name for rule in dates.rules}
    found: list[DealPeriod] = []
    interest, collected = dates.closing, dates.cut_off
    for number in range(1, (count or MAX_PERIODS) + 1):
        pay = book.rule_date("payment", number)
        to = book.rule_date("interest", number).unrolled if "interest" in names else pay.unrolled
        until = book.day("collection", number) if "collection" in names else pay.unrolled
        if to < interest or until <= collected or (found and pay.day <= found[-1].payment):
            raise BadRun(why=f"the dates of period {number} do not come after those of the period before it")
        found.append(DealPeriod(number, interest, to, collected, until, pay.day))
        interest, collected = to, until
        if count is None and pay.unrolled >= dates.legal_maturity:
            break
    return tuple(found)


def date_book(dates: Dates, events: Mapping[str, date] | None = None) -> DateBook:
    """All dates of the terms, by rule and period."""
    given = {"closing": dates.closing, "cut_off": dates.cut_off, "legal_maturity": dates.legal_maturity}
    own = {"payment": dates.closing, "interest": dates.closing, "collection": dates.cut_off}
    return DateBook(dates.rules, given | own, events)


def year_fractions(day_count: DayCount, periods: Sequence[DealPeriod]) -> tuple[tuple[int, ...], int]:
    """The part of a year of each period, over one denominator."""
    parts: list[Fraction] = [fraction(day_count, p.interest_from, p.interest_to) for p in periods]
    below = lcm(*(part.denominator for part in parts))
    return tuple(part.numerator * (below // part.denominator) for part in parts), below


def year_of(closing: date, day: date) -> int:
    """In which year after closing a day lies: 1 up to and with the first anniversary."""
    year = max(1, day.year - closing.year)
    return year if day <= add_months(closing, 12 * year) else year + 1


def table_column(table: Table, closing: date, periods: Sequence[DealPeriod]) -> tuple[int, ...]:
    """The value of a table in each period; years and dates by the payment day."""
    return tuple(table.at(_place(table.by, closing, p)) for p in periods)


def _place(by: By, closing: date, p: DealPeriod) -> int:
    if by is By.PAYMENT:
        return p.number
    return year_of(closing, p.payment) if by is By.YEAR else p.payment.toordinal()
