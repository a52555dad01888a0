"""The validated loan tape: what every later step (statistics, criteria, commitments) works on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from chainfusion.domain.loan import LOAN_FIELDS, Kind, Loan

_DTYPES: dict[Kind, type[pl.DataType]] = {
    Kind.TEXT: pl.String,
    Kind.CODE: pl.String,
    Kind.INTEGER: pl.Int64,
    Kind.MONEY: pl.Int64,
    Kind.RATE: pl.Int64,
    Kind.DATE: pl.Int32,
}
SCHEMA = pl.Schema({field.name: _DTYPES[field.kind] for field in LOAN_FIELDS})
"""Columns and types of `Tape.frame`: text String; integer, money and rate Int64; dates Int32 days since 1970-01-01."""


@dataclass(frozen=True, eq=False)
class Tape:
    """A loan tape that passed every rule.

    frame: one row a loan, in the order of the file; columns and types are SCHEMA.
    as_of: the cut-off date that balances and terms refer to.
    currency: ISO 4217, the same for every loan.
    source_sha256: lower-case hex fingerprint of the file's bytes.
    mapping_fingerprint: lower-case hex fingerprint of the mapping that read it.
    source_name: the file's name, without its folder.
    originator: who made the loans, as the mapping names it.
    derived: (field, how) for each field that was computed and not stated by the tape.
    """

    frame: pl.DataFrame
    as_of: date
    currency: str
    source_sha256: str
    mapping_fingerprint: str
    source_name: str
    originator: str = ""
    derived: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.frame.schema != SCHEMA:
            raise TypeError("a Tape's frame has the columns and types of SCHEMA")

    def __len__(self) -> int:
        return self.frame.height

    def loan(self, row: int) -> Loan:
        """The loan at `row`, counted from 0. Raises: IndexError."""
        values: dict[str, Any] = self.frame.row(row, named=True)
        return Loan(**values)
