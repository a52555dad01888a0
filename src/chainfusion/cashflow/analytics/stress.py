"""How much a class withstands: break-even multiples and rates, and grids of rating stresses.

A class is hurt where a cent of its principal is never repaid or of its interest is still due at the end
(`Outcomes.loss`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import polars as pl

from chainfusion.cashflow.analytics.errors import BadAnalysis, no_solution
from chainfusion.cashflow.analytics.framed import Framed
from chainfusion.cashflow.analytics.solve import first
from chainfusion.cashflow.analytics.study import Outcomes, Study
from chainfusion.cashflow.assumptions import default as defaults
from chainfusion.cashflow.assumptions import prepayment as prepayments
from chainfusion.cashflow.assumptions.numbers import ONE, Number, fraction, multiple
from chainfusion.cashflow.assumptions.recovery import Recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario
from chainfusion.domain.errors import Text


@dataclass(frozen=True, slots=True)
class BreakEven(Framed):
    """`holds`: the last step at which the class loses nothing; `breaks`: the next one, at which it loses `loss` minor
    units; `defaults`: the pool's cumulative default share at `holds`. `breaks` is None where no step up to the highest
    hurts the class; `holds` is then the highest.
    """

    tranche: str
    what: str
    holds: Decimal
    breaks: Decimal | None
    loss: int
    defaults: float

    def frame(self) -> pl.DataFrame:
        """One row."""
        return pl.DataFrame(
            {
                "tranche": [self.tranche], "what": [self.what], "holds": [float(self.holds)],
                "breaks": [None if self.breaks is None else float(self.breaks)], "loss": [self.loss],
                "defaults": [self.defaults],
            }
        )  # fmt: skip


Making = Callable[[Fraction], Scenario]


def break_even(
    study: Study, tranche: str, make: Making, what: str, low: Number, high: Number, step: Number
) -> BreakEven:
    """Where on the way from `low` to `high`, by `step`, a class first loses a cent under the scenarios that `make`
    makes. Sixteen at a time are projected. Raises: NoSolution where it loses at `low` already; BadAnalysis.
    """
    study.deal.tranche(tranche)
    begin, end, size = (fraction(x, n) for x, n in ((low, "low"), (high, "high"), (step, "step")))
    if size <= 0 or end <= begin:
        raise BadAnalysis(
            where="steps",
            value=f"{low}, {high}, {step}",
            why="low, high and step rise",
            why_zh="下限、上限与步长须递增",
        )
    steps = int((end - begin) / size)

    def at(numbers: Sequence[int]) -> Outcomes:
        return study.outcomes([replace(make(begin + n * size), name=str(n)) for n in numbers])

    if at([0]).loss(tranche)[0]:
        raise no_solution(
            Text(what, what), low, high, Text(f"{tranche} loses at the least", f"{tranche} 在最小值即损失")
        )
    hit = first(lambda numbers: [bool(x) for x in at(numbers).loss(tranche)], 0, steps)
    held = steps if hit is None else hit - 1
    ends = at([held] if hit is None else [held, hit])
    breaks = None if hit is None else _decimal(begin + hit * size)
    loss = 0 if hit is None else int(ends.loss(tranche)[1])
    return BreakEven(tranche, what, _decimal(begin + held * size), breaks, loss, float(ends.default_shares[0]))


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).normalize()


def break_even_multiple(
    study: Study, base: Scenario, tranche: str, high: Number = 32, step: Number = "0.01"
) -> BreakEven:
    """The multiple of the base scenario's defaults that a class withstands."""
    return break_even(study, tranche, lambda x: base.stressed("", default=x), "multiple of defaults", 0, high, step)


def break_even_cdr(study: Study, base: Scenario, tranche: str, high: Number = 1, step: Number = "0.0005") -> BreakEven:
    """The constant default rate a year that a class withstands, in place of the base scenario's defaults."""

    def make(rate: Fraction) -> Scenario:
        return _each(base, lambda a: replace(a, default=defaults.cdr(rate)))

    return break_even(study, tranche, make, "CDR", 0, high, step)


def break_even_cpr(
    study: Study, base: Scenario, tranche: str, high: Number = "0.99", step: Number = "0.001"
) -> BreakEven:
    """The constant prepayment rate a year from which on a class loses, in place of the base scenario's: for classes
    that live on excess spread or carry a premium."""

    def make(rate: Fraction) -> Scenario:
        return _each(base, lambda a: replace(a, prepayment=prepayments.cpr(rate)))

    return break_even(study, tranche, make, "CPR", 0, high, step)


def _each(base: Scenario, change: Callable[[Assumption], Assumption]) -> Scenario:
    return replace(base, groups=tuple(change(group) for group in base.groups))


# ------------------------------------------------------------------ rating stresses


@dataclass(frozen=True, slots=True)
class Stress:
    """What a rating has to withstand: multiples of the base case's defaults, prepayments and recoveries."""

    rating: str
    default: Number
    prepayment: Number = 1
    recovery: Number = 1

    def of(self, base: Scenario) -> Scenario:
        """The stressed scenario, named by the rating. Raises: BadAssumption."""
        part = multiple(self.recovery, f"recovery multiple of {self.rating}")
        made = base.stressed(self.rating, default=self.default, prepayment=self.prepayment)
        return _each(made, lambda a: replace(a, recovery=scaled(a.recovery, part)))


def scaled(recovery: Recovery, part: Fraction) -> Recovery:
    """A recovery with every part multiplied, cut off on the grid, and no more than all. Raises: BadAssumption."""
    return Recovery(tuple((lag, min(ONE, int(share * part))) for lag, share in recovery.parts))


@dataclass(frozen=True, slots=True, eq=False)
class StressGrid(Framed):
    """Every class under every rating's stress."""

    stresses: tuple[Stress, ...]
    outcomes: Outcomes

    def passes(self, tranche: str) -> dict[str, bool]:
        """By rating: whether a class loses nothing."""
        lost = self.outcomes.loss(tranche)
        return {s.rating: not x for s, x in zip(self.stresses, lost, strict=True)}

    def frame(self) -> pl.DataFrame:
        """A row for each class and rating: amounts in minor units, the loss as a share of the class's size too."""
        rows = []
        for tranche in self.outcomes.deal.terms.tranches:
            lost = self.outcomes.loss(tranche.id)
            lives = self.outcomes.lives(tranche.id)
            for n, stress in enumerate(self.stresses):
                share = int(lost[n]) / tranche.size if tranche.size else None
                rows.append(
                    (tranche.id, stress.rating, float(fraction(stress.default, "multiple")),
                     float(self.outcomes.default_shares[n]), int(lost[n]), share, lives[n], not lost[n])
                )  # fmt: skip
        return pl.DataFrame(rows, _GRID, orient="row")


_GRID = {
    "tranche": pl.String, "rating": pl.String, "multiple": pl.Float64, "defaults": pl.Float64, "loss": pl.Int64,
    "loss_share": pl.Float64, "average_life": pl.Float64, "passes": pl.Boolean,
}  # fmt: skip


def stress_grid(study: Study, base: Scenario, stresses: Sequence[Stress]) -> StressGrid:
    """A deal under each rating's stress of a base case; the multiples are the user's. Raises: BadAnalysis."""
    ratings = [s.rating for s in stresses]
    if not ratings or len(set(ratings)) != len(ratings):
        raise BadAnalysis(
            where="stresses", value=ratings, why="one for each rating is needed", why_zh="每个评级须且仅须一项"
        )
    return StressGrid(tuple(stresses), study.outcomes([stress.of(base) for stress in stresses]))
