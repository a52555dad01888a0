"""A revolving pool: what it buys pays as the bought loans would, to the cent, and never more than was collected."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario, scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.pool.revolving import BadReplenishment, Replenishment, parts, replenish
from tests.cashflow.pool.oracle import PlainLoan, payment_at_reset, totals_of
from tests.cashflow.pool.test_against_oracle import pool_of_plain, projected

PROFILES = [
    PlainLoan(balance=1, rate_ppm=90_000, term=12, age=2),
    PlainLoan(balance=1, rate_ppm=120_000, term=24, level=False),
    PlainLoan(balance=1, rate_ppm=60_000, term=6, interest_only=3),
]
PARTS = parts("0.5", "0.3", "0.2")
BASE = Assumption(prepayment.cpr("0.1"), default.cdr("0.03"), recovery.recovery("0.3", 4))


def seasoned() -> list[PlainLoan]:
    return [PlainLoan(balance=3_000_000 + 7 * k, rate_ppm=80_000, term=10 + k % 9, age=k % 12) for k in range(30)]


def based(scenarios: list[Scenario]) -> Collections:
    return projected(pool_of_plain(seasoned()), scenarios).total


def policy(**changes: object) -> Replenishment:
    stated = {"profiles": pool_of_plain(PROFILES), "parts": PARTS, "last": 12, "target": 90_000_000}
    return Replenishment(**(stated | changes))


def test_the_pool_stays_at_its_target_but_for_defaults_while_it_revolves() -> None:
    futures = [scenario("none", Assumption()), scenario("base", BASE)]
    result = replenish(based(futures), futures, policy()).checked()
    opening = int(result.opening[0, 0])
    assert (result.closing[0, :12] == min(90_000_000, opening)).all()
    collected = result.principal[1, :12]
    assert (result.purchased[1, :12] == collected).all()
    assert result.purchased[:, 12:].sum() == 0
    assert result.closing[:, -1].tolist() == [0, 0]
    assert result.outstanding[:, -1].tolist() == [0, 0]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 14), st.integers(50_000_000, 95_000_000), st.integers(0, 2_000_000), st.booleans())
def test_what_was_bought_pays_as_such_loans_do(last: int, target: int, minimum: int, recoveries: bool) -> None:
    future = scenario("base", BASE)
    base = based([future])
    result = replenish(
        base, [future], policy(last=last, target=target, minimum=minimum, recoveries=recoveries)
    ).checked()
    expected = {
        name: getattr(base, name)[0].tolist() for name in ("scheduled", "prepaid", "interest", "recovered", "lost")
    }
    expected = {name: column + [0] * (result.periods - base.periods) for name, column in expected.items()}
    for period, spent in enumerate(result.purchased[0].tolist()):
        assert spent == 0 or spent >= minimum
        for loan, amount in zip(PROFILES, _split(spent), strict=True):
            bought = PlainLoan(**{**vars(loan), "balance": amount})
            if loan.level and amount:
                bought.payment = payment_at_reset(amount, loan.rate_ppm, loan.term - loan.interest_only)
            flows = totals_of([bought], future, result.periods + 40) if spent else {}
            for name, column in flows.items():
                if name in expected:
                    for k, value in enumerate(column[: result.periods - period - 1]):
                        expected[name][period + 1 + k] += value
    for name, column in expected.items():
        assert getattr(result, name)[0].tolist() == column, name
    assert (np.cumsum(result.purchased[0]) <= np.cumsum(result.principal[0] + result.recovered[0])).all()


def _split(spent: int) -> list[int]:
    upto, placed, out = 0, 0, []
    weights = [int(Fraction(part) * 2**27 + Fraction(1, 2)) for part in PARTS]
    for weight in weights:
        upto += weight
        share = Fraction(upto * 2**27 // sum(weights), 2**27)
        out.append(int(spent * share + Fraction(1, 2)) - placed)
        placed += out[-1]
    return out


def test_the_waterfalls_own_figures_are_spent_and_a_trigger_ends_it() -> None:
    futures = [scenario("a", BASE), scenario("b", BASE)]
    base = based(futures)
    available = np.full((2, base.periods), 1_000_000)
    result = replenish(base, futures, policy(target=10**12), available, until=np.array([12, 3])).checked()
    assert result.purchased[0, :13].tolist() == [1_000_000] * 12 + [0]
    assert result.purchased[1, :5].tolist() == [1_000_000] * 3 + [0, 0]
    assert (result.scheduled[0, :4] == result.scheduled[1, :4]).all(), "flows do not depend on later purchases"


def test_loans_that_would_outlive_the_deal_are_not_bought() -> None:
    future = scenario("none", Assumption())
    result = replenish(based([future]), [future], policy(latest_maturity=20)).checked()
    assert result.closing[0, 19:].sum() == 0
    assert result.purchased[0, :12].min() > 0
    assert replenish(based([future]), [future], policy(latest_maturity=1)).purchased.sum() == 0


@pytest.mark.parametrize("changes", [{"parts": parts("0.5", "0.5")}, {"parts": parts("0.5", "0.3", "0.1")},
                                     {"last": -1}, {"target": -1}, {"minimum": -5}])  # fmt: skip
def test_a_policy_that_means_nothing_is_refused(changes: dict) -> None:
    with pytest.raises(BadReplenishment):
        policy(**changes)


def test_other_scenarios_than_the_pools_are_refused() -> None:
    with pytest.raises(BadReplenishment, match="scenarios"):
        replenish(based([scenario("a", BASE)]), [scenario("b", BASE)], policy())
