"""A deal's study is its run: the same cents, for every class and account, on loans and on a published table."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import pytest

from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.published import published_model
from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.deal.assumed import Assumed, assumed
from chainfusion.cashflow.deal.run import AssumedUnknown, IndexNeeded, by_period, run_deal
from chainfusion.cashflow.deal.study import months_of, study_of_loans, study_of_table
from chainfusion.cashflow.pool.columns import Pool, pool
from chainfusion.cashflow.scale.run import project
from chainfusion.cashflow.text.reader import read_terms
from chainfusion.domain.terms.schedule import schedule

TERMS = read_terms(files("chainfusion").joinpath("demo/data/auto-terms.yaml").read_bytes())
TOLD = assumed({"cpr": "6", "cdr": "9", "recovery": "30", "lag": "6"})
MANY = pytest.mark.parametrize("side", ["low", "high"])


@cache
def loans() -> Pool:
    return pool("USD", np.full(20, TERMS.pool_balance // 20), np.full(20, 90_000), np.arange(21, 61, 2))


@MANY
def test_its_base_scenario_is_the_run_to_the_cent(side: str) -> None:
    told = assumed({"cpr": "6", "cdr": "9", "recovery": "30", "lag": "6", "bound": side})
    run = run_deal(TERMS, project(loans(), told.scenario()).total, told)
    found = study_of_loans(TERMS, loans(), told).outcomes([told.scenario()])
    for output in run.program.outputs:
        assert tuple(found.deal.flow(found.result, output.name)[0].tolist()) == run.run[output.name], output.name


def test_a_table_of_that_run_gives_it_again_and_moves_with_assumptions() -> None:
    run = run_deal(TERMS, project(loans(), assumed({}).scenario()).total)
    study = study_of_table(TERMS, dict(run.flows), assumed({}))
    base, worse = study.outcomes([assumed({}).scenario()]), study.outcomes([TOLD.scenario()])
    assert base.result["A1.balance"][0].tolist() == list(run.run["A1.balance"])
    assert worse.default_shares[0] > base.default_shares[0] == 0
    assert worse.collections.lost.sum() > 0
    worse.collections.checked()


def test_months_are_those_that_end_in_each_collection_period() -> None:
    periods = schedule(TERMS.dates)
    counts = months_of(TERMS, periods)
    flows, _ = by_period(project(loans(), assumed({}).scenario()).total, TERMS, periods)
    assert counts[0] == 1
    assert set(counts[1:]) == {1}
    assert flows["pool.scheduled"][0] > 0


def test_what_the_deal_does_not_have_is_refused_and_an_index_is_needed() -> None:
    with pytest.raises(AssumedUnknown):
        study_of_loans(TERMS, loans(), Assumed(events={"flood": 3}))
    text = files("chainfusion").joinpath("demo/data/auto-terms.yaml").read_text(encoding="utf-8")
    asks = text.replace("coupon: 3.20%", "coupon: LPR + 1%") + "\nindices: {LPR: {title: LPR}}\n"
    with pytest.raises(IndexNeeded):
        study_of_loans(read_terms(asks.encode()), loans(), assumed({}))


def test_replaying_rates_takes_the_parts_that_its_page_says() -> None:
    """One period of three months, 2% monthly default and 1% prepayment, by hand."""
    table = project(
        pool("CNY", np.array([1_000_000_00]), np.array([60_000]), np.array([4])), scenario("x", Assumption())
    )
    model = published_model(table.total, [3, 1, 1, 1])
    rates = Assumption(prepayment.smm("0.01"), default.mdr("0.02"), recovery.recovery("0.5", 1))
    found = model([scenario("x", rates)])
    opening, scheduled = 1_000_000_00, int(table.total.scheduled[0, 0])
    defaults = round(opening * (1 - 0.98**3))
    assert abs(int(found.defaulted[0, 0]) - defaults) <= 2
    left = opening - int(found.defaulted[0, 0])
    assert int(found.scheduled[0, 0]) == (2 * left * scheduled + opening) // (2 * opening)
    assert int(found.closing[0, -1]) == 0
    assert found.recovered[0, 0] == 0
    assert abs(int(found.recovered[0, 1]) * 2 - int(found.defaulted[0, 0])) <= 1
    found.checked()


def test_a_table_that_cannot_be_replayed_is_refused() -> None:
    table = project(loans(), scenario("x", Assumption())).total
    with pytest.raises(BadAnalysis):
        published_model(table, [1])
    with pytest.raises(BadAnalysis):
        published_model(Collections("USD", ("x",), *(np.zeros((1, 1), np.int64),) * 9), [1])
