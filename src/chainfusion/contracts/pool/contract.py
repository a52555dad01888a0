"""The pool contract: a deal's loan tape under one Merkle root, replaceable until closing by one that refers to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chainfusion.contracts.access import as_member, as_party
from chainfusion.contracts.deal.state import deals, require_deal
from chainfusion.contracts.document.state import require_own_text
from chainfusion.contracts.framework import Context, Contract
from chainfusion.contracts.pool.refusals import (
    CutOffAhead,
    NotRegistered,
    PoolAcknowledged,
    ReplacesAnother,
    RootUsed,
    StatisticsMismatch,
)
from chainfusion.contracts.pool.state import acknowledgements, pool_ids, pools, require_pool
from chainfusion.domain.deal import Deal, DealState
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import require
from chainfusion.domain.opinions import PoolFact
from chainfusion.domain.pool import Acknowledgement, Pool, PoolRecord, ProjectStrand
from chainfusion.domain.roles import Role

pool_contract = Contract("pool", version=1, guard=as_party)


@pool_contract.operation(by=Role.ORIGINATOR, when=DealState.OPEN)
def register(ctx: Context, deal: str, pool: PoolRecord) -> Pool:
    """Puts a loan tape's root and statistics on the ledger.

    The loans stay in the originator's vault; the tape is a document of the deal. A second tape replaces the first, to
    which it refers, until the deal closes. Pool and deal record point at each other.

    Raises: WrongState once the deal is closed, ReplacesAnother, StatisticsMismatch, CutOffAhead, RootUsed, and of the
    tape UnknownFact, StaleFact, NotTheOwner, KindDiffers.
    """
    project = require_deal(ctx, deal)
    _require_sound(ctx, project, pool)
    require_own_text(ctx, deal, pool.tape, DocumentKind.LOAN_TAPE)
    strand = ProjectStrand(deal, project.tx_id, deals.fingerprint(ctx, deal) or b"")
    version = project.pool.version + 1 if project.pool else 1
    registered = Pool(version, pool, strand, ctx.caller.msp, ctx.timestamp, ctx.tx_id)
    deals.put(ctx, replace(project, pool=registered.reference), deal)
    ctx.emit(registered)
    return pools.put(ctx, registered, *pool_ids(deal, version))


@pool_contract.operation(by=(Role.TRUSTEE, Role.LEAD_UNDERWRITER), when=DealState.OPEN)
def acknowledge(ctx: Context, deal: str, pool: PoolFact) -> Acknowledgement:
    """States that the caller's institution has examined the pool in force and works on it.

    Raises: UnknownFact, StaleFact, PoolAcknowledged.
    """
    require_pool(ctx, deal, pool)
    ids = (*pool_ids(deal, pool.version), ctx.caller.msp)
    repeated = acknowledgements.get(ctx, *ids) is not None
    require(not repeated, PoolAcknowledged(msp=ctx.caller.msp, version=pool.version))
    acknowledged = Acknowledgement(deal, pool.version, pool.root, ctx.caller.msp, ctx.timestamp, ctx.tx_id)
    ctx.emit(acknowledged)
    return acknowledgements.put(ctx, acknowledged, *ids)


@pool_contract.query(guard=as_member)
def show(ctx: Context, deal: str) -> Pool:
    """The pool in force. Raises: UnknownDeal, NotRegistered."""
    reference = require_deal(ctx, deal).pool
    found = pools.get(ctx, *pool_ids(deal, reference.version)) if reference else None
    if found is None:
        raise NotRegistered(deal=deal)
    return found


@pool_contract.query(guard=as_member)
def versions(ctx: Context, deal: str) -> tuple[Pool, ...]:
    """Every pool that the deal has had, oldest first. Raises: UnknownDeal."""
    require_deal(ctx, deal)
    return tuple(pools.all(ctx, deal))


@pool_contract.query(guard=as_member)
def acknowledged(ctx: Context, deal: str) -> tuple[Acknowledgement, ...]:
    """Who has acknowledged which version. Raises: UnknownDeal."""
    require_deal(ctx, deal)
    return tuple(acknowledgements.all(ctx, deal))


def _require_sound(ctx: Context, deal: Deal, pool: PoolRecord) -> None:
    in_force = deal.pool.version if deal.pool else 0
    require(pool.replaces == deal.pool, ReplacesAnother(deal=deal.id, in_force=in_force))
    require(deal.pool is None or deal.pool.root != pool.root, RootUsed(deal=deal.id, version=in_force))
    tomorrow = (ctx.timestamp + timedelta(days=1)).date()  # it is tomorrow already in the east
    require(pool.cut_off <= tomorrow, CutOffAhead(cut_off=pool.cut_off.isoformat()))
    figures = pool.statistics
    _require_equal("loans", pool.loans, figures.loans)
    _require_equal("currency", pool.currency, figures.currency)
    _require_equal("deal's currency", deal.currency, pool.currency)


def _require_equal(what: str, stated: str | int, found: str | int) -> None:
    require(stated == found, StatisticsMismatch(what=what, stated=stated, found=found))
