"""Tables as CSV, XLSX and Parquet.

CSV and XLSX give amounts in the major unit of the currency, exact, for people; Parquet gives whole minor units.
A text that a spreadsheet would take for a formula (beginning with = + - @, tab or return) stays text: in CSV behind an
apostrophe, in XLSX as a text cell marked with the quote prefix.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

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


class FileKindUnknown(ChainFusionError):
    """A file whose name does not tell what it is to hold."""

    code = "FILE_KIND_UNKNOWN"
    says = Text("{name} is none of: {known}.", "{name} 不属于以下类型：{known}。")
    do = Text("Let the file's name end in one of them.", "请使用上述后缀之一。")


def content(table: Table, name: str) -> bytes:
    """A table as a file of the kind that its name ends in. Raises: FileKindUnknown, SheetTooLong."""
    kind = Path(name).suffix.lower()
    if kind == ".csv":
        return csv_bytes(table)
    if kind == ".xlsx":
        return xlsx_bytes([table])
    if kind == ".parquet":
        return parquet_bytes(table)
    raise FileKindUnknown(name=name, known=".csv, .xlsx, .parquet")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula."""
    return text.startswith(_FORMULA)


def csv_bytes(table: Table) -> bytes:
    """UTF-8 with a byte-order mark, lines ended as RFC 4180 says."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(table.frame.columns)
    writer.writerows([_csv_cell(value) for value in row] for row in _rows(table))
    return out.getvalue().encode("utf-8-sig")


def xlsx_bytes(tables: Sequence[Table]) -> bytes:
    """A workbook with a sheet a table. Raises: SheetTooLong."""
    out = io.BytesIO()
    _workbook(out, tables)
    return out.getvalue()


def parquet_bytes(table: Table) -> bytes:
    """The frame itself."""
    out = io.BytesIO()
    table.frame.write_parquet(out)
    return out.getvalue()


def write_csv(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """A file a table."""
    return [_written(folder / f"{table.name}.csv", csv_bytes(table)) for table in tables]


def write_parquet(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """A file a table."""
    return [_written(folder / f"{table.name}.parquet", parquet_bytes(table)) for table in tables]


def write_xlsx(path: Path, tables: Iterable[Table]) -> Path:
    """A workbook with a sheet a table. Raises: SheetTooLong, before anything is written."""
    return _written(path, xlsx_bytes(list(tables)))


def _written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _workbook(out: IO[bytes], tables: Sequence[Table]) -> None:
    for table in tables:
        if table.frame.height + 1 > MAX_ROWS:
            raise SheetTooLong(table=table.name, rows=table.frame.height, most=MAX_ROWS - 1)
    book = Workbook(write_only=True)
    for table in tables:
        sheet = book.create_sheet(table.name[:31])
        sheet.freeze_panes = "B2"
        sheet.append(table.frame.columns)
        shape = f"#,##0.{'0' * minor_digits(table.currency)}".rstrip(".")
        for row in _rows(table):
            sheet.append([_xlsx_cell(sheet, value, shape) for value in row])
    book.save(out)


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
