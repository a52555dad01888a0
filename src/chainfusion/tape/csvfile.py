"""CSV to rows of text: polars reads, and what it would pass over in silence (short rows) is found by counting.

A file is well formed when every row has as many fields as the header. polars refuses longer rows, so the number of
delimiters in the file tells whether any is shorter; only a file that fails is read again, slowly, to say where.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from itertools import islice

import numpy as np
import polars as pl

from chainfusion.domain.errors import Text
from chainfusion.tape.csvshape import read_columns
from chainfusion.tape.encoding import as_utf8, refuse_bad_utf8
from chainfusion.tape.errors import MalformedCsv, TapeEmpty, WrongEncoding
from chainfusion.tape.report import Findings
from chainfusion.tape.rows import Rows

DELIMITERS = (",", ";", "\t", "|")
WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""White space as Unicode has it, and as polars trims it; Python's own `strip` takes four control characters more."""
_BLOCK = 1 << 24
_CHUNK = 50_000
_MAX_FIELD = 1 << 20


def read_csv(data: bytes, name: str, found: Findings, *, encoding: str = "auto", delimiter: str = ",",
             header_row: int = 1, wanted: Collection[str] = ()) -> Rows:  # fmt: skip
    """The rows of a CSV file. Ragged rows and doubled headers go to `found`; what cannot be read at all is raised.

    Where `wanted` names columns, others need not be in the frame; what is found is the same.

    Raises: WrongEncoding, DamagedText, MalformedCsv, TapeEmpty.
    """
    text = as_utf8(data, encoding)
    try:
        return _read(text, name, found, delimiter, header_row, wanted)
    except WrongEncoding:
        refuse_bad_utf8(data)  # with the offset in the file as it came
        raise


def _read(text: bytes, name: str, found: Findings, delimiter: str, header_row: int,
          wanted: Collection[str]) -> Rows:  # fmt: skip
    body, skipped = _from_header(_unix_lines(text), header_row)
    header, header_lines = _header(body, delimiter, name, skipped, found)
    first = skipped + header_lines + 1
    part = read_columns(body, header, delimiter, wanted)
    if part is not None:
        return Rows(part, _plain_lines(part, first), skipped + 1, 0, header)
    frame = _fast(body, header, delimiter)
    if frame is None:
        frame, lines, blank = _slow(body, header, delimiter, skipped, found)
    else:
        frame, lines, blank = _without_blank(frame, _lines(body, frame, first))
    if frame.height == 0 and not found.errors:
        raise TapeEmpty(name=name, why=Text("no row below the header", "表头之下没有数据行"))
    return Rows(frame, lines, skipped + 1, blank, header)


def _unix_lines(data: bytes) -> bytes:
    """Line ends of old Macs become newlines; blank lines at the end go."""
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    return data.rstrip(b"\r\n") + b"\n" if data.endswith((b"\n\n", b"\n\r\n")) else data


def _from_header(data: bytes, header_row: int) -> tuple[bytes, int]:
    """The file from the header on, and how many lines lie above; blank lines above the header are passed over."""
    skipped, place = 0, 0
    while skipped < header_row - 1 or data[place : place + 1] in (b"\n", b"\r"):
        end = data.find(b"\n", place)
        if end < 0:
            return b"", skipped
        skipped, place = skipped + 1, end + 1
    return data[place:] if place else data, skipped


def _header(body: bytes, delimiter: str, name: str, skipped: int, found: Findings) -> tuple[list[str], int]:
    """The column names, and how many lines the header takes."""
    first = next(_csv_rows(body, delimiter, skipped), None)
    if first is None:
        raise TapeEmpty(name=name, why=Text("the file is empty", "文件为空"))
    fields, start, end = first
    header = [field.strip() for field in fields]
    if not any(header):
        raise TapeEmpty(name=name, why=Text("the header is blank", "表头为空"))
    return unique_header(header, start, found), end - start + 1


def unique_header(header: list[str], line: int, found: Findings) -> list[str]:
    """The header with a name for each column that has none, and a finding for each name that stands twice."""
    seen: set[str] = set()
    for place, column in enumerate(header, 1):
        if column in seen:
            found.add_one("duplicate_header", column, line, column)
        label = column if column and column not in seen else f"{column}#{place}"
        while label in seen:
            label += "#"
        seen.add(label)
        header[place - 1] = label
    return header


def _fast(body: bytes, header: list[str], delimiter: str) -> pl.DataFrame | None:
    """The rows as polars reads them; None where it cannot, or where any row is shorter than the header."""
    try:
        frame = pl.read_csv(body, infer_schema=False, empty_string_is_null=False, separator=delimiter)
    except pl.exceptions.PolarsError:
        refuse_bad_utf8(body)
        return None
    if frame.width != len(header):
        return None
    frame.columns = header
    return frame if _every_row_is_whole(body, frame, delimiter) else None


def _lines(body: bytes, frame: pl.DataFrame, first: int) -> pl.Series:
    """The line that each row starts on; rows with line breaks inside quotes take several lines."""
    plain = _plain_lines(frame, first)
    if b'"' not in body or frame.height == 0:
        return plain
    breaks = frame.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True)).cast(pl.Int64)).to_series()
    return plain + breaks.cum_sum() - breaks


def _plain_lines(frame: pl.DataFrame, first: int) -> pl.Series:
    return pl.Series(np.arange(first, first + frame.height, dtype=np.int64))


def _without_blank(frame: pl.DataFrame, lines: pl.Series) -> tuple[pl.DataFrame, pl.Series, int]:
    """The frame without rows whose every cell is empty, their lines, and how many rows went."""
    if not (frame.to_series(0).str.strip_chars() == "").any():
        return frame, lines, 0
    filled = frame.select(pl.any_horizontal(pl.all().str.strip_chars() != "")).to_series()
    return frame.filter(filled), lines.filter(filled), frame.height - int(filled.sum())


def _every_row_is_whole(body: bytes, frame: pl.DataFrame, delimiter: str) -> bool:
    """Whether the delimiters in the file are as many as whole rows have."""
    expected = (frame.height + 1) * (frame.width - 1)
    delimiters = _count(body, delimiter.encode())
    if b'"' in body and frame.height:
        inside = frame.select(pl.sum_horizontal(pl.all().str.count_matches(delimiter, literal=True)).sum()).item()
        delimiters -= int(inside) + sum(name.count(delimiter) for name in frame.columns)
    return delimiters == expected


def _count(data: bytes, byte: bytes) -> int:
    whole = np.frombuffer(data, dtype=np.uint8)
    return sum(int(np.count_nonzero(whole[i : i + _BLOCK] == byte[0])) for i in range(0, len(whole), _BLOCK))


def _slow(body: bytes, header: list[str], delimiter: str, skipped: int,
          found: Findings) -> tuple[pl.DataFrame, pl.Series, int]:  # fmt: skip
    """The whole rows as the standard library reads them; every ragged row goes to `found`. Raises: MalformedCsv."""
    rows = _csv_rows(body, delimiter, skipped)
    next(rows, None)
    parts, lines, blank = [pl.DataFrame(schema=dict.fromkeys(header, pl.String))], list[int](), 0
    ragged: list[tuple[int, str, str]] = []
    while chunk := list(islice(rows, _CHUNK)):
        whole = []
        for fields, line, _ in chunk:
            if not any(field.strip(WHITE) for field in fields):
                blank += 1
            elif len(fields) != len(header):
                ragged.append((line, delimiter.join(fields)[:200], f" ({len(fields)} / {len(header)})"))
            else:
                whole.append(fields)
                lines.append(line)
        parts.append(pl.DataFrame(whole, schema=parts[0].schema, orient="row"))
    if ragged:
        at, values, notes = zip(*ragged, strict=True)
        found.add("ragged_row", "*", pl.Series(at, dtype=pl.Int64), pl.Series(values), pl.Series(notes))
    return pl.concat(parts), pl.Series(lines, dtype=pl.Int64), blank


def _csv_rows(body: bytes, delimiter: str, skipped: int) -> Iterator[tuple[list[str], int, int]]:
    """Each row's fields, first and last line, as the standard library reads them. Raises: MalformedCsv."""
    csv.field_size_limit(_MAX_FIELD)
    text = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    before = 0
    try:
        for fields in reader:
            yield fields, skipped + before + 1, skipped + reader.line_num
            before = reader.line_num
    except UnicodeDecodeError:
        refuse_bad_utf8(body)
        raise
    except csv.Error as error:
        raise MalformedCsv(row=skipped + before + 1, why=str(error)) from None
