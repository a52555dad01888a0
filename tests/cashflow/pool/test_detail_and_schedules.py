"""Loan by loan, by own schedules: the cents of the pool."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario, scenario
from chainfusion.cashflow.pool.detail import loan_flows, write_loan_flows
from chainfusion.cashflow.pool.errors import BadPool
from chainfusion.cashflow.pool.irregular import of, project_schedules
from tests.cashflow.pool.oracle import PlainLoan, half_up, months_of
from tests.cashflow.pool.test_against_oracle import ASSUMPTIONS, INDICES, plain_loans, pool_of_plain, projected


@settings(max_examples=30, deadline=None)
@given(st.lists(plain_loans(floating=True), min_size=1, max_size=6), ASSUMPTIONS)
def test_each_loan_equals_the_oracle_and_all_add_up(loans: list[PlainLoan], assumed: Assumption) -> None:
    future = Scenario("drawn", (assumed,), INDICES)
    flows = pl.concat(loan_flows(pool_of_plain(loans), future, chunk=2))
    for place, loan in enumerate(loans):
        own = flows.filter(pl.col("loan") == place)
        assert own["opening"][0] == loan.balance
        assert own["closing"][-1] == 0
        for name in ("defaulted", "interest", "scheduled", "prepaid"):
            assert own[name].to_list() == [getattr(m, name) for m in months_of(loan, assumed, INDICES)]
    total = projected(pool_of_plain(loans), [future]).total
    for name in ("scheduled", "closing", "opening"):
        by_period = flows.group_by("period").agg(pl.col(name).sum()).sort("period")[name].to_list()
        assert total.frame()[name].to_list()[: len(by_period)] == by_period


def test_loans_are_written_as_parquet_under_their_numbers(tmp_path: Path) -> None:
    loans = [PlainLoan(balance=1000 * k, rate_ppm=60_000, term=3) for k in range(1, 6)]
    files = write_loan_flows(
        tmp_path / "flows", pool_of_plain(loans), scenario("none", Assumption()), ids=list("abcde"), chunk=2
    )
    assert [path.name for path in files] == [f"loans-0000{k}.parquet" for k in range(3)]
    read = pl.read_parquet(tmp_path / "flows")
    assert read.group_by("loan").agg(pl.col("scheduled").sum()).sort("loan").rows() == [
        (name, 1000 * k) for k, name in enumerate("abcde", 1)
    ]


# ------------------------------------------------------------------ schedules of their own


@dataclass(frozen=True)
class Plan:
    opening: int
    principal: tuple[int, ...]
    interest: tuple[int, ...]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**50), st.integers(0, 2**50), st.integers(1, 2**50))
def test_a_part_of_an_amount_is_exact_beyond_64_bits(amount: int, share: int, whole: int) -> None:
    share = min(share, whole)
    assert of(amount, share, whole) == half_up(Fraction(amount * share, whole))
    assert of(amount, 0, 0) == 0


def test_without_defaults_the_schedule_itself_is_paid() -> None:
    plan = Plan(1_000, (0, 300, 0, 700), (10, 0, 8, 7))
    total = project_schedules(
        "CNY", [plan], [scenario("none", Assumption())], np.zeros(1, np.int64), np.zeros(1, np.int64)
    ).total.checked()
    assert total.scheduled[0].tolist() == [0, 300, 0, 700]
    assert total.interest[0].tolist() == [10, 0, 8, 7]


def test_a_regular_loan_by_its_own_schedule_is_near_the_same_loan_in_the_pool() -> None:
    loan = PlainLoan(balance=50_000_000, rate_ppm=48_000, term=120, age=10)
    assumed = Assumption(prepayment.psa(200), default.sda(150), recovery.recovery("0.4", 6))
    future = scenario("base", assumed)
    plan = months_of(loan, Assumption(), {})
    schedule = Plan(loan.balance, tuple(m.scheduled for m in plan), tuple(m.interest for m in plan))
    own = project_schedules("CNY", [schedule], [future], np.array([10]), np.zeros(1, np.int64)).total.checked()
    pool = projected(pool_of_plain([loan]), [future]).total
    assert np.abs(own.scheduled - pool.scheduled).max() <= 20
    assert np.abs(own.interest - pool.interest).max() <= 20
    assert own.plus(pool).checked().scheduled.sum() == own.scheduled.sum() + pool.scheduled.sum()


def test_a_schedule_that_takes_up_principal_is_refused() -> None:
    zero = np.zeros(2, np.int64)
    plans = [Plan(100, (100,), (1,)), Plan(100, (-5, 105), (0, 0))]
    with pytest.raises(BadPool, match="row 2"):
        project_schedules("CNY", plans, [scenario("none", Assumption())], zero, zero)
