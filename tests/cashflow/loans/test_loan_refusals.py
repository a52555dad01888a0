"""Nonsense is refused with its loan, its field and its reason, and gives no figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from chainfusion.cashflow.loans import (
    Amortization,
    BadLoanTerms,
    Fee,
    Floating,
    Instalment,
    InterestBase,
    LoanTerms,
    MaturityBeforeStart,
    NegativeRate,
    NeverAmortizes,
    OverlappingSchedules,
    Payments,
    RateStep,
    Trade,
    monthly_vector,
    schedule,
)
from chainfusion.cashflow.loans.products import mortgage, receivable
from chainfusion.domain.calendar import DayCount, Period, Roll
from chainfusion.domain.errors import ChainFusionError, error_from_json

D = date.fromisoformat
F = Fraction
START = D("2026-01-20")
PAYS = Payments(D("2026-02-20"))


def loan(**changes: Any) -> LoanTerms:
    return replace(mortgage("bad-1", 100_000, START, 12, F("0.06")), **changes)


def open_ended(payment: int) -> LoanTerms:
    return LoanTerms(
        loan_id="bad-1", principal=100_000, start=START, rate=F("0.12"), amortization=Amortization.LEVEL_PAYMENT,
        interest=PAYS, repayment=PAYS, payment=payment,
    )  # fmt: skip


BAD: list[tuple[dict[str, Any], type[ChainFusionError], str]] = [
    ({"maturity": START}, MaturityBeforeStart, ""),
    ({"maturity": D("2025-01-01")}, MaturityBeforeStart, ""),
    ({"as_of": D("2027-01-20")}, MaturityBeforeStart, ""),
    ({"as_of": D("2030-01-01")}, MaturityBeforeStart, ""),
    ({"rate": F("-0.0001")}, NegativeRate, "rate"),
    ({"steps": (RateStep(D("2026-03-01"), F("-0.01")),)}, NegativeRate, "steps 2026-03-01"),
    ({"floating": Floating("LPR5Y", PAYS, next_rate=F(-1))}, NegativeRate, "floating.next_rate"),
    ({"payment": 0}, BadLoanTerms, "payment"),
    ({"principal": 0}, BadLoanTerms, "principal"),
    ({"principal": -5}, BadLoanTerms, "principal"),
    ({"balloon": 100_001}, BadLoanTerms, "balloon"),
    ({"balloon": -1}, BadLoanTerms, "balloon"),
    ({"extra_digits": -1}, BadLoanTerms, "extra_digits"),
    ({"repayment": None}, BadLoanTerms, "repayment"),
    ({"maturity": None}, BadLoanTerms, "maturity"),
    ({"amortization": Amortization.AT_MATURITY, "maturity": None}, BadLoanTerms, "maturity"),
    ({"amortization": Amortization.IRREGULAR}, BadLoanTerms, "instalments"),
    ({"instalments": (Instalment(START, 1),)}, BadLoanTerms, "instalments"),
    ({"base": InterestBase.INITIAL}, BadLoanTerms, "base"),
    ({"amortization": Amortization.LEVEL_PRINCIPAL, "base": InterestBase.LAGGED}, BadLoanTerms, "base_dates"),
    ({"capitalized_until": START}, BadLoanTerms, "capitalized_until"),
    ({"capitalized_until": D("2027-01-20")}, BadLoanTerms, "capitalized_until"),
    ({"interest": Payments(PAYS.first, Period())}, BadLoanTerms, "interest.every"),
    ({"interest": Payments(PAYS.first, Period(months=-1))}, BadLoanTerms, "interest.every"),
    ({"repayment": Payments(PAYS.first, day=32)}, BadLoanTerms, "repayment.day"),
    ({"repayment": Payments(PAYS.first, Period(days=7), day=3)}, BadLoanTerms, "repayment.day"),
    ({"repayment": Payments(D("2026-01-01"))}, BadLoanTerms, "repayment.first"),
    ({"fee": Fee(F(-1))}, BadLoanTerms, "fee.rate"),
    ({"purchase": Trade(D("2025-12-31"), 1)}, BadLoanTerms, "purchase"),
    ({"purchase": Trade(D("2026-05-01"), 1), "termination": Trade(D("2026-04-01"), 1)}, BadLoanTerms, "termination"),
    ({"floating": Floating("LPR5Y", PAYS, cap=F("0.03"), floor=F("0.04"))}, BadLoanTerms, "floating.floor"),
    ({"floating": Floating("LPR5Y", PAYS, period_cap=F(-1))}, BadLoanTerms, "floating.period_cap"),
    ({"floating": Floating("LPR5Y", PAYS, period_floor=F(1))}, BadLoanTerms, "floating.period_floor"),
    ({"floating": Floating("LPR5Y", PAYS, fixing_lag=-1)}, BadLoanTerms, "floating.fixing_lag"),
    ({"steps": (RateStep(START, F(0)), RateStep(START, F(0)))}, OverlappingSchedules, "steps"),
    ({"steps": (RateStep(D("2026-05-01"), F(0)), RateStep(D("2026-04-01"), F(0)))}, OverlappingSchedules, "steps"),
    ({"steps": (RateStep(D("2025-05-01"), F(0)),)}, OverlappingSchedules, "steps"),
    ({"steps": (RateStep(D("2035-05-01"), F(0)),)}, BadLoanTerms, "steps"),
]


@pytest.mark.parametrize(("changes", "refusal", "field"), BAD)
def test_terms_that_make_no_loan(changes: dict[str, Any], refusal: type[ChainFusionError], field: str) -> None:
    with pytest.raises(refusal) as refused:
        schedule(loan(**changes))
    error = refused.value
    assert type(error) is refusal
    assert error.facts["loan"] == "bad-1"
    assert error.facts.get("field", "") == field
    assert "bad-1" in error.message("en")
    assert "bad-1" in error.message("zh")
    assert type(error_from_json(error.to_json())) is refusal


@pytest.mark.parametrize("payment", [1, 999, 1_000])
def test_a_payment_that_does_not_exceed_the_interest_never_repays(payment: int) -> None:
    with pytest.raises(NeverAmortizes) as refused:
        schedule(open_ended(payment=payment))
    assert refused.value.facts["loan"] == "bad-1"
    assert F(refused.value.facts["payment"]) == F(payment, 100)
    assert F(refused.value.facts["interest"]) == 10
    assert schedule(open_ended(payment=1_001))[-1].balance == 0


def test_instalments_on_one_day_out_of_order_or_too_many() -> None:
    days = [D("2026-03-01"), D("2026-04-01")]
    with pytest.raises(OverlappingSchedules):
        schedule(receivable("r", START, ((days[0], 1), (days[0], 1))))
    with pytest.raises(OverlappingSchedules):
        schedule(receivable("r", START, ((days[1], 1), (days[0], 1), (D("2026-05-01"), 1))))
    with pytest.raises(BadLoanTerms, match="negative"):
        schedule(receivable("r", START, ((days[0], -1), (days[1], 2))))
    with pytest.raises(BadLoanTerms, match="more than the principal"):
        schedule(replace(receivable("r", START, ((days[0], 5), (days[1], 2))), principal=6))
    with pytest.raises(BadLoanTerms, match="behind the maturity"):
        schedule(receivable("r", START, ((days[0], 5), (days[1], 2)), maturity=days[0]))


def test_a_maturity_that_rolls_back_to_the_cut_off_is_past() -> None:
    """The loan's Saturday is paid on the Friday, and Friday's money is the seller's."""
    shared: dict[str, Any] = {"maturity": D("2026-02-21"), "roll": Roll.PRECEDING, "calendar": "weekdays@1"}
    assert schedule(loan(as_of=D("2026-02-19"), **shared))[-1].day == D("2026-02-20")
    with pytest.raises(MaturityBeforeStart):
        schedule(loan(as_of=D("2026-02-20"), **shared))


@pytest.mark.parametrize("dates", [[], [START], [START, START], [D("2026-03-01"), D("2026-02-01")]])
def test_collection_periods_must_rise(dates: list[date]) -> None:
    with pytest.raises(BadLoanTerms, match="rise"):
        monthly_vector(loan(), dates)


def test_a_pool_cannot_collect_on_a_loan_that_it_does_not_hold_yet() -> None:
    with pytest.raises(BadLoanTerms, match="does not hold"):
        monthly_vector(loan(), [D("2026-01-01"), D("2026-02-28")])
    bought = loan(purchase=Trade(D("2026-03-01"), 90_000))
    with pytest.raises(BadLoanTerms, match="does not hold"):
        monthly_vector(bought, [D("2026-02-01"), D("2026-03-31")])
    held = monthly_vector(bought, [D("2026-03-01"), D("2026-03-31"), D("2026-04-30")])
    assert held.opening < 100_000
    assert held.closing[1] == held.opening - sum(held.principal)


def test_day_counts_have_what_they_need_from_the_loan() -> None:
    for count in DayCount:
        assert schedule(loan(day_count=count))[-1].balance == 0
