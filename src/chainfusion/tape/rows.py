"""A file's rows as text, before any meaning is read into them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, eq=False)
class Rows:
    """The table of a file: every cell as text, "" where empty.

    frame: columns in the file's order, one row a data row, blank rows left out; of a file's columns perhaps only some.
    lines: the row of the file (CSV line or sheet row, from 1) of each row of the frame.
    header_line: the header's row. blank: how many blank rows were passed over.
    header: the names of all columns as the file spells them, trimmed.
    """

    frame: pl.DataFrame
    lines: pl.Series
    header_line: int
    blank: int
    header: list[str]
