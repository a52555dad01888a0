"""The example 和享2017-5: its table is the prospectus's, its published average lives lie between the fee's bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

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
