"""A loan of a tape as terms: what the canonical record says about the payments still to come."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from chainfusion.cashflow.loans.refusals import BadLoanTerms, MaturityBeforeStart
from chainfusion.cashflow.loans.terms import Amortization, LoanTerms, Payments
from chainfusion.domain.calendar import DayCount, Stub, add_months, on_day
from chainfusion.domain.errors import require
from chainfusion.domain.loan import Loan, day

_KINDS = {
    "LEVEL_PAYMENT": Amortization.LEVEL_PAYMENT,
    "LEVEL_PRINCIPAL": Amortization.LEVEL_PRINCIPAL,
    "BALLOON": Amortization.LEVEL_PAYMENT,
    "INTEREST_ONLY": Amortization.AT_MATURITY,
    "BULLET": Amortization.AT_MATURITY,
}


def terms_of(loan: Loan, cut_off: date, day_count: DayCount = DayCount.MONTHS_360) -> LoanTerms:
    """The terms of a tape's loan, looked at from the cut-off date: monthly payments on the maturity's day of month.

    The balance is the current one; a stated payment is kept, else computed. Interest runs from the payment day before
    the cut-off. Raises: BadLoanTerms for a repayment that the record does not determine; MaturityBeforeStart.
    """
    kind = _KINDS.get(loan.repayment or "")
    if kind is None:
        raise _refusal(loan, "repayment", f"{loan.repayment or 'nothing'} does not say how principal is repaid")
    if loan.repayment == "BALLOON":
        require(loan.payment_amount is not None, _refusal(loan, "payment_amount", "a balloon needs its payment"))
    maturity = _maturity(loan, cut_off)
    first, start = _next_payment(cut_off, maturity)
    pays = Payments(first, stub=Stub.SHORT, day=maturity.day)
    level = kind is not Amortization.AT_MATURITY
    return LoanTerms(
        loan_id=loan.loan_id,
        currency=loan.currency,
        principal=loan.current_balance,
        start=start,
        as_of=cut_off,
        rate=Fraction(loan.rate_ppm, 10**6),
        amortization=kind,
        maturity=maturity,
        interest=None if loan.repayment == "BULLET" else pays,
        repayment=pays if level else None,
        payment=loan.payment_amount if kind is Amortization.LEVEL_PAYMENT else None,
        day_count=day_count,
    )


def _maturity(loan: Loan, cut_off: date) -> date:
    if loan.maturity_date is not None:
        maturity = day(loan.maturity_date)
    else:
        require(loan.remaining_term is not None, _refusal(loan, "maturity_date", "it, or a remaining term, is needed"))
        maturity = add_months(cut_off, loan.remaining_term or 0)
    late = MaturityBeforeStart(loan=loan.loan_id, maturity=str(maturity), start=str(cut_off))
    require(maturity > cut_off, late)
    return maturity


def _next_payment(cut_off: date, maturity: date) -> tuple[date, date]:
    """The first payment day after the cut-off, and the one before it."""
    this = on_day(cut_off, maturity.day)
    if this > cut_off:
        return this, on_day(add_months(this.replace(day=1), -1), maturity.day)
    return on_day(add_months(this.replace(day=1), 1), maturity.day), this


def _refusal(loan: Loan, field: str, why: str) -> BadLoanTerms:
    return BadLoanTerms(loan=loan.loan_id, field=field, why=why)
