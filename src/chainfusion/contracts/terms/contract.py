"""The terms contract: a deal's rules on the ledger, so that anyone computes every payment from them."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.contracts.access import as_member, as_party
from chainfusion.contracts.deal.state import require_deal
from chainfusion.contracts.framework import Context, Contract
from chainfusion.contracts.own_word import put_own_word
from chainfusion.contracts.terms import state
from chainfusion.contracts.terms.refusals import (
    AnotherCurrency,
    ConsentGiven,
    TermsDiffer,
    TermsOutOfOrder,
    TermsReplaced,
    TermsUnknown,
)
from chainfusion.contracts.terms.state import Consent, TermsVersion
from chainfusion.domain.deal import DealState
from chainfusion.domain.errors import require
from chainfusion.domain.roles import Role
from chainfusion.domain.terms.lint import refuse_nonsense
from chainfusion.domain.terms.records import DealTerms

terms_contract = Contract("terms", version=1, guard=as_party)


@dataclass(frozen=True, slots=True)
class TermsView:
    """A version, who has consented, and whose consent is outstanding; with none outstanding it is in force."""

    record: TermsVersion
    consents: tuple[Consent, ...]
    outstanding: tuple[str, ...]


@terms_contract.operation(by=(Role.ORIGINATOR, Role.LEAD_UNDERWRITER, Role.TRUSTEE), when=DealState.OPEN)
def register(ctx: Context, deal: str, terms: DealTerms, replaces: int | None) -> TermsVersion:
    """Puts a version of a deal's terms on the ledger, with the consent of the institution that registers it.

    A later version replaces the one before it, which it names. Raises: BadTerms, AnotherCurrency, TermsOutOfOrder.
    """
    refuse_nonsense(terms)
    currency = require_deal(ctx, deal).currency
    require(terms.currency == currency, AnotherCurrency(deal=deal, found=terms.currency, needed=currency))
    current = state.newest(ctx, deal)
    require(replaces == (current or None), TermsOutOfOrder(deal=deal, current=current))
    registered = TermsVersion(deal, current + 1, terms, terms.fingerprint(), ctx.caller.msp, ctx.timestamp, ctx.tx_id)
    _consent(ctx, registered)
    ctx.emit(registered)
    return state.versions.put(ctx, registered, *state.version_ids(deal, registered.version))


@terms_contract.operation(by=state.CONSENTING, when=DealState.OPEN)
def consent(ctx: Context, deal: str, version: int, fingerprint: str) -> Consent:
    """Consents to the newest version by its fingerprint.

    Raises: TermsUnknown, TermsReplaced, TermsDiffer, ConsentGiven.
    """
    record = state.require_version(ctx, deal, version)
    later = state.newest(ctx, deal)
    require(later == version, TermsReplaced(deal=deal, version=version, current=later))
    same = record.fingerprint == fingerprint
    require(same, TermsDiffer(deal=deal, version=version, fingerprint=record.fingerprint))
    repeated = state.consents.get(ctx, *state.version_ids(deal, version), ctx.caller.msp) is not None
    require(not repeated, ConsentGiven(msp=ctx.caller.msp, deal=deal, version=version))
    return _consent(ctx, record)


@terms_contract.query(guard=as_member)
def show(ctx: Context, deal: str, version: int) -> TermsView:
    """A version of a deal's terms. Raises: UnknownDeal, TermsUnknown."""
    require_deal(ctx, deal)
    return _view(ctx, state.require_version(ctx, deal, version))


@terms_contract.query(guard=as_member)
def in_force(ctx: Context, deal: str) -> TermsView:
    """The newest version that all have consented to. Raises: UnknownDeal, TermsUnknown where there is none."""
    require_deal(ctx, deal)
    version = state.in_force(ctx, deal)
    if version is None:
        raise TermsUnknown(deal=deal, version="in force")
    return _view(ctx, state.require_version(ctx, deal, version))


@terms_contract.query(guard=as_member)
def overview(ctx: Context, deal: str) -> tuple[TermsView, ...]:
    """Every version of a deal's terms, oldest first. Raises: UnknownDeal."""
    require_deal(ctx, deal)
    return tuple(_view(ctx, record) for record in state.versions.all(ctx, deal))


def _consent(ctx: Context, record: TermsVersion) -> Consent:
    given = Consent(record.deal, record.version, record.fingerprint, ctx.caller.msp, ctx.timestamp, ctx.tx_id)
    ctx.emit(given)
    return put_own_word(ctx, state.consents, given, *state.version_ids(record.deal, record.version), ctx.caller.msp)


def _view(ctx: Context, record: TermsVersion) -> TermsView:
    given = tuple(state.consents.all(ctx, *state.version_ids(record.deal, record.version)))
    return TermsView(record, given, state.outstanding(ctx, record.deal, record.version))
