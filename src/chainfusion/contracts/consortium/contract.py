"""The consortium's contract: founding, votes under the consortium's own rules, and the participation agreement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chainfusion.contracts.access import as_founder, as_member
from chainfusion.contracts.consortium import state
from chainfusion.contracts.consortium.state import AgreementNotInForce, AgreementSignature, AgreementSigned
from chainfusion.contracts.framework import Context, Contract
from chainfusion.contracts.own_word import put_own_word
from chainfusion.domain.errors import require
from chainfusion.domain.governance import governance_step
from chainfusion.domain.membership import (
    Agreement,
    Change,
    Keys,
    Membership,
    OpenProposal,
    SignedGenesis,
    fingerprint,
)
from chainfusion.domain.membership_refusals import GenesisRefused
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role

consortium = Contract("consortium", version=1, guard=as_member)


@dataclass(frozen=True)
class MembershipChanged:
    """A governance step was taken; `open_proposals` are the ids still under vote after it."""

    step: str
    by: str
    version: int
    fingerprint: bytes
    open_proposals: tuple[str, ...]


@consortium.operation(by=Role.REPRESENTATIVE, guard=as_founder)
def found(ctx: Context, genesis: SignedGenesis) -> MembershipChanged:
    """Founds the consortium; the first transaction of a ledger and no other.

    Raises: GenesisRefused, ConsortiumExists, NotAMember where the caller is no founder.
    """
    matches = genesis.genesis.ledger_id == ctx.channel
    require(matches, GenesisRefused(rule="ledger", detail=f"{genesis.genesis.ledger_id} is not {ctx.channel}"))
    return _step(ctx, "found", genesis=genesis)


@consortium.operation(by=Role.REPRESENTATIVE)
def propose(ctx: Context, change: Change) -> MembershipChanged:
    """Puts a change to the vote, with the proposer's yes; the transaction's id is the proposal's.

    Raises: NoVoteOnOwnSuspension, TooManyProposals, and what makes the change impossible (AlreadyAMember, NotAMember,
    MemberSuspended, MemberNotSuspended, OrdererMustStay, AgreementOutOfOrder).
    """
    return _step(ctx, "propose", change=change)


@consortium.operation(by=Role.REPRESENTATIVE)
def vote(ctx: Context, proposal: str, approve: bool) -> MembershipChanged:
    """Votes on an open proposal, once. Raises: ProposalUnknown, AlreadyVoted, NoVoteOnOwnSuspension."""
    return _step(ctx, "vote", proposal=proposal, approve=approve)


@consortium.operation(by=Role.REPRESENTATIVE)
def withdraw(ctx: Context, proposal: str) -> MembershipChanged:
    """Takes back an own open proposal. Raises: ProposalUnknown, NotTheProposer."""
    return _step(ctx, "withdraw", proposal=proposal)


@consortium.operation(by=Role.REPRESENTATIVE)
def leave(ctx: Context) -> MembershipChanged:
    """Ends the caller's membership. Raises: OrdererMustStay."""
    return _step(ctx, "leave")


@consortium.operation(by=Role.REPRESENTATIVE)
def renew_keys(ctx: Context, keys: Keys) -> MembershipChanged:
    """Replaces the caller's own keys and certificates, all but the roots, which the members vote on."""
    return _step(ctx, "renew_keys", keys=keys)


@consortium.operation(by=Role.REPRESENTATIVE)
def sign_agreement(ctx: Context, version: int, fingerprint: str) -> AgreementSignature:
    """Signs the participation agreement for the member: this transaction's signature is the signature.

    Raises: AgreementNotInForce, AgreementSigned.
    """
    in_force, standing = state.agreement_in_force(ctx), state.standings.get(ctx, ctx.caller.msp)
    fits = (version, fingerprint) == (in_force.version, in_force.fingerprint)
    require(fits, AgreementNotInForce(version=version, current=in_force.version))
    if standing is None or standing.signed == version:
        raise AgreementSigned(msp=ctx.caller.msp, version=version)
    state.standings.put(ctx, replace(standing, signed=version), ctx.caller.msp)
    signature = AgreementSignature(
        ctx.caller.msp, version, fingerprint, ctx.caller.certificate, ctx.timestamp, ctx.tx_id
    )
    ctx.emit(signature)
    return put_own_word(ctx, state.signatures, signature, *state.signature_ids(version, ctx.caller.msp, ctx.tx_id))


@consortium.query()
def membership(ctx: Context) -> Membership:
    """The members with their certificates, the rules, the agreement in force, the open proposals."""
    return state.current(ctx)


@consortium.query()
def proposals(ctx: Context) -> tuple[OpenProposal, ...]:
    """What is under vote, oldest first."""
    return state.current(ctx).proposals


@consortium.query()
def agreement(ctx: Context) -> Agreement:
    """The participation agreement in force."""
    return state.agreement_in_force(ctx)


@consortium.query()
def agreement_signatures(ctx: Context, version: int) -> tuple[AgreementSignature, ...]:
    """Every signature under a version of the agreement, in order of member; two of one that left and came back."""
    return tuple(sorted(state.signatures.all(ctx, f"{version:06d}"), key=lambda each: (each.msp, each.signed)))


def _step(ctx: Context, step: str, **arguments: Any) -> MembershipChanged:
    before = state.membership(ctx)
    values = {name: to_json(value) for name, value in arguments.items()}
    after = governance_step(before, step, values, ctx.caller.msp, ctx.tx_id)
    state.store(ctx, before, after)
    still_open = tuple(proposal.id for proposal in after.proposals)
    changed = MembershipChanged(step, ctx.caller.msp, after.version, fingerprint(after), still_open)
    ctx.emit(changed)
    return changed
