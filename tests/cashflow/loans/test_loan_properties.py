"""What holds for every loan: principal is repaid to the fen, nothing is negative, and seams do not show."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.cashflow.loans import (
    Amortization,
    EventKind,
    Floating,
    InterestBase,
    LoanTerms,
    Payments,
    RateStep,
    cash,
    monthly_vector,
    schedule,
    unrounded,
)
from chainfusion.domain.calendar import DayCount, EndOfMonth, Period, Roll, Stub, add_months

F = Fraction
REGULAR = (Amortization.LEVEL_PAYMENT, Amortization.LEVEL_PRINCIPAL, Amortization.AT_MATURITY)
RATES = st.integers(0, 240_000).map(lambda ppm: F(ppm, 10**6))
DAYS = st.dates(date(2010, 1, 1), date(2024, 12, 31))
QUOTES = {date(2000 + year, month, 20): F(200 + 17 * year + month, 10_000) for year in range(40) for month in (3, 9)}
INDEX = {"LPR5Y": QUOTES}
COUNTS = [count for count in DayCount if count is not DayCount.ONE_ONE]


@st.composite
def loans(draw: st.DrawFn, /, least: int = 1, **fixed: Any) -> LoanTerms:
    start = draw(DAYS)
    step = draw(st.sampled_from([1, 1, 3, 6]))
    periods = draw(st.integers(1, 24))
    first = add_months(start, step) if draw(st.booleans()) else start + timedelta(days=draw(st.integers(1, 40)))
    odd = draw(st.integers(0, 20))
    maturity = add_months(first, step * (periods - 1)) + timedelta(days=odd)
    kind = draw(st.sampled_from(REGULAR))
    pays = Payments(first, Period(months=step), draw(st.sampled_from(Stub)))
    floating = Floating("LPR5Y", Payments(add_months(start, 2), Period(months=5)), spread=F("0.001"))
    terms: dict[str, Any] = {
        "loan_id": "h", "principal": draw(st.integers(least, 10**11)), "start": start, "maturity": maturity,
        "rate": draw(RATES), "amortization": kind, "interest": pays,
        "repayment": None if kind is Amortization.AT_MATURITY else pays,
        "day_count": draw(st.sampled_from(COUNTS)),
        "roll": draw(st.sampled_from(Roll)), "calendar": "weekdays@1",
        "adjusted_interest": draw(st.booleans()), "end_of_month": draw(st.sampled_from(EndOfMonth)),
        "floating": floating if draw(st.booleans()) else None,
        "last_day_counts": draw(st.booleans()),
    }  # fmt: skip
    if kind is Amortization.LEVEL_PRINCIPAL:
        terms["base"] = draw(st.sampled_from([InterestBase.OUTSTANDING, InterestBase.INITIAL]))
    if draw(st.booleans()) and maturity > first:
        terms["capitalized_until"] = start + (maturity - start) / 2
        terms["capitalized_until"] = min(max(terms["capitalized_until"], start + timedelta(1)), maturity - timedelta(1))
    return LoanTerms(**(terms | fixed))


@given(loans())
@settings(max_examples=150, deadline=None)
def test_principal_is_repaid_to_the_fen_and_nothing_is_negative(loan: LoanTerms) -> None:
    events = schedule(loan, INDEX)
    added = sum(event.capitalized for event in events)
    repaid = sum(event.principal for event in events if event.kind is not EventKind.DRAWDOWN)
    assert repaid == loan.principal + added
    assert events[-1].kind is EventKind.MATURITY
    assert events[-1].balance == 0
    for event in events:
        assert event.balance >= 0
        assert event.interest >= 0
        assert event.accrued >= 0
        assert event.principal >= 0 or event.kind is EventKind.DRAWDOWN
    assert [event.day for event in events] == sorted(event.day for event in events)


@given(loans())
@settings(max_examples=100, deadline=None)
def test_rounding_moves_each_amount_by_little(loan: LoanTerms) -> None:
    """Rounded and unrounded schedules have the same events; a balance differs by at most a unit or so a payment."""
    finer = unrounded(loan, 12)
    rounded, exact = schedule(loan, INDEX), schedule(finer, INDEX)
    assert [(e.kind, e.day) for e in rounded] == [(e.kind, e.day) for e in exact]
    for place, (one, other) in enumerate(zip(rounded, exact, strict=True), start=1):
        assert abs(one.balance - F(other.balance, 10**12)) <= 4 * place


@given(loans(10_000, floating=None, roll=Roll.NONE, capitalized_until=None), st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_a_loan_looked_at_later_goes_on_as_it_would_have(loan: LoanTerms, place: int) -> None:
    """Cut at one of its payment days: the rest of the schedule is the schedule of the rest."""
    events = schedule(loan)
    cuts = [e.day for e in events if e.kind is EventKind.INTEREST and loan.start < e.day and e.balance > 0]
    cuts = [day for day in cuts if loan.maturity is not None and day < loan.maturity]
    if not cuts:
        return
    cut = cuts[place % len(cuts)]
    balance = [e.balance for e in events if e.day <= cut][-1]
    payment = _payment(loan)
    base = {} if loan.base is InterestBase.OUTSTANDING else {"base_amount": loan.principal}
    rest = _replaced(loan, principal=balance, as_of=cut, payment=payment, **base)
    expected = [e for e in events if e.day > cut and e.kind is not EventKind.PAYMENT_SET]
    found = [e for e in schedule(rest) if e.kind is not EventKind.PAYMENT_SET]
    assert [(e.day, e.kind, e.principal, e.interest, e.balance) for e in found] == [
        (e.day, e.kind, e.principal, e.interest, e.balance) for e in expected
    ]


def _payment(loan: LoanTerms) -> int | None:
    if loan.amortization is Amortization.AT_MATURITY:
        return None
    row = next((r for r in cash(loan) if r.principal and r.day != loan.maturity), None)
    if row is None:
        return loan.principal
    return row.principal if loan.amortization is Amortization.LEVEL_PRINCIPAL else row.total


def _replaced(loan: LoanTerms, **changes: Any) -> LoanTerms:
    found = {name: getattr(loan, name) for name in LoanTerms.__dataclass_fields__}
    return LoanTerms(**(found | changes))


@given(loans(capitalized_until=None), st.integers(2, 9))
@settings(max_examples=60, deadline=None)
def test_a_loan_cut_in_parts_pays_the_sum_of_its_parts(loan: LoanTerms, parts: int) -> None:
    whole = cash(unrounded(_replaced(loan, principal=loan.principal * parts), 12), INDEX)
    part = cash(unrounded(loan, 12), INDEX)
    assert len(whole) == len(part)
    for one, other in zip(whole, part, strict=True):
        assert abs(one.total - parts * other.total) <= 200 * parts  # of 10**12 in a fen


@given(loans(), st.lists(st.integers(1, 400), min_size=1, max_size=30))
@settings(max_examples=80, deadline=None)
def test_a_monthly_vector_is_the_cash_by_period(loan: LoanTerms, lengths: list[int]) -> None:
    dates = [loan.start]
    for length in lengths:
        dates.append(dates[-1] + timedelta(days=length))
    vector, paid = monthly_vector(loan, dates, INDEX), cash(loan, INDEX)
    balance = vector.opening
    assert balance == loan.principal
    for place, end in enumerate(dates[1:]):
        rows = [row for row in paid if dates[place] < row.day <= end]
        assert vector.principal[place] == sum(row.principal for row in rows)
        assert vector.interest[place] == sum(row.interest for row in rows)
        balance += vector.capitalized[place] - vector.principal[place]
        assert vector.closing[place] == balance


@given(loans(floating=None), RATES)
@settings(max_examples=60, deadline=None)
def test_a_step_to_the_same_rate_changes_nothing(loan: LoanTerms, _rate: Fraction) -> None:
    middle = loan.start + timedelta(days=17)
    if loan.maturity is None or middle >= loan.maturity:
        return
    stepped = _replaced(loan, steps=(RateStep(middle, loan.rate),), recast=False)
    assert cash(stepped) == cash(loan)
