"""What a criterion means for one loan and one measure, to the last unit; and criteria that mean nothing."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.criteria import (
    Concentration,
    Condition,
    Criteria,
    Eligibility,
    Measure,
    Operator,
    judged,
    judged_share,
)
from chainfusion.domain.errors import Text
from chainfusion.domain.records import BadRecord, from_bytes, from_json, to_bytes, to_json
from tests.tape.pools import PLAIN

TITLE = Text("A title", "标题")


def score(operator: str, *numbers: int, unstated: bool = False) -> Condition:
    return Condition("credit_score", Operator(operator), numbers=numbers, unstated=unstated)


def region(operator: str, *texts: str, unstated: bool = False) -> Condition:
    return Condition("region", Operator(operator), texts=texts, unstated=unstated)


@pytest.mark.parametrize(
    ("condition", "meeting", "failing"),
    [
        (score("<=", 700), (699, 700), (701,)),
        (score(">=", 700), (700, 701), (699,)),
        (score("<", 700), (699,), (700, 701)),
        (score(">", 700), (701,), (700, 699)),
        (score("between", 600, 700), (600, 650, 700), (599, 701)),
        (score("==", 700), (700,), (699, 701)),
        (score("!=", 700), (699, 701), (700,)),
        (score("in", 1, 3), (1, 3), (2,)),
        (score("not in", 1, 3), (2,), (1, 3)),
        (region("==", "CA"), ("CA",), ("ca", "NY")),
        (region("!=", "CA"), ("NY",), ("CA",)),
        (region("in", "CA", "NY"), ("CA", "NY"), ("TX",)),
        (region("not in", "CA", "NY"), ("TX",), ("NY",)),
    ],
)
def test_a_condition_at_its_edges(
    condition: Condition, meeting: tuple[object, ...], failing: tuple[object, ...]
) -> None:
    for values, expected in ((meeting, True), (failing, False)):
        assert [condition.holds(replace(PLAIN, **{condition.field: value})) for value in values] == [expected] * len(
            values
        )


@pytest.mark.parametrize("operator", [">=", "!=", "not in"])
def test_a_loan_that_does_not_state_the_field_fails_unless_it_may_be_absent(operator: str) -> None:
    loan = replace(PLAIN, credit_score=None)
    assert not score(operator, 1).holds(loan)
    assert score(operator, 1, unstated=True).holds(loan)


@pytest.mark.parametrize(
    ("field", "operator", "numbers", "texts", "why"),
    [
        ("colour", "==", (1,), (), "no field 'colour'"),
        ("credit_score", "==", (), ("700",), "compared with numbers"),
        ("region", "==", (1,), (), "compared with texts"),
        ("region", "<=", (), ("CA",), "not compared by <="),
        ("credit_score", "<=", (1, 2), (), "given 2 values"),
        ("credit_score", "<=", (), (), "given 0 values"),
        ("credit_score", "between", (1,), (), "given 1 values"),
        ("credit_score", "between", (2, 1), (), "above the second"),
        ("credit_score", "in", (), (), "given 0 values"),
    ],
)
def test_a_condition_that_means_nothing_is_none(
    field: str, operator: str, numbers: tuple[int, ...], texts: tuple[str, ...], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        Condition(field, Operator(operator), numbers, texts)


# ------------------------------------------------------------------ concentration


def share(limit: int, *, at_most: bool = True) -> Concentration:
    return Concentration("c", TITLE, Measure.LARGEST_SHARE, at_most, limit, field="region")


def average(limit: int, *, at_most: bool = True) -> Concentration:
    return Concentration("c", TITLE, Measure.WEIGHTED_AVERAGE, at_most, limit, field="ltv_ppm")


def test_a_share_at_its_limit_passes_and_a_fen_above_fails() -> None:
    whole = 10**12
    at_limit, above = (
        judged_share(share(200_000), whole // 5, whole),
        judged_share(share(200_000), whole // 5 + 1, whole),
    )
    assert (at_limit.passed, at_limit.value, at_limit.headroom, at_limit.headroom_balance) == (True, 200_000, 0, 0)
    assert (above.passed, above.value, above.headroom, above.headroom_balance) == (False, 200_000, -1, -1)


def test_headroom_of_a_share_by_hand() -> None:
    result = judged_share(share(250_000), 1_290_00, 10_000_00)
    assert (result.value, result.headroom, result.balance, result.headroom_balance) == (
        129_000,
        121_000,
        1_290_00,
        1_210_00,
    )
    lower = judged_share(share(100_000, at_most=False), 1_290_00, 10_000_00)
    assert (lower.passed, lower.headroom, lower.headroom_balance) == (True, 29_000, 290_00)


@given(st.integers(0, 10**15), st.integers(1, 10**15), st.integers(0, 1_000_000), st.booleans())
def test_a_share_passes_if_and_only_if_its_headroom_is_not_negative(
    part: int, rest: int, limit: int, at_most: bool
) -> None:
    whole = part + rest
    result = judged_share(share(limit, at_most=at_most), part, whole)
    exact = Fraction(part * 1_000_000, whole)
    assert result.passed == (exact <= limit if at_most else exact >= limit)
    assert result.headroom is not None
    assert result.headroom_balance is not None
    assert result.passed == (result.headroom >= 0) == (result.headroom_balance >= 0)
    if at_most and result.passed:
        assert Fraction((part + result.headroom_balance) * 1_000_000, whole) <= limit
        assert Fraction((part + result.headroom_balance + 1) * 1_000_000, whole) > limit


@given(st.fractions(0, 10**9), st.integers(0, 10**9), st.booleans())
def test_a_measure_passes_if_and_only_if_its_headroom_is_not_negative(
    value: Fraction, limit: int, at_most: bool
) -> None:
    result = judged(average(limit, at_most=at_most), value)
    assert result.headroom is not None
    assert result.passed == (value <= limit if at_most else value >= limit) == (result.headroom >= 0)


def test_what_cannot_be_measured_fails() -> None:
    assert not judged(average(1), None).passed
    assert not judged_share(share(1_000_000), 0, 0).passed


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"field": "ltv_ppm"}, "does not apply to ltv_ppm"),
        ({"field": "colour"}, "does not apply to colour"),
        ({"field": None}, "needs a field"),
        ({"measure": Measure.WEIGHTED_AVERAGE}, "does not apply to region"),
        ({"measure": Measure.TOTAL}, "does not apply to region"),
        ({"measure": Measure.SHARE_WHERE}, "has a condition"),
        ({"condition": score("<=", 1)}, "has a condition"),
        ({"limit": 1_000_001}, "between 0% and 100%"),
        ({"limit": -1}, "between 0% and 100%"),
        ({"count": 0}, "at least 1"),
        ({"measure": Measure.TOTAL, "field": "loans", "count": 2}, "only a share of the largest"),
        ({"id": "no id"}, "an id has"),
        ({"title": Text("", "标题")}, "a name is"),
    ],
)
def test_a_concentration_that_means_nothing_is_none(change: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        replace(share(200_000), **change)


# ------------------------------------------------------------------ the set


CRITERIA = Criteria(
    "Autos", "USD", (Eligibility("score", TITLE, score(">=", 600)),), (share(200_000), replace(average(5), id="d"))
)


def test_criteria_are_canonical_records() -> None:
    assert from_bytes(Criteria, to_bytes(CRITERIA)) == CRITERIA


def test_ids_are_used_once_and_there_is_one_at_least() -> None:
    with pytest.raises(ValueError, match="same id"):
        replace(CRITERIA, concentration=(replace(share(1), id="score"),))
    with pytest.raises(ValueError, match="no criterion"):
        replace(CRITERIA, eligibility=(), concentration=())


def test_criteria_from_outside_are_checked_with_their_place() -> None:
    value = to_json(CRITERIA)
    value["eligibility"][0]["condition"]["operator"] = "~"
    with pytest.raises(BadRecord, match=r"eligibility\[0\]\.condition\.operator"):
        from_json(Criteria, value)
