"""Each kind of loan against figures worked out by hand, and level pay against a Decimal schedule of the tests' own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, getcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.loans import (
    Amortization,
    CashRow,
    EventKind,
    Fee,
    FeeKind,
    IndexLink,
    Instalment,
    InterestBase,
    LoanTerms,
    Payments,
    Trade,
    cash,
    schedule,
    unrounded,
)
from chainfusion.cashflow.loans.products import (
    auto_loan,
    card_instalments,
    flat_rate_loan,
    lease,
    mortgage,
    receivable,
)
from chainfusion.domain.calendar import DayCount, Period, Roll, add_months, named

D = date.fromisoformat
F = Fraction
START = D("2026-01-20")


def figures(loan: LoanTerms) -> list[tuple[str, int, int]]:
    return [(row.day.isoformat(), row.principal, row.interest) for row in cash(loan)]


def at_maturity(principal: int, rate: Fraction, **more: Any) -> LoanTerms:
    terms: dict[str, Any] = {"loan_id": "m", "start": START, "amortization": Amortization.AT_MATURITY} | more
    return LoanTerms(principal=principal, rate=rate, **terms)


def decimal_level_pay(principal: int, rate: Decimal, months: int) -> list[tuple[int, int]]:
    """Level pay by the closed formula, each amount to the fen, the last one clearing: the oracle of these tests."""
    getcontext().prec = 50
    monthly = rate / 12
    payment = Decimal(principal) / months
    if monthly:
        payment = principal * monthly / (1 - (1 + monthly) ** -months)
    level = payment.quantize(Decimal(1), ROUND_HALF_UP)
    balance, rows = Decimal(principal), []
    for month in range(months):
        interest = (balance * monthly).quantize(Decimal(1), ROUND_HALF_UP)
        repaid = balance if month == months - 1 else min(balance, max(Decimal(0), level - interest))
        balance -= repaid
        rows.append((int(repaid), int(interest)))
    return rows


@given(st.integers(1, 10**10), st.integers(0, 360_000), st.integers(1, 60))
@settings(deadline=None)
def test_level_pay_is_the_closed_formula_to_the_fen(principal: int, ppm: int, months: int) -> None:
    rows = cash(mortgage("m", principal, START, months, F(ppm, 10**6)))
    expected = decimal_level_pay(principal, Decimal(ppm) / 10**6, months)
    assert [(row.principal, row.interest) for row in rows] == [row for row in expected if any(row)]


def test_a_thirty_year_mortgage_is_what_banks_quote() -> None:
    """1,000,000 yuan, 3.45% a year, 360 months: 4,462.58 a month."""
    rows = cash(mortgage("m", 100_000_000, START, 360, F("0.0345")))
    assert {row.total for row in rows[:-1]} == {446_258}
    assert (len(rows), rows[0].interest, rows[-1].balance) == (360, 287_500, 0)


def test_level_principal() -> None:
    loan = mortgage("m", 100_000, START, 3, F("0.12"), amortization=Amortization.LEVEL_PRINCIPAL)
    assert figures(loan) == [("2026-02-20", 33_333, 1_000), ("2026-03-20", 33_333, 667), ("2026-04-20", 33_334, 333)]


def test_interest_only_and_bullet() -> None:
    monthly = at_maturity(100_000, F("0.06"), maturity=D("2026-04-20"), interest=Payments(D("2026-02-20")))
    assert figures(monthly) == [("2026-02-20", 0, 500), ("2026-03-20", 0, 500), ("2026-04-20", 100_000, 500)]
    bullet = at_maturity(100_000, F("0.06"), maturity=D("2026-04-20"))
    assert figures(bullet) == [("2026-04-20", 100_000, 1_500)]


def test_a_balloon_is_what_the_last_day_leaves() -> None:
    loan = auto_loan("a", 1_000_000, START, 24, F("0.06"), balloon=400_000)
    rows = cash(loan)
    level = rows[0].total
    assert {row.total for row in rows[:-1]} == {level}
    assert abs(rows[-1].total - level - 400_000) <= 12  # half a fen of each of the 24 payments at most
    longer = mortgage("l", 1_000_000, START, 24, F("0.06"), amortizes_until=add_months(START, 120))
    assert cash(longer)[0].total == cash(mortgage("x", 1_000_000, START, 120, F("0.06")))[0].total
    assert cash(longer)[-1].principal > 800_000


def test_a_stated_payment_ends_the_loan_by_itself() -> None:
    pays = Payments(D("2026-02-20"))
    loan = LoanTerms(
        loan_id="p", principal=100_000, start=START, rate=F("0.12"), amortization=Amortization.LEVEL_PAYMENT,
        interest=pays, repayment=pays, payment=40_000,
    )  # fmt: skip
    assert figures(loan) == [("2026-02-20", 39_000, 1_000), ("2026-03-20", 39_390, 610), ("2026-04-20", 21_610, 216)]


def test_grace_then_level_pay() -> None:
    """Interest only for two months, then three level payments."""
    loan = LoanTerms(
        loan_id="g", principal=300_000, start=START, rate=F("0.12"), amortization=Amortization.LEVEL_PAYMENT,
        interest=Payments(D("2026-02-20")), repayment=Payments(D("2026-04-20")), maturity=D("2026-06-20"),
    )  # fmt: skip
    rows = cash(loan)
    assert [row.total for row in rows] == [3_000, 3_000, 102_007, 102_007, 102_006]
    assert [row.principal for row in rows[:2]] == [0, 0]


def test_capitalised_interest_is_lent_and_repaid() -> None:
    loan = mortgage(
        "c", 100_000, START, 5, F("0.12"), amortization=Amortization.LEVEL_PRINCIPAL, capitalized_until=D("2026-03-20"),
        repayment=Payments(D("2026-04-20")),
    )  # fmt: skip
    rows = cash(loan)
    assert [(row.capitalized, row.balance) for row in rows[:2]] == [(1_000, 101_000), (1_010, 102_010)]
    assert [row.principal for row in rows[2:]] == [34_003, 34_003, 34_004]
    assert sum(row.principal for row in rows) == 100_000 + sum(row.capitalized for row in rows)


def test_irregular_instalments_of_principal_and_of_all() -> None:
    days = [D("2026-03-01"), D("2026-03-31"), D("2026-06-30")]
    loan = LoanTerms(
        loan_id="i", principal=100_000, start=START, rate=F("0.0365"), amortization=Amortization.IRREGULAR,
        day_count=DayCount.ACT_365F, interest=Payments(days[0], Period(months=1)),
        instalments=(
            Instalment(days[0], 20_000), Instalment(days[1], 10_240, with_interest=True), Instalment(days[2], 1),
        ),
    )  # fmt: skip
    rows = cash(loan)
    assert [(row.day, row.principal) for row in rows if row.principal] == [
        (days[0], 20_000), (days[1], 10_240 - 240), (days[2], 70_000),
    ]  # fmt: skip
    assert rows[0].interest == 400  # 40 days of 10 fen


def test_a_lease_is_paid_in_advance_and_leaves_its_residual() -> None:
    rows = cash(lease("l", 120_000, D("2026-01-31"), 12, F(0), residual=12_000))
    assert [row.principal for row in rows[:-1]] == [9_000] * 11
    assert (rows[0].day, rows[-1].principal, rows[-1].day) == (D("2026-01-31"), 21_000, D("2026-12-31"))
    rent = cash(lease("r", 120_000, D("2026-01-31"), 12, F("0.12")))
    assert rent[0].interest == 0
    assert rent[1].interest == (120_000 - rent[0].principal + 50) // 100


def test_card_instalments_charge_their_fee_on_the_first_amount() -> None:
    rows = cash(card_instalments("c", 1_200_000, D("2026-01-31"), 12, F("0.006")))
    assert {(row.principal, row.fee, row.interest) for row in rows} == {(100_000, 7_200, 0)}
    assert [row.day.isoformat() for row in rows[:3]] == ["2026-02-28", "2026-03-31", "2026-04-30"]


@pytest.mark.parametrize(
    ("kind", "fees"),
    [(FeeKind.UPFRONT, [1_000, 0, 0, 0]), (FeeKind.EACH_ON_INITIAL, [0, 1_000, 1_000, 1_000]),
     (FeeKind.EACH_ON_OUTSTANDING, [0, 1_000, 667, 333])],
)  # fmt: skip
def test_fees(kind: FeeKind, fees: list[int]) -> None:
    loan = mortgage("f", 100_000, START, 3, F(0), amortization=Amortization.LEVEL_PRINCIPAL, fee=Fee(F("0.01"), kind))
    by_day = {row.day: row.fee for row in cash(loan)}
    assert [by_day.get(add_months(START, month), 0) for month in range(4)] == fees


def test_a_flat_rate_is_charged_on_the_first_amount_to_the_end() -> None:
    rows = cash(flat_rate_loan("f", 120_000, START, 12, F("0.06")))
    assert {(row.principal, row.interest) for row in rows} == {(10_000, 600)}


def test_a_lagged_base_follows_its_own_dates() -> None:
    loan = mortgage(
        "n", 120_000, START, 12, F("0.12"), amortization=Amortization.LEVEL_PRINCIPAL,
        base=InterestBase.LAGGED, base_dates=Payments(D("2026-04-20"), Period(months=6)),
    )  # fmt: skip
    interest = [row.interest for row in cash(loan)]
    assert interest == [1_200] * 3 + [900] * 6 + [300] * 3


def test_receivables_pay_what_they_are_due() -> None:
    due = ((D("2026-03-01"), 100), (D("2026-05-01"), 300))
    rows = cash(receivable("r", START, due))
    assert rows == (CashRow(due[0][0], 100, 0, 0, 0, 300), CashRow(due[1][0], 300, 0, 0, 0, 0))


# ------------------------------------------------------------------ conventions


def test_money_moves_on_business_days_and_interest_runs_as_agreed() -> None:
    """20 June 2026 is a Saturday inside the Dragon Boat holiday; the next working day is Monday the 22nd."""
    calendar = named("cn-interbank@2025-11-04")
    adjusted = mortgage(
        "m", 36_500_000, START, 6, F("0.01"), day_count=DayCount.ACT_365F, roll=Roll.FOLLOWING, calendar=calendar.ref
    )
    contract = replace(adjusted, adjusted_interest=False)
    june = [next(row for row in cash(loan) if row.day.month == 6) for loan in (adjusted, contract)]
    assert {row.day for row in june} == {D("2026-06-22")}
    balance = cash(adjusted)[3].balance
    assert june[0].interest == round(balance * 0.01 * 33 / 365)
    assert june[1].interest == round(cash(contract)[3].balance * 0.01 * 31 / 365)
    assert all(calendar.is_business(row.day) for row in cash(adjusted))


def test_the_last_day_may_earn_interest_too() -> None:
    plain, included = (
        at_maturity(
            36_500_000, F("0.01"), maturity=D("2026-02-20"), day_count=DayCount.ACT_365F, last_day_counts=choice
        )
        for choice in (False, True)
    )
    assert [cash(loan)[0].interest for loan in (plain, included)] == [31_000, 32_000]


def test_actual_actual_icma_makes_regular_periods_equal() -> None:
    loan = LoanTerms(
        loan_id="b", principal=1_000_000, start=D("2026-01-15"), rate=F("0.05"), amortization=Amortization.AT_MATURITY,
        maturity=D("2028-01-15"), interest=Payments(D("2026-07-15"), Period(months=6)),
        day_count=DayCount.ACT_ACT_ICMA,
    )  # fmt: skip
    assert {row.interest for row in cash(loan)} == {25_000}


def test_premium_purchase_and_termination() -> None:
    loan = LoanTerms(
        loan_id="t", principal=1_000_000, start=D("2026-01-01"), rate=F("0.12"), amortization=Amortization.AT_MATURITY,
        maturity=D("2026-12-01"), interest=Payments(D("2026-02-01")), discount=-5_000,
        termination=Trade(D("2026-03-16"), 1_002_000),
    )  # fmt: skip
    events = schedule(loan)
    assert (events[0].kind, events[0].amount) == (EventKind.DRAWDOWN, -995_000)
    assert (events[-1].kind, events[-1].principal, events[-1].interest) == (EventKind.TERMINATION, 1_002_000, 5_000)
    assert events[-1].balance == 0


def test_an_index_link_multiplies_what_is_paid() -> None:
    link = IndexLink("CPI", Payments(D("2026-03-01"), Period(months=12)), F(100))
    loan = mortgage("x", 30_000, START, 3, F("0.12"), amortization=Amortization.LEVEL_PRINCIPAL, link=link)
    rows = cash(loan, {"CPI": {D("2026-02-15"): F(110)}})
    assert [(row.principal, row.interest) for row in rows] == [(10_000, 300), (11_000, 220), (11_000, 110)]


def test_the_unrounded_loan_keeps_what_rounding_takes() -> None:
    loan = mortgage("u", 100_000_000, START, 360, F("0.0345"))
    finer = unrounded(loan)
    rows = cash(finer)
    totals = {finer.decimal(row.total) for row in rows[:-1]}
    assert len(totals) == 1
    (payment,) = totals
    getcontext().prec = 40
    monthly = Decimal("0.0345") / 12
    exact = 1_000_000 * monthly / (1 - (1 + monthly) ** -360)
    assert abs(payment - exact) < Decimal("1e-18")
    assert abs(finer.decimal(rows[-1].total) - exact) < Decimal("1e-15")
