"""XLSX: the values of a plain workbook, and a typed refusal of every workbook that hides or harms."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter

from chainfusion.domain.loan import days
from chainfusion.tape import xlsx
from chainfusion.tape.errors import MalformedWorkbook, TapeEmpty, TapeFileError, TapeRefused, UnsafeWorkbook
from chainfusion.tape.intake import take_in
from chainfusion.tape.report import Findings
from chainfusion.tape.rows import Rows
from chainfusion.tape.xlsx import read_xlsx
from tests.tape.examples import GOOD, HEADER, errors, mapping, places

SHEET = "xl/worksheets/sheet1.xml"


def _book(fill: Callable[[Any, Any], None] | None = None, sheets: tuple[str, ...] = ("Tape",)) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    for title in sheets:
        sheet = book.add_worksheet(title)
        sheet.write_row(0, 0, ["id", "amount", "when"])
        sheet.write_row(1, 0, ["007", 13732.28, "2026-01-31"])
        if fill:
            fill(book, sheet)
    book.close()
    return data.getvalue()


def _repacked(data: bytes, change: Callable[[str, bytes], bytes] = lambda _, part: part, **more: bytes) -> bytes:
    """The same workbook with parts changed or added (`__` stands for `/`, `_dot_` for `.`)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, part in more.items():
            new.writestr(name.replace("__", "/").replace("_dot_", "."), part)
    return out.getvalue()


def _in_sheet(old: bytes, new: bytes) -> bytes:
    def change(name: str, part: bytes) -> bytes:
        assert name != SHEET or old in part
        return part.replace(old, new, 1) if name == SHEET else part

    return _repacked(_book(), change)


def _read(data: bytes, found: Findings | None = None, sheet: str = "", header_row: int = 1) -> Rows:
    return read_xlsx(data, "t.xlsx", found or Findings(), sheet=sheet, header_row=header_row)


def test_values_are_the_text_that_a_person_sees() -> None:
    def fill(book: Any, sheet: Any) -> None:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write(2, 0, 0.1 + 0.2)
        sheet.write_datetime(2, 1, datetime(2026, 6, 30), day)
        sheet.write(2, 2, True)
        sheet.write(4, 0, 1e15 + 1)
        sheet.write(4, 1, 1e-7)

    rows = _read(_book(fill))
    assert rows.frame.rows() == [
        ("007", "13732.28", "2026-01-31"),
        ("0.3", "2026-06-30", "TRUE"),
        ("1000000000000001", "0.0000001", ""),
    ]
    assert rows.lines.to_list() == [2, 3, 5]


def test_a_whole_tape_in_a_workbook_is_the_tape() -> None:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, [GOOD[name] if name != "amount" else 1000 for name in HEADER])
    book.close()
    how = mapping("as_of:", "file: {kind: xlsx}\nas_of:")
    tape = take_in(data.getvalue(), "t.xlsx", how).accepted()
    loan = tape.loan(0)
    assert (loan.original_balance, loan.current_balance, loan.rate_ppm) == (100_000, 90_050, 43_500)
    assert loan.maturity_date == days(date(2027, 6, 30))


def test_each_formula_is_found_in_its_cell_and_refuses_the_tape() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write_formula(1, 1, "=SUM(A1:A9)", None, 5)
        sheet.write_formula(2, 0, '=HYPERLINK("http://x")', None, "x")

    found = Findings()
    _read(_book(fill), found)
    assert [row[:4] for row in found.table().iter_rows()] == [
        (2, "B", "=SUM(A1:A9)", "formula_cell"),
        (3, "A", '=HYPERLINK("http://x")', "formula_cell"),
    ]
    how = mapping("as_of:", "file: {kind: xlsx}\nas_of:")
    with pytest.raises(TapeRefused):
        take_in(_book(fill), "t.xlsx", how).accepted()


def test_an_error_value_is_found_in_its_cell() -> None:
    found = Findings()
    _read(_in_sheet(b'<c r="B2"><v>13732.28</v></c>', b'<c r="B2" t="e"><v>#N/A</v></c>'), found)
    assert [row[:4] for row in found.table().iter_rows()] == [(2, "B", "#N/A", "cell_error")]


def test_a_formula_under_another_prefix_is_found() -> None:
    found = Findings()
    try:
        _read(_in_sheet(b"<v>13732.28</v>", b"<x:f>1+1</x:f><v>2</v>"), found)
    except MalformedWorkbook:
        return
    assert found.errors == 1


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_workbook_is_refused(ratio: float) -> None:
    data = _book()
    with pytest.raises(MalformedWorkbook):
        _read(data[: int(len(data) * ratio)])


def test_an_encrypted_workbook_and_an_old_one_are_refused() -> None:
    with pytest.raises(MalformedWorkbook, match="encrypted"):
        _read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    data = bytearray(_book())
    place = data.index(b"PK\x01\x02") + 8
    data[place] |= 1
    with pytest.raises(MalformedWorkbook, match="encrypted"):
        _read(bytes(data))


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = _repacked(_book(), lambda name, part: part + b" " * 40_000_000 if name == SHEET else part)
    assert len(bomb) < 100_000
    with pytest.raises(UnsafeWorkbook, match="zip bomb"):
        _read(bomb)


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(_repacked(_book(), lambda name, part: part + b" " * 40_000_000 if name == SHEET else part))
    with zipfile.ZipFile(io.BytesIO(bomb)) as package:
        size = package.getinfo(SHEET).file_size
    lie = bytes(bomb).replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    with pytest.raises((MalformedWorkbook, UnsafeWorkbook)):
        _read(lie)


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_UNPACKED", 5_000)
    with pytest.raises(UnsafeWorkbook, match="1 GiB"):
        _read(_book())


def test_one_cell_at_the_far_end_does_not_make_a_sheet_of_seventeen_billion() -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write(1_048_575, 16_383, "x")

    with pytest.raises(UnsafeWorkbook, match="spans 1048576 x 16384"):
        _read(_book(fill))


def test_a_row_number_beyond_every_sheet_is_refused() -> None:
    with pytest.raises(UnsafeWorkbook, match="spans"):
        _read(_in_sheet(b'<row r="2"', b'<row r="99999999999"'))


def test_a_far_cell_is_seen_in_whatever_piece_of_the_sheet_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "_WINDOW", 50)
    assert _read(_book()).frame.height == 1
    with pytest.raises(UnsafeWorkbook, match="spans 1048576 x 16384"):
        _read(_in_sheet(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'))


def test_cells_that_leave_out_their_place_are_counted() -> None:
    cells = b"<row>" + b"<c><v>1</v></c>" * 16_384 + b"</row>" + b"<row/>" * 10_000
    with pytest.raises(UnsafeWorkbook, match="spans"):
        _read(_in_sheet(b"</sheetData>", cells + b"</sheetData>"))
    decoys = b'<x r="A1"/>' * 20_000
    with pytest.raises(UnsafeWorkbook, match="spans"):
        _read(_in_sheet(b"</sheetData>", cells + decoys + b"</sheetData>"))


def test_a_place_that_hides_behind_another_attribute_is_refused() -> None:
    with pytest.raises(UnsafeWorkbook, match="hides"):
        _read(_in_sheet(b'<c r="B2">', b"""<c s=' r="B2" ' r="XFD1048576">"""))
    assert _read(_in_sheet(b'<c r="B2">', b"<c r='B2'>")).frame.height == 1


def test_cells_whose_place_is_not_their_first_attribute_are_placed() -> None:
    rows = _read(_in_sheet(b'<c r="B2"><v>13732.28</v></c>', b'<c s="0"  r = "B2"><v>5</v></c>')).frame
    assert rows["amount"].to_list() == ["5"]


def test_macros_entities_doubled_parts_and_other_encodings_are_refused() -> None:
    with pytest.raises(UnsafeWorkbook, match="macros"):
        _read(_repacked(_book(), xl__vbaProject_dot_bin=b"x"))
    with pytest.raises(UnsafeWorkbook, match="entities"):
        _read(_in_sheet(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'))
    with pytest.raises(UnsafeWorkbook, match="not UTF-8"):
        _read(_repacked(_book(), lambda name, part: part.decode().encode("utf-16") if name == SHEET else part))
    doubled = io.BytesIO(_book())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(doubled, "a") as package:
        package.writestr(SHEET, b"<worksheet/>")
    with pytest.raises(UnsafeWorkbook, match="one name"):
        _read(doubled.getvalue())


def test_a_byte_of_a_part_that_was_changed_is_caught_by_its_checksum() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_book())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    data = out.getvalue()
    with pytest.raises(MalformedWorkbook):
        _read(data.replace(b"13732.28", b"13732.29", 1))


def test_the_sheet_is_named_where_there_are_several() -> None:
    data = _book(sheets=("Summary", "Tape"))
    with pytest.raises(MalformedWorkbook, match="Summary, Tape"):
        _read(data)
    assert _read(data, sheet="Tape").frame.height == 1
    with pytest.raises(MalformedWorkbook, match="name one"):
        _read(data, sheet="Tapes")


def test_a_workbook_without_loans_is_refused() -> None:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    book.add_worksheet().write_row(0, 0, ["id"])
    book.close()
    with pytest.raises(TapeEmpty):
        _read(data.getvalue())


def test_every_removed_part_gives_a_typed_refusal_or_the_rows() -> None:
    data = _book()
    for missing in zipfile.ZipFile(io.BytesIO(data)).namelist():
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                if name != missing:
                    new.writestr(name, old.read(name))
        try:
            assert _read(out.getvalue()).frame.height == 1
        except TapeFileError as error:
            assert error.message("zh") != error.message("en")


def test_findings_in_a_workbook_name_the_sheets_rows() -> None:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(3, 0, [("12a" if name == "balance" else GOOD[name]) for name in HEADER])
    book.close()
    intake = take_in(data.getvalue(), "t.xlsx", mapping("as_of:", "file: {kind: xlsx}\nas_of:"))
    assert places(errors(intake)) == [(4, "balance", "12a", "not_a_number")]
