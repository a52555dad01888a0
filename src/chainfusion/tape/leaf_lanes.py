"""The leaves of a large tape: records written and hashed column by column, outside the interpreter's lock.

Gives byte for byte what `leaves` gives. A chunk of rows is laid out as SHA-256 messages in one buffer (0x00, salt,
record, padding), each field is one pass over the chunk while it is in the processor's cache, and the chunk is hashed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
from chainfusion.ledger.evidence.merkle import NodeLookup
from chainfusion.ledger.evidence.opening import SALT_BYTES
from chainfusion.tape.lanes import Places, Words, digest, hash_messages, kernel, tree_levels, workers

CHUNK = 8192
_BLOCK = 64
_PADDING = 9  # 0x80 and the length in bits
_HEAD = 1 + SALT_BYTES + 1 + NULL_BYTES  # leaf mark, salt, record version, null bits

Octets = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def subtrees(frame: pl.DataFrame, salts: bytes) -> NodeLookup:
    """The full subtrees over the loans' leaf hashes. Raises: BadLoanRecord."""
    columns = _columns(frame)
    heads = _heads(columns, salts)
    leaves = np.empty((frame.height, 8), np.uint32)

    def hash_chunk(begin: int) -> None:
        rows = slice(begin, begin + CHUNK)
        messages = _messages([column.rows(rows) for column in columns], heads[rows])
        hash_messages(messages.blocks, messages.first, leaves[rows])

    list(workers().map(hash_chunk, range(0, frame.height, CHUNK)))
    levels = tree_levels(leaves)
    return lambda level, index: digest(levels[level][index])


def leaf_data(frame: pl.DataFrame, salts: bytes) -> Iterator[bytes]:
    """Salt and record of each loan, in tape order. Raises: BadLoanRecord."""
    for begin in range(0, frame.height, CHUNK):
        part = frame.slice(begin, CHUNK)
        columns = _columns(part)
        messages = _messages(columns, _heads(columns, salts[begin * SALT_BYTES : (begin + CHUNK) * SALT_BYTES]))
        octets = messages.blocks.tobytes()
        for start, length in zip((messages.first * _BLOCK).tolist(), messages.lengths.tolist(), strict=False):
            yield octets[start + 1 : start + length]


# ------------------------------------------------------------------ columns


@dataclass(frozen=True)
class _Column:
    """One field of many loans: numbers as `values`, text as `octets` between `values` and the `values` after it."""

    width: int
    valid: Mask
    values: Places
    octets: Octets | None = None

    def rows(self, part: slice) -> _Column:
        """The same field of some of the loans."""
        values = self.values[part] if self.octets is None else self.values[part.start : part.stop + 1]
        return _Column(self.width, self.valid[part], values, self.octets)

    def lengths(self) -> Places:
        """How many bytes the field takes in each record."""
        stored = self.width if self.octets is None else self.width + np.diff(self.values)
        lengths: Places = self.valid * np.int64(stored) if isinstance(stored, int) else self.valid * stored
        return lengths


def _columns(frame: pl.DataFrame) -> list[_Column]:
    columns = list(workers().map(lambda field: _column(frame[field.name], field), LOAN_FIELDS))
    for column, field in zip(columns, LOAN_FIELDS, strict=True):
        unfit = np.zeros(frame.height, np.bool_) if field.nullable else ~column.valid
        if column.octets is not None:
            lengths = column.lengths() - column.width
            unfit |= column.valid & ((lengths < 1) | (lengths > MAX_TEXT_BYTES))
        if unfit.any():
            loan_record(frame.row(int(np.argmax(unfit))))  # raises the error that names the field
    return columns


def _column(series: pl.Series, field: LoanField) -> _Column:
    valid = series.is_not_null().to_numpy()
    if field.kind not in (Kind.TEXT, Kind.CODE):
        width = 4 if field.kind is Kind.DATE else 8
        return _Column(width, valid, series.fill_null(0).cast(pl.Int64).to_numpy())
    ends = np.zeros(len(series) + 1, np.int64)
    np.cumsum(series.str.len_bytes().fill_null(0).to_numpy(), out=ends[1:])
    joined: bytes = series.str.join("").cast(pl.Binary).item() if ends[-1] else b"\0"
    return _Column(2, valid, ends, np.frombuffer(joined, np.uint8))


def _heads(columns: list[_Column], salts: bytes) -> Octets:
    """The first bytes of every message, (n, 21): leaf mark, salt, record version, null bits."""
    absent = np.stack([~column.valid for column in columns], axis=1)
    heads = np.zeros((len(absent), _HEAD), np.uint8)
    heads[:, 1 : 1 + SALT_BYTES] = np.frombuffer(salts, np.uint8).reshape(-1, SALT_BYTES)
    heads[:, 1 + SALT_BYTES] = RECORD_VERSION
    heads[:, -NULL_BYTES:] = np.packbits(absent, axis=1)
    return heads


# ------------------------------------------------------------------ messages


@dataclass(frozen=True)
class _Messages:
    """Padded messages of a chunk: `blocks` (m, 16), message i from block first[i] on, `lengths` without padding."""

    blocks: Words
    first: Places
    lengths: Places


def _messages(columns: list[_Column], heads: Octets) -> _Messages:
    lengths = np.full(len(heads), _HEAD, np.int64)
    for column in columns:
        lengths += column.lengths()
    first = np.zeros(len(heads) + 1, np.int64)
    np.cumsum((lengths + _PADDING + _BLOCK - 1) // _BLOCK, out=first[1:])
    octets = np.zeros(first[-1] * _BLOCK, np.uint8)
    at = first[:-1] * _BLOCK
    _put_rows(octets, at, heads)
    for column in columns:
        if column.octets is None:
            _put_numbers(octets, at, column.values, column.valid, column.width)
        else:
            _put_texts(octets, at, column.values, column.octets, column.valid)
    _pad(octets, at, first, lengths)
    return _Messages(octets.view(np.uint32).reshape(-1, 16), first, lengths)


@kernel
def _put_rows(out: Octets, at: Places, rows: Octets) -> None:
    for i in range(len(at)):
        for k in range(rows.shape[1]):
            out[at[i] + k] = rows[i, k]
        at[i] += rows.shape[1]


@kernel
def _put_numbers(out: Octets, at: Places, values: Places, valid: Mask, width: int) -> None:
    for i in range(len(at)):
        if valid[i]:
            start = at[i]
            if width == 8:
                for k in range(8):
                    out[start + k] = (values[i] >> (56 - 8 * k)) & 0xFF
            else:
                for k in range(4):
                    out[start + k] = (values[i] >> (24 - 8 * k)) & 0xFF
            at[i] = start + width


@kernel
def _put_texts(out: Octets, at: Places, ends: Places, texts: Octets, valid: Mask) -> None:
    for i in range(len(at)):
        if valid[i]:
            length = ends[i + 1] - ends[i]
            out[at[i]] = length >> 8
            out[at[i] + 1] = length & 0xFF
            for k in range(length):
                out[at[i] + 2 + k] = texts[ends[i] + k]
            at[i] += 2 + length


@kernel
def _pad(out: Octets, at: Places, first: Places, lengths: Places) -> None:
    for i in range(len(at)):
        out[at[i]] = 0x80
        for k in range(4):
            out[first[i + 1] * 64 - 1 - k] = (8 * lengths[i] >> (8 * k)) & 0xFF
