"""Lays the records of many loans into one buffer, a field at a time: what both ways of hashing a tape start from.

A loan's message is the leaf mark 0x00, its salt and its record (`domain.loan` defines its bytes). Where every message
and every field begins follows from lengths alone, so each field is one pass over all loans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chainfusion.domain.loan import (
    LOAN_FIELDS,
    MAX_TEXT_BYTES,
    NULL_BYTES,
    RECORD_VERSION,
    Kind,
    LoanField,
    loan_record,
)
from chainfusion.ledger.evidence.opening import SALT_BYTES

CHUNK = 8192
"""Loans laid out at once, so that their messages stay in the processor's cache."""
LEAF_MARK_BYTES = 1
_HEAD = LEAF_MARK_BYTES + SALT_BYTES + 1 + NULL_BYTES
_TEXT_LENGTH_BYTES = 2

Octets = NDArray[np.uint8]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Apply = Callable[[Callable[[LoanField], "Column"], Iterable[LoanField]], Iterable["Column"]]


class Writers(Protocol):
    """Writes one field of every loan at the places `at` of `out`, and moves the places behind it."""

    def put_rows(self, out: Octets, at: Places, rows: Octets) -> None:
        """A row of `rows` each."""

    def put_numbers(self, out: Octets, at: Places, values: Places, valid: Mask, width: int) -> None:
        """`width` (4 or 8) bytes big-endian where `valid`."""

    def put_texts(self, out: Octets, at: Places, ends: Places, texts: Octets, valid: Mask) -> None:
        """Two bytes of length and texts[ends[i]:ends[i + 1]] where `valid`."""


@dataclass(frozen=True)
class Column:
    """One field of many loans: numbers as `values`; text i as `octets` from values[i] up to values[i + 1]."""

    width: int
    valid: Mask
    values: Places
    octets: Octets | None = None

    def rows(self, part: slice) -> Column:
        """The same field of some of the loans."""
        values = self.values[part] if self.octets is None else self.values[part.start : part.stop + 1]
        return Column(self.width, self.valid[part], values, self.octets)

    def lengths(self) -> Places:
        """How many bytes the field takes in each record."""
        lengths = self.valid.astype(np.int64) * self.width
        return lengths if self.octets is None else lengths + np.diff(self.values)


@dataclass(frozen=True)
class Records:
    """Loans in columns, ready to be laid out. `heads` (n, 21): leaf mark, salt, record version, null bits."""

    columns: tuple[Column, ...]
    heads: Octets

    def rows(self, part: slice) -> Records:
        """Some of the loans."""
        return Records(tuple(column.rows(part) for column in self.columns), self.heads[part])

    def lengths(self) -> Places:
        """The length of each message."""
        lengths = np.full(len(self.heads), _HEAD, np.int64)
        for column in self.columns:
            lengths += column.lengths()
        return lengths

    def write(self, out: Octets, starts: Places, writers: Writers) -> Places:
        """Writes each message from its start on; returns the places behind them."""
        at = starts.copy()
        writers.put_rows(out, at, self.heads)
        for column in self.columns:
            if column.octets is None:
                writers.put_numbers(out, at, column.values, column.valid, column.width)
            elif column.values[-1] > column.values[0]:
                writers.put_texts(out, at, column.values, column.octets, column.valid)
        return at


def records_of(frame: pl.DataFrame, salts: bytes, apply: Apply = map) -> Records:
    """The loans of a tape with their salts. `apply` maps over the fields. Raises: BadLoanRecord."""
    columns = tuple(apply(lambda field: _column(frame[field.name], field), LOAN_FIELDS))
    for column, field in zip(columns, LOAN_FIELDS, strict=True):
        unfit = np.zeros(frame.height, np.bool_) if field.nullable else ~column.valid
        if column.octets is not None:
            lengths = np.diff(column.values)
            unfit |= column.valid & ((lengths < 1) | (lengths > MAX_TEXT_BYTES))
        if unfit.any():
            loan_record(frame.row(int(np.argmax(unfit))))  # raises the error that names the field
    return Records(columns, _heads(columns, salts))


def _column(series: pl.Series, field: LoanField) -> Column:
    absent = series.null_count()
    valid = series.is_not_null().to_numpy() if absent else np.ones(len(series), np.bool_)
    if field.kind not in (Kind.TEXT, Kind.CODE):
        width = 4 if field.kind is Kind.DATE else 8
        values = series.fill_null(0) if absent else series
        return Column(width, valid, values.to_numpy().astype(np.int64, copy=False))
    if absent == len(series):
        return Column(_TEXT_LENGTH_BYTES, valid, np.zeros(len(series) + 1, np.int64), np.zeros(1, np.uint8))
    ends = np.zeros(len(series) + 1, np.int64)
    lengths = series.str.len_bytes()
    np.cumsum((lengths.fill_null(0) if absent else lengths).to_numpy(), out=ends[1:])
    joined: bytes = series.str.join("").cast(pl.Binary).item() if ends[-1] else b"\0"
    return Column(_TEXT_LENGTH_BYTES, valid, ends, np.frombuffer(joined, np.uint8))


def _heads(columns: tuple[Column, ...], salts: bytes) -> Octets:
    absent = np.stack([~column.valid for column in columns], axis=1)
    heads = np.zeros((len(absent), _HEAD), np.uint8)
    heads[:, LEAF_MARK_BYTES : LEAF_MARK_BYTES + SALT_BYTES] = np.frombuffer(salts, np.uint8).reshape(-1, SALT_BYTES)
    heads[:, LEAF_MARK_BYTES + SALT_BYTES] = RECORD_VERSION
    heads[:, -NULL_BYTES:] = np.packbits(absent, axis=1)
    return heads
