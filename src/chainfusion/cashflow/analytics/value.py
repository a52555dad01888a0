"""Price and yield, accrued interest, average life, durations and convexity of dated cash.

With t the years from settlement to a payment C by the basis, and f the discount factor at yield y:

    price P = sum C f(y, t)              (dirty; clean = dirty - accrued)
    Macaulay duration = sum t C f / P
    modified duration = -(dP/dy) / P     convexity = (d2P/dy2) / P
    average life = sum t B / sum B       over principal B (Standard Formulas SF-49, SF-51 to SF-53)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import polars as pl

from chainfusion.cashflow.analytics.basis import CHINA, Basis, Compounding
from chainfusion.cashflow.analytics.cash import Cash
from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.framed import Framed
from chainfusion.cashflow.analytics.solve import root
from chainfusion.cashflow.assumptions.numbers import Number, fraction
from chainfusion.domain import calendar
from chainfusion.domain.calendar import DayCount
from chainfusion.domain.errors import Text

DIGITS = 40
YIELD = Text("yield", "收益率")
HIGHEST = 1000.0
"""Yields are looked for up to 100,000%."""


def present_value(cash: Cash, settlement: date, rate: Number, basis: Basis = CHINA) -> int:
    """What the payments after `settlement` are worth at a yield: the dirty price, in minor units, half up.

    Computed with 40 digits. Raises: BadAnalysis, BadAssumption (a rate that is no number).
    """
    exact = _checked_rate(rate, basis)
    with localcontext() as context:
        context.prec = DIGITS
        decimal = Decimal(exact.numerator) / Decimal(exact.denominator)
        total = Decimal(0)
        for day, amount in cash.after(settlement):
            years = basis.years(settlement, day)
            if basis.compounding is Compounding.SIMPLE and exact * years <= -1:
                raise BadAnalysis(
                    where="yield", value=str(rate), why="nothing discounts at it", why_zh="该收益率下无法贴现"
                )
            total += amount * basis.exact(decimal, years)
        return int(total.quantize(Decimal(1), ROUND_HALF_UP))


def _checked_rate(rate: Number, basis: Basis) -> Fraction:
    exact = fraction(rate, "yield")
    if not basis.lowest < exact <= HIGHEST:
        raise BadAnalysis(
            where="yield",
            value=str(rate),
            why=f"it lies above {basis.lowest:g} and up to {HIGHEST:g}",
            why_zh=f"须大于 {basis.lowest:g} 且不超过 {HIGHEST:g}",
        )
    return exact


def yield_of(cash: Cash, settlement: date, dirty: int, basis: Basis = CHINA) -> float:
    """The yield at which the payments after `settlement` are worth `dirty` minor units, to about 1e-14.

    Raises: BadAnalysis where the price is not above nothing, NoSolution where no yield up to 100,000% gives it.
    """
    if type(dirty) is not int or dirty <= 0:
        raise BadAnalysis(
            where="price",
            value=str(dirty),
            why="a price is whole minor units above nothing",
            why_zh="价格须为大于零的最小货币单位整数",
        )
    flows = _flows(cash, settlement, basis)
    low = _lowest(flows, basis)
    return root(lambda y: math.fsum(c * basis.factor(y, t) for t, c in flows) / dirty - 1.0, low, HIGHEST, YIELD)


def _flows(cash: Cash, settlement: date, basis: Basis) -> list[tuple[float, int]]:
    return [(float(basis.years(settlement, day)), amount) for day, amount in cash.after(settlement)]


def _lowest(flows: list[tuple[float, int]], basis: Basis) -> float:
    """A yield at which the price is as high as a double safely tells."""
    longest = max(t for t, _ in flows)
    if basis.compounding is Compounding.CONTINUOUS:
        return -min(100.0, 500.0 / max(longest, 1e-9))
    if basis.compounding is Compounding.SIMPLE:
        return -(1.0 - 1e-9) / max(longest, 1e-9)
    m = float(basis.compounding.value)
    least = 10.0 ** (-200.0 / max(m * longest, 1e-9))
    return float(-m * (1.0 - max(1e-9, least)))


def accrued(cash: Cash, settlement: date) -> int:
    """Interest earned and not yet paid at `settlement`: the running payment's interest by the days that have run.

    It is what the payment brings in all, times days run by days of its period (the class's day count), half up.
    """
    begun = cash.start
    for ended, amount in zip(cash.accrued_to, cash.interest, strict=True):
        if begun <= settlement < ended:
            run = calendar.fraction(cash.day_count, begun, settlement)
            return _half_up(amount * run / calendar.fraction(cash.day_count, begun, ended))
        begun = ended
    return 0


def _half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def average_life(cash: Cash, since: date, day_count: DayCount = DayCount.ACT_365F) -> Fraction:
    """Weighted average life in years: the mean time of principal paid after `since`, exact. Raises: BadAnalysis."""
    paid = [(d, p) for d, p in zip(cash.dates, cash.principal, strict=True) if p and d > since]
    if not paid:
        raise BadAnalysis(
            where="average life",
            value=since.isoformat(),
            why=f"{cash.name} repays nothing after it",
            why_zh=f"{cash.name} 此后不再还本",
        )
    weighted = sum((p * calendar.fraction(day_count, since, d) for d, p in paid), Fraction(0))
    return weighted / sum(p for _, p in paid)


@dataclass(frozen=True, slots=True)
class Valuation(Framed):
    """One class at one settlement: prices in minor units, yield and measures in years (convexity in years squared).

    `average_life` is None where no principal comes after settlement, prices per hundred where no balance is left.
    """

    name: str
    settlement: date
    basis: Basis
    rate: float
    dirty: int
    accrued: int
    balance: int
    macaulay: float
    modified: float
    convexity: float
    average_life: float | None

    @property
    def clean(self) -> int:
        """Without accrued interest."""
        return self.dirty - self.accrued

    @property
    def per_hundred(self) -> Decimal | None:
        """The clean price per 100 of balance, to eight decimals, half up."""
        if not self.balance:
            return None
        return (Decimal(100 * self.clean) / self.balance).quantize(Decimal("1e-8"), ROUND_HALF_UP)

    @property
    def basis_point_value(self) -> float:
        """What a yield lower by one basis point adds to the price, in minor units."""
        return self.dirty * self.modified * 1e-4

    def frame(self) -> pl.DataFrame:
        """One row."""
        clean = self.per_hundred
        return pl.DataFrame(
            {
                "tranche": [self.name], "settlement": [self.settlement], "yield": [self.rate],
                "compounding": [self.basis.compounding.name.lower()], "day_count": [self.basis.day_count.value],
                "clean_per_100": [None if clean is None else float(clean)], "clean": [self.clean],
                "accrued": [self.accrued], "dirty": [self.dirty], "balance": [self.balance],
                "macaulay": [self.macaulay], "modified": [self.modified], "convexity": [self.convexity],
                "average_life": [self.average_life],
            }
        )  # fmt: skip


def at_yield(cash: Cash, settlement: date, rate: Number, basis: Basis = CHINA) -> Valuation:
    """Everything about a class at a yield. Raises: BadAnalysis, BadAssumption."""
    return _valued(
        cash, settlement, float(fraction(rate, "yield")), present_value(cash, settlement, rate, basis), basis
    )


def at_price(cash: Cash, settlement: date, per_hundred: Number, basis: Basis = CHINA) -> Valuation:
    """Everything about a class at a clean price per 100 of its balance. Raises: BadAnalysis, NoSolution."""
    balance = cash.balance_on(settlement)
    clean = _half_up(fraction(per_hundred, "price") * balance / 100)
    dirty = clean + accrued(cash, settlement)
    return _valued(cash, settlement, yield_of(cash, settlement, dirty, basis), dirty, basis)


def _valued(cash: Cash, settlement: date, rate: float, dirty: int, basis: Basis) -> Valuation:
    worth = [(t, c * basis.factor(rate, t)) for t, c in _flows(cash, settlement, basis)]
    total = math.fsum(w for _, w in worth)
    slopes = [(basis.slopes(rate, t), w) for t, w in worth]
    repaid = any(p for d, p in zip(cash.dates, cash.principal, strict=True) if d > settlement)
    return Valuation(
        cash.name, settlement, basis, rate, dirty, accrued(cash, settlement), cash.balance_on(settlement),
        macaulay=math.fsum(t * w for t, w in worth) / total,
        modified=math.fsum(s[0] * w for s, w in slopes) / total,
        convexity=math.fsum(s[1] * w for s, w in slopes) / total,
        average_life=float(average_life(cash, settlement, basis.day_count)) if repaid else None,
    )  # fmt: skip
