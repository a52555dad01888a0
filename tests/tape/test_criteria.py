"""Tapes against their criteria, held beside an oracle of one loan at a time; and the real tape."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.criteria import (
    Concentration,
    Condition,
    Criteria,
    CriteriaResults,
    Eligibility,
    Measure,
    Operator,
)
from chainfusion.domain.errors import Text
from chainfusion.domain.loan import Loan
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.tape.criteria_file import AUTO_LOAN, load_criteria
from chainfusion.tape.evaluate import KEPT_PER_CRITERION, CriteriaCurrency, evaluate, meets
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import load_mapping
from tests.tape.pools import PLAIN, made_up, tape_of

ROOT, SALT, TITLE = b"r" * 32, b"s" * 16, Text("A title", "标题")
LOANS = made_up(300)
COMPARE: dict[str, Callable[[int, list[int]], bool]] = {
    "<=": lambda v, n: v <= n[0],
    ">=": lambda v, n: v >= n[0],
    "<": lambda v, n: v < n[0],
    ">": lambda v, n: v > n[0],
    "==": lambda v, n: v == n[0],
    "!=": lambda v, n: v != n[0],
    "between": lambda v, n: n[0] <= v <= n[1],
    "in": lambda v, n: v in n,
    "not in": lambda v, n: v not in n,
}

AUTO = load_criteria(AUTO_LOAN)
IN_CNY = replace(AUTO, currency="CNY")


def only(criterion: Eligibility | Concentration) -> Criteria:
    if isinstance(criterion, Eligibility):
        return Criteria("one", "CNY", (criterion,), ())
    return Criteria("one", "CNY", (), (criterion,))


def owed(loans: list[Loan]) -> int:
    return sum(loan.current_balance for loan in loans)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(COMPARE)), st.integers(350, 850), st.integers(0, 300), st.booleans())
def test_loans_that_fail_are_those_that_the_oracle_finds(operator: str, first: int, more: int, unstated: bool) -> None:
    numbers = [first, first + more] if operator in ("between", "in", "not in") else [first]
    condition = Condition("credit_score", Operator(operator), tuple(numbers), unstated=unstated)
    report = evaluate(tape_of(LOANS), only(Eligibility("c", TITLE, condition)), ROOT, SALT)
    expected = [
        index
        for index, loan in enumerate(LOANS)
        if not (unstated if loan.credit_score is None else COMPARE[operator](loan.credit_score, numbers))
    ]
    result, failing = report.results.eligibility[0], [LOANS[index] for index in expected]
    assert [loan.index for loan in report.failing] == expected
    assert (result.failing_loans, result.failing_balance) == (len(failing), owed(failing))
    assert result.failing_share == round(Fraction(owed(failing) * 1_000_000, owed(LOANS)))
    assert result.passed == report.results.passed == (not expected)


def test_every_criterion_of_the_carried_set_decides_as_for_single_loans() -> None:
    frame = tape_of(LOANS).frame
    for criterion in AUTO.eligibility:
        assert meets(frame, criterion.condition).to_list() == [criterion.condition.holds(loan) for loan in LOANS]


def test_failing_loans_are_told_with_place_number_and_value() -> None:
    loans = [PLAIN, replace(PLAIN, loan_id="L2", status="DEFAULTED"), replace(PLAIN, loan_id="L3", status=None)]
    condition = Condition("status", Operator.IN, texts=("CURRENT", "GRACE_PERIOD"))
    failing = evaluate(tape_of(loans), only(Eligibility("performing", TITLE, condition)), ROOT).failing
    assert [(f.criterion, f.index, f.loan_id, f.field, f.value) for f in failing] == [
        ("performing", 1, "L2", "status", "DEFAULTED"),
        ("performing", 2, "L3", "status", None),
    ]


def test_all_failing_loans_are_counted_though_not_all_are_kept() -> None:
    count = KEPT_PER_CRITERION + 5
    condition = Condition("rate_ppm", Operator.BELOW, numbers=(0,))
    report = evaluate(tape_of([PLAIN] * count), only(Eligibility("c", TITLE, condition)), ROOT)
    assert len(report.failing) == KEPT_PER_CRITERION
    assert report.results.eligibility[0].failing_loans == count


def largest(loans: list[Loan], field: str, count: int) -> int:
    sums: dict[object, int] = {}
    for index, loan in enumerate(loans):
        value = getattr(loan, field)
        key = index if value is None and field == "borrower_id" else value
        sums[key] = sums.get(key, 0) + loan.current_balance
    return sum(sorted(sums.values(), reverse=True)[:count])


@pytest.mark.parametrize("field", ["borrower_id", "region", "status"])
@pytest.mark.parametrize("count", [1, 3, 1000])
def test_the_share_of_the_largest(field: str, count: int) -> None:
    criterion = Concentration("c", TITLE, Measure.LARGEST_SHARE, True, 250_000, field=field, count=count)
    result = evaluate(tape_of(LOANS), only(criterion), ROOT).results.concentration[0]
    expected = largest(LOANS, field, count)
    assert result.balance == expected
    assert result.passed == (Fraction(expected, owed(LOANS)) <= Fraction(1, 4))


def test_the_share_of_the_loans_that_meet_a_condition() -> None:
    condition = Condition("remaining_term", Operator.ABOVE, numbers=(120,))
    criterion = Concentration("c", TITLE, Measure.SHARE_WHERE, True, 700_000, condition=condition)
    result = evaluate(tape_of(LOANS), only(criterion), ROOT).results.concentration[0]
    part = owed([loan for loan in LOANS if loan.remaining_term is not None and loan.remaining_term > 120])
    assert (result.balance, result.value) == (part, round(Fraction(part * 1_000_000, owed(LOANS))))


def test_weighted_averages_and_totals() -> None:
    stated = [loan for loan in LOANS if loan.ltv_ppm is not None]
    mean = Fraction(sum((loan.ltv_ppm or 0) * loan.current_balance for loan in stated), owed(stated))
    criteria = Criteria(
        "pool",
        "CNY",
        (),
        (
            Concentration("ltv", TITLE, Measure.WEIGHTED_AVERAGE, True, 700_000, field="ltv_ppm"),
            Concentration("loans", TITLE, Measure.TOTAL, False, 301, field="loans"),
            Concentration("size", TITLE, Measure.TOTAL, False, 1, field="current_balance"),
        ),
    )
    ltv, count, size = evaluate(tape_of(LOANS), criteria, ROOT).results.concentration
    assert (ltv.value, ltv.passed) == (round(mean), mean <= 700_000)
    assert (count.value, count.headroom, count.passed) == (300, -1, False)
    assert (size.value, size.headroom, size.passed) == (owed(LOANS), owed(LOANS) - 1, True)


def test_a_pool_that_owes_nothing_fails_its_shares_and_averages() -> None:
    results = evaluate(tape_of([replace(PLAIN, current_balance=0)]), IN_CNY, ROOT).results
    measured = {result.criterion.id: result.value for result in results.concentration}
    assert measured["single-borrower"] is measured["average-rate"] is None
    assert not results.passed


def test_results_follow_from_the_tape_the_criteria_and_the_salt_alone() -> None:
    shuffled = LOANS[:]
    random.Random(3).shuffle(shuffled)
    first = evaluate(tape_of(LOANS), IN_CNY, ROOT, SALT)
    assert evaluate(tape_of(shuffled), IN_CNY, ROOT, SALT).fingerprint == first.fingerprint
    assert evaluate(tape_of(LOANS), IN_CNY, ROOT).fingerprint != first.fingerprint
    assert from_bytes(CriteriaResults, to_bytes(first.results)) == first.results


def test_criteria_in_another_currency_are_refused() -> None:
    with pytest.raises(CriteriaCurrency) as refusal:
        evaluate(tape_of(LOANS), AUTO, ROOT)
    assert refusal.value.facts == {"criteria": "USD", "tape": "CNY"}


def test_the_real_auto_tape_meets_its_concentrations_and_names_its_delinquent_loans() -> None:
    data = Path(__file__).parents[2].parent / "shared" / "data" / "tapes" / "ally_auto_aart2895_2019.csv"
    if not data.exists():
        pytest.skip("the Ally Auto tape is not on this machine")
    mappings = Path(__file__).parents[2] / "src" / "chainfusion" / "tape" / "mappings"
    tape = read_tape(data, load_mapping(mappings / "ally-auto-aart-2019.yaml"))
    report = evaluate(tape, AUTO, ROOT, SALT)
    assert all(result.passed for result in report.results.concentration)
    loans = [tape.loan(row) for row in range(len(tape))]
    late = [index for index, loan in enumerate(loans) if (loan.days_past_due or 0) > 30]
    assert late
    assert [f.index for f in report.failing if f.criterion == "days-past-due"] == late
