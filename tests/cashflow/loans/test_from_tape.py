"""A tape's loan as terms: the payments that its record still promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chainfusion.cashflow.loans import BadLoanTerms, MaturityBeforeStart, cash, monthly_vector, terms_of
from chainfusion.domain.calendar import add_months
from chainfusion.domain.loan import Loan, days

D = date.fromisoformat
CUT_OFF = D("2026-03-31")
BLANK: dict[str, Any] = {
    "loan_id": "L-1", "borrower_id": None, "product": "AUTO_LOAN", "currency": "CNY", "original_balance": 12_000_000,
    "current_balance": 6_000_000, "rate_ppm": 60_000, "original_term": 24, "remaining_term": 12, "seasoning": 12,
    "origination_date": None, "first_payment_date": None, "maturity_date": days(D("2027-03-15")),
    "repayment": "LEVEL_PRINCIPAL", "payment_amount": None, "status": None, "days_past_due": None,
    "collateral_value": None, "ltv_ppm": None, "credit_score": None, "region": None,
}  # fmt: skip


def record(**changes: Any) -> Loan:
    return Loan(**(BLANK | changes))


def test_equal_principal_from_the_first_payment_after_the_cut_off() -> None:
    rows = cash(terms_of(record(), CUT_OFF))
    assert [(row.day, row.principal) for row in rows] == [
        (add_months(D("2026-04-15"), month), 500_000) for month in range(12)
    ]
    assert rows[0].interest == 30_000  # a whole month: interest runs from 15 March, and is the pool's when it is paid


def test_a_stated_payment_is_kept_and_the_last_one_clears() -> None:
    rows = cash(terms_of(record(repayment="LEVEL_PAYMENT", payment_amount=516_400), CUT_OFF))
    assert {row.total for row in rows[:-1]} == {516_400}
    assert sum(row.principal for row in rows) == 6_000_000
    computed = cash(terms_of(record(repayment="LEVEL_PAYMENT"), CUT_OFF))
    assert computed[0].total == 516_399  # 60,000 at a half per cent a month over twelve months


def test_a_balloon_keeps_its_payment_and_leaves_the_rest() -> None:
    rows = cash(terms_of(record(repayment="BALLOON", payment_amount=100_000), CUT_OFF))
    assert rows[0].total == 100_000
    assert rows[-1].principal > 5_000_000
    with pytest.raises(BadLoanTerms, match="payment_amount"):
        terms_of(record(repayment="BALLOON"), CUT_OFF)


def test_interest_only_and_bullet() -> None:
    rows = cash(terms_of(record(repayment="INTEREST_ONLY"), CUT_OFF))
    assert [row.principal for row in rows] == [0] * 11 + [6_000_000]
    assert {row.interest for row in rows} == {30_000}
    (only,) = cash(terms_of(record(repayment="BULLET"), CUT_OFF))
    assert (only.principal, only.interest) == (6_000_000, 360_000)


def test_the_end_of_the_month_is_kept_through_february() -> None:
    loan = record(maturity_date=days(D("2027-03-31")), repayment="LEVEL_PAYMENT")
    rows = cash(terms_of(loan, D("2026-12-31")))
    assert [row.day.isoformat() for row in rows] == ["2027-01-31", "2027-02-28", "2027-03-31"]
    interest = [row.balance * 0.005 for row in rows]
    assert rows[1].interest == round(interest[0])
    assert rows[2].interest == round(interest[1])


def test_a_remaining_term_stands_in_for_a_maturity() -> None:
    rows = cash(terms_of(record(maturity_date=None), CUT_OFF))
    assert (rows[0].day, rows[-1].day) == (D("2026-04-30"), D("2027-03-31"))
    with pytest.raises(BadLoanTerms, match="remaining term"):
        terms_of(record(maturity_date=None, remaining_term=None), CUT_OFF)


@pytest.mark.parametrize("repayment", [None, "OTHER", "PARTIAL_INTEREST_ONLY"])
def test_a_record_that_does_not_say_how_principal_is_repaid_is_refused(repayment: str | None) -> None:
    with pytest.raises(BadLoanTerms) as refused:
        terms_of(record(repayment=repayment), CUT_OFF)
    assert refused.value.facts["field"] == "repayment"


def test_a_loan_past_its_maturity_is_refused() -> None:
    for maturity in (CUT_OFF, D("2020-01-01")):
        with pytest.raises(MaturityBeforeStart):
            terms_of(record(maturity_date=days(maturity)), CUT_OFF)


def test_a_month_by_month_vector_for_the_pool() -> None:
    dates = [add_months(CUT_OFF, month) for month in range(14)]
    vector = monthly_vector(terms_of(record(), CUT_OFF), dates)
    assert vector.opening == 6_000_000
    assert vector.principal == (500_000,) * 12 + (0,)
    assert vector.closing[-1] == 0
    other = monthly_vector(replace(terms_of(record(), CUT_OFF), payment=400_000), dates)
    assert other.principal == (400_000,) * 11 + (1_600_000, 0)


def test_what_is_paid_on_the_cut_off_day_is_the_seller_s() -> None:
    rows = cash(terms_of(record(), D("2026-03-15")))
    assert (rows[0].day, rows[0].interest) == (D("2026-04-15"), 30_000)
