"""A whole tape: every broken rule with its row, column and value; all at once; all or nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from chainfusion.domain.errors import error_from_json
from chainfusion.domain.loan import LOAN_FIELDS, days
from chainfusion.tape import report as report_module
from chainfusion.tape.errors import TapeEmpty, TapeNotFound, TapeRefused, TapeTooLarge
from chainfusion.tape.intake import inspect_tape, read_tape, take_in
from chainfusion.tape.mapping import Expected
from chainfusion.tape.rules import RULES
from chainfusion.tape.schema import SCHEMA
from tests.tape.examples import HEADER, csv_bytes, errors, mapping, places, row, rows, take


def test_a_good_tape_is_a_table_of_canonical_loans() -> None:
    tape = take([row(), row(id="A2", borrower="-", value="", dpd="3", status="逾期")]).accepted()
    assert tape.frame.schema == SCHEMA
    assert (len(tape), tape.currency, tape.as_of, tape.originator) == (2, "CNY", date(2026, 6, 30), "Donghai Bank")
    first, second = tape.loan(0), tape.loan(1)
    assert (first.original_balance, first.current_balance, first.rate_ppm, first.ltv_ppm) == (
        100_000,
        90_050,
        43_500,
        450_250,
    )
    assert (first.origination_date, first.status) == (days(date(2025, 6, 30)), "CURRENT")
    assert (second.borrower_id, second.collateral_value, second.ltv_ppm, second.credit_score) == (
        None,
        None,
        None,
        None,
    )
    assert (second.status, second.days_past_due) == ("DELINQUENT", 3)


def test_a_computed_field_is_told_apart_from_a_stated_one() -> None:
    assert take(rows(1)).accepted().derived == (("ltv_ppm", "ratio(current_balance, collateral_value)"),)


def test_rows_stay_in_the_files_order() -> None:
    table = [row(id=name) for name in ("Z", "A", "M", "B")]
    assert take(table).accepted().frame["loan_id"].to_list() == ["Z", "A", "M", "B"]


@pytest.mark.parametrize(
    ("change", "column", "rule"),
    [
        ({"balance": "12a"}, "balance", "not_a_number"),
        ({"balance": ""}, "balance", "required"),
        ({"id": "-"}, "id", "required"),
        ({"balance": "900.505"}, "balance", "too_many_decimals"),
        ({"balance": "-1"}, "balance", "negative"),
        ({"balance": "1000.01"}, "balance", "balance_above_original"),
        ({"amount": "0", "balance": "0"}, "amount", "original_zero"),
        ({"value": "-5"}, "value", "negative"),
        ({"dpd": "-5"}, "dpd", "negative"),
        ({"dpd": "5.5"}, "dpd", "not_whole"),
        ({"rate": "101"}, "rate", "rate_range"),
        ({"rate": "-0.1"}, "rate", "rate_range"),
        ({"term": "601"}, "term", "term_range"),
        ({"left": "-1"}, "left", "term_range"),
        ({"start": "2025-13-01"}, "start", "not_a_date"),
        ({"start": "2026-07-01"}, "start", "originated_after_as_of"),
        ({"end": "2025-06-29"}, "end", "maturity_before_origination"),
        ({"value": "10"}, "ltv_ppm", "ltv_range"),
        ({"status": "?"}, "status", "unknown_code"),
        ({"id": "=A1+1"}, "id", "formula_text"),
        ({"region": "@cmd"}, "region", "formula_text"),
        ({"region": "浙\x07江"}, "region", "control_character"),
        ({"region": "\ufffd"}, "region", "damaged_text"),
        ({"region": "x" * 257}, "region", "text_too_long"),
    ],
)
def test_each_broken_rule_is_found_in_its_row_and_column(change: dict[str, str], column: str, rule: str) -> None:
    intake = take([row(id="A0"), row(**change), row(id="A2")])
    found = [f for f in errors(intake) if f.rule == rule]
    assert [(f.row, f.column) for f in found] == [(3, column)]
    assert change.get(column, found[0].value).strip("-") == found[0].value.strip("-")
    assert intake.tape is None
    assert found[0].message("en") != found[0].message("zh")


def test_all_errors_come_at_once_in_the_order_of_the_file() -> None:
    table = [
        row(),
        row(id="A2", balance="x", rate="y"),
        row(),
        row(id="A4", status="?"),
        row(id="A5", balance="-2", value=""),
    ]
    assert places(errors(take(table))) == [
        (3, "balance", "x", "not_a_number"),
        (3, "rate", "y", "not_a_number"),
        (4, "id", "A1", "duplicate_loan"),
        (5, "status", "?", "unknown_code"),
        (6, "balance", "-2", "negative"),
    ]


def test_a_doubled_loan_names_its_first_row() -> None:
    found = errors(take([row(), row(id="A2"), row(), row(), row(id="A2")]))
    assert [(f.row, f.value, f.note) for f in found] == [
        (4, "A1", " (first in row 2)"), (5, "A1", " (first in row 2)"), (6, "A2", " (first in row 3)"),
    ]  # fmt: skip


def test_loan_numbers_that_differ_in_white_space_alone_are_one() -> None:
    assert [f.rule for f in errors(take([row(), row(id=" A1 ")]))] == ["duplicate_loan"]


def test_white_space_around_values_is_no_error() -> None:
    padded = {name: f"  {cell}\u3000" for name, cell in row().items()}
    assert take([padded]).accepted().loan(0) == take([row()]).accepted().loan(0)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"balance": "0"}, "zero_balance"), ({"end": "2026-06-29"}, "matured_with_balance"),
        ({"status": "结清"}, "closed_with_balance"), ({"rate": "36.01"}, "high_rate"), ({"value": "500"}, "high_ltv"),
        ({"left": "25"}, "remaining_above_original"), ({"dpd": "3651"}, "long_past_due"),
    ],
)  # fmt: skip
def test_what_is_worth_a_look_is_a_warning_and_the_tape_is_accepted(change: dict[str, str], rule: str) -> None:
    intake = take([row(**change)])
    assert intake.accepted().frame.height == 1
    assert rule in [f.rule for f in intake.report.findings("warning")]


def test_every_missing_column_is_found_with_the_names_that_are_near() -> None:
    header = tuple({"balance": "balanse", "rate": "r"}.get(name, name) for name in HEADER)
    table = [row() | {"balanse": "1", "r": "2"}]
    found = errors(take_in(csv_bytes(table, header), "t.csv", mapping()))
    assert [(f.row, f.column, f.rule) for f in found] == [
        (1, "balance", "missing_column"),
        (1, "rate", "missing_column"),
    ]
    assert "balanse" in found[0].note


def test_the_first_of_a_columns_names_that_is_there_is_read() -> None:
    how = mapping("region: region", "region: [area, region]")
    assert take(rows(1), how).accepted().loan(0).region == "浙江"


def test_mixed_currencies_are_found() -> None:
    how = mapping("currency: CNY", "currency: {column: region}")
    found = errors(
        take(
            [row(region="CNY"), row(id="A2", region="USD"), row(id="A3", region="CNY"), row(id="A4", region="元")], how
        )
    )
    assert places(found) == [(3, "region", "USD", "mixed_currency"), (5, "region", "元", "not_a_currency")]


def test_a_cut_off_date_in_a_column_must_be_one() -> None:
    how = mapping("as_of: 2026-06-30", 'as_of: {column: region, dates: "%Y-%m-%d"}')
    same = [row(region="2026-05-31"), row(id="A2", region="2026-05-31")]
    assert take(same, how).accepted().as_of == date(2026, 5, 31)
    found = errors(take([*same, row(id="A3", region="2026-06-30"), row(id="A4", region="soon")], how))
    assert [(f.row, f.rule) for f in found] == [(4, "mixed_as_of"), (5, "not_a_date")]


def test_tolerated_rules_are_warnings() -> None:
    how = mapping("fields:", "tolerate: [balance_above_original]\nfields:")
    intake = take([row(balance="1000.01")], how)
    assert intake.accepted().loan(0).current_balance == 100_001
    assert [f.rule for f in intake.report.findings("warning")] == ["balance_above_original"]


def test_declared_rounding_is_reported() -> None:
    how = mapping("current_balance: balance", "current_balance: {column: balance, round: half-even}")
    intake = take([row(balance="900.505"), row(id="A2")], how)
    assert intake.accepted().loan(0).current_balance == 90_050
    assert places(list(intake.report.findings("warning"))) == [(2, "balance", "900.505", "rounded")]


# ------------------------------------------------------------------ rows that are left out


def test_excluded_rows_are_counted_and_their_errors_are_not_errors() -> None:
    how = mapping("fields:", "rows: {exclude: [{column: status, in: [结清], because: paid off}]}\nfields:")
    intake = take([row(), row(id="A2", status="结清", balance="??"), row(id="A3", status="结清")], how)
    assert intake.accepted().frame["loan_id"].to_list() == ["A1"]
    assert [(part.because, part.rows) for part in intake.report.left_out] == [("paid off", 2)]


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("{field: current_balance, below: 90050", ["A2", "A3", "A4"]),
        ("{field: current_balance, above: 90050", ["A1", "A2", "A4"]),
        ("{field: days_past_due, missing: true", ["A1", "A2", "A3"]),
        ("{field: status, in: [DELINQUENT]", ["A1", "A3", "A4"]),
        ("{field: maturity_date, above: 2027-06-30", ["A1", "A3", "A4"]),
        ("{column: id, not_in: [A1, A2]", ["A1", "A2"]),
    ],
)
def test_conditions_on_fields_and_columns(condition: str, left: list[str]) -> None:
    table = [
        row(id="A1", balance="900.49"), row(id="A2", status="逾期", end="2027-07-01"), row(id="A3", balance="900.51"),
        row(id="A4", dpd=""),
    ]  # fmt: skip
    if "below" in condition:
        left = [name for name in ("A1", "A2", "A3", "A4") if name != "A1"]
    how = mapping("fields:", f"rows: {{exclude: [{condition}, because: x}}]}}\nfields:")
    assert take(table, how).accepted().frame["loan_id"].to_list() == left


def test_a_history_is_reduced_to_the_latest_row_of_each_loan() -> None:
    how = mapping("fields:", 'rows: {latest: {column: region, dates: "%Y-%m"}}\nfields:')
    table = [row(region="2026-01"), row(region="2026-03"), row(id="A2", region="2025-12"), row(region="2026-02")]
    intake = take(table, how)
    assert intake.accepted().frame.select("loan_id", "region").rows() == [("A1", "2026-03"), ("A2", "2025-12")]
    assert [part.rows for part in intake.report.left_out] == [2]


def test_two_latest_rows_of_a_loan_are_a_doubled_loan() -> None:
    how = mapping("fields:", 'rows: {latest: {column: region, dates: "%Y-%m"}}\nfields:')
    found = errors(take([row(region="2026-03"), row(region="2026-03"), row(id="A2", region="x")], how))
    assert [(f.row, f.rule) for f in found] == [(3, "duplicate_loan"), (4, "not_a_date")]


def test_a_mapping_that_leaves_no_row_is_refused() -> None:
    how = mapping("fields:", "rows: {keep: [{column: id, in: [Q], because: x}]}\nfields:")
    with pytest.raises(TapeEmpty, match="leaves no row"):
        take(rows(3), how)


# ------------------------------------------------------------------ totals, report, refusal


@pytest.mark.parametrize(
    ("expected", "columns"),
    [
        (Expected(2, 180_100, 200_000), []), (Expected(3, None, None), ["loans"]),
        (Expected(2, 180_101, None), ["current_balance"]),
        (Expected(1, 1, 1), ["loans", "current_balance", "original_balance"]),
    ],
)  # fmt: skip
def test_totals_are_held_against_what_was_stated(expected: Expected, columns: list[str]) -> None:
    intake = take_in(csv_bytes(rows(2)), "t.csv", mapping(), expected=expected)
    assert [f.column for f in errors(intake)] == columns
    assert (intake.tape is None) == bool(columns)


def test_totals_beyond_64_bits_are_exact() -> None:
    table = [row(id=f"A{i}", amount="92233720368547758.07", balance="92233720368547758.07", value="") for i in range(3)]
    assert take(table).report.balance == 3 * (2**63 - 1)


def test_counts_are_exact_where_findings_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "KEPT_PER_RULE", 10)
    intake = take([row(id=f"A{i}", balance="x") for i in range(50)])
    assert [(c.rule, c.count) for c in intake.report.counts] == [("not_a_number", 50)]
    assert (intake.report.errors, len(errors(intake))) == (50, 10)


def test_the_refusal_carries_the_report_and_crosses_a_process_boundary() -> None:
    with pytest.raises(TapeRefused) as caught:
        take([row(balance="x"), row(id="A2", rate="y")]).accepted()
    error = caught.value
    assert error.report.errors == 2
    again = error_from_json(error.to_json())
    assert isinstance(again, TapeRefused)
    assert again.message("zh") == error.message("zh")
    assert again.facts["findings"][0]["value"] == "x"


def test_the_report_is_json_with_at_most_so_many_findings() -> None:
    data = take([row(id=f"A{i}", balance="x") for i in range(50)]).report.to_json(limit=5)
    assert (data["errors"], len(data["findings"]), data["loans"], data["rows_read"]) == (50, 5, 50, 50)


def test_an_overridden_cut_off_date_is_used_and_fingerprinted() -> None:
    intake = take_in(csv_bytes(rows(1)), "t.csv", mapping(), as_of=date(2026, 7, 31))
    assert intake.accepted().as_of == date(2026, 7, 31)
    assert intake.report.mapping_fingerprint != mapping().fingerprint()


def test_files_are_read_from_disk_and_refused_where_they_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(csv_bytes(rows(3)))
    assert len(read_tape(path, mapping())) == 3
    assert inspect_tape(path, mapping()).report.loans == 3
    with pytest.raises(TapeNotFound):
        read_tape(tmp_path / "none.csv", mapping())
    with pytest.raises(TapeNotFound):
        read_tape(tmp_path, mapping())
    monkeypatch.setattr("chainfusion.tape.intake.MAX_BYTES", 10)
    with pytest.raises(TapeTooLarge):
        read_tape(path, mapping())


def test_ragged_rows_and_wrong_values_are_told_together() -> None:
    data = csv_bytes([row(), row(id="A2", balance="x")]) + b"short,row\n"
    found = errors(take_in(data, "t.csv", mapping()))
    assert [(f.row, f.rule) for f in found] == [(3, "not_a_number"), (4, "ragged_row")]


def test_a_large_tape_with_an_error_in_its_last_row_finds_it() -> None:
    table = rows(20_000)
    table[-1]["balance"] = "x"
    assert places(errors(take(table))) == [(20_001, "balance", "x", "not_a_number")]


def test_every_rule_is_told_in_both_languages() -> None:
    assert all(rule.says.en and rule.says.zh and rule.says.en != rule.says.zh for rule in RULES.values())


def test_a_frame_of_other_columns_is_no_tape() -> None:
    good = take(rows(1)).accepted()
    with pytest.raises(TypeError):
        type(good)(pl.DataFrame({"loan_id": ["a"]}), good.as_of, "CNY", "", "", "")
    assert set(SCHEMA) == {field.name for field in LOAN_FIELDS}
