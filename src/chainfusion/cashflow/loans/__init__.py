"""One loan's cash: its terms become a schedule of events, exact to the minor unit.

    schedule(loan, observations)         every event: drawdown, principal, interest, resets, maturity
    cash(loan, observations)             what is paid, by day
    monthly_vector(loan, dates)          the same by collection period, for a pool
    unrounded(loan)                      the loan without rounding to the minor unit
    terms_of(record, cut_off)            the terms of a loan of a tape

docs/loans.md tells the terms and conventions; the test beds of the ACTUS standard hold them.
"""

from chainfusion.cashflow.loans.annuity import half_up, level_payment
from chainfusion.cashflow.loans.engine import Event, Observations, observed, reset_rate, schedule
from chainfusion.cashflow.loans.events import EventKind
from chainfusion.cashflow.loans.from_tape import terms_of
from chainfusion.cashflow.loans.refusals import (
    BadLoanTerms,
    MaturityBeforeStart,
    MissingObservation,
    NegativeRate,
    NeverAmortizes,
    OverlappingSchedules,
)
from chainfusion.cashflow.loans.terms import (
    Amortization,
    Fee,
    FeeKind,
    Floating,
    IndexLink,
    Instalment,
    InterestBase,
    LoanTerms,
    Payments,
    RateStep,
    Trade,
    unrounded,
)
from chainfusion.cashflow.loans.views import CashRow, MonthlyVector, cash, monthly_vector, rows

__all__ = [
    "Amortization",
    "BadLoanTerms",
    "CashRow",
    "Event",
    "EventKind",
    "Fee",
    "FeeKind",
    "Floating",
    "IndexLink",
    "Instalment",
    "InterestBase",
    "LoanTerms",
    "MaturityBeforeStart",
    "MissingObservation",
    "MonthlyVector",
    "NegativeRate",
    "NeverAmortizes",
    "Observations",
    "OverlappingSchedules",
    "Payments",
    "RateStep",
    "Trade",
    "cash",
    "half_up",
    "level_payment",
    "monthly_vector",
    "observed",
    "reset_rate",
    "rows",
    "schedule",
    "terms_of",
    "unrounded",
]
