"""The kernel equals the plain oracle in every cell: kinds of loan, rates, groups, sizes, all by integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.assumptions.curve import By, Curve
from chainfusion.cashflow.assumptions.numbers import ONE
from chainfusion.cashflow.assumptions.recovery import Recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.cashflow.pool.columns import MAX_RATE, Floating, Pool, Repays, pool
from chainfusion.cashflow.pool.project import flows_of, months_of, projection
from tests.cashflow.pool.oracle import PlainLoan, totals_of

INDICES = {"LPR": tuple(range(42_000, 12_000, -500)), "STEPS": (30_000, 30_000, 0, 900_000, 45_000)}


def rates(top: int) -> st.SearchStrategy[int]:
    return st.one_of(st.just(0), st.integers(0, ONE // 50), st.integers(0, top))


CURVES = st.builds(
    Curve,
    st.lists(rates(ONE), min_size=1, max_size=30).map(tuple),
    st.sampled_from(By),
)
RECOVERIES = st.lists(st.tuples(st.integers(0, 24), st.integers(0, ONE // 4)), min_size=1, max_size=4).map(
    lambda parts: Recovery(tuple(sorted(dict(parts).items())))
)
ASSUMPTIONS = st.builds(Assumption, CURVES, CURVES, RECOVERIES)
BALANCES = st.one_of(st.integers(0, 200), st.integers(0, 10**8), st.integers(10**8, 10**12), st.integers(0, 2**46))


@st.composite
def plain_loans(draw, floating: bool) -> PlainLoan:
    term = draw(st.integers(1, 48))
    loan = PlainLoan(
        balance=draw(BALANCES),
        rate_ppm=draw(st.one_of(st.integers(0, 200_000), st.integers(0, 12_000_000))),
        term=term,
        age=draw(st.integers(0, 40)),
        level=draw(st.booleans()),
        amortizing=draw(st.one_of(st.none(), st.integers(term, 400))),
        interest_only=draw(st.one_of(st.just(0), st.integers(0, 60))),
        group=draw(st.integers(0, 2)),
    )
    if floating and draw(st.booleans()):
        loan.index = draw(st.sampled_from(sorted(INDICES)))
        loan.spread = draw(st.integers(-40_000, 40_000))
        loan.every = draw(st.integers(1, 14))
        loan.next_reset = draw(st.integers(0, 20))
        loan.floor = draw(st.integers(0, 30_000))
        loan.cap = draw(st.one_of(st.just(MAX_RATE), st.integers(20_000, 80_000)))
    return loan


def pool_of_plain(loans: list[PlainLoan]) -> Pool:
    def column(name: str) -> np.ndarray:
        return np.array([getattr(loan, name) for loan in loans], np.int64)

    names = tuple(sorted(INDICES))
    floating = Floating(
        names,
        np.array([-1 if loan.index is None else names.index(loan.index) for loan in loans], np.int64),
        *(column(name) for name in ("spread", "every", "next_reset", "floor", "cap")),
    )
    return pool(
        "CNY",
        column("balance"),
        column("rate_ppm"),
        column("term"),
        column("age"),
        payment=column("payment"),
        repays=np.array([Repays.LEVEL_PAYMENT if loan.level else Repays.LEVEL_PRINCIPAL for loan in loans], np.int64),
        amortizing=np.array([loan.amortizing or loan.term for loan in loans], np.int64),
        interest_only=column("interest_only"),
        group=column("group"),
        floating=floating if (floating.index >= 0).any() else None,
    )


def projected(loans: Pool, scenarios: list[Scenario], by_group: bool = False):
    totals = flows_of(loans, scenarios, loans.groups, months_of(loans), by_group)
    return projection(loans, scenarios, totals, by_group, ())


def assert_equal(collections: Collections, place: int, loans: list[PlainLoan], scenario: Scenario) -> None:
    expected = totals_of(loans, scenario, collections.periods)
    for name, column in expected.items():
        assert getattr(collections, name)[place].tolist() == column, name
    assert int(collections.opening[place, 0]) == sum(loan.balance for loan in loans)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_cell_equals_the_oracle(data: st.DataObject) -> None:
    loans = data.draw(st.lists(plain_loans(floating=True), min_size=1, max_size=12))
    several = data.draw(st.booleans())
    groups = data.draw(st.lists(ASSUMPTIONS, min_size=3 if several else 1, max_size=3 if several else 1))
    scenario = Scenario("drawn", tuple(groups), INDICES)
    result = projected(pool_of_plain(loans), [scenario])
    assert_equal(result.total.checked(), 0, loans, scenario)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_blocks_of_many_alike_loans_equal_the_oracle(data: st.DataObject) -> None:
    """Enough loans of one age and size that the lanes take them, with rates small enough to be exact there."""
    template = data.draw(plain_loans(floating=False))
    count = data.draw(st.integers(6, 70))
    loans = []
    for k in range(count):
        term = max(1, template.term - k % 5)
        loans.append(
            PlainLoan(
                balance=template.balance % 2**26 + 37 * k,
                rate_ppm=template.rate_ppm % 300_000 + 10 * k,
                term=term,
                age=template.age,
                level=template.level,
                amortizing=template.amortizing if k % 2 else None,
                interest_only=template.interest_only if k % 3 else 0,
            )
        )
    scenario = Scenario("drawn", (data.draw(ASSUMPTIONS),), {})
    result = projected(pool_of_plain(loans), [scenario])
    assert_equal(result.total.checked(), 0, loans, scenario)


@settings(max_examples=40, deadline=None)
@given(st.lists(plain_loans(floating=True), min_size=1, max_size=10), st.lists(ASSUMPTIONS, min_size=3, max_size=3))
def test_groups_add_up_to_the_pool(loans: list[PlainLoan], groups: list[Assumption]) -> None:
    scenario = Scenario("drawn", tuple(groups), INDICES)
    result = projected(pool_of_plain(loans), [scenario], by_group=True)
    for group, collections in enumerate(result.groups):
        own = [loan for loan in loans if loan.group == group]
        assert_equal(collections.checked(), 0, own, scenario)
    for name in ("scheduled", "recovered", "closing"):
        assert sum(getattr(c, name) for c in result.groups).tolist() == getattr(result.total, name).tolist()


@settings(max_examples=30, deadline=None)
@given(st.lists(plain_loans(floating=True), min_size=1, max_size=8), st.lists(ASSUMPTIONS, min_size=1, max_size=4))
def test_a_batch_of_scenarios_equals_each_alone(loans: list[PlainLoan], assumed: list[Assumption]) -> None:
    scenarios = [Scenario(f"s{k}", (one,), INDICES) for k, one in enumerate([*assumed, assumed[0]])]
    result = projected(pool_of_plain(loans), scenarios).total.checked()
    for place, scenario in enumerate(scenarios):
        assert_equal(result, place, loans, scenario)
