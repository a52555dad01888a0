"""Prepayment curves by their customary names. Rates are fractions of one, PSA is per cent of the standard curve."""

from __future__ import annotations

from collections.abc import Iterable

from chainfusion.cashflow.assumptions import curve, rates
from chainfusion.cashflow.assumptions.curve import By, Curve
from chainfusion.cashflow.assumptions.numbers import Number, share

NONE = Curve((0,))


def smm(rate: Number) -> Curve:
    """Single monthly mortality: the share of the balance after scheduled principal that prepays in a month."""
    return curve.flat(share(rate, "SMM"))


def cpr(rate: Number) -> Curve:
    """Conditional prepayment rate a year, the same always."""
    return curve.flat(rates.monthly(rate))


def cpr_vector(annual: Iterable[Number], by: By) -> Curve:
    """Conditional prepayment rates a year, month by month."""
    return curve.vector([rates.monthly(rate) for rate in annual], by, "CPR vector")


def smm_vector(monthly: Iterable[Number], by: By) -> Curve:
    """Single monthly mortalities, month by month."""
    return curve.vector(monthly, by, "SMM vector")


def psa(percent: Number) -> Curve:
    """The standard prepayment model, by age: 100 is 0.2% CPR more each month up to 6% in month 30."""
    return curve.formula(lambda month: rates.psa_smm(percent, month), months=rates.PSA_RAMP)


def abs_speed(rate: Number) -> Curve:
    """The ABS prepayment model, by age: each month the same share of the original number of loans prepays."""
    return curve.formula(lambda month: rates.abs_smm(rate, month))


def ramp(start: Number, end: Number, months: int, by: By = By.AGE) -> Curve:
    """CPR that goes in a straight line from `start` in month 1 to `end` in month `months`, and stays there."""
    first, last = share(start, "CPR"), share(end, "CPR")
    steps = max(1, months - 1)
    return curve.formula(
        lambda month: rates.monthly(first + (last - first) * min(month - 1, steps) / steps), by, months=months
    )
