"""A pool that buys loans with the principal it collects, while it revolves.

What is bought is told by representative loans, each with its part of every purchase: a purchase of a period in a kind
of loan is one loan of that amount, projected to the cent from the next period on. So the amounts of the pool are exact
whole numbers, while single purchased loans are not told apart.

Purchases need principal, and what principal is free is the waterfall's to say. Two ways lead there:
  - without `available`, all scheduled and prepaid principal of a period (and recoveries, where the policy says so) buys
    loans up to the target; what is not spent is carried to the next period. `purchased` is then a use of the period's
    principal that the waterfall has to book before anything else of principal;
  - with `available`, the waterfall's own figure for each period is spent. A run of the waterfall up to the first period
    that gives another figure, and this projection again with the new figures, come to rest: flows up to a period do
    not depend on purchases after it. `until` ends a scenario's purchases where a trigger ended the revolving period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.assumptions.numbers import ONE, Number, share, to_grid
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.collections import Collections, collections_of
from chainfusion.cashflow.pool.arithmetic import level_payment, part
from chainfusion.cashflow.pool.columns import Pool
from chainfusion.cashflow.pool.kernel import kernel
from chainfusion.cashflow.pool.loop import DEFAULTED, FLOWS, PREPAID, SCHEDULED, project_loan
from chainfusion.cashflow.pool.order import Loans, loans_of
from chainfusion.cashflow.pool.tables import Tables, tables
from chainfusion.domain.errors import ChainFusionError, Text

Ints = NDArray[np.int64]

_NAMES = ("defaulted", "interest", "scheduled", "prepaid", "recovered", "lost", "purchased")
_RECOVERED, _LOST, _PURCHASED = 4, 5, 6


class BadReplenishment(ChainFusionError):
    """A policy of purchases that means nothing."""

    code = "BAD_REPLENISHMENT"
    says = Text("The replenishment's {name} cannot be {value}: {why}.", "循环购买的 {name} 不能为 {value}：{why_zh}。")
    do = Text("Correct the replenishment policy.", "请更正循环购买安排。")


@dataclass(frozen=True, slots=True, eq=False)
class Replenishment:
    """What is bought and when. Raises: BadReplenishment.

    `profiles` is a pool of representative loans (balances are not looked at), `parts` their parts of every purchase,
    adding up to one. Purchases are made at the end of periods 1 to `last`, at par, up to a pool balance of `target`,
    of at least `minimum` at a time. A profile that would mature after period `latest_maturity` is not bought any more,
    and the others take its part. `recoveries` says whether recovered amounts buy loans too.
    """

    profiles: Pool
    parts: tuple[Fraction, ...]
    last: int
    target: int
    minimum: int = 0
    latest_maturity: int | None = None
    recoveries: bool = False

    def __post_init__(self) -> None:
        if len(self.parts) != len(self.profiles) or sum(self.parts) != 1:
            self._refuse(
                "parts", [str(p) for p in self.parts], "one a profile, together 1", "每个资产画像一个，合计为 1"
            )
        for name in ("last", "target", "minimum"):
            if getattr(self, name) < 0:
                self._refuse(name, getattr(self, name), "it is negative", "为负")

    @staticmethod
    def _refuse(name: str, value: object, why: str, why_zh: str) -> None:
        raise BadReplenishment(name=name, value=value, why=why, why_zh=why_zh)


def parts(*stated: Number) -> tuple[Fraction, ...]:
    """Parts of purchases as exact fractions."""
    return tuple(share(one, "part of purchases") for one in stated)


def replenish(
    base: Collections,
    scenarios: Sequence[Scenario],
    policy: Replenishment,
    available: Ints | None = None,
    until: Ints | None = None,
) -> Collections:
    """The collections of a pool and of all it buys. `base` are those of the pool at cut-off under the same scenarios.

    `available` (scenarios, periods) is the principal that may be spent in each period, in minor units; `until`
    (scenarios,) the last period in which a scenario still buys. Raises: BadReplenishment, BadAssumption, UnknownIndex.
    """
    if tuple(s.name for s in scenarios) != base.names:
        raise BadReplenishment(
            name="scenarios",
            value=[s.name for s in scenarios],
            why="the pool's are others",
            why_zh="与资产池的情景不同",
        )
    tail = max(assumed.recovery.tail for s in scenarios for assumed in s.groups)
    periods = max(base.periods, policy.last + int(policy.profiles.term.max(initial=0)) + tail)
    flows = np.zeros((base.scenarios, periods, len(_NAMES)), np.int64)
    for place, name in enumerate(_NAMES):
        flows[:, : base.periods, place] = getattr(base, name)
    for place, scenario in enumerate(scenarios):
        last = policy.last if until is None else min(policy.last, int(until[place]))
        given = np.zeros(0, np.int64) if available is None else np.ascontiguousarray(available[place], np.int64)
        _revolve_one(flows[place], int(base.opening[place, 0]), scenario, policy, given, last)
    dates = base.dates if len(base.dates) == periods else ()
    columns = {name: flows[:, :, place] for place, name in enumerate(_NAMES)}
    return collections_of(base.currency, base.names, base.opening[:, 0], columns, dates)


def _revolve_one(
    flows: Ints, opening: int, scenario: Scenario, policy: Replenishment, available: Ints, last: int
) -> None:
    profiles = policy.profiles
    names = profiles.floating.names if profiles.floating is not None else ()
    recoveries = [scenario.of(int(group)).recovery.parts for group in profiles.group]
    lags = np.full((len(profiles), max(len(r) for r in recoveries), 2), -1, np.int64)
    for place, of_profile in enumerate(recoveries):
        lags[place, : len(of_profile)] = of_profile
    _revolve(
        loans_of(profiles)._replace(
            balance=np.zeros(len(profiles), np.int64), payment=np.zeros(len(profiles), np.int64)
        ),
        np.array([to_grid(one) for one in policy.parts], np.int64),
        tables(scenario, profiles.groups, names),
        lags,
        np.array([opening, policy.target, policy.minimum, policy.latest_maturity or 1 << 40, last], np.int64),
        available,
        policy.recoveries,
        flows,
    )


@kernel
def _revolve(
    profiles: Loans, weights: Ints, assumed: Tables, lags: Ints, terms: Ints, available: Ints, recoveries: bool,
    flows: Ints,
) -> None:  # fmt: skip
    balance, target, minimum, latest, last = terms
    single = np.zeros((flows.shape[0], FLOWS), np.int64)
    cash = 0
    for t in range(min(last, flows.shape[0])):
        balance -= flows[t, SCHEDULED] + flows[t, PREPAID] + flows[t, DEFAULTED]
        if len(available) > 0:
            cash += available[t] if t < len(available) else 0
        else:
            cash += flows[t, SCHEDULED] + flows[t, PREPAID] + (flows[t, _RECOVERED] if recoveries else 0)
        whole = 0
        for i in range(len(weights)):
            whole += weights[i] if t + 1 + profiles.term[i] <= latest else 0
        spend = min(cash, max(0, target - balance))
        if spend < minimum or whole == 0:
            continue
        upto, spent = 0, 0
        for i in range(len(weights)):
            if t + 1 + profiles.term[i] <= latest:
                upto += weights[i]
                amount = part(spend, upto * ONE // whole) - spent
                spent += amount
                _buy(profiles, i, amount, assumed, t + 1, lags[i], single, flows)
        flows[t, _PURCHASED] += spent
        balance, cash = balance + spent, cash - spent


@kernel
def _buy(
    profiles: Loans, i: int, amount: int, assumed: Tables, start: int, lags: Ints, single: Ints, flows: Ints
) -> None:
    """Adds the flows of `amount` of profile i, bought before period `start` (from 0)."""
    months = max(1, profiles.amortizing[i] - profiles.interest_only[i])
    profiles.balance[i] = amount
    if profiles.repays[i] == 0:
        profiles.payment[i] = int(np.floor(level_payment(float(amount), float(profiles.rate[i]), months) + 0.5))
    else:
        profiles.payment[i] = (2 * amount + months) // (2 * months)
    for k in range(project_loan(profiles, i, assumed, start, single)):
        for f in range(FLOWS):
            flows[start + k, f] += single[k, f]
        upto, before, final = 0, 0, 0
        for p in range(len(lags)):
            if lags[p, 0] >= 0:
                upto += lags[p, 1]
                back = part(single[k, DEFAULTED], upto)
                flows[start + k + lags[p, 0], _RECOVERED] += back - before
                before, final = back, lags[p, 0]
        flows[start + k + final, _LOST] += single[k, DEFAULTED] - before
