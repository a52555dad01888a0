"""Floating rates, steps, caps and floors, and fixing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.loans import (
    Amortization,
    EventKind,
    Floating,
    LoanTerms,
    MissingObservation,
    NegativeRate,
    Payments,
    RateStep,
    cash,
    reset_rate,
    schedule,
)
from chainfusion.cashflow.loans.products import lpr_mortgage, mortgage
from chainfusion.domain.calendar import Period

D = date.fromisoformat
F = Fraction
START = D("2026-01-20")
LPR = {
    "LPR5Y": {
        D("2025-12-22"): F("0.035"),
        D("2026-11-20"): F("0.034"),
        D("2026-12-21"): F("0.033"),
        D("2027-01-20"): F("0.04"),
    }
}
RESETS = Payments(D("2026-07-01"), Period(months=6))


def plain(**more: Any) -> LoanTerms:
    return mortgage("m", 100_000_000, START, 36, F("0.0345"), **more)


def test_a_mortgage_takes_the_lpr_published_last_before_new_year() -> None:
    loan = lpr_mortgage("m", 100_000_000, START, 24, F("0.0345"), F("-0.0005"))
    resets = [event for event in schedule(loan, LPR) if event.kind is EventKind.RATE_RESET]
    assert [(event.day, event.rate) for event in resets] == [
        (D("2027-01-01"), F("0.0325")),
        (D("2028-01-01"), F("0.0395")),
    ]
    rows = cash(loan, LPR)
    assert rows[11].total != rows[0].total  # 20 January 2027, the first payment after the reset
    assert rows[-1].balance == 0


def test_interest_is_split_at_the_reset() -> None:
    """12 days at the old rate and 19 at the new, a 360th of a year each."""
    loan = lpr_mortgage("m", 100_000_000, START, 24, F("0.0345"), F("-0.0005"))
    rows = cash(loan, LPR)
    balance = rows[10].balance
    exact = balance * (F("0.0345") * 12 + F("0.0325") * 19) / 360
    assert abs(rows[11].interest - exact) <= F(1, 2)


def test_an_unchanged_index_changes_nothing() -> None:
    floating = Floating("LPR5Y", RESETS, spread=F("-0.0005"))
    same = {"LPR5Y": {D("2020-01-20"): F("0.035")}}
    assert cash(plain(floating=floating), same) == cash(plain())
    assert cash(plain(floating=floating, recast=False), same) == cash(plain())
    stated = plain(payment=300_000)
    assert cash(replace(stated, floating=floating), same) == cash(stated)


def test_a_step_is_a_rate_known_before() -> None:
    loan = plain(steps=(RateStep(D("2027-01-20"), F("0.06")),))
    rows = cash(loan)
    assert {row.total for row in rows[:12]} == {rows[0].total}
    assert {row.total for row in rows[12:-1]} == {rows[12].total}
    assert rows[12].interest == round(rows[11].balance * 0.06 / 12)
    assert rows[12].total > rows[0].total


def test_without_recast_the_payment_stays_and_the_last_one_takes_the_rest() -> None:
    loan = plain(steps=(RateStep(D("2027-01-20"), F("0.06")),), recast=False)
    rows = cash(loan)
    assert {row.total for row in rows[:-1]} == {rows[0].total}
    assert rows[-1].total > rows[0].total
    assert sum(row.principal for row in rows) == 100_000_000


def test_the_first_reset_may_be_known_already() -> None:
    floating = Floating("LPR5Y", RESETS, next_rate=F("0.03"))
    events = schedule(plain(floating=floating), {"LPR5Y": {D("2026-12-21"): F("0.05")}})
    kinds = [(e.kind, e.rate) for e in events if e.kind in (EventKind.RATE_STEP, EventKind.RATE_RESET)]
    assert kinds[:2] == [(EventKind.RATE_STEP, F("0.03")), (EventKind.RATE_RESET, F("0.05"))]


@pytest.mark.parametrize(
    ("limits", "value", "rate"),
    [
        ({}, "0.05", "0.05"),
        ({"cap": F("0.045")}, "0.05", "0.045"),
        ({"floor": F("0.035")}, "0.01", "0.035"),
        ({"period_cap": F("0.005")}, "0.05", "0.045"),
        ({"period_floor": F("-0.005")}, "0.01", "0.035"),
        ({"period_cap": F("0.005"), "cap": F("0.042")}, "0.05", "0.042"),
        ({"spread": F("0.01"), "multiplier": F(2)}, "0.01", "0.03"),
    ],
)
def test_caps_and_floors(limits: dict[str, Any], value: str, rate: str) -> None:
    assert reset_rate(Floating("I", RESETS, **limits), F("0.04"), F(value)) == F(rate)


RATE = st.integers(-10_000, 10_000).map(lambda n: F(n, 10_000))
WIDTH = st.integers(0, 10_000).map(lambda n: F(n, 10_000))


@given(RATE, RATE, RATE, WIDTH, WIDTH)
@settings(deadline=None)
def test_a_reset_stays_within_every_limit(
    rate: Fraction, value: Fraction, floor: Fraction, width: Fraction, step: Fraction
) -> None:
    floating = Floating("I", RESETS, cap=floor + width, floor=floor, period_cap=step, period_floor=-step)
    new = reset_rate(floating, rate, value)
    assert floor <= new <= floor + width
    if floor <= rate <= floor + width:
        assert abs(new - rate) <= step


@given(st.integers(-400, 400))
@settings(max_examples=50, deadline=None)
def test_a_fixing_takes_the_last_value_published_by_its_day(away: int) -> None:
    published = {D("2026-12-20") + timedelta(days=away): F("0.02"), D("2020-01-20"): F("0.05")}
    floating = Floating("LPR5Y", Payments(D("2027-01-01"), None), fixing_lag=1)
    events = schedule(plain(floating=floating), {"LPR5Y": published})
    fixed = next(event.rate for event in events if event.kind is EventKind.RATE_RESET)
    assert fixed == (F("0.02") if away <= 11 else F("0.05"))


def test_a_missing_index_is_named_with_its_day() -> None:
    loan = plain(floating=Floating("LPR5Y", RESETS))
    unknown: list[Any] = [None, {}, {"LPR5Y": {}}, {"LPR5Y": {D("2026-07-02"): F("0.03")}}]
    for observations in unknown:
        with pytest.raises(MissingObservation) as refused:
            schedule(loan, observations)
        assert refused.value.facts == {"loan": "m", "index": "LPR5Y", "day": "2026-07-01"}


def test_a_reset_below_the_lowest_rate_is_refused_and_a_floor_prevents_it() -> None:
    falling = {"LPR5Y": {D("2026-01-01"): F("-0.02")}}
    with pytest.raises(NegativeRate, match="reset 2026-07-01"):
        schedule(plain(floating=Floating("LPR5Y", RESETS)), falling)
    floored = schedule(plain(floating=Floating("LPR5Y", RESETS, floor=F(0))), falling)
    assert min(event.rate for event in floored) == 0
    allowed = schedule(plain(floating=Floating("LPR5Y", RESETS), lowest_rate=None), falling)
    assert min(event.rate for event in allowed) == F("-0.02")
    assert sum(event.principal for event in allowed) == 0  # drawn and repaid


def test_a_zero_rate_pays_principal_alone() -> None:
    rows = cash(mortgage("z", 100, START, 3, F(0), amortization=Amortization.LEVEL_PAYMENT))
    assert [(row.principal, row.interest) for row in rows] == [(33, 0), (33, 0), (34, 0)]


def test_a_payment_that_a_step_leaves_below_the_interest_repays_nothing_and_takes_nothing_back() -> None:
    loan = plain(steps=(RateStep(D("2026-03-20"), F("0.60")),), recast=False)
    rows = cash(loan)
    assert rows[2].interest > rows[0].total
    assert {row.principal for row in rows[2:-1]} == {0}
    assert rows[-1].balance == 0
