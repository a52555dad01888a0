"""Prepayment and default rates and their conversions, after the Standard Formulas for the Analysis of
Mortgage-Backed Securities (The Bond Market Association, now SIFMA).

All rates are fractions of one, months of age count from 1, PSA and SDA are per cent of the standard curve. Roots are
taken in Decimal with 40 digits: the same on every machine, and far below the grid on which they are used.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction

from chainfusion.cashflow.assumptions.numbers import Number, fraction, multiple, share

DIGITS = Context(prec=40)
PSA_RAMP = 30
"""Months in which the standard prepayment curve rises, by 0.2% CPR a month, to 6%."""
_PSA_STEP = Fraction(2, 1000)
_SDA_STEP = Fraction(2, 10_000)
_SDA_PEAK, _SDA_TAIL = Fraction(60, 10_000), Fraction(3, 10_000)
_SDA_FALLS, _SDA_LOW = 60, 120
_SDA_SLOPE = (_SDA_PEAK - _SDA_TAIL) / (_SDA_LOW - _SDA_FALLS)


def decimal(value: Fraction) -> Decimal:
    """The value with 40 digits."""
    return DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))


def monthly(annual: Number) -> Decimal:
    """SMM of a CPR, MDR of a CDR: 1 - (1 - annual)^(1/12). Raises: BadAssumption outside 0 to 1."""
    kept = 1 - share(annual, "annual rate")
    if kept == 0:
        return Decimal(1)
    return DIGITS.subtract(Decimal(1), DIGITS.power(decimal(kept), decimal(Fraction(1, 12))))


def annual(rate: Number) -> Decimal:
    """CPR of an SMM, CDR of an MDR: 1 - (1 - rate)^12. Raises: BadAssumption outside 0 to 1."""
    return decimal(1 - (1 - share(rate, "monthly rate")) ** 12)


def psa_cpr(psa: Number, month: int) -> Fraction:
    """CPR in a month of age at `psa` per cent: 0.2% a month up to month 30, 6% from there, times psa/100; at most 1."""
    return min(Fraction(1), _PSA_STEP * min(month, PSA_RAMP) * multiple(psa, "PSA") / 100)


def psa_smm(psa: Number, month: int) -> Decimal:
    """SMM in a month of age at `psa` per cent."""
    return monthly(psa_cpr(psa, month))


def psa_of_smm(smm: Number, month: int) -> Decimal:
    """The PSA, in per cent, at which a month of age has this SMM: CPR / (0.2% * min(month, 30))."""
    return DIGITS.divide(annual(smm), decimal(_PSA_STEP * min(month, PSA_RAMP) / 100))


def abs_smm(speed: Number, month: int) -> Fraction:
    """SMM in a month of age of the ABS prepayment model, in which the same share of the original loans prepays
    each month: speed / (1 - speed * (month - 1)); 1 when none are left.
    """
    exact = share(speed, "ABS speed")
    left = 1 - exact * (month - 1)
    return exact / left if left > exact else Fraction(1)


def abs_of_smm(smm: Number, month: int) -> Fraction:
    """The ABS speed at which a month of age has this SMM: smm / (1 + smm * (month - 1))."""
    exact = share(smm, "SMM")
    return exact / (1 + exact * (month - 1))


def sda_cdr(sda: Number, month: int) -> Fraction:
    """Annual default rate in a month of age at `sda` per cent of the Standard Default Assumption.

    0.02% a month up to 0.60% in month 30, flat to month 60, then down by 0.0095% a month to 0.03% in month 120 and
    flat from there. That nobody defaults in the last months before maturity, which are shorter than a foreclosure,
    is the projection's matter (`standard.py`).
    """
    if month <= _SDA_FALLS:
        level = min(_SDA_STEP * month, _SDA_PEAK)
    else:
        level = max(_SDA_TAIL, _SDA_PEAK - _SDA_SLOPE * (month - _SDA_FALLS))
    return min(Fraction(1), level * multiple(sda, "SDA") / 100)


def amortized(net_months: int, term: int, rate: Number) -> Decimal:
    """Scheduled balance of a level-payment loan, per 1, with `net_months` of `term` months left, at an annual rate.

    (1 - v^net_months) / (1 - v^term) with v = 1 / (1 + rate / 12); the Standard Formulas' BAL.
    """
    step = fraction(rate, "rate") / 12
    if step == 0:
        return decimal(Fraction(net_months, term))
    growth = DIGITS.add(Decimal(1), decimal(step))
    left, whole = (DIGITS.power(growth, -months) for months in (net_months, term))
    return DIGITS.divide(DIGITS.subtract(Decimal(1), left), DIGITS.subtract(Decimal(1), whole))


def smm_between(before: Number, after: Number, months: int) -> Decimal:
    """Average SMM that takes the survival factor from `before` to `after` in n months: 1 - (after/before)^(1/n)."""
    kept = fraction(after, "factor") / fraction(before, "factor")
    return DIGITS.subtract(Decimal(1), DIGITS.power(decimal(kept), decimal(Fraction(1, months))))
