"""A monthly rate that changes with the age of a loan or with the period of the projection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.numbers import ONE, Number, from_grid, multiple, share, to_grid

MONTHS = 480
"""Months for which a curve by formula is written out; its last rate holds from there."""


class By(StrEnum):
    """What a curve's months count from."""

    AGE = "age"
    """The loan's origination: entry 1 is the first month after it."""
    PERIOD = "period"
    """The cut-off date: entry 1 is the projection's first period."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Monthly rates in units of 2^-27; `rates[k]` is the rate of month k + 1, and the last one holds on.

    Raises: BadAssumption where it is empty or a rate is not between 0 and 1.
    """

    rates: tuple[int, ...]
    by: By = By.AGE

    def __post_init__(self) -> None:
        if not self.rates:
            raise BadAssumption(name="curve", value="[]", why="it has no month", why_zh="没有任何月份")
        for month, rate in enumerate(self.rates, 1):
            if not 0 <= rate <= ONE:
                raise BadAssumption(
                    name=f"curve, month {month}",
                    value=rate,
                    why=f"on the grid, 1 is {ONE}",
                    why_zh=f"网格上 1 即 {ONE}",
                )

    def at(self, month: int) -> int:
        """The rate of a month (from 1), in units of 2^-27."""
        return self.rates[min(month, len(self.rates)) - 1]

    def exact(self, month: int) -> Fraction:
        """The rate of a month (from 1) as a fraction of one."""
        return from_grid(self.at(month))

    def times(self, factor: Number) -> Curve:
        """The curve with each rate multiplied, and at most one: a stress."""
        exact = multiple(factor, "factor")
        return Curve(tuple(to_grid(from_grid(rate) * exact) for rate in self.rates), self.by)

    def delayed(self, months: int) -> Curve:
        """The curve so many months later; its first months are zero."""
        return Curve((0,) * months + self.rates, self.by)


def flat(rate: Fraction | Decimal, by: By = By.AGE) -> Curve:
    """The same monthly rate always."""
    return Curve((to_grid(rate),), by)


def formula(rate: Callable[[int], Fraction | Decimal], by: By = By.AGE, months: int = MONTHS) -> Curve:
    """The curve of a formula of the month (from 1)."""
    rates = [to_grid(rate(month)) for month in range(1, months + 1)]
    while len(rates) > 1 and rates[-1] == rates[-2]:
        rates.pop()
    return Curve(tuple(rates), by)


def vector(rates: Iterable[Number], by: By, name: str = "vector") -> Curve:
    """A curve of stated monthly rates (fractions of one). Raises: BadAssumption."""
    return Curve(tuple(to_grid(share(rate, f"{name}, month {k}")) for k, rate in enumerate(rates, 1)), by)
