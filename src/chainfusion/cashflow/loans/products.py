"""The kinds of loan that a Chinese platform securitizes, in a line each.

Each returns plain `LoanTerms`; what is special about a contract goes in through `more`, field by field.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from chainfusion.cashflow.loans.terms import (
    ZERO,
    Amortization,
    Fee,
    FeeKind,
    Floating,
    Instalment,
    InterestBase,
    LoanTerms,
    Payments,
)
from chainfusion.domain.calendar import DayCount, Period, add_months


def mortgage(
    loan_id: str, principal: int, start: date, months: int, rate: Fraction, first: date | None = None, **more: Any
) -> LoanTerms:
    """Level payments each month (等额本息); `amortization=Amortization.LEVEL_PRINCIPAL` for 等额本金.

    Interest of a whole month is a twelfth of the annual rate; odd days, as before a late first payment or at a reset,
    count a 360th each.
    """
    pays = Payments(first, day=first.day) if first else _monthly(start)
    last = add_months(first, months - 1) if first else add_months(start, months)
    return _terms(
        loan_id, principal, start, rate, more,
        amortization=Amortization.LEVEL_PAYMENT, interest=pays, repayment=pays, maturity=last,
    )  # fmt: skip


def lpr_mortgage(
    loan_id: str, principal: int, start: date, months: int, rate: Fraction, spread: Fraction, **more: Any
) -> LoanTerms:
    """A mortgage over LPR5Y: reset each 1 January by the LPR published last before, the payment computed anew."""
    resets = Payments(date(start.year + 1, 1, 1), Period(months=12))
    floating = Floating("LPR5Y", resets, spread, fixing_lag=1)
    return mortgage(loan_id, principal, start, months, rate, **({"floating": floating} | more))


def auto_loan(
    loan_id: str, principal: int, start: date, months: int, rate: Fraction, balloon: int = 0, **more: Any
) -> LoanTerms:
    """Level payments with a balloon on the last day (尾款)."""
    return mortgage(loan_id, principal, start, months, rate, balloon=balloon, **more)


def card_instalments(
    loan_id: str, principal: int, start: date, months: int, fee_rate: Fraction, **more: Any
) -> LoanTerms:
    """A card's instalment plan (信用卡分期): equal principal, no interest, a fee on the first amount each period."""
    return _terms(
        loan_id, principal, start, ZERO, more,
        amortization=Amortization.LEVEL_PRINCIPAL, repayment=_monthly(start), maturity=add_months(start, months),
        fee=Fee(fee_rate, FeeKind.EACH_ON_INITIAL),
    )  # fmt: skip


def flat_rate_loan(loan_id: str, principal: int, start: date, months: int, rate: Fraction, **more: Any) -> LoanTerms:
    """Equal principal, with interest charged on the first amount to the end (平息)."""
    flat = {"amortization": Amortization.LEVEL_PRINCIPAL, "base": InterestBase.INITIAL}
    return mortgage(loan_id, principal, start, months, rate, **(flat | more))


def lease(
    loan_id: str, principal: int, start: date, months: int, rate: Fraction, residual: int = 0, **more: Any
) -> LoanTerms:
    """Rent in advance: the first on the first day, level, with the residual value paid on the last (租赁)."""
    pays = Payments(start, day=start.day)
    return _terms(
        loan_id, principal, start, rate, more,
        amortization=Amortization.LEVEL_PAYMENT, interest=pays, repayment=pays, balloon=residual,
        maturity=add_months(start, months - 1),
    )  # fmt: skip


def receivable(loan_id: str, start: date, due: tuple[tuple[date, int], ...], **more: Any) -> LoanTerms:
    """A receivable without interest, due on the days and in the amounts given (应收账款)."""
    return _terms(
        loan_id, sum(amount for _, amount in due), start, ZERO, more,
        amortization=Amortization.IRREGULAR, instalments=tuple(Instalment(day, amount) for day, amount in due),
        maturity=due[-1][0],
    )  # fmt: skip


def _terms(
    loan_id: str, principal: int, start: date, rate: Fraction, more: dict[str, Any], **defaults: Any
) -> LoanTerms:
    settled = {"day_count": DayCount.MONTHS_360} | defaults | more
    return LoanTerms(loan_id=loan_id, principal=principal, start=start, rate=rate, **settled)


def _monthly(start: date) -> Payments:
    return Payments(add_months(start, 1), day=start.day)
