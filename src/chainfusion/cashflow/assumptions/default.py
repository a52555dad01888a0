"""Default curves by their customary names. A default takes the whole performing balance of the share that defaults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from chainfusion.cashflow.assumptions import curve, rates
from chainfusion.cashflow.assumptions.curve import By, Curve
from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.numbers import Number, fraction, share, to_grid

NONE = Curve((0,))


def mdr(rate: Number) -> Curve:
    """Monthly default rate: the share of the opening balance that defaults in a month."""
    return curve.flat(share(rate, "MDR"))


def cdr(rate: Number) -> Curve:
    """Conditional default rate a year, the same always."""
    return curve.flat(rates.monthly(rate))


def mdr_vector(monthly: Iterable[Number], by: By) -> Curve:
    """Monthly default rates, month by month."""
    return curve.vector(monthly, by, "MDR vector")


def cdr_vector(annual: Iterable[Number], by: By) -> Curve:
    """Conditional default rates a year, month by month."""
    return curve.vector([rates.monthly(rate) for rate in annual], by, "CDR vector")


def sda(percent: Number) -> Curve:
    """The Standard Default Assumption, by age: 100 peaks at 0.60% a year from month 30 to 60."""
    return curve.formula(lambda month: rates.monthly(rates.sda_cdr(percent, month)), months=120)


def timing(weights: Sequence[Number]) -> tuple[Fraction, ...]:
    """When losses come: each month's part of all of them. Weights need not add up to one. Raises: BadAssumption."""
    exact = [fraction(weight, f"timing, month {k}") for k, weight in enumerate(weights, 1)]
    if not exact or min(exact) < 0 or sum(exact) == 0:
        raise BadAssumption(
            name="timing",
            value=[str(w) for w in weights],
            why="weights are positive or zero, not all",
            why_zh="权重须不为负且不全为零",
        )
    return tuple(weight / sum(exact) for weight in exact)


def by_year(parts: Sequence[Number]) -> tuple[Fraction, ...]:
    """A timing stated by year, such as 40/30/20/10, spread evenly over each year's months."""
    return timing([fraction(part, f"timing, year {k}") for k, part in enumerate(parts, 1) for _ in range(12)])


def static(
    cumulative: Number,
    when: Sequence[Fraction],
    balances: Sequence[Number],
    by: By = By.PERIOD,
) -> Curve:
    """Monthly default rates at which defaults amount to `cumulative` of the original balance, `when` they are due.

    `balances[k]` is the balance before month k + 1 that there would be without defaults (any unit, the first one is
    the original balance). As defaults take the same share of every loan, the balance that is left is that balance
    times the share that has not defaulted, S, so a month's rate is cumulative * when * balances[0] / (balance * S).
    Where less is left than is due, all of it defaults.
    """
    due = share(cumulative, "cumulative default")
    first, left = fraction(balances[0], "balance"), Fraction(1)
    monthly = []
    for part, balance in zip(when, balances, strict=False):
        standing = fraction(balance, "balance") * left
        wanted = due * part * first
        rate = min(Fraction(1), wanted / standing) if standing > 0 else Fraction(int(wanted > 0))
        monthly.append(to_grid(rate))
        left *= 1 - rate
    return Curve((*monthly, 0), by)


def static_losses(
    cumulative: Number, when: Sequence[Fraction], recovery: Number, balances: Sequence[Number], by: By = By.PERIOD
) -> Curve:
    """`static` for a cumulative net loss: defaults are losses / (1 - recovery). Raises: BadAssumption."""
    severity = 1 - share(recovery, "recovery rate")
    if severity == 0:
        raise BadAssumption(
            name="recovery rate",
            value=str(recovery),
            why="without severity there are no losses",
            why_zh="损失程度为零则没有损失",
        )
    return static(share(cumulative, "cumulative loss") / severity, when, balances, by)
