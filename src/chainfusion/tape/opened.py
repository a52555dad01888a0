"""A pool's opened loans as a table again: the records behind a root, whole columns at a time.

Gives what `domain.loan.decode_loan` gives for each record, and refuses what it refuses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chainfusion.domain.loan import LOAN_FIELDS, NULL_BYTES, RECORD_VERSION, Kind, LoanField, decode_loan
from chainfusion.ledger.evidence.opening import SALT_BYTES
from chainfusion.tape.schema import SCHEMA

Places = NDArray[np.int64]
Octets = NDArray[np.uint8]


class _Unfit(Exception):
    """Some record is none; which one is found by reading them one by one."""


def frame_of(leaf_data: Sequence[bytes]) -> pl.DataFrame:
    """The loans behind leaves (salt and record each), in their order, with the columns of SCHEMA.

    Raises: BadLoanRecord for bytes that are no record.
    """
    if not leaf_data:
        return pl.DataFrame(schema=SCHEMA)
    content = b"".join(leaf_data)
    ends = np.cumsum(np.fromiter(map(len, leaf_data), np.int64, len(leaf_data)))
    try:
        return _frame(content, ends)
    except (_Unfit, UnicodeDecodeError, IndexError, ValueError):
        for data in leaf_data:
            decode_loan(data[SALT_BYTES:])
        raise


def _frame(content: bytes, ends: Places) -> pl.DataFrame:
    octets = np.frombuffer(content, np.uint8)
    at = np.concatenate([[0], ends[:-1]]) + SALT_BYTES
    _require(bool((octets[at] == RECORD_VERSION).all()))
    nulls = np.unpackbits(np.stack([octets[at + 1 + i] for i in range(NULL_BYTES)], axis=1), axis=1).astype(bool)
    _require(not nulls[:, len(LOAN_FIELDS) :].any())
    at += 1 + NULL_BYTES
    columns = [_column(field, content, octets, at, ~nulls[:, place]) for place, field in enumerate(LOAN_FIELDS)]
    _require(bool((at == ends).all()))
    return pl.DataFrame(columns)


def _column(field: LoanField, content: bytes, octets: Octets, at: Places, valid: NDArray[np.bool_]) -> pl.Series:
    """One field of every loan; moves the places behind it."""
    _require(field.nullable or bool(valid.all()))
    dtype = SCHEMA[field.name]
    if not valid.any():
        return pl.Series(field.name, [None], dtype).new_from_index(0, len(valid))
    places = at[valid]
    if field.kind in (Kind.TEXT, Kind.CODE):
        starts = places + 2
        stops = starts + _numbers(octets, places, 2, ">u2")
        found = [content[a:b].decode() for a, b in zip(starts.tolist(), stops.tolist(), strict=True)]
        values = pl.Series(field.name, found, pl.String)
        _require(int(stops.max()) <= len(content) and _texts_fit(values))
        at[valid] = stops
    else:
        width = 4 if field.kind is Kind.DATE else 8
        values = pl.Series(field.name, _numbers(octets, places, width, f">i{width}"), pl.Int64)
        at[valid] += width
    if valid.all():
        return values.cast(dtype)
    whole = pl.Series(field.name, np.cumsum(valid) - 1)
    return values.gather(whole).cast(dtype).set(pl.Series(~valid), None).alias(field.name)


def _numbers(octets: Octets, places: Places, width: int, form: str) -> Places:
    _require(int(places.max()) + width <= len(octets))
    gathered = np.ascontiguousarray(octets[places[:, None] + np.arange(width)])
    return gathered.view(form).ravel().astype(np.int64)


def _texts_fit(values: pl.Series) -> bool:
    """Whether no text is empty, too long or holds a control character."""
    lengths = values.str.len_bytes()
    fits = int(lengths.min() or 0) > 0 and int(lengths.max() or 0) <= 256  # type: ignore[arg-type]
    return fits and not values.str.contains("[\u0000-\u001f\u007f-\u009f]").any()


def _require(fits: bool) -> None:
    if not fits:
        raise _Unfit
