"""A loan's schedule: its terms become events in order, each event changes the state and moves money.

The state machine is the one of ACTUS (Algorithmic Contract Types, contract types ANN, LAM and PAM), with rounding:
interest is exact between payments and rounded once, half up, where it is paid or capitalised; the last payment
clears the balance, so principal repaid is principal lent, to the last minor unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from chainfusion.cashflow.loans.annuity import half_up, level_payment
from chainfusion.cashflow.loans.checks import check_rate, check_terms
from chainfusion.cashflow.loans.events import Dates, EventKind, Moment, moments
from chainfusion.cashflow.loans.refusals import MissingObservation
from chainfusion.cashflow.loans.terms import (
    Amortization,
    FeeKind,
    Floating,
    InterestBase,
    LoanTerms,
)
from chainfusion.domain.errors import require

Observations = Mapping[str, Mapping[date, Fraction]]
"""Published values by index and day of publication."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a schedule, seen by the lender: money in is positive, in minor units of the loan.

    `balance`, `rate` and `accrued` (interest earned and unpaid, exact) are what they are after the event.
    """

    kind: EventKind
    day: date
    principal: int
    interest: int
    fee: int
    balance: int
    rate: Fraction
    accrued: Fraction
    capitalized: int = 0

    @property
    def amount(self) -> int:
        """The money that moves."""
        return self.principal + self.interest + self.fee


def schedule(loan: LoanTerms, observations: Observations | None = None) -> tuple[Event, ...]:
    """The events of a loan from the day it is looked at, in order; after a purchase only what the buyer sees.

    Raises: the refusals of `check_terms`; MissingObservation; OutsideCalendar and UnknownCalendar; BadDayCount.
    """
    check_terms(loan)
    walk = _Walk(Dates(loan), observations or {})
    events = [walk.step(moment) for moment in moments(walk.dates)]
    bought = loan.purchase
    if bought is None:
        return tuple(events)
    return tuple(e for e in events if e.day > bought.day or e.kind is EventKind.PURCHASE)


class _Walk:
    """The state, and what each kind of event does to it."""

    def __init__(self, dates: Dates, observations: Observations) -> None:
        self.dates, self.terms, self.observations = dates, dates.terms, observations
        terms = self.terms
        self.rate, self.payment = terms.rate, terms.payment or 0
        self.set_at = None if terms.payment is None else terms.rate
        self.now = self.since = terms.seen_from
        self.earned, self.balance, self.base = Fraction(terms.accrued or 0), 0, 0
        self.interest_index = self.principal_index = Fraction(1)
        self.moved = (0, 0, 0, 0)
        if terms.drawn_before:
            self._open()

    def step(self, moment: Moment) -> Event:
        """Time passes up to the event, then the event happens."""
        self.now = max(self.now, moment.counted)
        self.moved = (0, 0, 0, 0)
        _DOES[moment.kind](self, moment)
        principal, interest, fee, capitalized = self.moved
        state = (self.balance, self.rate, self.accrued)
        return Event(moment.kind, moment.day, principal, interest, fee, *state, capitalized)

    # -------------------------------------------------------------- between events

    @property
    def accrued(self) -> Fraction:
        """Interest earned and unpaid: `earned` up to `since`, and from there on the same base at the same rate.

        Kept in one piece as long as nothing changes, since by some day counts a month is not the sum of its parts.
        """
        if self.now == self.since or not self.base or not self.rate:
            return self.earned
        return self.earned + self.base * self.rate * self.dates.years(self.since, self.now)

    def _settle(self, earned: Fraction) -> None:
        self.earned, self.since = earned, self.now

    def _owed(self) -> int:
        """Interest to be paid now, rounded, with its index."""
        return half_up(self.accrued * self.interest_index)

    def _set_base(self, base: int) -> None:
        if base != self.base:
            self._settle(self.accrued)
            self.base = base

    def _set_rate(self, rate: Fraction) -> None:
        if rate != self.rate:
            self._settle(self.accrued)
            self.rate = rate

    def _set_balance(self, balance: int) -> None:
        self.balance = balance
        if self.terms.base is InterestBase.OUTSTANDING:
            self._set_base(balance)

    # -------------------------------------------------------------- events

    def _open(self) -> None:
        """The balance on the opening day, and the interest that was earned before it."""
        terms = self.terms
        self._set_balance(terms.principal)
        if terms.base is not InterestBase.OUTSTANDING:
            self._set_base(terms.principal if terms.base_amount is None else terms.base_amount)
        if terms.accrued is None and terms.drawn_before:
            paid = [d for d in self.dates.interest if self.dates.day(d) <= terms.seen_from]
            last = self.dates.counted(paid[-1]) if paid else terms.start
            self.since = last
        self._first_payment()

    def _first_payment(self) -> None:
        """A payment that is not stated and that no event of its own will set."""
        terms = self.terms
        if terms.payment is not None:
            return
        if terms.amortization is Amortization.LEVEL_PRINCIPAL:
            opening = terms.seen_from
            left = sum(self.dates.day(d) > opening or d == terms.start == opening for d in self.dates.horizon)
            self.payment = half_up(Fraction(self.balance - terms.balloon, left))
        elif terms.amortization is Amortization.LEVEL_PAYMENT and self.dates.payment_set <= terms.seen_from:
            self._set_level_payment(including_today=terms.start == terms.seen_from)

    def _drawdown(self, _: Moment) -> None:
        self._settle(self.earned)
        self._open()
        self.moved = (-self.terms.principal - self.terms.discount, 0, 0, 0)

    def _interest(self, _: Moment) -> None:
        self.moved = (0, self._owed(), 0, 0)
        self._settle(Fraction(0))

    def _capitalize(self, moment: Moment) -> None:
        added = half_up(self.accrued)
        self._settle(Fraction(0))
        self._set_balance(self.balance + added)
        self.moved = (0, 0, 0, added)
        terms = self.terms
        if terms.amortization is Amortization.LEVEL_PRINCIPAL and terms.payment is None:
            left = sum(self.dates.counted(d) > moment.counted for d in self.dates.horizon)
            self.payment = half_up(Fraction(self.balance - terms.balloon, max(1, left)))

    def _principal(self, moment: Moment) -> None:
        self._repay(min(self.balance, max(0, self._planned(moment))))

    def _planned(self, moment: Moment) -> int:
        kind = self.terms.amortization
        if kind is Amortization.LEVEL_PAYMENT:
            return self.payment - half_up(self.accrued)
        if kind is Amortization.LEVEL_PRINCIPAL:
            return self.payment
        return moment.amount - (half_up(self.accrued) if moment.with_interest else 0)

    def _mature(self, _: Moment) -> None:
        self._repay(self.balance)

    def _repay(self, principal: int) -> None:
        self._set_balance(self.balance - principal)
        self.moved = (half_up(principal * self.principal_index), 0, 0, 0)

    def _charge_fee(self, _: Moment) -> None:
        fee = self.terms.fee
        assert fee is not None  # fee events come from a fee
        on = self.balance if fee.kind is FeeKind.EACH_ON_OUTSTANDING else self.terms.principal
        self.moved = (0, 0, half_up(on * fee.rate), 0)

    def _change_rate(self, moment: Moment) -> None:
        assert moment.rate is not None  # a step knows its rate
        self._set_rate(moment.rate)

    def _reset_rate(self, moment: Moment) -> None:
        floating = self.terms.floating
        assert floating is not None  # resets come from a floating rate
        fixing = moment.day - timedelta(days=floating.fixing_lag)
        value = observed(self.terms.loan_id, self.observations, floating.index, fixing)
        self._set_rate(reset_rate(floating, self.rate, value))
        check_rate(self.terms, f"reset {moment.day}", self.rate)

    def _set_payment(self, _: Moment) -> None:
        if self.rate != self.set_at:  # a reset to the same rate leaves the payment as it is, to the last unit
            self._set_level_payment(including_today=False)

    def _set_level_payment(self, including_today: bool) -> None:
        """The level payment for what is owed now, over the repayment dates still to come."""
        days = [self.dates.counted(d) for d in self.dates.horizon]
        days = [d for d in days if d > self.now or (including_today and d == self.now)]
        years = [self.dates.years(a, b) for a, b in pairwise([self.since, *days])]
        if years:
            level = level_payment(self.balance, self.earned, self.rate, years, self.terms.balloon)
            self.payment, self.set_at = half_up(level), self.rate

    def _buy(self, moment: Moment) -> None:
        self.moved = (-moment.amount, -half_up(self.accrued), 0, 0)

    def _terminate(self, moment: Moment) -> None:
        self.moved = (moment.amount, half_up(self.accrued), 0, 0)
        self._settle(Fraction(0))
        self._set_balance(0)

    def _index(self, moment: Moment) -> None:
        link = self.terms.link
        assert link is not None  # indexations come from a link
        value = observed(self.terms.loan_id, self.observations, link.index, moment.day) / link.base_value
        self.interest_index = value if link.interest else self.interest_index
        self.principal_index = value if link.principal else self.principal_index

    def _take_base(self, _: Moment) -> None:
        self._set_base(self.balance)


_DOES: dict[EventKind, Callable[[_Walk, Moment], None]] = {
    EventKind.DRAWDOWN: _Walk._drawdown,
    EventKind.FEE: _Walk._charge_fee,
    EventKind.PRINCIPAL: _Walk._principal,
    EventKind.INTEREST: _Walk._interest,
    EventKind.CAPITALIZATION: _Walk._capitalize,
    EventKind.RATE_STEP: _Walk._change_rate,
    EventKind.RATE_RESET: _Walk._reset_rate,
    EventKind.PAYMENT_SET: _Walk._set_payment,
    EventKind.PURCHASE: _Walk._buy,
    EventKind.TERMINATION: _Walk._terminate,
    EventKind.INDEXATION: _Walk._index,
    EventKind.BASE_SET: _Walk._take_base,
    EventKind.MATURITY: _Walk._mature,
}


def reset_rate(floating: Floating, rate: Fraction, value: Fraction) -> Fraction:
    """The rate after a reset from `rate` on an index value: first the limits of one change, then those of the rate."""
    change = floating.multiplier * value + floating.spread - rate
    if floating.period_cap is not None:
        change = min(change, floating.period_cap)
    if floating.period_floor is not None:
        change = max(change, floating.period_floor)
    new = rate + change
    if floating.cap is not None:
        new = min(new, floating.cap)
    return new if floating.floor is None else max(new, floating.floor)


def observed(loan_id: str, observations: Observations, index: str, day: date) -> Fraction:
    """The index's value on `day`: the last one published by then. Raises: MissingObservation."""
    published = [d for d in observations.get(index, {}) if d <= day]
    require(bool(published), MissingObservation(loan=loan_id, index=index, day=day.isoformat()))
    return observations[index][max(published)]
