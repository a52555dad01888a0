"""The leaves of a large tape: laid out and hashed by compiled loops, outside the interpreter's lock.

Gives byte for byte what `leaves` gives. Each chunk of loans becomes SHA-256 messages with their padding in one buffer,
which is hashed while it is in the processor's cache; every core takes chunks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from chainfusion.ledger.evidence.merkle import NodeLookup
from chainfusion.tape.lanes import Words, digest, hash_messages, kernel, tree_levels, workers
from chainfusion.tape.layout import CHUNK, LEAF_MARK_BYTES, Mask, Octets, Places, Records, records_of

_BLOCK = 64
_PADDING = 9
"""0x80 and the length in bits; FIPS 180-4, 5.1.1."""


def subtrees(frame: pl.DataFrame, salts: bytes) -> NodeLookup:
    """The full subtrees over the loans' leaf hashes. Raises: BadLoanRecord."""
    records = records_of(frame, salts, workers().map)
    leaves = np.empty((frame.height, 8), np.uint32)

    def hash_chunk(begin: int) -> None:
        rows = slice(begin, begin + CHUNK)
        messages = _padded(records.rows(rows))
        hash_messages(messages.blocks, messages.first, leaves[rows])

    list(workers().map(hash_chunk, range(0, frame.height, CHUNK)))
    levels = tree_levels(leaves)
    return lambda level, index: digest(levels[level][index])


def leaf_data(frame: pl.DataFrame, salts: bytes) -> Iterator[bytes]:
    """Salt and record of each loan, in tape order. Raises: BadLoanRecord."""
    records = records_of(frame, salts, workers().map)
    for begin in range(0, frame.height, CHUNK):
        messages = _padded(records.rows(slice(begin, begin + CHUNK)))
        octets = messages.blocks.tobytes()
        for start, length in zip((messages.first[:-1] * _BLOCK).tolist(), messages.lengths.tolist(), strict=True):
            yield octets[start + LEAF_MARK_BYTES : start + length]


@dataclass(frozen=True)
class _Messages:
    """Padded messages of a chunk: `blocks` (m, 16), message i from block first[i] on, `lengths` without padding."""

    blocks: Words
    first: Places
    lengths: Places


def _padded(records: Records) -> _Messages:
    lengths = records.lengths()
    first = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum((lengths + _PADDING + _BLOCK - 1) // _BLOCK, out=first[1:])
    octets = np.zeros(first[-1] * _BLOCK, np.uint8)
    behind = records.write(octets, first[:-1] * _BLOCK, sys.modules[__name__])
    _pad(octets, behind, first, lengths)
    return _Messages(octets.view(np.uint32).reshape(-1, 16), first, lengths)


# ------------------------------------------------------------------ writers


@kernel
def put_rows(out: Octets, at: Places, rows: Octets) -> None:
    """`Writers.put_rows`."""
    for i in range(len(at)):
        for k in range(rows.shape[1]):
            out[at[i] + k] = rows[i, k]
        at[i] += rows.shape[1]


@kernel
def put_numbers(out: Octets, at: Places, values: Places, valid: Mask, width: int) -> None:
    """`Writers.put_numbers`. Loops of a constant length become one store."""
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
def put_texts(out: Octets, at: Places, ends: Places, texts: Octets, valid: Mask) -> None:
    """`Writers.put_texts`."""
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
