"""The deal contract: opening a deal, its parties' answers, closing and cancelling.

A deal opens by itself with the last outstanding acceptance. Each answer is a key of its own; only who looks at all
answers of a deal conflicts with a concurrent answer to the same deal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainfusion.contracts.access import as_invited, as_member, as_party, as_signatory, standing_of
from chainfusion.contracts.deal.refusals import (
    DealExists,
    NoPool,
    NotNamed,
    OriginatorMustStay,
    PartyNamed,
    ReasonRefused,
    RoleNotHeld,
)
from chainfusion.contracts.deal.state import deals, parties, require_deal
from chainfusion.contracts.framework import Context, Contract
from chainfusion.domain.deal import Deal, DealState, DealTerms, NamedParty, Party, PartyStatus
from chainfusion.domain.errors import require
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from chainfusion.domain.text import MAX_REASON, is_line

deal_contract = Contract("deal", version=1, guard=as_party)
BEFORE_CLOSING = (DealState.DRAFT, DealState.OPEN)


@dataclass(frozen=True)
class DealView:
    """A deal with its parties, in order of institution and role."""

    deal: Deal
    parties: tuple[Party, ...]


@dataclass(frozen=True)
class DealChange:
    """The deal's record as a transaction left it."""

    tx_id: str
    deal: Deal


@deal_contract.operation(by=Role.ORIGINATOR, guard=as_signatory)
def open(ctx: Context, terms: DealTerms) -> Deal:  # noqa: A001 - the operation's name
    """Opens a deal and asks its parties; the caller's own institution accepts its roles by opening.

    The caller is an originator of the deal, named or not. Raises: DealExists, NotAMember, MemberSuspended, RoleNotHeld.
    """
    require(deals.get(ctx, terms.deal) is None, DealExists(deal=terms.deal))
    named = sorted(
        {*terms.parties, NamedParty(Role.ORIGINATOR, ctx.caller.msp)}, key=lambda each: (each.msp, each.role)
    )
    deal = Deal(
        id=terms.deal,
        name=terms.name,
        name_zh=terms.name_zh,
        product=terms.product,
        currency=terms.currency,
        originator=ctx.caller.msp,
        state=DealState.DRAFT,
        reason=None,
        opened=ctx.timestamp,
        tx_id=ctx.tx_id,
        pool=None,
    )
    return _settled(ctx, deal, *(_asked(ctx, deal, party.role, party.msp) for party in named))


@deal_contract.operation(by=INSTITUTION_ROLES, when=BEFORE_CLOSING, guard=as_invited)
def accept(ctx: Context, deal: str, role: Role) -> Deal:
    """Takes the role that the caller's institution was named for. Raises: NotNamed."""
    return _settled(ctx, require_deal(ctx, deal), _answered(ctx, deal, role, PartyStatus.ACCEPTED, None))


@deal_contract.operation(by=INSTITUTION_ROLES, when=BEFORE_CLOSING, guard=as_invited)
def decline(ctx: Context, deal: str, role: Role, reason: str) -> Deal:
    """Declines it; the deal waits until the originator replaces the party. Raises: NotNamed, ReasonRefused."""
    return _settled(ctx, require_deal(ctx, deal), _answered(ctx, deal, role, PartyStatus.DECLINED, reason))


@deal_contract.operation(by=Role.ORIGINATOR, when=BEFORE_CLOSING)
def name_party(ctx: Context, deal: str, party: NamedParty) -> Deal:
    """Asks one more institution. Raises: PartyNamed, NotAMember, MemberSuspended, RoleNotHeld."""
    record = require_deal(ctx, deal)
    return _settled(ctx, record, _asked(ctx, record, party.role, party.msp))


@deal_contract.operation(by=Role.ORIGINATOR, when=BEFORE_CLOSING)
def replace_party(ctx: Context, deal: str, party: NamedParty, successor: str | None, reason: str) -> Deal:
    """Ends a party's role, and asks a successor for it where there is to be one.

    Raises: NotNamed, OriginatorMustStay, ReasonRefused, PartyNamed, NotAMember, MemberSuspended, RoleNotHeld.
    """
    record = require_deal(ctx, deal)
    opener = party == NamedParty(Role.ORIGINATOR, record.originator)
    require(not opener, OriginatorMustStay(deal=deal, msp=party.msp))
    changed = [_ended(ctx, deal, party, reason)]
    if successor is not None:
        changed.append(_asked(ctx, record, party.role, successor))
    return _settled(ctx, record, *changed)


@deal_contract.operation(by=Role.ORIGINATOR, when=DealState.OPEN)
def close(ctx: Context, deal: str) -> Deal:
    """Makes the pool final. Raises: NoPool."""
    record = require_deal(ctx, deal)
    require(record.pool is not None, NoPool(deal=deal))
    return _put(ctx, replace(record, state=DealState.CLOSED))


@deal_contract.operation(by=Role.ORIGINATOR, when=BEFORE_CLOSING)
def cancel(ctx: Context, deal: str, reason: str) -> Deal:
    """Ends a deal that does not come about. Raises: ReasonRefused."""
    _require_reason(reason)
    return _put(ctx, replace(require_deal(ctx, deal), state=DealState.CANCELLED, reason=reason))


@deal_contract.query(guard=as_member)
def show(ctx: Context, deal: str) -> DealView:
    """A deal and its parties. Raises: UnknownDeal."""
    return DealView(require_deal(ctx, deal), tuple(parties.all(ctx, deal)))


@deal_contract.query(guard=as_member)
def overview(ctx: Context) -> tuple[Deal, ...]:
    """All deals on the ledger, in order of id."""
    return tuple(deals.all(ctx))


@deal_contract.query(guard=as_member)
def history(ctx: Context, deal: str) -> tuple[DealChange, ...]:
    """Every record that the deal has had, newest first. Raises: UnknownDeal."""
    require_deal(ctx, deal)
    changes = ctx.history(deals.key(deal))
    return tuple(DealChange(each.tx_id, deals.read(each.value)) for each in changes if each.value is not None)


# ------------------------------------------------------------------ parties


def _asked(ctx: Context, deal: Deal, role: Role, msp: str) -> Party:
    known = parties.get(ctx, deal.id, msp, role)
    taken = known is not None and known.status in (PartyStatus.NAMED, PartyStatus.ACCEPTED)
    require(not taken, PartyNamed(deal=deal.id, msp=msp, role=role))
    require(role in standing_of(ctx, msp).roles, RoleNotHeld(msp=msp, role=role))
    status = PartyStatus.ACCEPTED if msp == ctx.caller.msp else PartyStatus.NAMED
    return Party(deal.id, role, msp, status, None, ctx.timestamp, ctx.tx_id)


def _answered(ctx: Context, deal: str, role: Role, status: PartyStatus, reason: str | None) -> Party:
    party = parties.get(ctx, deal, ctx.caller.msp, role)
    if party is None or party.status is not PartyStatus.NAMED:
        raise NotNamed(deal=deal, msp=ctx.caller.msp, role=role)
    if reason is not None:
        _require_reason(reason)
    return replace(party, status=status, reason=reason, changed=ctx.timestamp, tx_id=ctx.tx_id)


def _ended(ctx: Context, deal: str, named: NamedParty, reason: str) -> Party:
    _require_reason(reason)
    party = parties.get(ctx, deal, named.msp, named.role)
    if party is None or party.status is PartyStatus.REPLACED:
        raise NotNamed(deal=deal, msp=named.msp, role=named.role)
    return replace(party, status=PartyStatus.REPLACED, reason=reason, changed=ctx.timestamp, tx_id=ctx.tx_id)


def _settled(ctx: Context, deal: Deal, *changed: Party) -> Deal:
    """Writes the parties that changed, and opens a draft for which nobody's acceptance is outstanding any more."""
    everyone = {(party.msp, party.role): party for party in (*parties.all(ctx, deal.id), *changed)}
    for party in changed:
        parties.put(ctx, party, deal.id, party.msp, party.role)
        ctx.emit(party)
    remaining = {party.status for party in everyone.values()} - {PartyStatus.REPLACED}
    ready = deal.state is DealState.DRAFT and remaining == {PartyStatus.ACCEPTED}
    settled = replace(deal, state=DealState.OPEN) if ready else deal
    is_new = deal.tx_id == ctx.tx_id
    return _put(ctx, settled) if ready or is_new else deal


def _put(ctx: Context, deal: Deal) -> Deal:
    ctx.emit(deal)
    return deals.put(ctx, deal, deal.id)


def _require_reason(reason: str) -> None:
    require(is_line(reason, MAX_REASON), ReasonRefused(limit=MAX_REASON))
