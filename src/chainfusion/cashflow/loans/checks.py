"""Terms that make no loan are refused here, before any date or amount is computed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from chainfusion.cashflow.loans.refusals import (
    BadLoanTerms,
    MaturityBeforeStart,
    NegativeRate,
    NeverAmortizes,
    OverlappingSchedules,
)
from chainfusion.cashflow.loans.terms import Amortization, InterestBase, LoanTerms, Payments
from chainfusion.domain.errors import require


def check_terms(terms: LoanTerms) -> None:
    """Raises: BadLoanTerms, MaturityBeforeStart, NegativeRate, NeverAmortizes, OverlappingSchedules."""
    _check_amounts(terms)
    _check_kind(terms)
    _check_dates(terms)
    _check_rates(terms)
    _check_order(terms, "steps", [step.day for step in terms.steps])
    _check_order(terms, "instalments", [instalment.day for instalment in terms.instalments])


def _check_amounts(terms: LoanTerms) -> None:
    _need(terms, "principal", terms.principal > 0, "it must be more than nothing")
    _need(terms, "payment", terms.payment is None or terms.payment > 0, "it must be more than nothing")
    _need(terms, "balloon", 0 <= terms.balloon <= terms.principal, "it must be part of the principal")
    _need(terms, "extra_digits", terms.extra_digits >= 0, "it must not be negative")
    for instalment in terms.instalments:
        _need(terms, f"instalments {instalment.day}", instalment.amount >= 0, "an instalment must not be negative")
    principal = sum(i.amount for i in terms.instalments if not i.with_interest)
    _need(terms, "instalments", principal <= terms.principal, f"{principal} is more than the principal")
    if terms.fee is not None:
        _need(terms, "fee.rate", terms.fee.rate >= 0, "it must not be negative")


def _check_kind(terms: LoanTerms) -> None:
    kind = terms.amortization
    if kind in (Amortization.LEVEL_PAYMENT, Amortization.LEVEL_PRINCIPAL):
        _need(terms, "repayment", terms.repayment is not None, "its dates are needed")
        if terms.maturity is None and terms.amortizes_until is None:
            regular = terms.repayment is not None and terms.repayment.every is not None
            _need(terms, "maturity", regular and terms.payment is not None, "it, or regular payments, is needed")
    if kind is Amortization.AT_MATURITY:
        _need(terms, "maturity", terms.maturity is not None, "it is needed")
    if kind is Amortization.IRREGULAR:
        _need(terms, "instalments", bool(terms.instalments), "at least one is needed")
    else:
        _need(terms, "instalments", not terms.instalments, "only an irregular loan has a list of them")
    if kind is Amortization.LEVEL_PAYMENT:
        _need(terms, "base", terms.base is InterestBase.OUTSTANDING, "a level payment bears interest on the balance")
    if terms.base is InterestBase.LAGGED:
        _need(terms, "base_dates", terms.base_dates is not None, "a lagged base needs its dates")
    if terms.capitalized_until is not None:
        last = terms.maturity or terms.amortizes_until or date.max
        _need(terms, "capitalized_until", terms.start < terms.capitalized_until < last, "it must lie within the loan")


def _check_dates(terms: LoanTerms) -> None:
    if terms.maturity is not None:
        require(terms.maturity > terms.start, _too_early(terms, terms.start))
        require(terms.maturity > terms.seen_from, _too_early(terms, terms.seen_from))
    for name in ("interest", "repayment"):
        payments: Payments | None = getattr(terms, name)
        if payments is not None and payments.every is not None:
            step = payments.every
            _need(terms, f"{name}.every", step.months >= 0 and step.days >= 0, "it must not run backwards")
            _need(terms, f"{name}.every", step.months > 0 or step.days > 0, "it must be at least a day")
            kept = payments.day is None or (1 <= payments.day <= 31 and step.months > 0 and step.days == 0)
            _need(terms, f"{name}.day", kept, "a day of the month, 1 to 31, for dates a month or more apart")
    if terms.repayment is not None:
        _need(terms, "repayment.first", terms.repayment.first >= terms.start, "it lies before the start")
    for name in ("purchase", "termination"):
        trade = getattr(terms, name)
        if trade is not None:
            _need(terms, name, trade.day >= terms.seen_from, "it lies before the loan is looked at")
    if terms.purchase is not None and terms.termination is not None:
        _need(terms, "termination", terms.purchase.day < terms.termination.day, "it must lie behind the purchase")


def _too_early(terms: LoanTerms, start: date) -> MaturityBeforeStart:
    return MaturityBeforeStart(loan=terms.loan_id, maturity=str(terms.maturity), start=str(start))


def _check_rates(terms: LoanTerms) -> None:
    check_rate(terms, "rate", terms.rate)
    for step in terms.steps:
        check_rate(terms, f"steps {step.day}", step.rate)
    floating = terms.floating
    if floating is None:
        return
    if floating.next_rate is not None:
        check_rate(terms, "floating.next_rate", floating.next_rate)
    if floating.cap is not None and floating.floor is not None:
        _need(terms, "floating.floor", floating.floor <= floating.cap, "it lies above the cap")
    _need(terms, "floating.period_cap", floating.period_cap is None or floating.period_cap >= 0, "it is negative")
    _need(terms, "floating.period_floor", floating.period_floor is None or floating.period_floor <= 0, "it is positive")
    _need(terms, "floating.fixing_lag", floating.fixing_lag >= 0, "it is negative")


def check_rate(terms: LoanTerms, field: str, rate: Fraction) -> None:
    """Raises: NegativeRate, where `rate` is below the lowest that the terms allow."""
    lowest = terms.lowest_rate
    require(
        lowest is None or rate >= lowest,
        NegativeRate(loan=terms.loan_id, field=field, rate=_shown(rate), lowest=_shown(lowest)),
    )


def check_first_payment(terms: LoanTerms, payment: int, interest: Fraction) -> None:
    """Raises: NeverAmortizes, where a level payment does not exceed the first interest and no maturity ends it."""
    shown = {"payment": str(terms.decimal(payment)), "interest": str(round(terms.decimal(interest), 4))}
    require(payment > interest, NeverAmortizes(loan=terms.loan_id, **shown))


def _check_order(terms: LoanTerms, field: str, days: Iterable[date]) -> None:
    last = terms.start
    first = True
    for day in days:
        in_order = day >= last if first else day > last
        require(in_order, OverlappingSchedules(loan=terms.loan_id, field=field, day=day.isoformat()))
        last, first = day, False
    if not first and terms.maturity is not None:
        _need(terms, field, last <= terms.maturity, f"{last} lies behind the maturity")


def _need(terms: LoanTerms, field: str, condition: bool, why: str) -> None:
    require(condition, BadLoanTerms(loan=terms.loan_id, field=field, why=why))


def _shown(rate: Fraction | None) -> str:
    return "none" if rate is None else f"{float(rate):.6%}"
