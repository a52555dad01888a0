"""The revolving deal: what the waterfall buys is what the projection was given, until a trigger ends it."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pytest

from chainfusion.cashflow.scenarios.inspector import inspect
from tests.support.examples import EXAMPLES, example, loaded

REVOLVING = "revolving-consumer"
BASE, STRESS, SEVERE, SERVICER = range(4)
ALL = (BASE, STRESS, SEVERE, SERVICER)


def result() -> Any:
    return example(REVOLVING).ran().result


def notes(scenario: int) -> Any:
    return sum(result()[f"{name}.balance"][scenario] for name in ("A", "B", "Sub"))


def test_its_pool_file_is_what_its_generator_makes() -> None:
    maker = loaded(EXAMPLES / REVOLVING / "pool.py")
    with (EXAMPLES / REVOLVING / "pool.csv").open(encoding="utf-8", newline="") as opened:
        assert [tuple(row) for row in csv.reader(opened)] == [maker.HEAD, *maker.rows()]


def test_waterfall_and_projection_agree_on_every_purchase() -> None:
    purchased, paid = example(REVOLVING).collected().purchased, result()["assets.paid"]
    periods = min(purchased.shape[1], paid.shape[1])
    assert np.array_equal(purchased[:, :periods], paid[:, :periods])
    assert not purchased[:, periods:].any()
    assert not paid[:, periods:].any()
    assert (paid[BASE, :12] > 0).all()


def test_while_it_revolves_the_pool_equals_the_notes() -> None:
    closing = example(REVOLVING).collected().closing[BASE]
    assert (closing[:12] == notes(BASE)[:12]).all()
    assert notes(BASE)[11] == example(REVOLVING).TERMS.pool_balance
    assert result()["A.principal_paid"][BASE, :12].sum() == 0


def test_while_it_amortizes_pool_and_notes_differ_by_less_than_a_fen_a_note() -> None:
    found, closing = result(), example(REVOLVING).collected().closing[BASE]
    while_a = np.flatnonzero(found["A.balance"][BASE])[12:]
    apart = notes(BASE)[while_a] - closing[while_a]
    assert (apart >= 0).all()
    assert (apart < 8_500_000).all()
    assert np.array_equal(apart, found["collection.carried"][BASE][while_a])


@pytest.mark.parametrize("scenario", ALL)
def test_each_class_waits_for_those_before_it(scenario: int) -> None:
    found = result()
    a, b = (found[f"{name}.balance"][scenario] > 0 for name in ("A", "B"))
    assert (found["B.principal_paid"][scenario][a] == 0).all()
    assert (found["Sub.principal_paid"][scenario][a | b] == 0).all()


def test_cumulative_default_above_its_limit_ends_the_purchases_early() -> None:
    found, limit = result(), example(REVOLVING).TERMS.pool_balance * 16 // 1000
    total = np.cumsum(found.flows["pool.defaulted"][STRESS])
    turned = int(np.flatnonzero(found["early"][STRESS])[0])
    assert total[turned - 1] <= limit < total[turned]
    assert found["assets.paid"][STRESS, turned:].sum() == 0
    assert (found["assets.paid"][STRESS, :turned] > 0).all()
    record = inspect(found, STRESS, turned + 1)
    assert record.state == "early_amortizing"
    sides = next(t for t in record.triggers if t.trigger == "early").conditions
    assert (int(total[turned]), limit, True) in [(c.left, c.right, c.holds) for c in sides]


def test_the_limit_binds_only_while_it_revolves() -> None:
    """More than 1.6% defaults in the base case, but after the last purchase."""
    found, limit = result(), example(REVOLVING).TERMS.pool_balance * 16 // 1000
    total = np.cumsum(found.flows["pool.defaulted"][BASE])
    assert total[11] <= limit < total[-1]
    assert not found["early"][BASE].any()


def test_after_early_amortization_all_goes_to_a() -> None:
    found = result()
    turned = int(np.flatnonzero(found["early"][STRESS])[0])
    senior = found["A.balance"][STRESS] > 0
    assert found["Sub.return_paid"][STRESS, turned:][senior[turned:]].sum() == 0
    assert found["Sub.return_paid"][STRESS, :turned].sum() > 0


def test_the_servicers_removal_ends_it_too() -> None:
    found = result()
    assert np.count_nonzero(found["assets.paid"][SERVICER]) == 5
    assert found["state"][SERVICER, 4:6].tolist() == [0, 2]


def test_losses_reach_the_subordinated_class_then_b_and_spare_a() -> None:
    found = result()
    assert found["A.balance"][SEVERE, -1] == 0
    assert 0 < found["B.balance"][SEVERE, -1] < 60_000_000_00
    assert found["Sub.balance"][SEVERE, -1] == 90_000_000_00
    assert found["Sub.return_paid"][SEVERE].sum() == 0
    assert found["reserve.balance"][SEVERE, -1] == 0


def test_the_settled_purchases_bring_the_collections_that_the_deal_was_run_on() -> None:
    module = example(REVOLVING)
    collections, settled = module.settled()
    again = module.replenish(
        module.project(module.loans(), module.futures()).total,
        module.futures(),
        module.purchases(),
        settled["assets.paid"],
    )
    assert np.array_equal(again.closing, collections.closing)
    assert np.array_equal(again.interest, collections.interest)
