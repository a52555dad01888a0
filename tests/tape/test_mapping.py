"""Mappings: read strictly, refused by line, fingerprinted by what they say and not by how it is written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from chainfusion.tape.errors import BadMapping, TapeNotFound
from chainfusion.tape.mapping import AsOf, Expected
from chainfusion.tape.mapping_reader import load_mapping, parse_mapping
from tests.tape.examples import MAPPING, mapping


def _refused(text: str) -> BadMapping:
    with pytest.raises(BadMapping) as caught:
        parse_mapping(text.encode())
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "path", "why"),
    [
        ("originator: Donghai Bank", "orginator: Donghai Bank", "orginator", "unknown key"),
        ("originator: Donghai Bank\n", "", "$", "'originator' is missing"),
        ("chainfusion-mapping-v1", "chainfusion-mapping-v9", "format", "none of"),
        ("2026-06-30", "2026-06-31", "as_of", "not a date"),
        ("2026-06-30", "{column: day}", "as_of", "'dates' is missing"),
        ("currency: CNY", "currency: yuan", "currency", "capital letters"),
        ("  loan_id: id\n", "", "fields", "loan_id must be mapped"),
        ("  loan_id: id\n", '  loan_id: "?"\n', "fields.loan_id", "left open"),
        ("loan_id: id", "loan_id: {column: id, unit: percent}", "fields.loan_id.unit", "unknown key"),
        ("loan_id: id", "loan_id: {column: id, constant: x}", "fields.loan_id", "one of"),
        ("loan_id: id", "loanid: id", "fields.loanid", "unknown key"),
        ("unit: percent", "unit: percents", "fields.rate_ppm.unit", "none of"),
        ("{column: rate, unit: percent}", "rate", "fields.rate_ppm", "needs 'unit'"),
        ('{column: start, dates: "%Y-%m-%d"}', "start", "fields.origination_date", "needs 'dates'"),
        ('start, dates: "%Y-%m-%d"', 'start, dates: "%Y-%q"', "fields.origination_date.dates", "date form"),
        ('start, dates: "%Y-%m-%d"', 'start, dates: "%d.%m"', "fields.origination_date.dates", "no year"),
        ("{derive: ratio, of: [current_balance, collateral_value]}", "{derive: ratio, of: [current_balance]}",
         "fields.ltv_ppm", "2 fields"),
        ("{derive: ratio, of: [current_balance, collateral_value]}", "{derive: eval, of: [x]}",
         "fields.ltv_ppm.derive", "none of"),
        ("of: [current_balance, collateral_value]", "of: [current_balance, region]", "fields.ltv_ppm.of", "is a money"),
        ("collateral_value: value\n  ", "", "fields.ltv_ppm", "collateral_value is not mapped"),
        ('"正常": CURRENT', '"正常": FINE', "fields.status.values.正常", "none of"),
        ("region: region", "region: {join: [a, b], with: [x]}", "fields.region.with", "one value"),
        ("region: region", "region: region\ntolerate: [negative]", "tolerate[0]", "none of"),
        ("region: region", "region: region\nrows: {exclude: [{field: dpd, above: 3, because: x}]}",
         "rows.exclude[0].field", "none of"),
        ("region: region", "region: region\nrows: {exclude: [{field: days_past_due, above: 3}]}",
         "rows.exclude[0]", "'because'"),
        ("region: region", "region: region\nrows: {exclude: [{field: region, above: 3, because: x}]}",
         "rows.exclude[0].above", "no order"),
        ("region: region", "region: region\nexpect: {current_balance: 1.005}",
         "expect.current_balance", "not an amount"),
        ("region: region", "region: region\nexpect: {current_balance: 1e999999999}",
         "expect.current_balance", "not an amount"),
        ("region: region", "region: region\nfile: {delimiter: x}", "file.delimiter", "none of"),
        ("region: region", "region: region\nfile: {encoding: latin-1}", "file.encoding", "none of"),
    ],
)  # fmt: skip
def test_what_a_mapping_may_not_say_is_refused_by_its_path(old: str, new: str, path: str, why: str) -> None:
    assert old in MAPPING
    error = _refused(MAPPING.replace(old, new))
    assert error.facts["path"] == path
    assert why in error.facts["why"]


def test_a_refusal_names_the_line() -> None:
    assert _refused(MAPPING.replace("unit: percent", "unit: per")).facts["line"] == 11


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &x 1\nb: *x", "anchors"),
        ("a: *x", "anchors"),
        ("a: !!python/object:os.system x", "tags"),
        ("a: 1\na: 2", "twice"),
        ("a: 1\n---\nb: 2", "second document"),
        ("", "empty"),
        ("a: [", "expected"),
        ("[" * 50, "nested too deeply"),
        ("? {a: 1}\n: 2", "one value"),
        ("- a", "keys with values"),
        ('"\\U00ffffff": 1', ""),
        ("a: \x01", ""),
    ],
)
def test_yaml_that_is_no_plain_map_is_refused(text: str, why: str) -> None:
    assert why in _refused(text).facts["why"]


def test_yaml_of_too_many_bytes_and_of_another_encoding_is_refused() -> None:
    assert "bytes" in _refused("#" * 300_000).facts["why"]
    with pytest.raises(BadMapping, match="not UTF-8"):
        parse_mapping(b"a: 1\nb: \xff")


def test_a_repeating_alias_makes_no_bomb() -> None:
    lines = ['a: &a ["x"]'] + [
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]" for i in range(20)
    ]
    assert "anchors" in _refused("\n".join(lines)).facts["why"]


def test_norway_stays_norway_and_zeros_stay() -> None:
    how = mapping("region: region", 'region: {column: region, values: {NO: Norway, 007: "Bond", "yes": Ja}}')
    rule = how.rule("region")
    assert rule is not None
    assert {(t.theirs, t.ours) for t in rule.values} == {("NO", "Norway"), ("007", "Bond"), ("yes", "Ja")}


def test_the_fingerprint_is_of_what_is_said() -> None:
    head, fields = MAPPING.split("fields:\n")
    reordered = head + "fields:\n" + "".join(sorted(fields.splitlines(keepends=True)))
    assert parse_mapping(reordered.encode()).fingerprint() == mapping().fingerprint()
    assert parse_mapping(("# a comment\n" + MAPPING).encode()).fingerprint() == mapping().fingerprint()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("unit: percent", "unit: fraction"),
        ("id\n", "loan\n"),
        ("2026-06-30", "2026-07-31"),
        ("逾期", "拖欠"),
        ('"-"]', '"--"]'),
    ],
)
def test_a_mapping_that_says_something_else_has_another_fingerprint(old: str, new: str) -> None:
    assert mapping(old, new).fingerprint() != mapping().fingerprint()


def test_another_cut_off_date_is_another_mapping() -> None:
    later = mapping().dated(date(2026, 7, 31))
    assert later.as_of == AsOf(day=date(2026, 7, 31))
    assert later.fingerprint() != mapping().fingerprint()


def test_stated_totals_are_exact_minor_units() -> None:
    how = mapping("fields:", 'expect: {loans: 2, current_balance: "1,234.50", original_balance: 1_000}\nfields:')
    assert how.expect == Expected(2, 123_450, 100_000)


def test_a_mapping_file_that_is_not_there_is_a_typed_refusal(tmp_path: Path) -> None:
    with pytest.raises(TapeNotFound):
        load_mapping(tmp_path / "none.yaml")


def test_a_derived_field_that_rests_on_itself_is_refused() -> None:
    text = MAPPING.replace("  remaining_term: left\n", "") + (
        "  remaining_term: {derive: difference, of: [original_term, seasoning]}\n"
        "  seasoning: {derive: difference, of: [original_term, remaining_term]}\n"
    )
    assert "rests on itself" in _refused(text).facts["why"]
