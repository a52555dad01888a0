"""From a validated tape to the root that the ledger holds: a salted leaf a loan, an RFC 9162 tree over the leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Protocol

import polars as pl

from chainfusion.domain.errors import require
from chainfusion.domain.loan import loan_record
from chainfusion.ledger.evidence import merkle
from chainfusion.ledger.evidence.opening import SALT_BYTES, LoanOpening, PoolCommitment
from chainfusion.tape import leaves
from chainfusion.tape.schema import Tape

LARGE = 20_000
"""Loans from which loading the compiled loops pays; below, numpy and hashlib are done sooner."""


class Engine(Enum):
    """Which code hashes the leaves. Both give the same bytes."""

    HASHLIB = "hashlib"
    LANES = "lanes"


class _Leaves(Protocol):
    """What both engines' modules offer."""

    def subtrees(self, frame: pl.DataFrame, salts: bytes) -> merkle.NodeLookup: ...

    def leaf_data(self, frame: pl.DataFrame, salts: bytes) -> Iterator[bytes]: ...


@dataclass(frozen=True, eq=False)
class CommittedTape:
    """A tape, the salts of its loans (16 bytes each, secret) and the tree over them."""

    tape: Tape
    salts: bytes
    node: merkle.NodeLookup
    engine: Engine

    @property
    def commitment(self) -> PoolCommitment:
        """What goes on the ledger."""
        return PoolCommitment(root=self.root, count=len(self.tape))

    @property
    def root(self) -> bytes:
        """The RFC 9162 root over all loans, in tape order."""
        return merkle.root_of(self.node, len(self.tape))

    def opening(self, index: int) -> LoanOpening:
        """What shows loan `index` (from 0) to a holder of the commitment. Raises: ProofInvalid where it is missing."""
        return LoanOpening(
            index=index,
            path=merkle.inclusion_proof_of(self.node, index, len(self.tape)),
            record=loan_record(self.tape.frame.row(index)),
            salt=self.salts[index * SALT_BYTES : (index + 1) * SALT_BYTES],
        )

    def leaf_data(self) -> Iterator[bytes]:
        """Salt and record of each loan, in tape order: all that the owner must keep secret and must not lose."""
        return _leaves(self.engine).leaf_data(self.tape.frame, self.salts)


def commit(tape: Tape, salts: bytes | None = None, engine: Engine | None = None) -> CommittedTape:
    """Commits to every loan of a tape.

    `salts` are 16 bytes a loan, fresh from the operating system where none are given. Raises: BadLoanRecord where a
    loan has no canonical record, ProofInvalid where the salts are not one for each loan.
    """
    salts = os.urandom(SALT_BYTES * len(tape)) if salts is None else salts
    require(
        len(salts) == SALT_BYTES * len(tape),
        merkle.ProofInvalid(why="there is not one salt for each loan", why_zh="盐值与贷款不是一一对应"),
    )
    engine = engine or engine_for(len(tape))
    return CommittedTape(tape, salts, _leaves(engine).subtrees(tape.frame, salts), engine)


def engine_for(loans: int) -> Engine:
    """The quickest engine for a tape of so many loans on this machine."""
    return Engine.LANES if loans >= LARGE and lanes_refusal() is None else Engine.HASHLIB


@cache
def lanes_refusal() -> str | None:
    """Why this machine cannot run the compiled loops; None where it can."""
    if sys.byteorder != "little":
        return "the loops are written for little-endian processors"
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        return "NUMBA_DISABLE_JIT is set"
    try:
        _leaves(Engine.LANES)
    except (ImportError, RuntimeError) as error:  # no compiler for this Python, or no folder for what it compiles
        return str(error)
    return None


def _leaves(engine: Engine) -> _Leaves:
    if engine is Engine.HASHLIB:
        return leaves
    from chainfusion.tape import leaf_lanes  # loads the compiler, which only large tapes wait for

    return leaf_lanes
