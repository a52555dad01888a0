"""Reads a few columns of a CSV file, where its bytes prove that the columns passed over hide nothing.

The proof: quotes stand only around whole fields, and outside them every line has as many delimiters as the header. A
file without that proof is not wrong; it is left to the reader that looks at every cell.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import polars as pl

_BLOCK = 1 << 18
"""Bytes looked at together, few enough to stay in the processor's cache."""
_MOST_QUOTES = 100_000
_NEWLINE = ord("\n")


def read_columns(body: bytes, header: list[str], delimiter: str, wanted: Collection[str]) -> pl.DataFrame | None:
    """The wanted columns; None without proof that all rows are whole, fill one line each, and that none is blank."""
    places = [place for place, column in enumerate(header) if column in wanted]
    bare = _outside_quotes(body, delimiter)
    if not places or len(header) < 2 or bare is None or not _is_utf8(body):
        return None
    rows = _whole_lines(bare, len(header), delimiter)
    if rows < 2:
        return None
    try:
        frame = pl.read_csv(body, infer_schema=False, empty_string_is_null=False, separator=delimiter, columns=places)
    except pl.exceptions.PolarsError:
        return None
    if frame.shape != (rows - 1, len(places)):
        return None
    frame.columns = [header[place] for place in places]
    return frame if any(_is_filled(column) for column in frame.iter_columns()) else None


def _is_filled(column: pl.Series) -> bool:
    return not (column.str.strip_chars() == "").any()


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _outside_quotes(body: bytes, delimiter: str) -> bytes | None:
    """The file without its quoted fields; None where quotes are many, misplaced or around line breaks."""
    if b'"' not in body:
        return body
    quotes = body.count(b'"')
    if quotes > _MOST_QUOTES or quotes % 2:
        return None
    parts = body.split(b'"')
    if any(b"\n" in inside or b"\r" in inside for inside in parts[1::2]):
        return None
    before, behind = (delimiter.encode(), b"\n"), (delimiter.encode(), b"\n", b"\r\n")
    outside = parts[::2]
    opened = all(not part or part.endswith(before) for part in outside[:-1])
    closed = all(not part or part.startswith(behind) for part in outside[1:])
    return b"".join(outside) if opened and closed else None


def _whole_lines(bare: bytes, width: int, delimiter: str) -> int:
    """How many lines there are, if each has `width` fields; else 0."""
    if not bare.endswith(b"\n"):
        bare += b"\n"
    octets, comma = np.frombuffer(bare, np.uint8), ord(delimiter)
    seen = lines = 0
    for begin in range(0, len(octets), _BLOCK):
        part = octets[begin : begin + _BLOCK]
        newline = part == _NEWLINE
        ends = newline[np.flatnonzero(newline | (part == comma))]
        last = ends[(-seen - 1) % width :: width]
        found = int(np.count_nonzero(ends))
        if found != len(last) or not last.all():
            return 0
        seen, lines = seen + len(ends), lines + found
    return lines if seen == lines * width else 0
