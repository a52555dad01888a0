"""How a yield compounds and how time is counted: stated with every yield, since a yield without it means nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from chainfusion.domain.calendar import DayCount, fraction


class Compounding(Enum):
    """The discount factor of t years at yield y: (1 + y/m)^(-m t) for m times a year."""

    YEARLY = 1
    SEMIANNUAL = 2
    """Bond-equivalent yield."""
    QUARTERLY = 4
    MONTHLY = 12
    """Mortgage yield."""
    SIMPLE = "simple"
    """1 / (1 + y t)"""
    CONTINUOUS = "continuous"
    """exp(-y t)"""


@dataclass(frozen=True, slots=True)
class Basis:
    """Compounding of the yield, and the day count of the time from settlement to each payment."""

    compounding: Compounding = Compounding.YEARLY
    day_count: DayCount = DayCount.ACT_365F

    def years(self, start: date, end: date) -> Fraction:
        """Time in years, exact."""
        return fraction(self.day_count, start, end)

    @property
    def lowest(self) -> float:
        """The yield at which discounting ends: no payment is worth anything finite at or below it."""
        return -float(self.compounding.value) if isinstance(self.compounding.value, int) else -1e3

    def factor(self, rate: float, years: float) -> float:
        """The discount factor."""
        if self.compounding is Compounding.CONTINUOUS:
            return math.exp(-rate * years)
        if self.compounding is Compounding.SIMPLE:
            return 1.0 / (1.0 + rate * years)
        m = float(self.compounding.value)
        return float((1.0 + rate / m) ** (-m * years))

    def exact(self, rate: Decimal, years: Fraction) -> Decimal:
        """The discount factor with the digits of the Decimal context."""
        time = Decimal(years.numerator) / Decimal(years.denominator)
        if self.compounding is Compounding.CONTINUOUS:
            return (-rate * time).exp()
        if self.compounding is Compounding.SIMPLE:
            return 1 / (1 + rate * time)
        m = Decimal(self.compounding.value)
        return (1 + rate / m) ** (-m * time)

    def slopes(self, rate: float, years: float) -> tuple[float, float]:
        """-f'/f and f''/f of the factor f by the yield: what weighs a payment in duration and in convexity."""
        if self.compounding is Compounding.CONTINUOUS:
            return years, years * years
        if self.compounding is Compounding.SIMPLE:
            by = years / (1.0 + rate * years)
            return by, 2.0 * by * by
        m = float(self.compounding.value)
        grown = 1.0 + rate / m
        return years / grown, years * (years + 1.0 / m) / (grown * grown)


BOND = Basis(Compounding.SEMIANNUAL, DayCount.THIRTY_360)
MORTGAGE = Basis(Compounding.MONTHLY, DayCount.THIRTY_360)
"""The Standard Formulas' mortgage yield; `BOND` is its bond-equivalent (SF-45)."""
CHINA = Basis(Compounding.YEARLY, DayCount.ACT_365F)
"""Yearly compounding over actual days by 365."""
