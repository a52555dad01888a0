"""The example 和享2017-5: its table is the prospectus's, its published average lives lie between the fee's bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainfusion.cashflow.assumptions import prepayment
from chainfusion.cashflow.assumptions.scenario import Assumption, scenario
from chainfusion.cashflow.scenarios.inspector import inspect
from tests.support.examples import example

HEXIANG = "hexiang-2017-5"
PUBLISHED, DEFAULTS, UNDELIVERED = range(3)


def result() -> Any:
    return example(HEXIANG).ran().result


def test_its_table_adds_up_to_the_pool() -> None:
    principal, interest = example(HEXIANG).published()
    assert len(principal) == len(interest) == 23
    assert principal[0] == 206_599_18 * 10_000
    assert principal[-1] == (1_183_40 - 2) * 10_000
    assert sum(principal) == example(HEXIANG).TERMS.pool_balance == 1_506_120_36 * 10_000


def test_published_lives_lie_between_the_bounds() -> None:
    table = next(t for t in example(HEXIANG).tables() if t.name == "lives")
    assert [row[:2] for row in table.rows] == [("A", "0.49"), ("B", "1.18"), ("Sub", "1.41")]
    for _, published, low, high in table.rows:
        assert float(low) < float(published) < float(high)


def test_published_sensitivities_lie_between_the_bounds() -> None:
    """3% a year in default: A 0.50 in 0.447 to 0.502, B 1.23 in 1.135 to 1.319; 15% a year prepaid: A 0.46 in 0.416 to
    0.465, B 1.14 in 1.053 to 1.231 years."""
    rows = example(HEXIANG).sensitivities().rows
    assert [row[1:3] for row in rows] == [("A", "0.50"), ("B", "1.23"), ("A", "0.46"), ("B", "1.14")]
    assert [row[3:] for row in rows] == [("0.447", "0.502"), ("1.135", "1.319"), ("0.416", "0.465"), ("1.053", "1.231")]
    for *_, published, low, high in rows:
        assert float(low) < float(published) < float(high)


def test_rates_that_held_from_the_cut_off_date_would_not_give_the_published_life() -> None:
    early = scenario("early", Assumption(prepayment=prepayment.cpr("0.15")))
    lives = [example(HEXIANG).study(front).outcomes([early]).lives("A")[0] for front in (0, 12_000_000)]
    assert [round(life, 3) for life in lives] == [0.398, 0.443]
    assert not lives[0] < 0.46 < lives[1]


def test_the_table_under_no_assumption_is_the_table() -> None:
    table = example(HEXIANG).collected().scenario(0)
    replayed = example(HEXIANG).study(0).collections([scenario("none", Assumption())])
    for column in ("scheduled", "interest", "closing", "defaulted", "lost"):
        assert np.array_equal(getattr(replayed, column), getattr(table, column)), column
    assert np.array_equal(example(HEXIANG).study(0).outcomes([scenario("none", Assumption())]).result["A.balance"][0],
                          result()["A.balance"][PUBLISHED])  # fmt: skip


def test_defaults_above_eight_percent_accelerate_and_spare_the_seniors() -> None:
    found, limit = result(), example(HEXIANG).TERMS.pool_balance * 8 // 100
    total = np.cumsum(found.flows["pool.defaulted"][DEFAULTS])
    turned = int(np.flatnonzero(found["acceleration"][DEFAULTS])[0])
    assert total[turned - 1] <= limit < total[turned]
    steps = {s.step: s for s in inspect(found, DEFAULTS, turned + 1).steps if s.list == "income"}
    assert steps["g"].applied
    assert not steps["j"].applied
    assert found["A.balance"][DEFAULTS, -1] == found["B.balance"][DEFAULTS, -1] == 0
    assert 0 < found["Sub.principal_paid"][DEFAULTS].sum() < 1_062_203_598_18


def test_after_an_event_of_default_b_waits_for_a() -> None:
    found = result()
    assert found["state"][UNDELIVERED, 1:3].tolist() == [0, 1]
    senior = found["A.balance"][UNDELIVERED, 2:] > 0
    assert (found["B.interest_paid"][UNDELIVERED, 2:][senior] == 0).all()
    assert (found["B.principal_paid"][UNDELIVERED, 2:][senior] == 0).all()
    assert found["B.interest_due"][UNDELIVERED, -1] == 0
