"""The level payment, and rounding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from fractions import Fraction

DIGITS = 60
"""Digits of the annuity's arithmetic: its error stays below 1e-50 of a payment."""
_CONTEXT = Context(prec=DIGITS)


def half_up(amount: Fraction) -> int:
    """The nearest whole number, halves away from zero (四舍五入)."""
    doubled, double = 2 * amount.numerator + amount.denominator, 2 * amount.denominator
    return doubled // double if amount >= 0 else -half_up(-amount)


def level_payment(
    balance: int, accrued: Fraction, rate: Fraction, years: Sequence[Fraction], left: int = 0
) -> Fraction:
    """The payment that repays `balance`, with `accrued` interest already earned, in len(years) equal payments.

    `years` are the periods' parts of a year; interest of a period is balance x rate x part. `left` is what remains
    beside the last payment. Exact for one period, else to 50 digits; never rounded to money here.
    """
    if len(years) == 1:
        return balance * (1 + rate * years[0]) + accrued - left
    grown, paid = Decimal(1), Decimal(1)  # what 1 grows to over the later periods; what payments of 1 each grow to
    for part in reversed(years[1:]):
        step = _CONTEXT.add(1, _decimal(rate * part))
        grown = _CONTEXT.multiply(grown, step)
        paid = _CONTEXT.add(paid, grown)
    first = _decimal(balance * (1 + rate * years[0]) + accrued)
    owed = _CONTEXT.subtract(_CONTEXT.multiply(first, grown), Decimal(left))
    return Fraction(_CONTEXT.divide(owed, paid))


def _decimal(value: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))
