"""From loan records and tapes to a pool: what is derived, and what is refused, where."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from chainfusion.cashflow.pool.columns import Repays
from chainfusion.cashflow.pool.errors import BadPool
from chainfusion.cashflow.pool.payments import exact_payment
from chainfusion.cashflow.pool.tape import Payments, pool_of
from chainfusion.domain.loan import Loan, days
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import load_mapping

CUT_OFF = date(2026, 1, 31)
PLAIN = Loan(
    loan_id="L1", borrower_id=None, product=None, currency="CNY", original_balance=120_000_00,
    current_balance=100_000_00, rate_ppm=42_000, original_term=36, remaining_term=24, seasoning=12,
    origination_date=None, first_payment_date=None, maturity_date=None, repayment="LEVEL_PAYMENT", payment_amount=None,
    status=None, days_past_due=None, collateral_value=None, ltv_ppm=None, credit_score=None, region=None,
)  # fmt: skip


def test_what_the_record_states_is_taken() -> None:
    pool = pool_of([PLAIN, replace(PLAIN, repayment="LEVEL_PRINCIPAL")], CUT_OFF)
    assert (pool.currency, len(pool), pool.total) == ("CNY", 2, 200_000_00)
    assert pool.term.tolist() == [24, 24]
    assert pool.age.tolist() == [12, 12]
    assert pool.repays.tolist() == [Repays.LEVEL_PAYMENT, Repays.LEVEL_PRINCIPAL]
    assert pool.payment.tolist() == [exact_payment(100_000_00, 42_000, 24), 416_667]


@pytest.mark.parametrize(
    ("change", "term", "age"),
    [
        ({"remaining_term": None}, 24, 12),
        ({"remaining_term": None, "seasoning": None, "maturity_date": days(date(2027, 1, 31))}, 12, 24),
        ({"remaining_term": None, "maturity_date": days(date(2027, 2, 1))}, 13, 12),
        ({"remaining_term": None, "maturity_date": days(date(2026, 2, 1))}, 1, 12),
        ({"seasoning": None, "origination_date": days(date(2025, 10, 31))}, 24, 3),
        ({"seasoning": None, "origination_date": days(date(2025, 11, 1))}, 24, 2),
        ({"seasoning": None, "original_term": None}, 24, 0),
    ],
)
def test_what_it_does_not_state_is_derived(change: dict, term: int, age: int) -> None:
    pool = pool_of([replace(PLAIN, **change)], CUT_OFF)
    assert (pool.term.tolist(), pool.age.tolist()) == ([term], [age])


@pytest.mark.parametrize("kind", ["INTEREST_ONLY", "BULLET"])
def test_principal_at_maturity_alone(kind: str) -> None:
    assert pool_of([replace(PLAIN, repayment=kind)], CUT_OFF).interest_only.tolist() == [24]


def test_extra_columns_tell_of_balloons_interest_only_months_and_groups() -> None:
    frame = pl.DataFrame(
        {
            "loan_id": ["a", "b"],
            "currency": ["USD", "USD"],
            "current_balance": [5_000_000, 5_000_000],
            "rate_ppm": [50_000, 50_000],
            "remaining_term": [60, 60],
            "repayment": ["BALLOON", "PARTIAL_INTEREST_ONLY"],
            "amortization_months": [360, None],
            "interest_only_months": [None, 24],
            "group": [0, 3],
        }
    )
    pool = pool_of(frame, CUT_OFF)
    assert pool.amortizing.tolist() == [360, 60]
    assert pool.interest_only.tolist() == [0, 24]
    assert pool.payment.tolist() == [exact_payment(5_000_000, 50_000, 360), exact_payment(5_000_000, 50_000, 36)]
    assert (pool.groups, pool.group.tolist()) == (4, [0, 3])


def test_a_stated_payment_is_used_where_asked_for() -> None:
    loan = replace(PLAIN, payment_amount=450_000)
    assert pool_of([loan, PLAIN], CUT_OFF, payments=Payments.STATED).payment.tolist() == [
        450_000,
        exact_payment(100_000_00, 42_000, 24),
    ]
    assert pool_of([loan], CUT_OFF).payment.tolist() == [exact_payment(100_000_00, 42_000, 24)]


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"rate_ppm": -1}, "rate_ppm", "negative"),
        ({"current_balance": -5}, "current_balance", "negative"),
        ({"remaining_term": None, "maturity_date": days(CUT_OFF)}, "maturity_date", "not after the cut-off"),
        ({"maturity_date": days(date(2020, 1, 1))}, "maturity_date", "not after the cut-off"),
        ({"remaining_term": 0}, "remaining_term", "no month is left"),
        ({"remaining_term": None, "original_term": None}, "remaining_term", "no column tells"),
        ({"remaining_term": 601}, "remaining_term", "above 600"),
        ({"seasoning": -1}, "seasoning", "negative"),
        ({"currency": "USD"}, "currency", "first loan is in CNY"),
        ({"repayment": "PARTIAL_INTEREST_ONLY"}, "repayment", "add interest_only_months"),
        ({"repayment": "BALLOON"}, "repayment", "add amortization_months"),
    ],
)
def test_nonsense_is_refused_where_it_stands(change: dict, field: str, why: str) -> None:
    with pytest.raises(BadPool) as refused:
        pool_of([PLAIN, replace(PLAIN, loan_id="L2", **change)], CUT_OFF)
    (found,) = refused.value.findings
    assert (found["row"], found["loan"], found["field"]) == (2, "L2", field)
    assert why in str(refused.value)
    assert "第 2 行" in refused.value.message("zh")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(BadPool) as refused:
        pool_of([replace(PLAIN, rate_ppm=-1), PLAIN, replace(PLAIN, current_balance=-1, seasoning=-3)], CUT_OFF)
    assert [(f["row"], f["field"]) for f in refused.value.findings] == [
        (1, "rate_ppm"),
        (3, "current_balance"),
        (3, "seasoning"),
    ]


def test_what_is_no_number_is_refused() -> None:
    frame = pl.DataFrame({"currency": ["CNY"] * 4, "current_balance": [1.0, float("nan"), 2.5, None],
                          "rate_ppm": [0] * 4, "remaining_term": [1] * 4})  # fmt: skip
    with pytest.raises(BadPool) as refused:
        pool_of(frame, CUT_OFF)
    assert {(f["row"], f["value"]) for f in refused.value.findings} == {(2, "nan"), (3, "2.5"), (4, "None")}


def test_a_loan_without_balance_needs_no_months() -> None:
    pool = pool_of([PLAIN, replace(PLAIN, current_balance=0, remaining_term=0, status="PAID_OFF")], CUT_OFF)
    assert pool.term.tolist() == [24, 1]


def test_the_tape_that_the_demo_carries_becomes_a_pool() -> None:
    root = Path(__file__).parents[3] / "src" / "chainfusion"
    tape = read_tape(
        root / "demo/data/ally-auto-2019-08.csv", load_mapping(root / "tape/mappings/ally-auto-aart-2019.yaml")
    )
    frame = tape.frame.filter(pl.col("remaining_term") > 0)
    pool = pool_of(frame, date(2019, 8, 31))
    assert pool.total == frame["current_balance"].sum()
    assert len(pool) == frame.height
