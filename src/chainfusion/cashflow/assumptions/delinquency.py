"""Delinquency transition: a roll-rate matrix between delinquency states, and the default curve that follows from it.

States are named in order; the last one is default, which is not left. A row says where the balance of a state is a
month later, as shares that add up to one: the matrix tells of the balance that neither amortizes nor prepays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from chainfusion.cashflow.assumptions.curve import By, Curve
from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.numbers import Number, share, to_grid

DEFAULT_MONTHS = 360
_DIGITS = 10**15
"""Shares are carried with 15 decimal digits, rounded down from state to state so that they never grow."""


@dataclass(frozen=True, slots=True)
class RollRates:
    """`rows[i][j]`: the part of state i's balance that is in state j a month later. Raises: BadAssumption."""

    states: tuple[str, ...]
    rows: tuple[tuple[Fraction, ...], ...]

    def __post_init__(self) -> None:
        size = len(self.states)
        if size < 2 or len(self.rows) != size or any(len(row) != size for row in self.rows):
            raise BadAssumption(
                name="roll rates",
                value=list(self.states),
                why="one row and column for each state",
                why_zh="每个状态须有一行一列",
            )
        for state, row in zip(self.states, self.rows, strict=True):
            if min(row) < 0 or sum(row) != 1:
                raise BadAssumption(
                    name=f"roll rates of {state}",
                    value=[str(x) for x in row],
                    why="they add up to 1",
                    why_zh="合计须为 1",
                )
        if self.rows[-1][-1] != 1:
            raise BadAssumption(
                name="roll rates",
                value=self.states[-1],
                why="the last state, default, is not left",
                why_zh="末态（违约）不可离开",
            )


@dataclass(frozen=True, slots=True)
class Delinquency:
    """What a roll-rate matrix makes of a pool.

    `default` is its monthly default curve by period; `shares[t][i]` the part of the performing balance that is in
    state i after period t + 1 (default left out).
    """

    default: Curve
    shares: tuple[tuple[Fraction, ...], ...]


def roll_rates(states: Sequence[str], rows: Sequence[Sequence[Number]]) -> RollRates:
    """A matrix of stated numbers. Raises: BadAssumption."""
    exact = (tuple(share(x, f"roll rate from {state}") for x in row) for state, row in zip(states, rows, strict=True))
    return RollRates(tuple(states), tuple(exact))


def roll(matrix: RollRates, start: Sequence[Number], periods: int = DEFAULT_MONTHS) -> Delinquency:
    """Rolls a pool that begins with the balance shares `start` (without default, adding up to one) month by month."""
    now = [share(x, "starting share") for x in start]
    if len(now) != len(matrix.states) - 1 or sum(now) != 1:
        raise BadAssumption(
            name="start",
            value=[str(x) for x in now],
            why="one share a state before default, together 1",
            why_zh="违约前每个状态一个比例，合计为 1",
        )
    rates, shares = [], []
    for _ in range(periods):
        after = [sum((now[i] * matrix.rows[i][j] for i in range(len(now))), Fraction(0)) for j in range(len(now) + 1)]
        rates.append(to_grid(after[-1]))
        standing = 1 - after[-1]
        now = _scaled(after[:-1], standing)
        shares.append(tuple(now))
        if standing == 0:
            break
    return Delinquency(Curve(tuple(rates), By.PERIOD), tuple(shares))


def _scaled(parts: list[Fraction], standing: Fraction) -> list[Fraction]:
    """The parts of what still performs, rounded; the first state takes what rounding leaves."""
    if standing == 0:
        return [Fraction(0) for _ in parts]
    rounded = [Fraction(int(part / standing * _DIGITS), _DIGITS) for part in parts[1:]]
    return [1 - sum(rounded, Fraction(0)), *rounded]
