"""The leaves of a tape, one loan after the other in plain Python: the reference, and the quick way for small tapes."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from chainfusion.domain.loan import loan_record
from chainfusion.ledger.evidence import merkle
from chainfusion.ledger.evidence.opening import SALT_BYTES


def leaf_data(frame: pl.DataFrame, salts: bytes) -> Iterator[bytes]:
    """Salt and record of each loan, in tape order. Raises: BadLoanRecord."""
    for row, values in enumerate(frame.iter_rows()):
        yield salts[row * SALT_BYTES : (row + 1) * SALT_BYTES] + loan_record(values)


def subtrees(frame: pl.DataFrame, salts: bytes) -> merkle.NodeLookup:
    """The full subtrees over the loans' leaf hashes. Raises: BadLoanRecord."""
    return merkle.full_subtrees([merkle.leaf_hash(data) for data in leaf_data(frame, salts)])
