"""A pool's cash flow in plain Python numbers: nothing of the project but the assumptions' rates is used.

Every rule as the documentation states it, one loan after the other, in whole numbers and exact fractions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

UNIT = Fraction(1, 1 << 27)


@dataclass
class PlainLoan:
    balance: int
    rate_ppm: int
    term: int
    age: int = 0
    payment: int = 0
    level: bool = True
    amortizing: int | None = None
    interest_only: int = 0
    group: int = 0
    index: str | None = None
    spread: int = 0
    every: int = 12
    next_reset: int = 0
    floor: int = 0
    cap: int = 12_000_000


@dataclass
class PlainMonth:
    defaulted: int
    interest: int
    scheduled: int
    prepaid: int


@dataclass
class PlainTotals:
    months: list[PlainMonth] = field(default_factory=list)


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def on_grid(value: Fraction) -> Fraction:
    return half_up(value / UNIT) * UNIT


def payment_of(loan: PlainLoan) -> int:
    """The exact level payment, or equal part of principal, half up."""
    months = max(1, (loan.amortizing or loan.term) - loan.interest_only)
    if not loan.level or loan.rate_ppm == 0:
        return half_up(Fraction(loan.balance, months))
    step = Fraction(loan.rate_ppm, 12_000_000)
    return half_up(loan.balance * step / (1 - (1 + step) ** -months))


def payment_at_reset(balance: int, rate_ppm: int, months: int) -> int:
    """The documented float64 formula: the power by squaring, from the lowest bit up."""
    if rate_ppm == 0:
        return int((balance / months + 0.5) // 1)
    step = rate_ppm / 12e6
    growth, square = 1.0, 1.0 + step
    for bit in bin(months)[:1:-1]:
        growth = growth * square if bit == "1" else growth
        square = square * square
    return int((balance * step * growth / (growth - 1.0) + 0.5) // 1)


def months_of(loan: PlainLoan, assumption, indices) -> list[PlainMonth]:
    """Every month of one loan. `assumption` is a cashflow Assumption, `indices` paths of reference rates by name."""
    balance, rate, payment, survival = loan.balance, loan.rate_ppm, loan.payment or payment_of(loan), Fraction(1)
    out = []
    for t in range(loan.term):
        if loan.index is not None and t >= loan.next_reset and (t - loan.next_reset) % loan.every == 0:
            path = indices[loan.index]
            rate = min(loan.cap, max(loan.floor, path[min(t, len(path) - 1)] + loan.spread))
            if loan.level:
                left = max(1, (loan.amortizing or loan.term) - max(t, loan.interest_only))
                payment, survival = payment_at_reset(balance, rate, left), Fraction(1)
        default = _rate(assumption.default, loan, t)
        prepay = _rate(assumption.prepayment, loan, t)
        defaulted = half_up(balance * default)
        performing = balance - defaulted
        survival = on_grid(survival * (1 - default))
        interest = half_up(Fraction(performing * rate, 12_000_000))
        if t == loan.term - 1:
            scheduled = performing
        elif t < loan.interest_only:
            scheduled = 0
        else:
            due = half_up(payment * max(survival, UNIT))
            scheduled = max(0, min(performing, due - interest if loan.level else due))
        prepaid = half_up((performing - scheduled) * prepay)
        survival = on_grid(survival * (1 - prepay))
        balance = performing - scheduled - prepaid
        out.append(PlainMonth(defaulted, interest, scheduled, prepaid))
    return out


def _rate(curve, loan: PlainLoan, t: int) -> Fraction:
    return curve.at(t + 1 + (loan.age if curve.by == "age" else 0)) * UNIT


def totals_of(loans: list[PlainLoan], scenario, periods: int) -> dict[str, list[int]]:
    """The pool's collections; recoveries are shares of what a month's loans of one manner of recovery defaulted."""
    names = ("scheduled", "prepaid", "defaulted", "recovered", "lost", "interest")
    out = {name: [0] * periods for name in names}
    defaults: dict[object, list[int]] = {}
    for loan in loans:
        assumption = scenario.groups[min(loan.group, len(scenario.groups) - 1)]
        of_recovery = defaults.setdefault(assumption.recovery, [0] * periods)
        for t, month in enumerate(months_of(loan, assumption, scenario.indices)):
            for name in ("scheduled", "prepaid", "defaulted", "interest"):
                out[name][t] += getattr(month, name)
            of_recovery[t] += month.defaulted
    for recovery, by_month in defaults.items():
        for t, amount in enumerate(by_month):
            upto, before = Fraction(0), 0
            for lag, share in recovery.parts if amount else ():
                upto += share * UNIT
                out["recovered"][t + lag] += half_up(amount * upto) - before
                before = half_up(amount * upto)
            if amount:
                out["lost"][t + recovery.parts[-1][0]] += amount - before
    return out
