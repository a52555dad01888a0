"""A deal's terms and what they pay: registering, consenting, and running them on the loans of the registered pool.

The loans come from the pool's openings: the canonical records behind the root on the ledger, as the registered mapping
made them. Who was granted them computes the same cents as everybody else who was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from chainfusion.cashflow.deal.assumed import Assumed
from chainfusion.cashflow.deal.published import read_collections
from chainfusion.cashflow.deal.run import DealRun, LeftOut, run_deal
from chainfusion.cashflow.pool.columns import Pool as LoanPool
from chainfusion.cashflow.pool.tape import pool_of
from chainfusion.cashflow.scale.run import project as project_pool
from chainfusion.contracts.terms.contract import TermsView
from chainfusion.contracts.terms.refusals import TermsDiffer, TermsUnknown
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.loan import EPOCH, decode_loan
from chainfusion.domain.opinions import TermsFact
from chainfusion.domain.pool import Pool
from chainfusion.domain.records import from_json
from chainfusion.domain.terms.records import DealTerms
from chainfusion.ledger.evidence.opening import SALT_BYTES
from chainfusion.ledger.port import Receipt
from chainfusion.node import pools
from chainfusion.node.desk import Desk
from chainfusion.vault.chunks import Progress, no_progress

TOLD_EVERY = 20_000
"""Loans that are opened between two reports of progress."""


class CutOffDiffers(ChainFusionError):
    """Terms that count from another day than the pool that is registered."""

    code = "CUT_OFF_DIFFERS"
    says = Text(
        "The terms of deal {deal} count from {terms}; its pool in force is cut off on {pool}.",
        "项目 {deal} 的条款自 {terms} 起算；在册资产池的封包日为 {pool}。",
    )
    do = Text(
        "Register terms or a pool with the same cut-off date, or give collections instead.",
        "请登记封包日一致的条款或资产池，或改为提供归集数据。",
    )


class NothingToProject(ChainFusionError):
    """A pool of which no loan has a month left."""

    code = "NOTHING_TO_PROJECT"
    says = Text("No loan of the pool of deal {deal} has a month left.", "项目 {deal} 资产池中没有尚有剩余期限的贷款。")
    do = Text("Register a pool whose loans are still paid.", "请登记仍在还款的资产池。")


@dataclass(frozen=True)
class DealPool:
    """The pool in force as columns of loans; `left_out`: loans whose term has ended on the cut-off date, which no
    schedule tells anything of."""

    registered: Pool
    loans: LoanPool
    left_out: LeftOut


# ------------------------------------------------------------------ terms


def register_terms(
    desk: Desk, deal: str, terms: DealTerms, *, replaces: int | None = None, request: str | None = None
) -> Receipt:
    """Puts terms on the ledger as the version after the newest, with your institution's consent.

    `replaces`: the version that the person has seen as the newest, 0 for none; without it, that which is now.

    Raises: BadTerms, AnotherCurrency, TermsOutOfOrder where another was faster.
    """
    newest = len(versions(desk, deal)) if replaces is None else replaces
    arguments: dict[str, Any] = {"deal": deal, "terms": terms, "replaces": newest or None}
    return desk.session.call("terms.register", request=request, **arguments)


def consent(
    desk: Desk, deal: str, version: int, fingerprint: str | None = None, *, request: str | None = None
) -> Receipt:
    """Consents to a version as it is registered. `fingerprint` is that of the terms which the person has read; the
    registered text is held against its own fingerprint either way. Raises: TermsUnknown, TermsDiffer, TermsReplaced."""
    record = show(desk, deal, version).record
    same = record.terms.fingerprint() == record.fingerprint and fingerprint in (None, record.fingerprint)
    require(same, TermsDiffer(deal=deal, version=version, fingerprint=record.fingerprint))
    arguments: dict[str, Any] = {"deal": deal, "version": version, "fingerprint": record.fingerprint}
    return desk.session.call("terms.consent", request=request, **arguments)


def versions(desk: Desk, deal: str) -> tuple[TermsView, ...]:
    """Every version of a deal's terms, oldest first. Raises: UnknownDeal."""
    return from_json(tuple[TermsView, ...], desk.session.query("terms.overview", deal=deal))


def show(desk: Desk, deal: str, version: int | None = None) -> TermsView:
    """A version; without one that in force, else the newest. Raises: UnknownDeal, TermsUnknown."""
    if version is not None:
        return from_json(TermsView, desk.session.query("terms.show", deal=deal, version=version))
    every = versions(desk, deal)
    if not every:
        raise TermsUnknown(deal=deal, version=1)
    return next((each for each in reversed(every) if not each.outstanding), every[-1])


def fact(desk: Desk, deal: str, version: int) -> TermsFact:
    """A version as an opinion names it. Raises: UnknownDeal, TermsUnknown."""
    return TermsFact(version, bytes.fromhex(show(desk, deal, version).record.fingerprint))


# ------------------------------------------------------------------ running them


def pool_of_deal(desk: Desk, deal: str, progress: Progress = no_progress) -> DealPool:
    """The loans of the pool in force, at its cut-off date.

    Raises: NotRegistered; OpeningsMissing where this institution was not granted them; NothingToProject; BadPool.
    """
    registered = pools.current(desk, deal)
    opened = pools.openings(desk, registered)
    loans, left_out = going(deal, _frame(opened.leaf_data, progress), registered.record.cut_off)
    return DealPool(registered, loans, left_out)


def project(
    desk: Desk, deal: str, assumed: Assumed, version: int | None = None, progress: Progress = no_progress
) -> DealRun:
    """Runs a deal's terms on its own loans: pool, collections, waterfall.

    Raises: as `show`, `pool_of_deal` and `run_deal`; CutOffDiffers.
    """
    terms = show(desk, deal, version).record.terms
    return run_on(deal, terms, pool_of_deal(desk, deal, progress), assumed, progress)


def run_on(deal: str, terms: DealTerms, pool: DealPool, assumed: Assumed, progress: Progress = no_progress) -> DealRun:
    """Runs terms on loans that were opened already. Raises: CutOffDiffers, and as `run_deal`."""
    require_cut_off(deal, terms, pool)
    collections = project_pool(pool.loans, assumed.scenario(), progress=progress).total
    return run_deal(terms, collections, assumed, left_out=pool.left_out)


def require_cut_off(deal: str, terms: DealTerms, pool: DealPool) -> None:
    """Refuses terms that count from another day than the pool. Raises: CutOffDiffers."""
    found, needed = pool.registered.record.cut_off, terms.dates.cut_off
    require(found == needed, CutOffDiffers(deal=deal, terms=needed.isoformat(), pool=found.isoformat()))


def run_tape(terms: DealTerms, loans: pl.DataFrame, assumed: Assumed, progress: Progress = no_progress) -> DealRun:
    """Runs terms on a tape that was read at their cut-off date. Raises: NothingToProject, and as `run_deal`."""
    pool, left_out = going(terms.id, loans, terms.dates.cut_off)
    collections = project_pool(pool, assumed.scenario(), progress=progress).total
    return run_deal(terms, collections, assumed, left_out=left_out)


def run_published(desk: Desk, deal: str, file: Path, assumed: Assumed, version: int | None = None) -> DealRun:
    """Runs a deal's terms on collections that were published, for those who may not read its loans.

    Raises: BadCollectionsFile, and as `show` and `run_deal`.
    """
    terms = show(desk, deal, version).record.terms
    return run_deal(terms, read_collections(file, terms), assumed)


def _frame(leaves: tuple[bytes, ...], progress: Progress) -> pl.DataFrame:
    """What the projection needs of every opened loan, as columns."""
    parts = []
    for start in range(0, len(leaves), TOLD_EVERY):
        progress(start, len(leaves))
        loans = [decode_loan(data[SALT_BYTES:]) for data in leaves[start : start + TOLD_EVERY]]
        parts.append(pl.DataFrame({name: [getattr(loan, name) for loan in loans] for name in _TYPES}, schema=_TYPES))
    progress(len(leaves), len(leaves))
    return pl.concat(parts)


_TEXTS = ("loan_id", "currency", "repayment")
_NUMBERS = (
    "current_balance", "rate_ppm", "original_term", "remaining_term", "seasoning", "origination_date", "maturity_date",
    "payment_amount",
)  # fmt: skip
_TYPES: dict[str, Any] = dict.fromkeys(_TEXTS, pl.Utf8) | dict.fromkeys(_NUMBERS, pl.Int64)


def going(deal: str, loans: pl.DataFrame, cut_off: date) -> tuple[LoanPool, LeftOut]:
    """The loans that still have a month to go; those whose term is over are left out: no month left, or, where months
    are not stated, a maturity that is not after the cut-off date. Raises: NothingToProject, BadPool."""
    by_date = loans["maturity_date"].to_physical() <= (cut_off - EPOCH).days
    stated = loans["remaining_term"].is_not_null()
    over = pl.select(pl.when(stated).then(loans["remaining_term"] < 1).otherwise(by_date)).to_series().fill_null(False)
    going = loans.filter(~over)
    require(going.height > 0, NothingToProject(deal=deal))
    left = LeftOut(loans.height - going.height, int(loans.filter(over)["current_balance"].sum()))
    return pool_of(going, cut_off), left
