"""Columns in, collections out: payments, refusals, dates, conservation, and the lanes' bounds."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, scenario
from chainfusion.cashflow.assumptions.standard import passthrough
from chainfusion.cashflow.collections import CashNotConserved, Collections, collections_of
from chainfusion.cashflow.pool.arithmetic import interest, level_payment, part
from chainfusion.cashflow.pool.columns import MAX_BALANCE, Floating, pool
from chainfusion.cashflow.pool.errors import BadPool, HorizonTooShort, UnknownIndex
from chainfusion.cashflow.pool.lanes import _holds
from chainfusion.cashflow.pool.order import blocks_of, loans_of
from chainfusion.cashflow.pool.payments import exact_payment, level_payments
from chainfusion.cashflow.scale.run import project
from tests.cashflow.pool.oracle import half_up

BASE = scenario("base", Assumption(prepayment.psa(150), default.sda(100), recovery.recovery("0.6", 12)))


def whole(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**53), st.integers(0, 12_000_000), st.integers(1, 600))
def test_level_payments_are_half_up_of_the_exact_annuity(balance: int, rate: int, months: int) -> None:
    assert level_payments(whole(balance), whole(rate), whole(months))[0] == exact_payment(balance, rate, months)


def test_a_payment_on_the_very_half_is_rounded_up() -> None:
    assert level_payments(whole(1, 3, 5), whole(0, 0, 0), whole(2, 2, 2)).tolist() == [1, 2, 3]
    assert level_payment(100.0, 0.0, 4) == 25.0


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**53), st.integers(0, 2**27), st.integers(0, 12_000_000))
def test_products_are_half_up_at_any_size(amount: int, rate: int, ppm: int) -> None:
    assert part(amount, rate) == half_up(Fraction(amount * rate, 2**27))
    assert interest(amount, ppm) == half_up(Fraction(amount * ppm, 12_000_000))


def test_blocks_beyond_the_exact_range_of_float64_leave_the_lanes() -> None:
    top = 2**27
    members = np.arange(8, dtype=np.int32)

    def holds(balance: int, rate: int, largest: int) -> bool:
        loans = pool("CNY", np.full(8, balance), np.full(8, rate), np.full(8, 360))
        return _holds(loans_of(loans), members, largest)

    assert holds(2**26 - 1, 50_000, top)
    assert not holds(2**26, 50_000, top)
    assert holds(2**29, 50_000, top // 16)
    assert not holds(2**29, 2**21, top // 16)
    assert not holds(2**34, 50_000, 1), "a payment of more than 2^26"


def test_loans_stand_in_blocks_of_one_age_and_rising_term() -> None:
    draw = np.random.default_rng(3)
    loans = pool("CNY", draw.integers(1, 2**30, 500), np.full(500, 40_000), draw.integers(1, 99, 500),
                 draw.integers(0, 5, 500), group=draw.integers(0, 3, 500))  # fmt: skip
    blocks = blocks_of(loans_of(loans), True)
    assert sorted(blocks.order.tolist()) == list(range(500))
    for begin, end in zip(blocks.start[:-1], blocks.start[1:], strict=True):
        members = blocks.order[begin:end]
        assert 0 < len(members) <= 32
        assert len(set(loans.age[members])) == len(set(loans.group[members])) == 1
        assert (np.diff(loans.term[members]) >= 0).all()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"balance": whole(5, -1)}, "balance"),
        ({"rate_ppm": whole(0, -1)}, "rate_ppm"),
        ({"term": whole(12, 0)}, "term"),
        ({"term": whole(12, 601)}, "term"),
        ({"age": whole(0, -1)}, "age"),
        ({"rate_ppm": np.array([0.0, np.nan])}, "rate_ppm"),
        ({"balance": np.array([1.0, 2.5])}, "balance"),
        ({"term": whole(12)}, "term"),
        ({"balance": whole(MAX_BALANCE - 1, MAX_BALANCE - 1)}, "balance"),
    ],
)
def test_columns_that_make_no_sense_are_refused(changes: dict, field: str) -> None:
    columns = {"balance": whole(1, 2), "rate_ppm": whole(0, 0), "term": whole(12, 12)} | changes
    with pytest.raises(BadPool) as refused:
        pool("CNY", **columns)
    assert refused.value.findings[0]["field"] == field


def test_an_index_without_a_path_is_refused() -> None:
    one = whole(1)
    floating = Floating(("LPR",), whole(0), whole(0), one, whole(0), whole(0), whole(10**6))
    loans = pool("CNY", whole(100), whole(40_000), whole(5), floating=floating)
    with pytest.raises(UnknownIndex, match="LPR"):
        project(loans, BASE)


def test_an_empty_pool_collects_nothing() -> None:
    none = whole()
    assert project(pool("CNY", none, none, none), BASE).total.checked().closing.sum() == 0


def test_dates_are_given_for_each_period() -> None:
    loans = pool("CNY", whole(1_000_000), whole(40_000), whole(12))
    dates = [date(2026 + k // 12, k % 12 + 1, 28) for k in range(30)]
    total = project(loans, BASE, dates=dates).total
    assert total.periods == 30
    assert total.frame()["date"].to_list() == dates
    with pytest.raises(HorizonTooShort) as refused:
        project(loans, BASE, dates=dates[:23])
    assert refused.value.facts == {"given": 23, "periods": 24}


def test_recoveries_come_after_maturity_and_all_is_accounted_for() -> None:
    loans = pool("CNY", np.full(100, 1_000_000), np.full(100, 60_000), np.full(100, 24))
    total = project(loans, BASE).total.checked()
    assert total.periods == 36
    assert total.recovered[0, :12].sum() == 0
    assert total.recovered[0, 24:].sum() > 0
    assert total.outstanding[0, -1] == 0
    assert total.defaulted.sum() == total.recovered.sum() + total.lost.sum()


def test_a_pool_of_one_loan_is_near_the_standard_formulas_pass_through() -> None:
    """The pool rounds each month to the cent and rates to the grid: 400 million stays within a few units."""
    loans = pool("USD", whole(400_000_000_00), whole(81_250), whole(357), whole(3))
    total = project(loans, scenario("165", Assumption(prepayment.psa(165)))).total
    smms = [prepayment.psa(165).exact(month) for month in range(1, 361)]
    for month in passthrough(400_000_000_00, "0.08125", "0.075", 357, lambda m: smms[m + 2]):
        at = month.month - 1
        assert abs(int(total.interest[0, at]) - (month.interest + month.fee)) < 3
        assert abs(int(total.opening[0, at]) - month.opening) < 400
        assert abs(int(total.scheduled[0, at] + total.prepaid[0, at]) - month.principal) < 400


# ------------------------------------------------------------------ collections


def test_collections_that_do_not_add_up_are_refused() -> None:
    flows = {
        name: np.zeros((1, 3), np.int64)
        for name in ("scheduled", "prepaid", "defaulted", "recovered", "lost", "interest")
    }
    good = collections_of("CNY", ["s"], whole(100), flows).checked()
    arrays = {name: getattr(good, name).copy() for name in Collections.__slots__[2:-1]}
    arrays["closing"][0, 1] += 1
    with pytest.raises(CashNotConserved) as refused:
        Collections("CNY", ("s",), **arrays).checked()
    assert refused.value.facts["period"] == 3
    flows["recovered"][0, 0] = 5
    with pytest.raises(CashNotConserved, match="outstanding"):
        collections_of("CNY", ["s"], whole(100), flows).checked()


def test_two_pools_add_up() -> None:
    one = project(pool("CNY", whole(1_000_000), whole(40_000), whole(12)), BASE).total
    other = project(pool("CNY", whole(2_000_000), whole(50_000), whole(24)), BASE).total
    both = one.plus(other).checked()
    assert both.periods == other.periods
    assert both.opening[0, 0] == 3_000_000
    assert isinstance(both.frame("base"), pl.DataFrame)
    with pytest.raises(ValueError, match="scenarios"):
        one.plus(project(pool("USD", whole(1), whole(0), whole(1)), BASE).total)
    with pytest.raises(KeyError):
        one.scenario("other")
