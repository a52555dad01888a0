"""The criteria file: what it says, exactly; and each thing that it cannot say, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainfusion.domain.criteria import Condition, Criteria, Measure, Operator
from chainfusion.domain.errors import Text
from chainfusion.tape.criteria_file import AUTO_LOAN, BadCriteria, load_criteria, parse_criteria

HEAD = "name: Loans\ncurrency: USD\n"
GOOD = (
    HEAD
    + """eligibility:
  - id: performing
    title: {en: Performing, zh: 正常}
    field: status
    op: in
    value: [CURRENT, GRACE_PERIOD]
concentration:
  - id: region
    share_of_largest: region
    count: 3
    at_most: 20%
"""
)


def condition(field: str, op: str, value: str, currency: str = "USD") -> Condition:
    text = f"name: n\ncurrency: {currency}\neligibility:\n  - {{id: a, field: {field}, op: '{op}', value: {value}}}\n"
    return parse_criteria(text.encode()).eligibility[0].condition


def test_a_file_is_read_as_it_is_meant() -> None:
    criteria = parse_criteria(GOOD.encode())
    performing, region = criteria.eligibility[0], criteria.concentration[0]
    assert (criteria.name, criteria.currency) == ("Loans", "USD")
    assert performing.condition == Condition("status", Operator.IN, texts=("CURRENT", "GRACE_PERIOD"))
    assert performing.title == Text("Performing", "正常")
    assert (region.measure, region.field, region.count) == (Measure.LARGEST_SHARE, "region", 3)
    assert (region.at_most, region.limit, region.title.en) == (True, 200_000, "region")


@pytest.mark.parametrize(
    ("field", "op", "value", "currency", "numbers"),
    [
        ("days_past_due", "<=", "30", "USD", (30,)),
        ("rate_ppm", ">=", "6.65%", "USD", (66_500,)),
        ("rate_ppm", ">=", "0.0665", "USD", (66_500,)),
        ("ltv_ppm", "<=", "70%", "USD", (700_000,)),
        ("current_balance", "between", "[250, 100000.01]", "USD", (250_00, 100_000_01)),
        ("current_balance", "<=", "100000", "JPY", (100_000,)),
        ("current_balance", "<=", "1.005", "KWD", (1_005,)),
        ("maturity_date", "<", "1970-01-31", "USD", (30,)),
        ("origination_date", ">", "1969-12-31", "USD", (-1,)),
        ("seasoning", ">", "-2", "USD", (-2,)),
    ],
)
def test_numbers_are_read_in_the_unit_of_their_field(
    field: str, op: str, value: str, currency: str, numbers: tuple[int, ...]
) -> None:
    assert condition(field, op, value, currency).numbers == numbers


def test_texts_stay_as_written() -> None:
    assert condition("region", "not in", "[NO, 007, 上海市]").texts == ("NO", "007", "上海市")


@pytest.mark.parametrize(("value", "expected"), [("fails", False), ("passes", True)])
def test_what_an_unstated_field_does_is_said_in_words(value: str, expected: bool) -> None:
    text = HEAD + f"eligibility:\n  - {{id: a, field: seasoning, op: '>=', value: 1, unstated: {value}}}\n"
    assert parse_criteria(text.encode()).eligibility[0].condition.unstated is expected


def one(criterion: str) -> str:
    return HEAD + "eligibility:\n  - {" + criterion + "}\n"


def pool(criterion: str) -> str:
    return HEAD + "concentration:\n  - {" + criterion + "}\n"


@pytest.mark.parametrize(
    ("text", "line", "path", "why"),
    [
        ("", 1, "$", "empty"),
        ("name: [", 1, "$", ""),
        ("- a", 1, "$", "keys with values"),
        (HEAD, 1, "$", "no criterion"),
        ("currency: USD\n", 1, "$", "name is missing"),
        ("name: a\ncurrency: dollars\neligibility: []\n", 1, "$", ""),
        (HEAD + "colour: red\n", 3, "colour", "not known"),
        (HEAD + "name: b\n", 3, "$", "twice"),
        (one("id: a, field: colour, op: '==', value: 1"), 4, "eligibility[0].field", "no field"),
        (one("id: a, field: seasoning, op: '~', value: 1"), 4, "eligibility[0].op", "an operator is one of"),
        (one("id: a, field: seasoning, op: '=='"), 4, "eligibility[0]", "value is missing"),
        (one("id: a, field: seasoning, op: '==', value: one"), 4, "eligibility[0].value", "not a number"),
        (one("id: a, field: seasoning, op: '==', value: 1.5"), 4, "eligibility[0].value", "more than 0 decimals"),
        (one("id: a, field: seasoning, op: '==', value: 5%"), 4, "eligibility[0].value", "not a number"),
        (one("id: a, field: rate_ppm, op: '==', value: 0.00000001"), 4, "eligibility[0].value", "more than 6"),
        (one("id: a, field: rate_ppm, op: '==', value: ٣"), 4, "eligibility[0].value", "not a number"),
        (one("id: a, field: rate_ppm, op: '==', value: NaN"), 4, "eligibility[0].value", "not a number"),
        (one("id: a, field: rate_ppm, op: '==', value: 1e9"), 4, "eligibility[0].value", "not a number"),
        (one("id: a, field: rate_ppm, op: '==', value: 12345678901234567"), 4, "eligibility[0].value", "not a number"),
        (one("id: a, field: current_balance, op: '==', value: 0.001"), 4, "eligibility[0].value", "more than 2"),
        (one("id: a, field: maturity_date, op: '<', value: 2026-02-30"), 4, "eligibility[0].value", "not a date"),
        (one("id: a, field: status, op: '==', value: current"), 4, "eligibility[0].value", "status is one of"),
        (one("id: a, field: region, op: '<=', value: CA"), 4, "eligibility[0]", "not compared by"),
        (one("id: a, field: seasoning, op: between, value: [2, 1]"), 4, "eligibility[0]", "above the second"),
        (one("id: a, field: seasoning, op: '==', value: {a: 1}"), 4, "eligibility[0].value", "a list is needed"),
        (one("id: a b, field: seasoning, op: '==', value: 1"), 4, "eligibility[0]", "an id has"),
        (
            one("id: a, title: {en: x}, field: seasoning, op: '==', value: 1"),
            4,
            "eligibility[0].title",
            "zh is missing",
        ),
        (
            one("id: a, field: seasoning, op: '==', value: 1, unstated: maybe"),
            4,
            "eligibility[0].unstated",
            "passes or",
        ),
        (pool("id: a, share_of_largest: region"), 4, "concentration[0]", "exactly one of at_least, at_most"),
        (pool("id: a, at_most: 1%"), 4, "concentration[0]", "exactly one of"),
        (pool("id: a, total: loans, weighted_average: seasoning, at_most: 1"), 4, "concentration[0]", "exactly one of"),
        (pool("id: a, share_of_largest: region, at_most: 101%"), 4, "concentration[0]", "between 0% and 100%"),
        (pool("id: a, share_of_largest: ltv_ppm, at_most: 1%"), 4, "concentration[0]", "does not apply"),
        (pool("id: a, weighted_average: colour, at_most: 1"), 4, "concentration[0]", "does not apply"),
        (pool("id: a, total: loans, count: 2, at_most: 1"), 4, "concentration[0]", "only a share of the largest"),
        (pool("id: a, share_where: region, at_most: 1%"), 4, "concentration[0].share_where", "keys with values"),
        (pool("id: a, share_where: {field: region}, at_most: 1%"), 4, "concentration[0].share_where", "op is missing"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_where_it_goes_wrong(text: str, line: int, path: str, why: str) -> None:
    with pytest.raises(BadCriteria) as refusal:
        parse_criteria(text.encode())
    facts = refusal.value.facts
    assert (facts["line"], facts["path"]) == (line, path)
    assert why in facts["why"]


def test_two_criteria_of_one_id_are_refused() -> None:
    with pytest.raises(BadCriteria, match="same id"):
        parse_criteria(GOOD.replace("id: region", "id: performing").encode())


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadCriteria, match=r"missing\.yaml"):
        load_criteria(tmp_path / "missing.yaml")


def test_the_carried_set_has_titles_in_both_languages() -> None:
    criteria = load_criteria(AUTO_LOAN)
    assert isinstance(criteria, Criteria)
    for criterion in (*criteria.eligibility, *criteria.concentration):
        assert criterion.title.en != criterion.id
        assert any("\u4e00" <= c <= "\u9fff" for c in criterion.title.zh)
