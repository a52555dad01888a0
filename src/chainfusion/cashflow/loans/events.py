"""What happens in a loan's life, and when: the events of a schedule, before any amount is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from fractions import Fraction
from itertools import islice, takewhile

from chainfusion.cashflow.loans.checks import check_first_payment
from chainfusion.cashflow.loans.refusals import MaturityBeforeStart
from chainfusion.cashflow.loans.terms import Amortization, FeeKind, LoanTerms, Payments
from chainfusion.domain.calendar import (
    CouponPeriod,
    DayCount,
    Period,
    add_period,
    cycle,
    dates_between,
    fraction,
    named,
    on_day,
    rolled,
)
from chainfusion.domain.errors import require

LONGEST = Period(months=1200)
"""A loan whose payments do not end it within a hundred years is taken for one that never ends."""


class EventKind(Enum):
    """Kinds of event, in the order in which they happen on one day; the values are ACTUS's codes."""

    DRAWDOWN = "IED"
    FEE = "FP"
    PRINCIPAL = "PR"
    INTEREST = "IP"
    CAPITALIZATION = "IPCI"
    RATE_STEP = "RRF"
    RATE_RESET = "RR"
    PAYMENT_SET = "PRF"
    PURCHASE = "PRD"
    TERMINATION = "TD"
    INDEXATION = "SC"
    BASE_SET = "IPCB"
    MATURITY = "MD"


_ORDER = {kind: place for place, kind in enumerate(EventKind)}


@dataclass(frozen=True, slots=True)
class Moment:
    """One event to come: the day on which money moves, and the day up to which interest is counted."""

    kind: EventKind
    day: date
    counted: date
    amount: int = 0
    rate: Fraction | None = None
    with_interest: bool = False


class Dates:
    """A loan's dates: where each schedule falls, and the part of a year between two of them."""

    def __init__(self, terms: LoanTerms) -> None:
        self.terms = terms
        self.calendar = named(terms.calendar)
        self.maturity = terms.maturity or _ending(terms)
        self.interest = self._interest_dates()
        self.repayment = self._repayment_dates(self.maturity)
        self.horizon = self._repayment_dates(max(self.maturity, terms.amortizes_until or self.maturity))
        ends, opening = self.day(self.maturity), terms.seen_from
        require(ends > opening, MaturityBeforeStart(loan=terms.loan_id, maturity=str(ends), start=str(opening)))

    def day(self, contract_day: date) -> date:
        """The business day on which a contract's date is paid; none rolls back to before the loan.

        Raises: OutsideCalendar.
        """
        found = rolled(contract_day, self.terms.roll, self.calendar)
        return found if found > self.terms.start else contract_day

    def counted(self, contract_day: date) -> date:
        """The day up to which interest is counted at a contract's date."""
        day = self.day(contract_day) if self.terms.adjusted_interest else contract_day
        last = self.terms.last_day_counts and contract_day >= self.maturity
        return day + timedelta(days=1) if last else day

    @property
    def payment_set(self) -> date:
        """The day before the first repayment, on which a level payment that is not stated is computed."""
        first = self.horizon[0]
        return min(self.day(first), self.counted(first)) - timedelta(days=1)

    def years(self, start: date, end: date) -> Fraction:
        """The part of a year from `start` to `end` by the loan's day count. Raises: BadDayCount."""
        terms = self.terms
        if terms.day_count is DayCount.ACT_ACT_ICMA:
            return fraction(terms.day_count, start, end, period=self._coupon_period(start))
        day = terms.interest.day if terms.interest is not None else None
        return fraction(terms.day_count, start, end, maturity=self.maturity, day=day)

    def _interest_dates(self) -> tuple[date, ...]:
        """Contract dates on which interest is due, the maturity last."""
        return self.through(self.terms.interest, self.maturity)

    def _repayment_dates(self, end: date) -> tuple[date, ...]:
        return self.through(self.terms.repayment, end)

    def through(self, payments: Payments | None, end: date) -> tuple[date, ...]:
        """The contract dates of a cycle within the loan, `end` last."""
        if payments is None or payments.first >= end:
            return (end,)
        keep = self.terms.end_of_month
        found = dates_between(payments.first, end, payments.every, end_of_month=keep, stub=payments.stub)
        if payments.day is not None:
            kept = (on_day(d, payments.day) for d in found[:-1])
            found = (*(d for d in kept if d < end), end)
        return tuple(d for d in found if d >= self.terms.start)

    def _coupon_period(self, start: date) -> CouponPeriod:
        """The regular interest period in which `start` lies; a year where interest has no regular months."""
        payments = self.terms.interest
        step = payments.every if payments is not None else None
        if payments is None or step is None or step.days or 12 % step.months:
            payments, step = Payments(self.terms.start, Period(months=12)), Period(months=12)
        low = _nth(self.terms, payments, step, number := _months_between(payments.first, start) // step.months)
        if low > start:
            low, number = _nth(self.terms, payments, step, number - 1), number - 1
        return CouponPeriod(low, _nth(self.terms, payments, step, number + 1), per_year=12 // step.months)


def _months_between(first: date, day: date) -> int:
    return (day.year - first.year) * 12 + day.month - first.month


def _nth(terms: LoanTerms, payments: Payments, step: Period, number: int) -> date:
    day = add_period(payments.first, step, number, terms.end_of_month)
    return day if payments.day is None else on_day(day, payments.day)


def _ending(terms: LoanTerms) -> date:
    """The maturity that the terms imply: the end of amortization, the last instalment, or when payments have paid."""
    if terms.amortizes_until is not None:
        return terms.amortizes_until
    if terms.amortization is Amortization.IRREGULAR:
        return terms.instalments[-1].day
    repayment, payment = terms.repayment, terms.payment
    assert repayment is not None and payment is not None  # check_terms saw to it
    if terms.amortization is Amortization.LEVEL_PRINCIPAL:
        return next(islice(_cycle(terms, repayment), -(-terms.principal // payment) - 1, None))
    return _paid_off(terms, repayment, payment)


def _paid_off(terms: LoanTerms, repayment: Payments, payment: int) -> date:
    """The date on which level payments at the first rate have repaid the loan. Raises: NeverAmortizes."""
    balance, last = Fraction(terms.principal), terms.seen_from
    if terms.interest is not None:
        before = takewhile(lambda d: d < repayment.first, _cycle(terms, terms.interest))
        last = max([last, *before])
    opening, end = last, add_period(terms.start, LONGEST)
    for day in _cycle(terms, repayment):
        if day <= terms.seen_from and day != terms.start:
            continue
        interest = balance * terms.rate * fraction(terms.day_count, last, day, maturity=day)
        if last == opening or day > end:
            check_first_payment(terms, payment, interest)
        balance, last = balance + interest - payment, day
        if balance <= 0:
            return day
    return last


def _cycle(terms: LoanTerms, payments: Payments) -> Iterator[date]:
    """The dates of a cycle without an end."""
    if payments.every is None:
        return iter((payments.first,))
    days = cycle(payments.first, payments.every, terms.end_of_month)
    return days if payments.day is None else (on_day(d, payments.day) for d in days)


# ------------------------------------------------------------------ the moments of a schedule


def moments(dates: Dates) -> list[Moment]:
    """Every event of the loan after the day it is looked at from, in the order in which it happens."""
    terms = dates.terms
    found = [m for part in _PARTS for m in part(dates)]
    opening, end = terms.seen_from, terms.termination
    past = terms.drawn_before
    last = dates.day(dates.maturity)
    found = [m for m in found if opening < m.day <= last or (not past and m.day == opening)]
    if not past:
        found.append(Moment(EventKind.DRAWDOWN, terms.start, terms.start))
    if end is not None:
        found = [m for m in found if m.day < end.day or (m.day == end.day and m.kind is not EventKind.MATURITY)]
        found.append(_trade(EventKind.TERMINATION, end.day, end.price, end.end_of_day))
    found.sort(key=lambda m: (m.day, m.counted, _ORDER[m.kind]))
    return found


def _trade(kind: EventKind, day: date, price: int, end_of_day: bool) -> Moment:
    return Moment(kind, day, day + timedelta(days=1) if end_of_day else day, price)


def _interest(dates: Dates) -> Iterator[Moment]:
    until = dates.terms.capitalized_until
    days = dates.interest if until is None else sorted({*dates.interest, until})
    for day in days:
        capitalized = until is not None and day <= until
        yield _at(dates, EventKind.CAPITALIZATION if capitalized else EventKind.INTEREST, day)


def _principal(dates: Dates) -> Iterator[Moment]:
    terms = dates.terms
    yield _at(dates, EventKind.MATURITY, dates.maturity)
    if terms.amortization is Amortization.IRREGULAR:
        for instalment in terms.instalments:
            if instalment.day < dates.maturity:
                found = _at(dates, EventKind.PRINCIPAL, instalment.day, amount=instalment.amount)
                yield replace(found, with_interest=instalment.with_interest)
    elif terms.amortization is not Amortization.AT_MATURITY:
        for day in dates.repayment[:-1]:
            yield _at(dates, EventKind.PRINCIPAL, day)


def _rates(dates: Dates) -> Iterator[Moment]:
    terms = dates.terms
    for step in terms.steps:
        yield Moment(EventKind.RATE_STEP, step.day, step.day, rate=step.rate)
    if terms.floating is None:
        return
    known = terms.floating.next_rate
    for day in _before_end(dates, terms.floating.resets):
        kind = EventKind.RATE_RESET if known is None else EventKind.RATE_STEP
        if _at(dates, kind, day).day > terms.seen_from:
            yield _at(dates, kind, day, rate=known)
            known = None


def _payments_set(dates: Dates) -> Iterator[Moment]:
    """When a level payment is computed: the day before the first, and at each change of rate."""
    terms = dates.terms
    if terms.amortization is not Amortization.LEVEL_PAYMENT:
        return
    if terms.payment is None and dates.payment_set > terms.seen_from:
        yield Moment(EventKind.PAYMENT_SET, dates.payment_set, dates.payment_set)
    if terms.recast:
        for moment in _rates(dates):
            yield Moment(EventKind.PAYMENT_SET, moment.day, moment.counted)


def _others(dates: Dates) -> Iterator[Moment]:
    terms = dates.terms
    if terms.base_dates is not None:
        for day in _before_end(dates, terms.base_dates):
            yield _at(dates, EventKind.BASE_SET, day)
    if terms.link is not None:
        for day in _before_end(dates, terms.link.dates):
            yield _at(dates, EventKind.INDEXATION, day)
    if terms.purchase is not None:
        trade = terms.purchase
        yield _trade(EventKind.PURCHASE, trade.day, trade.price, trade.end_of_day)
    if terms.fee is not None:
        upfront = terms.fee.kind is FeeKind.UPFRONT
        for day in (terms.start,) if upfront else _fee_days(dates):
            yield _at(dates, EventKind.FEE, day)


def _fee_days(dates: Dates) -> tuple[date, ...]:
    listed = tuple(instalment.day for instalment in dates.terms.instalments)
    return listed or (dates.interest if dates.terms.repayment is None else dates.repayment)


def _before_end(dates: Dates, payments: Payments) -> tuple[date, ...]:
    return dates.through(payments, dates.maturity)[:-1]


def _at(dates: Dates, kind: EventKind, day: date, amount: int = 0, rate: Fraction | None = None) -> Moment:
    return Moment(kind, dates.day(day), dates.counted(day), amount, rate)


_PARTS = (_interest, _principal, _rates, _payments_set, _others)
