"""A pool (资产池): the record of one loan tape, and how it and the deal's record point at each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chainfusion.domain.deal import PoolReference
from chainfusion.domain.opinions import DocumentFact
from chainfusion.domain.statistics import PoolStatistics
from chainfusion.domain.text import check, check_currency, check_digest


@dataclass(frozen=True)
class PoolRecord:
    """What the originator states of a loan tape.

    `root` is the RFC 9162 root over the salted commitments of its `loans` in tape order; `tape` the tape itself, a
    document of the deal; `cut_off` the day at whose end the figures were taken (封包日); `criteria` the SHA-256 of the
    canonical results of the eligibility and concentration criteria; `replaces` the pool in force until then.
    """

    root: bytes
    loans: int
    tape: DocumentFact
    cut_off: date
    currency: str
    statistics: PoolStatistics
    criteria: bytes
    replaces: PoolReference | None

    def __post_init__(self) -> None:
        check_digest(self.root, self.criteria)
        check(self.loans >= 1, "a pool has at least one loan")
        check_currency(self.currency)


@dataclass(frozen=True)
class ProjectStrand:
    """Where the deal's own record stood when the pool was registered.

    `opened` is the transaction that opened the deal; `record` the SHA-256 of the deal's record, as the outcome of the
    transaction that wrote it states.
    """

    deal: str
    opened: str
    record: bytes


@dataclass(frozen=True)
class Pool:
    """A pool on the ledger: its version, the originator's record, and the strand to the project."""

    version: int
    record: PoolRecord
    project: ProjectStrand
    by: str
    registered: datetime
    tx_id: str

    @property
    def reference(self) -> PoolReference:
        """This version as the deal's record and later statements name it."""
        return PoolReference(self.version, self.record.root, self.tx_id)


@dataclass(frozen=True)
class Acknowledgement:
    """A party has examined this version of the pool and works on it."""

    deal: str
    version: int
    root: bytes
    by: str
    acknowledged: datetime
    tx_id: str
