"""Runs of many scenarios: shapes, refusals, threads, totals; and the inspector on their results."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from chainfusion.cashflow.scenarios.inspector import NoSuchPeriod, inspect
from chainfusion.cashflow.scenarios.run import LANES, run, run_totals
from chainfusion.domain.waterfall.run import AmountTooLarge, BadCollections
from chainfusion.domain.waterfall.run import run as run_one
from tests.cashflow.text.small import FLOWS, program

SCENARIOS = 2 * LANES + 3
PROGRAM = program(("coupon: 3.6%", "coupon: 3.6%, per_hundred: yes"))


def flows(scenarios: int = SCENARIOS) -> dict[str, np.ndarray]:
    """The small deal's collections, each scenario with other interest and defaults."""
    chance = np.random.default_rng(3)
    found = {name: np.tile(np.array(values, np.int64), (scenarios, 1)) for name, values in FLOWS.items()}
    found["pool.interest"] = found["pool.interest"] * chance.integers(0, 3, (scenarios, 4))
    found["pool.defaulted"] = chance.integers(0, 80_000_00, (scenarios, 4))
    return found


def test_every_scenario_is_the_run_of_one() -> None:
    given = flows()
    many = run(PROGRAM, given)
    for n in (0, 1, LANES - 1, LANES, SCENARIOS - 1):
        one = run_one(PROGRAM, {name: values[n].tolist() for name, values in given.items()})
        assert {name: tuple(many[name][n].tolist()) for name in many.names} == dict(one.values)


def test_threads_and_kept_outputs_change_nothing() -> None:
    given = flows()
    whole = run(PROGRAM, given, threads=1)
    some = run(PROGRAM, given, threads=3, keep=["A.balance", "losses"])
    assert some.names == ("A.balance", "losses")
    assert np.array_equal(some["A.balance"], whole["A.balance"])
    assert some["A.balance"].shape == (SCENARIOS, 4)
    again = run(PROGRAM, given, keep=["A.balance", "losses"], into=some.values)
    assert again.values is some.values


def test_what_is_alike_in_all_scenarios_is_given_once() -> None:
    given = flows(5)
    given["pool.scheduled"] = given["pool.scheduled"][0]
    given["pool.prepaid"] = given["pool.prepaid"][:1]
    assert np.array_equal(run(PROGRAM, given)["A.balance"], run(PROGRAM, flows(5))["A.balance"])


def test_totals_are_the_sums_of_flows() -> None:
    given = flows()
    whole, totals = run(PROGRAM, given), run_totals(PROGRAM, given, date(2025, 1, 1))
    days = [31, 59, 90, 120]
    for name in ("A.interest_paid", "A.principal_paid", "originator.paid"):
        assert np.array_equal(totals.sums[name], whole[name].sum(axis=1))
        paid = whole[name].sum(axis=1)
        mean = np.where(paid > 0, (whole[name] * days).sum(axis=1) / np.maximum(paid, 1), 0)
        assert np.allclose(totals.mean_days[name], mean, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("pool.interest", None, "missing"),
        ("pool.interest", np.zeros((SCENARIOS, 3), np.int64), "periods"),
        ("pool.interest", np.zeros((SCENARIOS, 4)), "whole numbers"),
        ("pool.interest", np.full((SCENARIOS, 4), -1), "from 0"),
        ("pool.interest", np.full((SCENARIOS, 4), 2**50), "from 0"),
        ("pool.interest", np.zeros((7, 4), np.int64), "scenarios"),
        ("nonsense", np.zeros((SCENARIOS, 4), np.int64), "does not ask"),
    ],
)
def test_other_collections_are_refused(name: str, value: np.ndarray | None, why: str) -> None:
    given = {k: v for k, v in flows().items() if k != name} | ({} if value is None else {name: value})
    with pytest.raises(BadCollections) as refused:
        run(PROGRAM, given)
    assert why in refused.value.facts["why"]


def test_the_scenario_whose_amounts_do_not_fit_is_named() -> None:
    given = flows()
    given["pool.opening"][LANES + 5, 0] = 2**49
    with pytest.raises(AmountTooLarge) as refused:
        run(program(("amount: 100.00 CNY", "amount: 4000 * pool.opening")), given)
    assert refused.value.facts["scenario"] == LANES + 5


def test_a_period_of_a_result_is_inspected() -> None:
    given = flows()
    result = run(PROGRAM, given)
    n = int(np.argmax(result["losses"][:, 1]))
    record = inspect(result, n, 2)
    assert record.period == 2
    paid = sum(p.paid for s in record.steps if s.act == "principal" for p in s.payments if p.payee == "A")
    assert paid == result["A.principal_paid"][n, 1]
    assert {t.trigger: t.on for t in record.triggers} == {"losses": bool(result["losses"][n, 1])}


@pytest.mark.parametrize(("scenario", "period"), [(-1, 1), (SCENARIOS, 1), (0, 0), (0, 5)])
def test_another_period_is_refused(scenario: int, period: int) -> None:
    with pytest.raises(NoSuchPeriod):
        inspect(run(PROGRAM, flows()), scenario, period)
