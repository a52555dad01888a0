"""Whatever comes in, what comes out is a tape, a report, or a typed refusal; never another exception."""

from __future__ import annotations

import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chainfusion.domain.errors import ChainFusionError
from chainfusion.tape.errors import BadMapping, TapeFileError
from chainfusion.tape.intake import take_in
from chainfusion.tape.mapping_reader import parse_mapping
from chainfusion.tape.mapping_writer import mapping_yaml
from chainfusion.tape.propose import propose
from tests.tape.examples import HEADER, MAPPING, csv_bytes, mapping, row, rows

_FEW = settings(max_examples=60, deadline=None)
_GOOD = csv_bytes(rows(5))


def _workbook(compressed: bool = True) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, [row()[name] for name in HEADER])
    book.close()
    if compressed:
        return data.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return out.getvalue()


_BOOK, _STORED = _workbook(), _workbook(compressed=False)


def _spoiled(data: bytes, edits: list[tuple[int, bytes]]) -> bytes:
    spoiled = bytearray(data)
    for place, piece in edits:
        at = place % (len(spoiled) + 1)
        spoiled[at : at + len(piece)] = piece
    return bytes(spoiled)


_EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=6)), min_size=1, max_size=4)


def _taken(data: bytes, kind: str, encoding: str = "auto") -> None:
    how = mapping("as_of:", f"file: {{kind: {kind}, encoding: {encoding}}}\nas_of:")
    try:
        intake = take_in(data, "t", how)
    except TapeFileError as error:
        assert error.message("en")
        assert error.message("zh")
        return
    assert (intake.tape is None) == (intake.report.errors > 0)


@_FEW
@given(st.binary(max_size=300), st.sampled_from(["auto", "utf-8", "gb18030", "utf-16"]))
def test_random_bytes_as_csv(data: bytes, encoding: str) -> None:
    _taken(data, "csv", encoding)


@_FEW
@given(_EDITS, st.sampled_from(["auto", "utf-8", "gb18030"]))
def test_a_spoiled_csv(edits: list[tuple[int, bytes]], encoding: str) -> None:
    _taken(_spoiled(_GOOD, edits), "csv", encoding)


_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@_FEW
@given(st.lists(st.fixed_dictionaries({name: _CELL | st.just(row()[name]) for name in HEADER}), max_size=6))
@example([dict.fromkeys(HEADER, "") | {"id": "A1"}])  # columns that state nothing at all
def test_random_cells(table: list[dict[str, str]]) -> None:
    _taken(csv_bytes(table), "csv")


@_FEW
@given(st.binary(max_size=300))
def test_random_bytes_as_a_workbook(data: bytes) -> None:
    _taken(data, "xlsx")
    _taken(b"PK\x03\x04" + data, "xlsx")


@_FEW
@given(_EDITS)
def test_a_spoiled_workbook(edits: list[tuple[int, bytes]]) -> None:
    _taken(_spoiled(_BOOK, edits), "xlsx")
    _taken(_spoiled(_STORED, edits), "xlsx")


@_FEW
@given(st.sampled_from(["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml",
                        "xl/_rels/workbook.xml.rels"]), _EDITS)  # fmt: skip
def test_a_workbook_whose_parts_are_spoiled_and_whose_checksums_hold(part: str, edits: list[tuple[int, bytes]]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_BOOK)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, _spoiled(old.read(name), edits) if name == part else old.read(name))
    _taken(out.getvalue(), "xlsx")


@_FEW
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")))
def test_random_bytes_as_a_mapping(data: bytes) -> None:
    with pytest.raises(BadMapping):
        parse_mapping(data)


@settings(max_examples=200, deadline=None)
@given(_EDITS)
def test_a_spoiled_mapping(edits: list[tuple[int, bytes]]) -> None:
    try:
        how = parse_mapping(_spoiled(MAPPING.encode(), edits))
    except BadMapping:
        return
    try:
        take_in(_GOOD, "t.csv", how)
    except ChainFusionError as error:
        assert error.message("zh")


@_FEW
@given(_EDITS)
def test_a_proposal_for_anything(edits: list[tuple[int, bytes]]) -> None:
    try:
        text = mapping_yaml(propose(_spoiled(_GOOD, edits), "t.csv"))
    except TapeFileError:
        return
    with pytest.raises(BadMapping, match="left open"):
        parse_mapping(text.encode())
