"""Where the ledger keeps reviews: every invitation, remark, answer and removal a key of its own, written once."""

from __future__ import annotations

from chainfusion.contracts.framework import Context, Table
from chainfusion.contracts.pool.state import pool_ids
from chainfusion.contracts.review.refusals import NotInvited, RemarkUnknown, ReviewOver
from chainfusion.domain.errors import require
from chainfusion.domain.review import Answer, Invitation, Remark, Removal

invitations = Table("review-invitation", Invitation)
remarks = Table("review-remark", Remark)
asked = Table("review-asked", Remark)
answers = Table("review-answer", Answer)
removals = Table("review-removal", Removal)


def invited(ctx: Context, deal: str, version: int, guest: str) -> tuple[Invitation, ...]:
    """A party's invitations to a version that have not ended."""
    found = invitations.all(ctx, *pool_ids(deal, version), guest)
    return tuple(each for each in found if each.until is None or ctx.timestamp <= each.until)


def require_invited(ctx: Context, deal: str, version: int) -> None:
    """Refuses who was not let in, or whose time is over. Raises: NotInvited, ReviewOver."""
    msp = ctx.caller.msp
    ever = next(iter(invitations.all(ctx, *pool_ids(deal, version), msp)), None)
    require(ever is not None, NotInvited(msp=msp, deal=deal, version=version))
    require(bool(invited(ctx, deal, version, msp)), ReviewOver(msp=msp, deal=deal, version=version))


def require_remark(ctx: Context, deal: str, version: int, remark: str) -> Remark:
    """A remark on a version of the deal's pool. Raises: RemarkUnknown."""
    found = remarks.get(ctx, *pool_ids(deal, version), remark)
    if found is None:
        raise RemarkUnknown(deal=deal, version=version, remark=remark)
    return found
