"""A deal's pool as the ledger has it: figures, versions, and both strands, the project and its assets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from chainfusion.contracts.document.contract import DocumentView
from chainfusion.domain.criteria import CriteriaResults
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.pool import Acknowledgement, Pool
from chainfusion.domain.records import from_bytes, from_json
from chainfusion.domain.statistics import PoolStatistics
from chainfusion.node import documents
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution, Place
from chainfusion.tape.compare import Compared

MAX_CRITERIA_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class PoolBrief:
    """A version of the pool in a list. `replaced_by` is the version that took its place, None for the one in force."""

    version: int
    root: str
    loans: int
    balance: int
    currency: str
    cut_off: date
    replaced_by: int | None
    registered: Place


@dataclass(frozen=True)
class TapeReference:
    """The document that holds the tape."""

    document: str
    version: int
    fingerprint: str


@dataclass(frozen=True)
class Acknowledged:
    """A party works on this version."""

    version: int
    by: Institution
    stated: Place


@dataclass(frozen=True)
class Strands:
    """How project and assets point at each other.

    `opened` is the transaction that opened the deal, `project_record` the fingerprint of the deal's record on which the
    pool was registered; `pool_root` and `pool` what the deal's record points at.
    """

    opened: Place
    project_record: str
    pool_root: str
    pool: Place


@dataclass(frozen=True)
class PoolView:
    """The pool in force. Amounts are minor units, rates and shares as `PoolStatistics` has them.

    `criteria` are the results behind the fingerprint, where this institution was granted them; None otherwise.
    """

    deal: str
    height: int
    version: int
    root: str
    loans: int
    currency: str
    cut_off: date
    by: Institution
    registered: Place
    tape: TapeReference
    criteria_fingerprint: str
    criteria: CriteriaResults | None
    statistics: PoolStatistics
    versions: tuple[PoolBrief, ...]
    acknowledged: tuple[Acknowledged, ...]
    strands: Strands


@dataclass(frozen=True)
class PoolSide:
    """One of two versions that are compared."""

    version: int
    root: str
    cut_off: date
    registered: Place
    statistics: PoolStatistics


@dataclass(frozen=True)
class PoolComparison:
    """Two versions of a pool. `changes` tell of loans, where those of both were granted to this institution."""

    deal: str
    before: PoolSide
    after: PoolSide
    changes: Compared | None


def comparison(before: Pool, after: Pool, place: Callable[[str], Place], changes: Compared | None) -> PoolComparison:
    """Two versions beside each other."""
    sides = [
        PoolSide(each.version, each.record.root.hex(), each.record.cut_off, place(each.tx_id), each.record.statistics)
        for each in (before, after)
    ]
    return PoolComparison(after.project.deal, sides[0], sides[1], changes)


@dataclass(frozen=True)
class Pools:
    """Reads a deal's pools."""

    desk: Desk
    acts: Acts

    def versions(self, deal: str) -> tuple[Pool, ...]:
        """Every pool that the deal has had, oldest first."""
        return from_json(tuple[Pool, ...], self.desk.session.query("pool.versions", deal=deal))

    def briefs(self, deal: str) -> tuple[PoolBrief, ...]:
        """All versions, the newest first."""
        every = self.versions(deal)
        last = len(every)
        return tuple(
            PoolBrief(
                version=pool.version,
                root=pool.record.root.hex(),
                loans=pool.record.loans,
                balance=pool.record.statistics.balance,
                currency=pool.record.currency,
                cut_off=pool.record.cut_off,
                replaced_by=pool.version + 1 if pool.version < last else None,
                registered=self.acts.place(pool.tx_id),
            )
            for pool in reversed(every)
        )

    def acknowledged(self, deal: str) -> tuple[Acknowledged, ...]:
        """Who works on which version."""
        found = from_json(tuple[Acknowledgement, ...], self.desk.session.query("pool.acknowledged", deal=deal))
        return tuple(
            Acknowledged(each.version, self.acts.institution(each.by), self.acts.place(each.tx_id)) for each in found
        )

    def view(self, deal: str, height: int) -> PoolView:
        """The pool in force. Raises: UnknownDeal, NotRegistered."""
        pool = from_json(Pool, self.desk.session.query("pool.show", deal=deal))
        record, here = pool.record, self.acts.place(pool.tx_id)
        return PoolView(
            deal=deal,
            height=height,
            version=pool.version,
            root=record.root.hex(),
            loans=record.loans,
            currency=record.currency,
            cut_off=record.cut_off,
            by=self.acts.institution(pool.by),
            registered=here,
            tape=TapeReference(record.tape.document, record.tape.version, record.tape.fingerprint.hex()),
            criteria_fingerprint=record.criteria.hex(),
            criteria=self._criteria(deal, record.criteria),
            statistics=record.statistics,
            versions=self.briefs(deal),
            acknowledged=self.acknowledged(deal),
            strands=Strands(
                opened=self.acts.place(pool.project.opened),
                project_record=pool.project.record.hex(),
                pool_root=record.root.hex(),
                pool=here,
            ),
        )

    def _criteria(self, deal: str, fingerprint: bytes) -> CriteriaResults | None:
        """The results that the registered fingerprint is of, if a document of the deal holds them and is granted."""
        for view in reversed(documents.overview(self.desk, deal)):
            if view.document.kind is DocumentKind.ELIGIBILITY_CRITERIA and self.desk.msp in view.readers:
                for each in reversed(documents.versions(self.desk, deal, view.document.id)):
                    found = self._results(each, fingerprint)
                    if found is not None:
                        return found
        return None

    def _results(self, view: DocumentView, fingerprint: bytes) -> CriteriaResults | None:
        if self.desk.msp not in view.readers:
            return None
        try:
            opened = documents.read(self.desk, view.document)
            if opened.facts.content_length > MAX_CRITERIA_BYTES:
                return None
            content = b"".join(opened)
            matches = hashlib.sha256(content).digest() == fingerprint
            return from_bytes(CriteriaResults, content) if matches else None
        except ChainFusionError:
            return None  # not readable from this node's store: the page says that the results are not here
