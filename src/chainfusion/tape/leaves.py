"""The leaves of a tape with numpy and hashlib: at once ready, so the quicker way for small tapes."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chainfusion.ledger.evidence import merkle
from chainfusion.tape.layout import CHUNK, LEAF_MARK_BYTES, Mask, Octets, Places, Records, records_of


def subtrees(frame: pl.DataFrame, salts: bytes) -> merkle.NodeLookup:
    """The full subtrees over the loans' leaf hashes. Raises: BadLoanRecord."""
    return merkle.full_subtrees([hashlib.sha256(message).digest() for message in _messages(frame, salts)])


def leaf_data(frame: pl.DataFrame, salts: bytes) -> Iterator[bytes]:
    """Salt and record of each loan, in tape order. Raises: BadLoanRecord."""
    return (message[LEAF_MARK_BYTES:] for message in _messages(frame, salts))


def _messages(frame: pl.DataFrame, salts: bytes) -> Iterator[bytes]:
    records = records_of(frame, salts)
    for begin in range(0, frame.height, CHUNK):
        yield from _laid_out(records.rows(slice(begin, begin + CHUNK)))


def _laid_out(records: Records) -> list[bytes]:
    ends = np.cumsum(records.lengths())
    starts = np.concatenate([[0], ends[:-1]])
    out = np.empty(ends[-1], np.uint8)
    records.write(out, starts, sys.modules[__name__])
    octets = out.tobytes()
    return [octets[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


# ------------------------------------------------------------------ writers


def put_rows(out: Octets, at: Places, rows: Octets) -> None:
    """`Writers.put_rows`."""
    _windows(out, rows.shape[1])[at] = _wholes(rows)
    at += rows.shape[1]


def put_numbers(out: Octets, at: Places, values: Places, valid: Mask, width: int) -> None:
    """`Writers.put_numbers`."""
    if valid.all():
        _windows(out, width)[at] = values.astype(f">i{width}").view(f"V{width}")
        at += width
    elif valid.any():
        _windows(out, width)[at[valid]] = values[valid].astype(f">i{width}").view(f"V{width}")
        at += valid.astype(np.int64) * width


def put_texts(out: Octets, at: Places, ends: Places, texts: Octets, valid: Mask) -> None:
    """`Writers.put_texts`."""
    lengths = np.diff(ends)
    _windows(out, 2)[at[valid]] = lengths[valid].astype(">u2").view("V2")
    moved = np.repeat(at + 2 - ends[:-1], lengths)  # from a byte's place in `texts` to its place in `out`
    out[moved + np.arange(ends[0], ends[-1])] = texts[ends[0] : ends[-1]]
    at += valid * (lengths + 2)


def _windows(out: Octets, width: int) -> NDArray[np.void]:
    """`width` bytes from each byte of `out` on, as one item each: a row is then stored at once."""
    return np.ndarray((len(out) - width + 1,), f"V{width}", out, strides=(1,))


def _wholes(rows: Octets) -> NDArray[np.void]:
    return np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").ravel()
