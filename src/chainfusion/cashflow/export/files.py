"""Tables as CSV, XLSX and Parquet.

CSV and XLSX give amounts in the major unit of the currency, exact, for people; Parquet gives whole minor units.
A text that a spreadsheet would take for a formula (beginning with = + - @, tab or return) stays text: in CSV behind an
apostrophe, in XLSX as a text cell marked with the quote prefix.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

from chainfusion.cashflow.export.tables import Table
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.loan import minor_digits

MAX_ROWS = 1_048_576
"""Rows of a sheet."""
_FORMULA = tuple("=+-@\t\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class SheetTooLong(ChainFusionError):
    """More rows than a sheet of a workbook holds."""

    code = "SHEET_TOO_LONG"
    says = Text(
        "Table {table} has {rows} rows; a sheet holds {most}.", "表 {table} 有 {rows} 行；工作表至多 {most} 行。"
    )
    do = Text("Write CSV or Parquet, or fewer scenarios.", "请改用 CSV 或 Parquet，或减少情景数。")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula."""
    return text.startswith(_FORMULA)


def write_csv(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """A file a table, UTF-8 with a byte-order mark, lines ended as RFC 4180 says."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in tables:
        path = folder / f"{table.name}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.frame.columns)
            writer.writerows([_csv_cell(value) for value in row] for row in _rows(table))
        written.append(path)
    return written


def write_xlsx(path: Path, tables: Iterable[Table]) -> Path:
    """A workbook with a sheet a table. Raises: SheetTooLong, before anything is written."""
    chosen = list(tables)
    for table in chosen:
        if table.frame.height + 1 > MAX_ROWS:
            raise SheetTooLong(table=table.name, rows=table.frame.height, most=MAX_ROWS - 1)
    book = Workbook(write_only=True)
    for table in chosen:
        sheet = book.create_sheet(table.name[:31])
        sheet.freeze_panes = "A2"
        sheet.append(table.frame.columns)
        shape = f"#,##0.{'0' * minor_digits(table.currency)}".rstrip(".")
        for row in _rows(table):
            sheet.append([_xlsx_cell(sheet, value, shape) for value in row])
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_parquet(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """A file a table."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in tables:
        path = folder / f"{table.name}.parquet"
        table.frame.write_parquet(path)
        written.append(path)
    return written


def _rows(table: Table) -> Iterator[list[Any]]:
    digits = minor_digits(table.currency)
    money = [name in table.money for name in table.frame.columns]
    for row in table.frame.iter_rows():
        yield [
            Decimal(value).scaleb(-digits) if is_money and value is not None else value
            for value, is_money in zip(row, money, strict=True)
        ]


def _csv_cell(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str) and is_formula(value):
        return f"'{value}"
    return value


def _xlsx_cell(sheet: Any, value: Any, shape: str) -> Any:
    if isinstance(value, str):
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value)
        if not is_formula(text):
            return text
        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"
        cell.quotePrefix = True
        return cell
    if isinstance(value, Decimal):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = shape
        return cell
    return value
