"""The leaves of a tape with numpy and hashlib: at once ready, so the quicker way for small tapes."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator

import numpy as np
import polars as pl

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


def _laid_out(records: Records) -> Iterator[bytes]:
    ends = np.cumsum(records.lengths())
    starts = np.concatenate([[0], ends[:-1]])
    out = np.empty(ends[-1], np.uint8)
    records.write(out, starts, sys.modules[__name__])
    octets = out.tobytes()
    return (octets[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True))


# ------------------------------------------------------------------ writers


def put_rows(out: Octets, at: Places, rows: Octets) -> None:
    """`Writers.put_rows`."""
    out[at[:, None] + np.arange(rows.shape[1])] = rows
    at += rows.shape[1]


def put_numbers(out: Octets, at: Places, values: Places, valid: Mask, width: int) -> None:
    """`Writers.put_numbers`."""
    octets = values[valid].astype(f">i{width}").view(np.uint8).reshape(-1, width)
    out[at[valid][:, None] + np.arange(width)] = octets
    at += valid.astype(np.int64) * width


def put_texts(out: Octets, at: Places, ends: Places, texts: Octets, valid: Mask) -> None:
    """`Writers.put_texts`."""
    lengths = np.diff(ends)
    out[at[valid][:, None] + np.arange(2)] = lengths[valid].astype(">u2").view(np.uint8).reshape(-1, 2)
    moved = np.repeat(at + 2 - ends[:-1], lengths)  # from a byte's place in `texts` to its place in `out`
    out[moved + np.arange(ends[0], ends[-1])] = texts[ends[0] : ends[-1]]
    at += valid * (lengths + 2)
