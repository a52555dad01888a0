"""Files hold what the run gave, exactly, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from chainfusion.cashflow.analytics.study import Outcomes
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.export import files
from chainfusion.cashflow.export.files import SheetTooLong, is_formula, write_csv, write_parquet, write_xlsx
from chainfusion.cashflow.export.tables import Table, tables
from tests.cashflow.analytics.deals import BASE, study

EVIL = '=cmd|" /C calc"!A0'


def ran() -> Outcomes:
    return study().outcomes([BASE, Scenario(EVIL, BASE.stressed("x", default=9).groups, {})])


def test_tables_hold_every_cell_of_the_run() -> None:
    found = ran()
    named = {table.name: table.frame for table in tables(found)}
    assert list(named) == ["collections", "classes", "accounts", "fees", "tests", "outcomes"]
    a = named["classes"].filter(tranche="A", scenario="base")
    assert a["principal_paid"].to_list() == found.result["A.principal_paid"][0].tolist()
    assert a["date"].to_list() == [p.payment for p in found.deal.periods]
    assert named["collections"].filter(scenario=EVIL)["lost"].to_list() == found.collections.lost[1].tolist()
    assert named["accounts"]["account"].unique().sort().to_list() == ["cash", "reserve"]
    assert named["fees"]["paid"].sum() == found.result["servicer.paid"].sum()


def test_parquet_gives_the_frames_back(tmp_path: Path) -> None:
    chosen = tables(ran())
    for path, table in zip(write_parquet(tmp_path / "p", chosen), chosen, strict=True):
        assert pl.read_parquet(path).equals(table.frame)


def test_csv_tells_cents_exactly_and_guards_formulas(tmp_path: Path) -> None:
    found = ran()
    paths = {path.stem: path for path in write_csv(tmp_path, tables(found))}
    with paths["collections"].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert Decimal(rows[0]["interest"]) * 100 == int(found.collections.interest[0, 0])
    assert {row["scenario"] for row in rows} == {"base", f"'{EVIL}"}
    assert paths["tests"].read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_workbook_tells_cents_exactly_and_runs_nothing(tmp_path: Path) -> None:
    found = ran()
    book = load_workbook(write_xlsx(tmp_path / "run.xlsx", tables(found)))
    assert book.sheetnames == ["collections", "classes", "accounts", "fees", "tests", "outcomes"]
    rows = list(book["collections"].iter_rows(values_only=True))
    place = rows[0].index("interest")
    assert [round(row[place] * 100) for row in rows[1:40]] == found.collections.interest[0].tolist()
    for sheet in book:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    evil = book["collections"].cell(row=41, column=1)
    assert (evil.value, evil.data_type, evil.quotePrefix) == (EVIL, "s", True)


@given(st.text(min_size=1, max_size=20))
def test_no_text_becomes_a_formula(text: str) -> None:
    stored = files._csv_cell(text)
    assert not is_formula(stored)
    assert stored in (text, f"'{text}")


def test_control_characters_do_not_break_a_workbook(tmp_path: Path) -> None:
    table = Table("odd", pl.DataFrame({"text": ["a\x00b", "\t=1", "-1", "@x", "中文"]}), "CNY")
    book = load_workbook(write_xlsx(tmp_path / "odd.xlsx", [table]))
    found = [row[0] for row in book["odd"].iter_rows(min_row=2)]
    assert [cell.value for cell in found] == ["a\ufffdb", "\t=1", "-1", "@x", "中文"]
    assert all(cell.data_type == "s" for cell in found)


def test_currencies_without_cents_and_missing_values(tmp_path: Path) -> None:
    table = Table("yen", pl.DataFrame({"cash": [5, None, -7]}), "JPY", frozenset({"cash"}))
    (path,) = write_csv(tmp_path, [table])
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [row[0] if row else "" for row in csv.reader(file)] == ["cash", "5", "", "-7"]


def test_a_table_longer_than_a_sheet_is_refused_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_ROWS", 5)
    with pytest.raises(SheetTooLong) as refused:
        write_xlsx(tmp_path / "long.xlsx", tables(ran()))
    assert refused.value.facts["table"] == "collections"
    assert not list(tmp_path.iterdir())
