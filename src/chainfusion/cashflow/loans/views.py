"""A loan's money by payment day, and by collection period for a pool."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from chainfusion.cashflow.loans.engine import Event, Observations, schedule
from chainfusion.cashflow.loans.events import EventKind
from chainfusion.cashflow.loans.refusals import BadLoanTerms
from chainfusion.cashflow.loans.terms import LoanTerms
from chainfusion.domain.errors import require

_OUT = (EventKind.DRAWDOWN, EventKind.PURCHASE)


@dataclass(frozen=True, slots=True)
class CashRow:
    """What is paid on one day, and the balance after it, in minor units; `capitalized` is added and not paid."""

    day: date
    principal: int
    interest: int
    fee: int
    capitalized: int
    balance: int

    @property
    def total(self) -> int:
        """What the borrower pays."""
        return self.principal + self.interest + self.fee


def cash(loan: LoanTerms, observations: Observations | None = None) -> tuple[CashRow, ...]:
    """What a loan pays, day by day; days on which nothing is paid or capitalised are left out.

    Raises: as `schedule`.
    """
    return rows(schedule(loan, observations))


def rows(events: Sequence[Event]) -> tuple[CashRow, ...]:
    """The events of a schedule, added up by day, without the drawdown or purchase."""
    found: list[CashRow] = []
    for event in events:
        if event.kind in _OUT or not any(_parts(event)):
            continue
        principal, interest, fee, capitalized = _parts(event)
        if found and found[-1].day == event.day:
            last = found.pop()
            principal, interest, fee = last.principal + principal, last.interest + interest, last.fee + fee
            capitalized += last.capitalized
        found.append(CashRow(event.day, principal, interest, fee, capitalized, event.balance))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class MonthlyVector:
    """A loan's scheduled money by collection period, in minor units.

    `opening` is the balance at the first date and `closing` the balances at the periods' ends; each is the one before
    less principal plus capitalized, unless the loan is linked to an index or ends at a price of its own.
    """

    opening: int
    principal: tuple[int, ...]
    interest: tuple[int, ...]
    fee: tuple[int, ...]
    capitalized: tuple[int, ...]
    closing: tuple[int, ...]


def monthly_vector(loan: LoanTerms, dates: Sequence[date], observations: Observations | None = None) -> MonthlyVector:
    """Scheduled principal, interest and fee of each collection period.

    `dates` are the cut-off and then each period's end: period k holds what is paid after dates[k - 1] up to and with
    dates[k], so that a loan of any shape joins a pool of regular ones. What falls before or behind is left out.
    Raises: BadLoanTerms where the dates do not rise or start before the loan does; and as `schedule`.
    """
    _check_dates(loan, dates)
    sums = [[0] * (len(dates) - 1) for _ in range(4)]
    opening, closing = loan.principal, [0] * len(sums[0])
    balances: list[int | None] = [None] * len(closing)
    for event in schedule(loan, observations):
        place = bisect_left(dates, event.day) - 1
        if place < 0:
            opening = event.balance
        elif place < len(closing):
            balances[place] = event.balance
            for total, part in zip(sums, _parts(event), strict=True):
                total[place] += part
    balance = opening
    for place, known in enumerate(balances):
        balance = closing[place] = balance if known is None else known
    principal, interest, fee, capitalized = map(tuple, sums)
    return MonthlyVector(opening, principal, interest, fee, capitalized, tuple(closing))


def _check_dates(loan: LoanTerms, dates: Sequence[date]) -> None:
    rising = len(dates) > 1 and all(a < b for a, b in pairwise(dates))
    require(rising, BadLoanTerms(loan=loan.loan_id, field="dates", why="they must rise, and be two or more"))
    held = loan.seen_from if loan.purchase is None else loan.purchase.day
    why = f"the pool does not hold the loan yet on {dates[0]}"
    require(held <= dates[0], BadLoanTerms(loan=loan.loan_id, field="dates", why=why))


def _parts(event: Event) -> tuple[int, int, int, int]:
    return event.principal, event.interest, event.fee, event.capitalized
