"""Rates as people write them, and the grid of 2^-27 on which the kernel multiplies.

A monthly rate is a whole number of 2^-27 (7.5e-9): a balance below 2^26 minor units times a rate is then a whole
number below 2^53, which float64 holds exactly, so the vector units of a processor compute what integers would.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction

from chainfusion.cashflow.assumptions.errors import BadAssumption

Number = Fraction | Decimal | int | float | str
"""A rate at the border. A float counts as the decimal it is printed as: 0.06 is six hundredths."""

GRID_BITS = 27
ONE = 1 << GRID_BITS
"""The rate 1 (all of a balance) on the grid."""
HALF = ONE >> 1


def fraction(value: Number, name: str) -> Fraction:
    """The exact value. Raises: BadAssumption for what is no finite number."""
    try:
        return Fraction(repr(value) if isinstance(value, float) else value)
    except (ValueError, OverflowError, TypeError, InvalidOperation, ZeroDivisionError):
        raise BadAssumption(
            name=name, value=str(value), why="it is not a finite number", why_zh="不是有限数值"
        ) from None


def share(value: Number, name: str) -> Fraction:
    """The exact value of a part of one: 0 to 1. Raises: BadAssumption."""
    exact = fraction(value, name)
    if not 0 <= exact <= 1:
        raise BadAssumption(
            name=name, value=str(value), why="a share lies between 0 and 1", why_zh="比例须在 0 与 1 之间"
        )
    return exact


def multiple(value: Number, name: str) -> Fraction:
    """The exact value of a multiple or per cent of a standard curve: not negative. Raises: BadAssumption."""
    exact = fraction(value, name)
    if exact < 0:
        raise BadAssumption(name=name, value=str(value), why="it is negative", why_zh="为负")
    return exact


def to_grid(value: Fraction | Decimal) -> int:
    """The rate in units of 2^-27, half up; what exceeds one counts as one."""
    return min(ONE, (2 * Fraction(value) * ONE + 1) // 2)


def from_grid(units: int) -> Fraction:
    """The rate that so many units of 2^-27 are."""
    return Fraction(units, ONE)
