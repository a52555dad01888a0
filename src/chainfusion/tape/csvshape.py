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
_MOST_QUOTED = 50_000
_NEWLINE = ord("\n")


def read_columns(body: bytes, header: list[str], delimiter: str, wanted: Collection[str]) -> pl.DataFrame | None:
    """The wanted columns; None without proof that all rows are whole, fill one line each, and that none is blank."""
    places = [place for place, column in enumerate(header) if column in wanted]
    quoted = _quoted(body, delimiter)
    if not places or len(header) < 2 or quoted is None or not _is_utf8(body):
        return None
    rows = _whole_lines(body, quoted, len(header), delimiter)
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


def _quoted(body: bytes, delimiter: str) -> list[tuple[int, int]] | None:
    """Where text stands in quotes, from and up to; None where quotes are many, misplaced or around line breaks."""
    found: list[tuple[int, int]] = []
    before = {*f'{delimiter}\n"'.encode()}
    behind = (delimiter.encode(), b"\n", b"\r\n", b'"')
    start = body.find(b'"')
    while start >= 0:
        end = body.find(b'"', start + 1)
        opened = start == 0 or body[start - 1] in before
        closed = end + 1 == len(body) or body.startswith(behind, end + 1)
        breaks = body.find(b"\n", start, end) >= 0 or body.find(b"\r", start, end) >= 0
        if end < 0 or not opened or not closed or breaks or len(found) == _MOST_QUOTED:
            return None
        found.append((start, end))
        start = body.find(b'"', end + 1)
    return found


def _whole_lines(body: bytes, quoted: list[tuple[int, int]], width: int, delimiter: str) -> int:
    """How many lines there are, if each has `width` fields; else 0."""
    octets, comma = np.frombuffer(body, np.uint8), ord(delimiter)
    seen = lines = place = 0
    for begin in range(0, len(octets), _BLOCK):
        part = octets[begin : begin + _BLOCK]
        newline = part == _NEWLINE
        separators = newline | (part == comma)
        while place < len(quoted) and quoted[place][0] < begin + _BLOCK:
            start, end = quoted[place]
            separators[max(start - begin, 0) : end - begin] = False
            if end > begin + _BLOCK:
                break  # the rest of it stands in the next block
            place += 1
        ends = newline[np.flatnonzero(separators)]
        last = ends[(-seen - 1) % width :: width]
        found = int(np.count_nonzero(ends))
        if found != len(last) or not last.all():
            return 0
        seen, lines = seen + len(ends), lines + found
    if not body.endswith(b"\n"):
        seen, lines = seen + 1, lines + 1
    return lines if seen == lines * width else 0
