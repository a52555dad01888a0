"""The auto deal: overcollateralization is built, held, released; losses stop that; acceleration changes the ranks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from chainfusion.cashflow.scenarios.inspector import inspect
from tests.support.examples import example

AUTO = "auto-ally"
BASE, STRESS, SEVERE, VOTE = range(4)
CLASSES = ("A1", "A2", "A3", "A4", "B", "C")
TARGET = 1_859_651_09


def result() -> Any:
    return example(AUTO).ran().result


def notes(scenario: int) -> Any:
    return sum(result()[f"{name}.balance"][scenario] for name in CLASSES)


def test_the_notes_are_held_at_the_target_until_the_pool_is_smaller_than_it() -> None:
    found = result()
    pool, outstanding = found.flows["pool.closing"][BASE], notes(BASE)
    first = int(np.flatnonzero(found["holders.paid"][BASE])[0])
    cover = (pool - outstanding)[:first]
    assert (np.diff(cover) > 0).all(), "it is built up"
    assert (cover < TARGET).all()
    held = slice(first, int(np.flatnonzero(outstanding)[-1]) + 1)
    assert ((pool - outstanding)[held] == TARGET).all()


def test_nothing_is_released_before_the_target_is_reached() -> None:
    found = result()
    for scenario in range(4):
        released = found["holders.paid"][scenario] > 0
        below = (found.flows["pool.closing"][scenario] - notes(scenario) < TARGET) & (notes(scenario) > 0)
        assert not (released & below).any()


@pytest.mark.parametrize("scenario", [BASE, STRESS, SEVERE])
def test_each_class_waits_for_those_before_it(scenario: int) -> None:
    found = result()
    for senior, junior in pairwise(CLASSES):
        waits = found[f"{senior}.balance"][scenario] > 0
        assert (found[f"{junior}.principal_paid"][scenario][waits] == 0).all()


def test_losses_above_their_limit_stop_the_release() -> None:
    found, pool = result(), example(AUTO).TERMS.pool_balance
    lost = np.cumsum(found.flows["pool.lost"][STRESS])
    turned = int(np.flatnonzero(found["losses"][STRESS])[0])
    assert lost[turned - 1] * 10_000 <= pool * 125 < lost[turned] * 10_000
    assert (found["holders.paid"][STRESS][notes(STRESS) > 0] == 0).all()
    record = inspect(found, STRESS, turned + 1)
    step = next(s for s in record.steps if s.step == "j")
    outstanding = int(notes(STRESS)[turned - 1])
    assert step.amount == outstanding - sum(p.paid for s in record.steps if s.step in "dfh" for p in s.payments)


def test_losses_reach_c_then_b_and_spare_a() -> None:
    found = result()
    left = {name: int(found[f"{name}.balance"][SEVERE, -1]) for name in CLASSES}
    assert left["C"] == 1_500_000_00
    assert 0 < left["B"] < 1_650_000_00
    assert not any(left[name] for name in ("A1", "A2", "A3", "A4"))
    assert found["reserve.balance"][SEVERE, -1] == 0


def test_where_the_pool_does_not_cover_a_and_b_their_principal_ranks_before_interest_of_c() -> None:
    found = result()
    record = inspect(found, SEVERE, 38)
    paid = {s.step: sum(p.paid for p in s.payments) for s in record.steps}
    due = {s.step: sum(p.due for p in s.payments) for s in record.steps}
    assert paid["f"] > 0
    assert paid["g"] == 0 < due["g"]
    assert all(inspect(found, BASE, 38).steps[place].payments[0].paid == 0 for place in (3, 5, 7)), "(d), (f), (h)"


def test_after_a_vote_the_rest_of_class_a_is_paid_by_balance() -> None:
    found = result()
    assert found["state"][VOTE, 23:26].tolist() == [0, 1, 1]
    a3, a4 = (int(found[f"{name}.principal_paid"][VOTE, 24]) for name in ("A3", "A4"))
    b3, b4 = (int(found[f"{name}.balance"][VOTE, 23]) for name in ("A3", "A4"))
    assert abs(a3 * b4 - a4 * b3) <= b3 + b4, "to a cent"
    class_a = sum(found[f"{name}.balance"][VOTE] for name in ("A1", "A2", "A3", "A4"))
    assert (found["B.interest_paid"][VOTE, 24:][class_a[24:] > 0] == 0).all()


def test_the_reserve_stays_at_its_target_and_comes_back() -> None:
    found = result()
    outstanding = notes(BASE)
    kept = found["reserve.balance"][BASE]
    assert (kept == np.minimum(185_965_11, outstanding)).all()
