"""A pool's preview (预览) before closing: who is let in, what is remarked, what becomes of it.

What is said stays sealed in the vault; the ledger has who said when what of which loan, and the text's fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chainfusion.domain.opinions import DocumentFact, PoolFact


class Ask(StrEnum):
    """What a remark wants."""

    COMMENT = "comment"
    REMOVAL = "removal"


@dataclass(frozen=True)
class Invitation:
    """A party may review a version of the pool; `until` is None where no end is set."""

    deal: str
    pool: PoolFact
    guest: str
    until: datetime | None
    by: str
    at: datetime
    tx_id: str


@dataclass(frozen=True)
class Remark:
    """What a guest says of the pool, or of the loan with the leaf hash `loan`; `tx_id` is its id."""

    deal: str
    pool: PoolFact
    ask: Ask
    loan: bytes | None
    text: DocumentFact
    by: str
    at: datetime
    tx_id: str


@dataclass(frozen=True)
class Answer:
    """The originator's word on a remark, with its reason."""

    deal: str
    version: int
    remark: str
    accepted: bool
    reason: DocumentFact
    by: str
    at: datetime
    tx_id: str


@dataclass(frozen=True)
class Removal:
    """The originator states that `pool`, a later version, is without the loan whose removal was accepted."""

    deal: str
    version: int
    remark: str
    pool: PoolFact
    by: str
    at: datetime
    tx_id: str
