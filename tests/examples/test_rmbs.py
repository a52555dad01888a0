"""The mortgage deal: cross funding, acceleration, an event of default and the clean-up call do what its README says."""

from __future__ import annotations

import csv
from datetime import date
from typing import Any

import numpy as np
import pytest

from chainfusion.cashflow.scenarios.inspector import inspect
from tests.support.examples import EXAMPLES, example, loaded

RMBS = "rmbs-jiaoying-2018-1"
BASE, STRESS, DEFAULT, CALL = range(4)


def result() -> Any:
    return example(RMBS).ran().result


def test_its_classes_are_those_that_were_rated() -> None:
    terms = example(RMBS).TERMS
    assert [t.size for t in terms.tranches] == [4_000_000_000_00, 4_390_000_000_00, 923_845_100_00]
    assert sum(t.size for t in terms.tranches) == terms.pool_balance == 9_313_845_100_00
    limits = next(t for t in terms.tables if t.id == "default_limit")
    assert [e.value for e in limits.entries] == [2_000_000, 3_300_000, 4_500_000, 5_800_000, 7_000_000, 8_000_000]


def test_its_pool_file_is_what_its_generator_makes() -> None:
    maker = loaded(EXAMPLES / RMBS / "pool.py")
    with (EXAMPLES / RMBS / "pool.csv").open(encoding="utf-8", newline="") as opened:
        assert [tuple(row) for row in csv.reader(opened)] == [maker.HEAD, *maker.rows()]


def test_the_benchmark_is_reset_on_the_first_of_january() -> None:
    """A-1's interest from 26 December 2019 is at 4.90% less 0.60% for 31 days, though the Spring Festival of 2020 was
    extended to 2 February and it is paid on the 3rd; from 26 January on it is at 4.80% less 0.60%."""
    found, opening = result(), result()["A1.balance"][BASE]
    for period, rate in ((16, 430), (17, 420)):
        exact = int(opening[period - 2]) * rate * 31
        assert found["A1.interest_paid"][BASE, period - 1] == (2 * exact + 3_650_000) // (2 * 3_650_000)
    assert example(RMBS).ran().payments[15] == date(2020, 2, 3)


def test_the_mortgages_are_reset_on_the_same_day() -> None:
    """From December 2019 to January 2020 the pool's average rate falls by the 0.10% that the benchmark does."""
    base = example(RMBS).collected().scenario(BASE)
    before, after = (12 * base.interest[0, n] / base.opening[0, n] for n in (15, 16))
    assert before - after == pytest.approx(0.0010, abs=0.00003)


@pytest.mark.parametrize("scenario", [BASE, CALL])
def test_before_acceleration_a2_waits_for_a1(scenario: int) -> None:
    found = result()
    waits = found["A1.balance"][scenario] > 0
    assert (found["A2.principal_paid"][scenario][waits] == 0).all()
    seniors = found["A1.balance"][scenario] + found["A2.balance"][scenario]
    assert (found["Sub.principal_paid"][scenario][seniors > 0] == 0).all()


def test_cumulative_default_above_two_percent_in_year_one_accelerates() -> None:
    found = result()
    total, limit = np.cumsum(found.flows["pool.defaulted"][STRESS]), example(RMBS).TERMS.pool_balance * 2 // 100
    first = int(np.flatnonzero(found["acceleration"][STRESS])[0])
    assert total[first - 1] <= limit < total[first]
    sides = next(t for t in inspect(found, STRESS, first + 1).triggers if t.trigger == "acceleration").conditions
    assert (sides[0].left, sides[0].right) == (int(total[first]), limit)


def test_after_acceleration_both_seniors_are_paid_by_balance_and_income_goes_to_principal() -> None:
    found = result()
    first = int(np.flatnonzero(found["acceleration"][STRESS])[0])
    a1, a2 = (found[f"{c}.principal_paid"][STRESS, first] for c in ("A1", "A2"))
    b1, b2 = (found[f"{c}.balance"][STRESS, first - 1] for c in ("A1", "A2"))
    assert abs(int(a1) * int(b2) - int(a2) * int(b1)) <= (40_000_000 + 43_900_000) * int(b1 + b2), "to a fen a note"
    record = inspect(found, STRESS, first + 1)
    assert record.state == "accelerated"
    assert next(s for s in record.steps if s.step == "g").payments[0].paid > 0
    assert found["servicer_rest.paid"][STRESS, first] == 0


def test_income_gives_back_what_principal_lent() -> None:
    found = result()
    lent = int(found["principal.lent"][BASE, 0])
    assert lent > 0
    record = inspect(found, BASE, 2)
    step = next(s for s in record.steps if s.step == "h")
    defaulted = int(found.flows["pool.defaulted"][BASE, :2].sum())
    assert step.amount == lent + defaulted - int(found["income.h.paid"][BASE, 0])
    assert step.payments[0].paid > 0


def test_after_an_event_of_default_there_is_one_pot() -> None:
    found = result()
    assert found["state"][DEFAULT, 23:25].tolist() == [0, 2]
    assert {s.list for s in inspect(found, DEFAULT, 25).steps} == {"after_default"}
    assert found["A2.principal_paid"][DEFAULT, 24] > found["A1.principal_paid"][DEFAULT, 24] > 0
    seniors = found["A1.balance"][DEFAULT] + found["A2.balance"][DEFAULT]
    assert (found["Sub.principal_paid"][DEFAULT][seniors > 0] == 0).all()


def test_the_clean_up_call_waits_for_ten_percent_and_buys_at_the_balance() -> None:
    found, terms = result(), example(RMBS).TERMS
    pool = found.flows["pool.closing"][CALL]
    at = int(np.flatnonzero(found["clean_up.received"][CALL])[0])
    assert pool[at] <= terms.pool_balance // 10 < pool[at - 1]
    assert found["clean_up.received"][CALL, at] == pool[at]
    assert sum(found[f"{c}.balance"][CALL, at] for c in ("A1", "A2", "Sub")) == 0


def test_losses_reach_the_subordinated_class_first() -> None:
    found = result()
    assert found["Sub.balance"][STRESS, -1] > 0
    assert found["A1.balance"][STRESS, -1] == found["A2.balance"][STRESS, -1] == 0
