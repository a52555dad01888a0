"""CSV: what is well formed is read with its line numbers; what is not is refused with its place, never guessed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.tape.csvfile import WHITE, read_csv
from chainfusion.tape.csvshape import read_columns
from chainfusion.tape.errors import DamagedText, MalformedCsv, TapeEmpty, WrongEncoding
from chainfusion.tape.report import Findings
from chainfusion.tape.rows import Rows


def _read(data: bytes, found: Findings | None = None, encoding: str = "auto", header_row: int = 1) -> Rows:
    return read_csv(data, "t.csv", found or Findings(), encoding=encoding, header_row=header_row)


def _ragged(data: bytes) -> list[tuple[int, str]]:
    found = Findings()
    _read(data, found)
    return [(row, note) for row, _, _, rule, note, _ in found.table().iter_rows() if rule == "ragged_row"]


def test_rows_are_text_and_have_their_lines() -> None:
    rows = _read(b"a,b\n1,x\n2,\n")
    assert rows.frame.rows() == [("1", "x"), ("2", "")]
    assert rows.lines.to_list() == [2, 3]


def test_every_short_and_long_row_is_found_with_its_line_and_width() -> None:
    assert _ragged(b"a,b,c\n1,2,3\n1,2\n1,,\n1,2,3,4\n1\n") == [(3, " (2 / 3)"), (5, " (4 / 3)"), (6, " (1 / 3)")]


def test_a_short_row_is_found_behind_quoted_commas_and_line_breaks() -> None:
    assert _ragged(b'a,b,c\n1,"2,\n2",3\n1,2\n') == [(4, " (2 / 3)")]


def test_rows_keep_their_lines_behind_quoted_line_breaks_and_blank_lines() -> None:
    rows = _read(b'a,b\n1,"x\ny\nz"\n2,x\n\n3,x\n')
    assert rows.lines.to_list() == [2, 5, 7]
    assert rows.blank == 1


def test_lines_above_the_header_and_a_header_of_two_lines_count() -> None:
    rows = _read(b'Tape of June\na,"b\nb"\n1,2\n', header_row=2)
    assert (rows.header, rows.header_line, rows.lines.to_list()) == (["a", "b\nb"], 2, [4])


def test_windows_and_old_mac_line_ends_are_read() -> None:
    assert _read(b"a,b\r\n1,2\r\n").frame.rows() == [("1", "2")]
    assert _read(b"a,b\r1,2\r3,4\r").frame.rows() == [("1", "2"), ("3", "4")]


def test_an_inch_mark_in_a_plain_field_is_text() -> None:
    assert _read(b'a,b\n5" pipe,1\n6,2\n').frame.rows() == [('5" pipe', "1"), ("6", "2")]


@pytest.mark.parametrize(("data", "row"), [(b'a,b\n1,2\n1,"2\n3,4\n', 3), (b'a,b\n1,"2"x\n', 2)])
def test_a_quote_that_does_not_hold_is_refused_with_its_row(data: bytes, row: int) -> None:
    with pytest.raises(MalformedCsv) as caught:
        _read(data)
    assert caught.value.facts["row"] == row


@pytest.mark.parametrize("data", [b"", b"\n\n", b"a,b", b"a,b\n", b"a,b\r\n\r\n", b",,\n1,2,3\n", b"\xef\xbb\xbf"])
def test_a_file_without_loans_is_refused(data: bytes) -> None:
    with pytest.raises(TapeEmpty) as caught:
        _read(data)
    assert caught.value.message("en") != caught.value.message("zh")


def test_a_doubled_header_is_found_and_a_nameless_column_is_numbered() -> None:
    found = Findings()
    rows = _read(b"a,b,a,\n1,2,3,4\n", found)
    assert rows.header == ["a", "b", "a#3", "#4"]
    assert [(row, column, rule) for row, column, _, rule, _, _ in found.table().iter_rows()] == [
        (1, "a", "duplicate_header")
    ]


# ------------------------------------------------------------------ encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_that_proves_its_encoding_is_read(encoding: str) -> None:
    assert _read("编号,地区\n甲,浙江\n".encode(encoding)).frame.rows() == [("甲", "浙江")]


def test_gb18030_is_read_where_it_is_declared_and_refused_where_not() -> None:
    data = "编号,地区\n甲,浙江\n".encode("gb18030")
    assert _read(data, encoding="gb18030").frame.rows() == [("甲", "浙江")]
    with pytest.raises(WrongEncoding) as caught:
        _read(data)
    assert (caught.value.facts["row"], caught.value.facts["offset"]) == (1, 0)


def test_the_byte_that_is_no_utf8_is_named_in_the_file_as_it_came() -> None:
    data = b"\xef\xbb\xbfa,b\n1,2\n1,\xb1\n"
    with pytest.raises(WrongEncoding) as caught:
        _read(data)
    assert (caught.value.facts["row"], caught.value.facts["offset"]) == (3, data.index(b"\xb1"))


def test_utf8_declared_as_gb18030_is_refused_and_not_turned_into_other_characters() -> None:
    text = "借据号,合同金额,未偿本金余额,执行利率,到期日,起息日,剩余期限,地区\n" + "甲,1,1,1,1,1,1,浙江\n" * 3
    with pytest.raises(WrongEncoding):
        _read(text.encode(), encoding="gb18030")


def test_a_gb18030_file_that_is_cut_in_a_character_is_refused_with_its_row() -> None:
    with pytest.raises(WrongEncoding) as caught:
        _read("编号\n甲\n乙".encode("gb18030")[:-1], encoding="gb18030")
    assert caught.value.facts["row"] == 3


def test_a_nul_byte_is_refused_with_its_row() -> None:
    with pytest.raises(DamagedText) as caught:
        _read(b"a,b\n1,2\n1,\0\n")
    assert caught.value.facts["row"] == 3


def test_declared_utf16_needs_its_mark() -> None:
    with pytest.raises(WrongEncoding):
        _read("a,b\n1,2\n".encode("utf-16-le"), encoding="utf-16")


# ------------------------------------------------------------------ against the standard library

_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)


@given(st.lists(st.lists(_CELL, min_size=3, max_size=3), min_size=1, max_size=12), st.booleans())
def test_whatever_the_standard_library_writes_is_read_back(table: list[list[str]], quote_all: bool) -> None:
    written = io.StringIO()
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(written, quoting=quoting, lineterminator="\n").writerows([["a", "b", "c"], *table])
    filled = [tuple(row) for row in table if any(cell.strip(WHITE) for cell in row)]
    try:
        rows = _read(written.getvalue().encode())
    except TapeEmpty:
        assert not filled
        return
    assert rows.frame.rows() == filled


def test_columns_asked_for_are_read_alone_where_every_row_is_whole() -> None:
    data = b'a,b,c\r\n1,"x, ""y""",3\r\n4,,6\r\n'
    rows = read_csv(data, "t.csv", Findings(), wanted={"c", "b"})
    assert rows.header == ["a", "b", "c"]
    assert rows.frame.columns == ["b", "c"]
    assert rows.frame.rows() == [('x, "y"', "3"), ("", "6")]
    assert rows.lines.to_list() == [2, 3]


@pytest.mark.parametrize(
    "data",
    [
        b"a,b,c\n1,2\n3,4,5\n6,7,8,9\n",  # a short row hides behind a long one
        b"a,b,c\n1,2,3,4\n5,6\n",
        b"a,b,c\n1,2,3\n,,\n\n4,5,6\n",
        b'a,b,c\n1,"2\n3",4\n5,6,7\n',
        b'a,b,c\n1,2" x,3\n4,5" y,6\n',
        b"a,b,c\n1,,3\n ,\t,\n4,5,6",
        b"a,b,c\n,2,\n3,,4\n",
    ],
)
def test_asking_for_some_columns_finds_what_reading_all_finds(data: bytes) -> None:
    found, found_all = Findings(), Findings()
    some = read_csv(data, "t.csv", found, wanted={"a"})
    whole = read_csv(data, "t.csv", found_all)
    assert some.frame["a"].to_list() == whole.frame["a"].to_list()
    assert (some.lines.to_list(), some.blank) == (whole.lines.to_list(), whole.blank)
    assert found.table().rows() == found_all.table().rows()


def test_a_broken_character_in_a_column_not_asked_for_is_refused() -> None:
    with pytest.raises(WrongEncoding):
        read_csv(b"a,b\n1,\xff\n", "t.csv", Findings(), wanted={"a"})


@pytest.mark.parametrize("block", [1, 2, 3, 5, 8, 64])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_the_shape_is_proven_wherever_blocks_end(block: int, end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainfusion.tape.csvshape._BLOCK", block)
    frame = read_columns(b'a,b,c\n1,"x,,y ""z"",",3\n"",5,6' + end, ["a", "b", "c"], ",", {"b", "c"})
    assert frame is not None
    assert frame.rows() == [('x,,y "z",', "3"), ("5", "6")]
    for ragged in (b'a,b,c\n1,"x,2",3\n4,5', b'a,b,c\n"1,2",3\n4,5,6,7', b'a,b,c\n1,2" x\n3,4" y,5'):
        assert read_columns(ragged + end, ["a", "b", "c"], ",", {"a"}) is None
