"""What is assumed of each group of a pool in one future, and grids of futures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from chainfusion.cashflow.assumptions import default as defaults
from chainfusion.cashflow.assumptions import prepayment as prepayments
from chainfusion.cashflow.assumptions import recovery as recoveries
from chainfusion.cashflow.assumptions.curve import Curve
from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.numbers import ONE, Number
from chainfusion.cashflow.assumptions.recovery import Recovery


@dataclass(frozen=True, slots=True)
class Assumption:
    """Prepayment, default and recovery of one group of loans."""

    prepayment: Curve = prepayments.NONE
    default: Curve = defaults.NONE
    recovery: Recovery = recoveries.NONE

    def stressed(self, default: Number = 1, prepayment: Number = 1) -> Assumption:
        """The same with default and prepayment rates multiplied."""
        return replace(self, default=self.default.times(default), prepayment=self.prepayment.times(prepayment))


@dataclass(frozen=True, slots=True)
class Scenario:
    """One future of a pool: assumptions by group of loans (group g takes `groups[g]`; one serves all), and paths of
    reference rates: `indices[name]` is the rate in ppm a year by period, the last one holding on.
    """

    name: str
    groups: tuple[Assumption, ...]
    indices: Mapping[str, tuple[int, ...]]

    def __post_init__(self) -> None:
        if not self.groups:
            raise BadAssumption(name="scenario", value=self.name, why="it assumes nothing", why_zh="没有任何假设")
        for index, path in self.indices.items():
            if not path:
                raise BadAssumption(name=f"index {index}", value="[]", why="it has no period", why_zh="没有任何一期")

    def of(self, group: int) -> Assumption:
        """What is assumed of a group. Raises: BadAssumption where the scenario does not say."""
        if len(self.groups) == 1:
            return self.groups[0]
        if group >= len(self.groups):
            raise BadAssumption(
                name="scenario",
                value=self.name,
                why=f"nothing is assumed of group {group}",
                why_zh=f"未对第 {group} 组作出假设",
            )
        return self.groups[group]

    def stressed(self, name: str, default: Number = 1, prepayment: Number = 1) -> Scenario:
        """The same future with default and prepayment rates of every group multiplied."""
        return replace(self, name=name, groups=tuple(g.stressed(default, prepayment) for g in self.groups))


def scenario(
    name: str,
    assumed: Assumption | Sequence[Assumption],
    indices: Mapping[str, Sequence[int]] | None = None,
) -> Scenario:
    """A scenario of one assumption for all loans or one for each group."""
    groups = (assumed,) if isinstance(assumed, Assumption) else tuple(assumed)
    return Scenario(name, groups, {key: tuple(path) for key, path in (indices or {}).items()})


def grid(
    prepayment: Mapping[str, Curve],
    default: Mapping[str, Curve],
    recovery: Mapping[str, Recovery],
    indices: Mapping[str, Sequence[int]] | None = None,
) -> tuple[Scenario, ...]:
    """Every combination, named `prepayment / default / recovery`, the last name changing fastest."""
    return tuple(
        scenario(f"{p} / {d} / {r}", Assumption(prepayment[p], default[d], recovery[r]), indices)
        for p, d, r in product(prepayment, default, recovery)
    )


def additive(assumed: Assumption, months: int = 480) -> Assumption:
    """The same assumption with prepayment counted as the Standard Formulas do.

    There the SMM is a share of the scheduled balance before defaults; here of what is left after them. Divided by
    1 - MDR, month by month, it takes the same amount. Both curves must count from the same month.
    Raises: BadAssumption.
    """
    if assumed.prepayment.by != assumed.default.by and len(assumed.default.rates) > 1:
        raise BadAssumption(
            name="curves",
            value=assumed.prepayment.by.value,
            why="one counts by age, one by period",
            why_zh="一条按账龄、一条按期次计",
        )
    rates = []
    for month in range(1, months + 1):
        smm, left = assumed.prepayment.at(month), ONE - assumed.default.at(month)
        rates.append(min(ONE, (2 * smm * ONE + left) // (2 * left)) if left else ONE)
    return replace(assumed, prepayment=Curve(tuple(rates), assumed.prepayment.by))
