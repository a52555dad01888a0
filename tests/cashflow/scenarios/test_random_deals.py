"""Random deals: compiled machine, machine as it is, and oracle pay the same; cash adds up; nothing is below nothing.

2,000 deals in each run of the tests, 100,000 in the soak; a deal that fails is made again from its seed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.scenarios.run import run as run_many
from chainfusion.domain.terms import records as r
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.terms.lint import lint
from chainfusion.domain.waterfall.run import Run, run
from tests.domain.waterfall.deals import FAMILIES, Deal, random_deal
from tests.domain.waterfall.oracle import Oracle

SEEDS = st.integers(0, 2**64 - 1)
MANY = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck), database=None)
SOAK = settings(MANY, max_examples=25_000)


def hold(seed: int, family: str) -> None:
    """Everything that holds of every deal."""
    deal = random_deal(seed, family)
    assert [f for f in lint(deal.terms) if f.severity == "error"] == []
    one = run(compile_terms(deal.terms), deal.flows)
    oracle = Oracle(deal.terms, deal.flows)
    agree(one, oracle)
    cash_adds_up(deal, one, oracle)
    compiled_is_the_same(deal, one)


def agree(one: Run, oracle: Oracle) -> None:
    for t, kept in enumerate(oracle.periods):
        for output in one.program.outputs:
            expected = kept.get(output.name, 0)
            assert one[output.name][t] == expected, f"{output.name} of period {t + 1}"


def cash_adds_up(deal: Deal, one: Run, oracle: Oracle) -> None:
    """In each period, by the run's own outputs: cash in and before equal cash out and after."""
    outputs = one.program.outputs
    out = [o.name for o in outputs if o.flow and o.name.endswith("paid")]
    inner = [o.name for o in outputs if o.flow and o.name.endswith("received")]
    accounts = [f"{a.id}.{part}" for a in deal.terms.accounts for part in ("balance", "carried")]
    held = sum(a.initial for a in deal.terms.accounts)
    steps = {f"{x.id}.{s.id}.paid" for x in deal.terms.lists for s in x.steps}
    for t in range(one.program.periods):
        received = sum(one[name][t] for name in inner)
        if t == 0 or one.values.get("pool_held", (1,) * 99)[t - 1]:
            received += sum(deal.flows[f"pool.{flow}"][t] for a in deal.terms.accounts for flow in a.receives)
        paid = sum(one[name][t] for name in out if name not in steps)
        now = sum(one.values.get(name, (0,) * 99)[t] for name in accounts)
        assert held + received == now + paid, f"period {t + 1}"
        held = now
        assert all(one[o.name][t] >= 0 for o in outputs)
    assert oracle.cash_in - oracle.cash_out == held - sum(a.initial for a in deal.terms.accounts)


def compiled_is_the_same(deal: Deal, one: Run) -> None:
    flows = {name: np.array([values, values[::-1]]) for name, values in deal.flows.items()}
    many = run_many(one.program, flows)
    for name in many.names:
        assert tuple(many[name][0].tolist()) == one[name], name


@pytest.mark.parametrize("family", FAMILIES)
@given(seed=SEEDS)
@MANY
def test_every_deal_pays_as_its_terms_say(family: str, seed: int) -> None:
    hold(seed, family)


@pytest.mark.soak
@pytest.mark.parametrize("family", FAMILIES)
@given(seed=SEEDS)
@SOAK
def test_every_deal_pays_as_its_terms_say_for_long(family: str, seed: int) -> None:
    hold(seed, family)


# ------------------------------------------------------------------ the senior class and the junior one


def strict(seed: int, junior: int) -> r.DealTerms:
    """A deal of a seed in which everything for A comes before anything for a junior class of a size."""
    terms = random_deal(seed, "two accounts").terms
    first = terms.tranches[0]
    step = partial(replace, terms.lists[0].steps[0], to=None, amount=None)
    every, owed, paid_off = ("main", "reserve", "principal"), tuple(f.id for f in terms.fees), "A.balance == 0.00 CNY"
    steps = (
        terms.lists[0].steps[0],
        *([step(id="fees", act=r.Act.FEES, payees=owed, sources=every)] if owed else []),
        step(id="interest", act=r.Act.INTEREST, payees=("A",), sources=every),
        step(id="principal", act=r.Act.PRINCIPAL, payees=("A",), sources=("principal", "main")),
        step(id="cure", act=r.Act.TRANSFER, payees=(), sources=("main",), to="principal", amount="deficiency"),
        step(id="junior", act=r.Act.INTEREST, payees=("Z",), sources=("main", "principal"), when=paid_off),
        step(id="last", act=r.Act.PRINCIPAL, payees=("Z",), sources=("principal",), when=paid_off),
    )
    fees = tuple(replace(f, yearly=None, amount="1_000.00 CNY") for f in terms.fees)
    lists = (replace(terms.lists[0], steps=steps),)
    return replace(terms, tranches=(first, replace(first, id="Z", size=junior)), lists=lists, triggers=(), fees=fees)


@given(seed=SEEDS, small=st.integers(0, 10**9), more=st.integers(1, 10**12))
@settings(max_examples=150, deadline=None)
def test_the_senior_class_is_never_worse_when_a_junior_one_grows(seed: int, small: int, more: int) -> None:
    flows = random_deal(seed, "two accounts").flows
    before, after = (run(compile_terms(strict(seed, size)), flows) for size in (small, small + more))
    for name in ("A.interest_paid", "A.principal_paid"):
        for t in range(before.program.periods):
            assert sum(after[name][: t + 1]) >= sum(before[name][: t + 1])
