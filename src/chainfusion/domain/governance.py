"""How the consortium's membership changes: pure steps, applied alike by the contract and by the offline verifier.

Both apply `governance_step` to the same transactions, so a verifier knows the membership after any block from the
genesis alone, and block headers carry its fingerprint.

How votes count. Every active member has one vote, cast once. The base is all active members at the moment of counting
(without the member concerned, where its suspension is proposed), so a member that does not vote counts like a no.
A proposal passes the moment yes x denominator >= numerator x base, and lapses the moment the remaining votes can no
longer reach that: with 1/2 a tie passes, with 51/100 it does not. Votes of members that have been
suspended or have left do not count. A change that has meanwhile become impossible lapses when it passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from chainfusion.domain import membership_refusals as refusals
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.domain.membership import (
    Agreement,
    Change,
    ChangeKind,
    Keys,
    Member,
    Membership,
    MemberStatus,
    OpenProposal,
    Rules,
    SignedGenesis,
    Threshold,
)
from chainfusion.domain.records import from_json

MAX_OPEN_PROPOSALS = 2
"""How many proposals one member may have open at a time: they are part of the membership record."""
T = TypeVar("T")


def found(signed: SignedGenesis) -> Membership:
    """The membership that a genesis founds. Raises: GenesisRefused."""
    genesis = signed.genesis
    members = {member.msp: member for member in genesis.members}
    signers = [signature.msp for signature in signed.signatures]
    _founding(0 < len(members) == len(genesis.members), "members", "each founder once")
    _founding(all(member.is_active for member in genesis.members), "members", "founders are active")
    _founding(genesis.rules.orderer in members, "orderer", genesis.rules.orderer)
    _founding(genesis.agreement.version == 1, "agreement", "the first version is 1")
    _founding(sorted(signers) == sorted(members), "signatures", "one of each founder and of nobody else")
    return Membership(
        genesis.ledger_id, genesis.name, genesis.name_zh, 0, members, genesis.rules, genesis.agreement, ()
    )


def propose(membership: Membership, proposal_id: str, change: Change, by: str) -> Membership:
    """Opens a proposal with the proposer's yes, which may be enough to pass it.

    Raises: NotAMember, MemberSuspended, NoVoteOnOwnSuspension, TooManyProposals, and what makes the change impossible.
    """
    require_active(membership, by)
    require(by in electorate(membership, change), refusals.NoVoteOnOwnSuspension(msp=by))
    own = sum(proposal.by == by for proposal in membership.proposals)
    require(own < MAX_OPEN_PROPOSALS, refusals.TooManyProposals(msp=by, limit=MAX_OPEN_PROPOSALS))
    _changed(membership, change)  # refuses what could not pass
    opened = OpenProposal(proposal_id, change, by, yes=(by,), no=())
    return _settled(_next(membership, proposals=(*membership.proposals, opened)))


def vote(membership: Membership, proposal_id: str, approve: bool, by: str) -> Membership:
    """Casts a member's vote, for good.

    Raises: NotAMember, MemberSuspended, ProposalUnknown, AlreadyVoted, NoVoteOnOwnSuspension.
    """
    require_active(membership, by)
    proposal = _open(membership, proposal_id)
    require(by not in proposal.yes + proposal.no, refusals.AlreadyVoted(msp=by, proposal=proposal_id))
    require(by in electorate(membership, proposal.change), refusals.NoVoteOnOwnSuspension(msp=by))
    cast = replace(proposal, yes=(*proposal.yes, by)) if approve else replace(proposal, no=(*proposal.no, by))
    proposals = tuple(cast if each.id == proposal_id else each for each in membership.proposals)
    return _settled(_next(membership, proposals=proposals))


def withdraw(membership: Membership, proposal_id: str, by: str) -> Membership:
    """Takes back one's own proposal. Raises: NotAMember, MemberSuspended, ProposalUnknown, NotTheProposer."""
    require_active(membership, by)
    proposal = _open(membership, proposal_id)
    require(proposal.by == by, refusals.NotTheProposer(proposal=proposal_id, by=proposal.by, msp=by))
    return _without(_next(membership), proposal_id)


def leave(membership: Membership, by: str) -> Membership:
    """Ends one's own membership; the entry stays, since old signatures are checked against it.

    Raises: NotAMember, MemberSuspended, OrdererMustStay.
    """
    require_active(membership, by)
    require(by != membership.rules.orderer, refusals.OrdererMustStay(msp=by))
    return _settled(_next(membership, members=_with_status(membership, by, MemberStatus.LEFT)))


def renew_keys(membership: Membership, keys: Keys, by: str) -> Membership:
    """Replaces one's own keys below the unchanged root certificates. Raises: NotAMember, MemberSuspended."""
    member = replace(
        require_active(membership, by),
        encryption_key=keys.encryption_key,
        intermediate_certificates=keys.intermediate_certificates,
        node_certificate=keys.node_certificate,
        notary_certificate=keys.notary_certificate,
    )
    return _next(membership, members={**membership.members, by: member})


def require_active(membership: Membership, msp: str) -> Member:
    """The active member of that id. Raises: NotAMember, MemberSuspended."""
    member = require_present(membership, msp)
    require(member.is_active, refusals.MemberSuspended(msp=msp))
    return member


def require_present(membership: Membership, msp: str) -> Member:
    """The member of that id, active or suspended. Raises: NotAMember."""
    member = membership.members.get(msp)
    if member is None or member.status is MemberStatus.LEFT:
        raise refusals.NotAMember(msp=msp)
    return member


Step = Callable[[Membership, dict[str, Any], str, str], Membership]

_STEPS: dict[str, Step] = {
    "propose": lambda m, args, by, tx_id: propose(m, tx_id, _arg(Change, args, "change"), by),
    "vote": lambda m, args, by, _: vote(m, _arg(str, args, "proposal"), _arg(bool, args, "approve"), by),
    "withdraw": lambda m, args, by, _: withdraw(m, _arg(str, args, "proposal"), by),
    "leave": lambda m, _args, by, _: leave(m, by),
    "renew_keys": lambda m, args, by, _: renew_keys(m, _arg(Keys, args, "keys"), by),
}
GOVERNANCE_OPERATIONS = frozenset({"found", *_STEPS})
"""Operations of the consortium contract that change the membership."""


def governance_step(
    membership: Membership | None, operation: str, args: dict[str, Any], by_msp: str, tx_id: str
) -> Membership:
    """The membership after one valid transaction of the consortium contract (version 1).

    `args` are the JSON arguments of the transaction; `membership` is None before `found`.

    Raises: ConsortiumExists, ConsortiumNotFounded, NoSuchStep, BadRecord, and the refusals of the step.
    """
    if operation == "found":
        require(membership is None, refusals.ConsortiumExists(name=membership.name if membership else ""))
        founded = found(_arg(SignedGenesis, args, "genesis"))
        require_active(founded, by_msp)
        return founded
    if membership is None:
        raise refusals.ConsortiumNotFounded
    require(operation in _STEPS, refusals.NoSuchStep(operation=operation))
    return _STEPS[operation](membership, args, by_msp, tx_id)


def _arg(kind: type[T], args: dict[str, Any], name: str) -> T:
    return from_json(kind, args.get(name), name)


# ------------------------------------------------------------------ counting and applying


def electorate(membership: Membership, change: Change) -> frozenset[str]:
    """MSP ids of the members that vote on a change."""
    concerned = {change.msp} if change.kind is ChangeKind.SUSPEND else set()
    return membership.active - concerned


def threshold_of(rules: Rules, kind: ChangeKind) -> Threshold:
    """The share of them that decides on a kind of change."""
    match kind:
        case ChangeKind.SUSPEND:
            return rules.suspension
        case ChangeKind.AMEND_RULES:
            return rules.amendment
        case ChangeKind.ADOPT_AGREEMENT:
            return rules.agreement
        case _:
            return rules.admission


def _settled(membership: Membership) -> Membership:
    """Applies or drops every decided proposal, oldest first; one decision can decide others, since the base changes."""
    for proposal in membership.proposals:
        voters = electorate(membership, proposal.change)
        threshold = threshold_of(membership.rules, proposal.change.kind)
        yes, no = len(voters & {*proposal.yes}), len(voters & {*proposal.no})
        if threshold.reached(yes, len(voters)):
            return _settled(_applied(_without(membership, proposal.id), proposal.change))
        if not threshold.reached(len(voters) - no, len(voters)):
            return _settled(_without(membership, proposal.id))
    return membership


def _applied(membership: Membership, change: Change) -> Membership:
    try:
        return _changed(membership, change)
    except ChainFusionError:  # an earlier decision made it impossible: it lapses
        return membership


def _changed(membership: Membership, change: Change) -> Membership:
    match change:
        case Change(kind=ChangeKind.ADMIT, member=Member() as member):
            known = membership.members.get(member.msp)
            require(known is None or known.status is MemberStatus.LEFT, refusals.AlreadyAMember(msp=member.msp))
            return replace(membership, members={**membership.members, member.msp: member})
        case Change(kind=ChangeKind.REPLACE, member=Member() as member):
            status = require_present(membership, member.msp).status
            return replace(membership, members={**membership.members, member.msp: replace(member, status=status)})
        case Change(kind=ChangeKind.SUSPEND, msp=str(msp)):
            require_active(membership, msp)
            require(msp != membership.rules.orderer, refusals.OrdererMustStay(msp=msp))
            return replace(membership, members=_with_status(membership, msp, MemberStatus.SUSPENDED))
        case Change(kind=ChangeKind.REINSTATE, msp=str(msp)):
            suspended = require_present(membership, msp).status is MemberStatus.SUSPENDED
            require(suspended, refusals.MemberNotSuspended(msp=msp))
            return replace(membership, members=_with_status(membership, msp, MemberStatus.ACTIVE))
        case Change(kind=ChangeKind.AMEND_RULES, rules=Rules() as rules):
            require(rules.orderer in membership.active, refusals.OrdererMustStay(msp=rules.orderer))
            return replace(membership, rules=rules)
        case Change(agreement=Agreement() as agreement):
            current = membership.agreement.version
            follows = agreement.version == current + 1
            require(follows, refusals.AgreementOutOfOrder(version=agreement.version, current=current))
            return replace(membership, agreement=agreement)
    raise AssertionError(change.kind)  # Change refuses every other shape


def _open(membership: Membership, proposal_id: str) -> OpenProposal:
    for proposal in membership.proposals:
        if proposal.id == proposal_id:
            return proposal
    raise refusals.ProposalUnknown(proposal=proposal_id)


def _without(membership: Membership, proposal_id: str) -> Membership:
    return replace(membership, proposals=tuple(each for each in membership.proposals if each.id != proposal_id))


def _with_status(membership: Membership, msp: str, status: MemberStatus) -> dict[str, Member]:
    return {**membership.members, msp: replace(membership.members[msp], status=status)}


def _next(membership: Membership, **changes: Any) -> Membership:
    return replace(membership, version=membership.version + 1, **changes)


def _founding(condition: bool, rule: str, detail: str) -> None:
    require(condition, refusals.GenesisRefused(rule=rule, detail=detail))
