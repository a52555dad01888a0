"""XLSX to rows of text. The workbook is measured and looked through before anything parses it.

An XLSX file is a zip of XML. Each part that is needed is unpacked by us, within bounds and against its stated size,
and looked through for entities, formulas and the extent of its cells; only what passed is packed anew, without
compression, and given to the reader of values (calamine). So no parser sees a byte that was not measured.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook

from chainfusion.domain.errors import Text
from chainfusion.tape.csvfile import unique_header
from chainfusion.tape.errors import MalformedWorkbook, TapeEmpty, UnsafeWorkbook
from chainfusion.tape.report import Findings
from chainfusion.tape.rows import Rows

MAX_UNPACKED = 1024**3
"""Bytes of all parts together, unpacked."""
MAX_RATIO = 200
"""How many times smaller a part of more than a mebibyte may be when packed: real sheets stay below 60."""
MAX_CELLS = 20_000_000
"""Rows times columns, so that a workbook is read within 4 GiB; larger tapes come as CSV."""
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
MAX_PARTS = 2_000
_SMALL = 1 << 20
_STEP = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_INNER = re.compile(rb">([^<>]{1,4096})<")
_NEAR = 4096
_WINDOW = 1 << 23
_FIRST_PLACE = re.compile(rb"<(?:\w+:)?c\s+r\s*=\s*[\"']([A-Z]{1,9})([0-9]{1,18})[\"']")
_ERROR_MARK = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_ERROR_CELL = re.compile(rb"<(?:\w+:)?c\b[^<>]*?\st\s*=\s*[\"']e[\"']")
_ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_NESTED_QUOTES = re.compile(rb"<(?:\w+:)?(?:c|row)\s[^<>]*=\s*(?:'[^'<>]*\"|\"[^\"<>]*')")
_ANY_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^<>]*?\s)?r\s*=\s*[\"']([A-Z]{1,9})([0-9]{1,18})[\"']")
_ROW = re.compile(rb"<(?:\w+:)?row\s(?:[^<>]*?\s)?r\s*=\s*[\"']([0-9]{1,18})[\"']")
_XML_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']")
_ENTITIES = (b"<!DOCTYPE", b"<!ENTITY")


def read_xlsx(data: bytes, name: str, found: Findings, *, sheet: str = "", header_row: int = 1) -> Rows:
    """The rows of a sheet as text, every cell as the workbook means it. Formulas and error cells go to `found`.

    Raises: MalformedWorkbook, UnsafeWorkbook, TapeEmpty.
    """
    parts = _parts(data, name)
    title, part = _sheet(parts, name, sheet)
    _look_through(parts[part], part, name, found)
    table = _values(parts, title, name)
    return _rows(table, name, header_row, found)


# ------------------------------------------------------------------ the package


def _parts(data: bytes, name: str) -> dict[str, bytes]:
    """The parts that hold values, unpacked within bounds."""
    if data.startswith(_OLE):
        raise MalformedWorkbook(
            name=name, why=Text("it is encrypted, or in the old .xls format", "文件已加密，或为旧版 .xls 格式")
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            _check_entries(entries, len(data), name)
            return {entry.filename: _unpacked(package, entry, name) for entry in entries if _is_needed(entry.filename)}
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        OverflowError,
    ) as error:
        raise MalformedWorkbook(name=name, why=str(error) or type(error).__name__) from None


def _is_needed(part: str) -> bool:
    return part.endswith((".xml", ".rels")) and (part.startswith(("xl/", "_rels/")) or part == "[Content_Types].xml")


def _check_entries(entries: list[zipfile.ZipInfo], packed: int, name: str) -> None:
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise UnsafeWorkbook(name=name, why=Text("two parts have one name", "两个部件同名"))
    if len(names) > MAX_PARTS:
        raise UnsafeWorkbook(name=name, why=Text("it has more than 2,000 parts", "部件超过 2000 个"))
    if any(part.lower().endswith("vbaproject.bin") for part in names):
        raise UnsafeWorkbook(name=name, why=Text("it holds macros", "含有宏"))
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED or packed > MAX_UNPACKED:
        raise UnsafeWorkbook(name=name, why=_TOO_LARGE)
    for entry in entries:
        if entry.flag_bits & 1:
            raise MalformedWorkbook(name=name, why=Text("it is encrypted", "文件已加密"))
        if entry.file_size > _SMALL and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise UnsafeWorkbook(name=name, why=_BOMB)


_TOO_LARGE = Text("it unpacks to more than 1 GiB", "解压后超过 1 GiB")
_BOMB = Text(
    "a part unpacks to more than 200 times its size (a zip bomb)", "有部件解压后超过原大小的 200 倍（压缩炸弹）"
)


def _unpacked(package: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """A part's bytes: no more are unpacked than the entry states, and its checksum holds."""
    collected = bytearray()
    with package.open(entry) as stream:
        while block := stream.read(_STEP):
            collected += block
    if len(collected) != entry.file_size:
        raise MalformedWorkbook(
            name=name, why=Text(f"the part {entry.filename} is cut short", f"部件 {entry.filename} 不完整")
        )
    part = bytes(collected)
    declared = _XML_ENCODING.match(part.removeprefix(b"\xef\xbb\xbf")[:200])
    if part[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in part or (declared and declared[1].lower() != b"utf-8"):
        raise UnsafeWorkbook(
            name=name, why=Text(f"the part {entry.filename} is not UTF-8", f"部件 {entry.filename} 不是 UTF-8")
        )
    if any(entity in part for entity in _ENTITIES):
        raise UnsafeWorkbook(name=name, why=Text("it declares XML entities", "声明了 XML 实体"))
    return part


def _sheet(parts: dict[str, bytes], name: str, wanted: str) -> tuple[str, str]:
    """The title and part of the sheet that is asked for, or of the only visible one."""
    try:
        workbook = ElementTree.fromstring(parts["xl/workbook.xml"])  # noqa: S314 (entities were refused)
        links = ElementTree.fromstring(parts["xl/_rels/workbook.xml.rels"])  # noqa: S314
    except (KeyError, ElementTree.ParseError):
        raise MalformedWorkbook(name=name, why=Text("it has no list of sheets", "没有工作表清单")) from None
    targets = {link.get("Id"): link.get("Target", "") for link in links.iter(f"{_PACKAGE}Relationship")}
    sheets = {
        sheet.get("name", ""): targets.get(sheet.get(f"{_REL}id"), "")
        for sheet in workbook.iter(f"{_MAIN}sheet")
        if wanted or sheet.get("state", "visible") == "visible"
    }
    title = wanted or (next(iter(sheets)) if len(sheets) == 1 else "")
    target = sheets.get(title)
    if not target:
        shown = ", ".join(sheets)[:200]
        raise MalformedWorkbook(name=name, why=Text(f"name one of its sheets in the mapping (file: sheet:): {shown}",
                                                    f"请在映射中指明工作表（file: sheet:）：{shown}"))  # fmt: skip
    part = target.removeprefix("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
    if part not in parts:
        raise MalformedWorkbook(name=name, why=Text(f"the sheet's part {part} is missing", f"缺少工作表部件 {part}"))
    return title, part


# ------------------------------------------------------------------ what a sheet holds


def _look_through(sheet: bytes, part: str, name: str, found: Findings) -> None:
    """Refuses a sheet that spans too many cells; each formula and each error value goes to `found`."""
    if b"'" in sheet and _NESTED_QUOTES.search(sheet):
        raise UnsafeWorkbook(name=name, why=Text("a cell's attribute hides another", "单元格属性中藏有其他属性"))
    rows, columns = _span(sheet)
    if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise UnsafeWorkbook(
            name=name, why=Text(f"{part} spans {rows} x {columns} cells", f"{part} 跨 {rows} x {columns} 个单元格")
        )
    _cells_found("formula_cell", sheet, [match.start() for match in _FORMULA.finditer(sheet)], found)
    if _ERROR_MARK.search(sheet):
        _cells_found("cell_error", sheet, [match.end() for match in _ERROR_CELL.finditer(sheet)], found)


def _span(sheet: bytes) -> tuple[int, int]:
    """How many rows and columns the sheet's cells reach, at most; a cell may leave out its place."""
    columns = rows = unplaced = 0
    for start, end in _windows(sheet):
        cells = len(_ANY_CELL.findall(sheet, start, end))
        placed = _FIRST_PLACE.findall(sheet, start, end)
        if len(placed) != cells:
            placed = _CELL.findall(sheet, start, end)
        columns = max([columns, *map(_column_number, {letters for letters, _ in placed})])
        rows = max([rows, *map(int, {row for _, row in placed}), *map(int, _ROW.findall(sheet, start, end))])
        unplaced += cells - len(placed)
    if unplaced:
        rows = max(rows, len(_ANY_ROW.findall(sheet)))
        columns = max(columns, min(unplaced, MAX_COLUMNS))
    return rows, max(columns, 1)


def _windows(sheet: bytes) -> Iterator[tuple[int, int]]:
    """The sheet in pieces that cut no tag, so that looking through it takes little memory."""
    start = 0
    while start < len(sheet):
        end = sheet.find(b">", start + _WINDOW) + 1 or len(sheet)
        yield start, end
        start = end


def _cells_found(rule: str, sheet: bytes, places: list[int], found: Findings) -> None:
    """A finding for the cell around each place, under its column's letters, with the text there."""
    rows, columns, values = [], [], []
    for place in places:
        cell = None
        for cell in _CELL.finditer(sheet, max(0, place - _NEAR), place):  # noqa: B007 (the last one is meant)
            pass
        columns.append(cell[1].decode() if cell else "?")
        rows.append(int(cell[2]) if cell else 0)
        inner = _INNER.search(sheet, place, place + _NEAR)
        values.append(
            ("=" if rule == "formula_cell" else "") + (inner[1].decode("utf-8", "replace")[:80] if inner else "")
        )
    table = pl.DataFrame({"row": rows, "column": columns, "value": values},
                         schema={"row": pl.Int64, "column": pl.String, "value": pl.String})  # fmt: skip
    for (column,), part in table.group_by("column", maintain_order=True):
        found.add(rule, str(column), part["row"], part["value"])


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


# ------------------------------------------------------------------ values


def _values(parts: dict[str, bytes], title: str, name: str) -> list[list[Any]]:
    """The sheet's cells as calamine reads them, from A1 on, out of a package that holds only measured bytes."""
    clean = io.BytesIO()
    with zipfile.ZipFile(clean, "w", zipfile.ZIP_STORED) as package:
        for part, data in parts.items():
            package.writestr(part, data)
    clean.seek(0)
    try:
        sheet = CalamineWorkbook.from_filelike(clean).get_sheet_by_name(title)
        return sheet.to_python(skip_empty_area=False)
    except CalamineError as error:
        raise MalformedWorkbook(name=name, why=str(error)) from None
    except BaseException as error:  # a panic of the reader's native code derives from BaseException alone
        if type(error).__name__ != "PanicException":
            raise
        raise MalformedWorkbook(name=name, why=str(error)) from None


def _rows(table: list[list[Any]], name: str, header_row: int, found: Findings) -> Rows:
    if len(table) < header_row or not any(cell != "" for cell in table[header_row - 1]):
        raise TapeEmpty(name=name, why=Text("the header is blank", "表头为空"))
    header = [_text(cell).strip() for cell in table[header_row - 1]]
    while header and not header[-1] and all(len(row) < len(header) or row[len(header) - 1] == "" for row in table):
        header.pop()
    names = unique_header(header, header_row, found)
    filled = [(line, row) for line, row in _numbered(table, header_row) if any(cell != "" for cell in row)]
    if not filled:
        raise TapeEmpty(name=name, why=Text("no row below the header", "表头之下没有数据行"))
    columns = {
        column: pl.Series([_text(row[place]) if place < len(row) else "" for _, row in filled], dtype=pl.String)
        for place, column in enumerate(names)
    }
    lines = pl.Series([line for line, _ in filled], dtype=pl.Int64)
    return Rows(pl.DataFrame(columns), lines, header_row, len(table) - header_row - len(filled), names)


def _numbered(table: list[list[Any]], header_row: int) -> Iterator[tuple[int, list[Any]]]:
    return ((line, row) for line, row in enumerate(table, 1) if line > header_row)


def _text(cell: Any) -> str:
    """A cell as text. Numbers have the 15 significant digits that a spreadsheet keeps; dates are ISO 8601."""
    if type(cell) is str:
        return cell
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case float():
            return _decimal(cell)
        case datetime():
            return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(sep=" ")
        case date():
            return cell.isoformat()
        case time() | timedelta():
            return str(cell)
        case _:
            return str(cell)


def _decimal(number: float) -> str:
    text = format(number, ".15g")
    return (
        format(number, ".0f")
        if "e" in text and abs(number) >= 1 and number.is_integer()
        else (format(number, ".20f").rstrip("0") if "e" in text and abs(number) < 1 else text)
    )
