"""The review contract: the pool in force shared before closing, remarked upon, answered, its accepted removals done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chainfusion.contracts.access import as_member, as_party
from chainfusion.contracts.deal.state import accepted_roles, require_deal
from chainfusion.contracts.document.state import require_own_text
from chainfusion.contracts.framework import Context, Contract
from chainfusion.contracts.own_word import put_own_word
from chainfusion.contracts.pool.state import pool_ids, require_pool
from chainfusion.contracts.review import state
from chainfusion.contracts.review.refusals import (
    AlreadyInvited,
    EndsBefore,
    LoanNeeded,
    NoAcceptedRemoval,
    NotALaterPool,
    NotAReviewer,
    RemarkAnswered,
    RemovalAsked,
    RemovalStated,
)
from chainfusion.domain.deal import DealState
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import require
from chainfusion.domain.opinions import DocumentFact, PoolFact
from chainfusion.domain.review import Answer, Ask, Invitation, Remark, Removal
from chainfusion.domain.roles import Role

review_contract = Contract("review", version=1, guard=as_party)
REVIEWERS = (Role.RATING_AGENCY, Role.INVESTOR)
HASH_BYTES = 32


@dataclass(frozen=True)
class RemarkView:
    """A remark with what became of it."""

    remark: Remark
    answer: Answer | None
    removal: Removal | None


@dataclass(frozen=True)
class ReviewView:
    """All of a deal's reviews, of every version."""

    invitations: tuple[Invitation, ...]
    remarks: tuple[RemarkView, ...]


@review_contract.operation(by=(Role.ORIGINATOR, Role.LEAD_UNDERWRITER), when=DealState.OPEN)
def share(ctx: Context, deal: str, pool: PoolFact, guest: str, until: datetime | None) -> Invitation:
    """Lets a rating agency or investor of the deal review the pool in force, until a time where one is given.

    Raises: UnknownFact, StaleFact, NotAReviewer, EndsBefore, AlreadyInvited.
    """
    require_pool(ctx, deal, pool)
    named = bool(accepted_roles(ctx, deal, guest) & frozenset(REVIEWERS))
    require(named, NotAReviewer(msp=guest, deal=deal))
    if until is not None and until <= ctx.timestamp:
        raise EndsBefore(until=until.isoformat(timespec="seconds"))
    repeated = bool(state.invited(ctx, deal, pool.version, guest))
    require(not repeated, AlreadyInvited(msp=guest, version=pool.version))
    invitation = Invitation(deal, pool, guest, until, ctx.caller.msp, ctx.timestamp, ctx.tx_id)
    ctx.emit(invitation)
    return state.invitations.put(ctx, invitation, *pool_ids(deal, pool.version), guest, ctx.tx_id)


@review_contract.operation(by=REVIEWERS, when=DealState.OPEN)
def remark(ctx: Context, deal: str, pool: PoolFact, ask: Ask, loan: bytes | None, text: DocumentFact) -> Remark:
    """Says something of the pool in force or of one loan, or asks for the loan's removal; the text is a working paper.

    Raises: UnknownFact, StaleFact, NotInvited, ReviewOver, LoanNeeded, RemovalAsked, NotTheOwner, KindDiffers.
    """
    require_pool(ctx, deal, pool)
    state.require_invited(ctx, deal, pool.version)
    fits = len(loan) == HASH_BYTES if loan is not None else ask is Ask.COMMENT
    require(fits, LoanNeeded())
    ids = (*pool_ids(deal, pool.version), ctx.caller.msp, loan.hex() if loan else "")
    repeated = ask is Ask.REMOVAL and state.asked.get(ctx, *ids) is not None
    require(not repeated, RemovalAsked(msp=ctx.caller.msp, version=pool.version))
    require_own_text(ctx, deal, text, DocumentKind.WORKING_PAPER)
    made = Remark(deal, pool, ask, loan, text, ctx.caller.msp, ctx.timestamp, ctx.tx_id)
    if ask is Ask.REMOVAL:
        state.asked.put(ctx, made, *ids)
    ctx.emit(made)
    return put_own_word(ctx, state.remarks, made, *pool_ids(deal, pool.version), ctx.tx_id)


@review_contract.operation(by=Role.ORIGINATOR, when=DealState.OPEN)
def answer(ctx: Context, deal: str, version: int, remark: str, accepted: bool, reason: DocumentFact) -> Answer:
    """Accepts or refuses what a remark says, with the reason, a working paper of the originator's.

    Raises: RemarkUnknown, RemarkAnswered, UnknownFact, StaleFact, NotTheOwner, KindDiffers.
    """
    state.require_remark(ctx, deal, version, remark)
    ids = (*pool_ids(deal, version), remark)
    repeated = state.answers.get(ctx, *ids) is not None
    require(not repeated, RemarkAnswered(remark=remark))
    require_own_text(ctx, deal, reason, DocumentKind.WORKING_PAPER)
    given = Answer(deal, version, remark, accepted, reason, ctx.caller.msp, ctx.timestamp, ctx.tx_id)
    ctx.emit(given)
    return put_own_word(ctx, state.answers, given, *ids)


@review_contract.operation(by=Role.ORIGINATOR, when=DealState.OPEN)
def state_removal(ctx: Context, deal: str, version: int, remark: str, pool: PoolFact) -> Removal:
    """States that the pool in force, a later version, is without the loan whose removal was accepted.

    Raises: RemarkUnknown, NoAcceptedRemoval, UnknownFact, StaleFact, NotALaterPool, RemovalStated.
    """
    found = state.require_remark(ctx, deal, version, remark)
    ids = (*pool_ids(deal, version), remark)
    answered = state.answers.get(ctx, *ids)
    accepted = found.ask is Ask.REMOVAL and answered is not None and answered.accepted
    require(accepted, NoAcceptedRemoval(remark=remark))
    require_pool(ctx, deal, pool)
    require(pool.version > version, NotALaterPool(version=pool.version))
    repeated = state.removals.get(ctx, *ids) is not None
    require(not repeated, RemovalStated(remark=remark))
    stated = Removal(deal, version, remark, pool, ctx.caller.msp, ctx.timestamp, ctx.tx_id)
    ctx.emit(stated)
    return put_own_word(ctx, state.removals, stated, *ids)


@review_contract.query(guard=as_member)
def overview(ctx: Context, deal: str) -> ReviewView:
    """Every invitation, and every remark with what became of it, in the order of time. Raises: UnknownDeal."""
    require_deal(ctx, deal)
    found = sorted(state.remarks.all(ctx, deal), key=lambda each: (each.pool.version, each.at, each.tx_id))
    guests = sorted(state.invitations.all(ctx, deal), key=lambda each: (each.pool.version, each.at, each.tx_id))
    return ReviewView(tuple(guests), tuple(_view(ctx, each) for each in found))


def _view(ctx: Context, found: Remark) -> RemarkView:
    ids = (*pool_ids(found.deal, found.pool.version), found.tx_id)
    return RemarkView(found, state.answers.get(ctx, *ids), state.removals.get(ctx, *ids))
