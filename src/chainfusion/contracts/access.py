"""Who may call what: the guards that read an operation's declaration and decide from ledger state.

Both must hold a role: the institution, by the membership record, and the person, by the certificate that signed.
`Role.REPRESENTATIVE` is a person's duty alone. Refusals come in the order in which a caller can mend them: membership,
role, agreement, deal, party, state.
"""

from __future__ import annotations

from typing import Any

from chainfusion.contracts.consortium.state import Standing, agreement_in_force, agreements, standings
from chainfusion.contracts.deal.state import accepted_roles, deals, require_deal
from chainfusion.contracts.framework import Context, Operation, StateRefused
from chainfusion.domain.deal import Deal
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.membership import MemberStatus
from chainfusion.domain.membership_refusals import MemberSuspended, NotAMember
from chainfusion.domain.roles import Role


class RoleNeeded(ChainFusionError):
    """A caller who acts in none of the roles that an operation is for."""

    code = "ROLE_NEEDED"
    says = Text(
        "{operation} needs one of these roles: {needed}; {msp} or this person has none of them.",
        "{operation} 须由以下角色之一执行：{needed}；{msp} 或该用户不具备。",
    )
    do = Text("Sign with a certificate that states the role.", "请使用载有该角色的证书签名。")


class AgreementNotSigned(ChainFusionError):
    """A business call by a member that has not signed the participation agreement in force."""

    code = "AGREEMENT_NOT_SIGNED"
    says = Text(
        "{msp} has not signed version {version} of the participation agreement.",
        "{msp} 尚未签署联盟协议第 {version} 版。",
    )
    do = Text("Let a representative sign the agreement first.", "请先由联盟代表签署协议。")


class NotAParty(ChainFusionError):
    """A caller whose member is not an accepted party of the deal in a role that the operation is for."""

    code = "NOT_A_PARTY"
    says = Text(
        "{msp} is not an accepted party of deal {deal} in a role for {operation}: {needed}.",
        "{msp} 并非项目 {deal} 中可执行 {operation} 的已确认参与方：{needed}。",
    )
    do = Text("Ask the originator to name your institution, then accept.", "请由发起机构指定贵机构，并予以接受。")


class WrongState(ChainFusionError):
    """A call that does not fit the state that the deal is in."""

    code = "WRONG_STATE"
    says = Text(
        "Deal {deal} is {state}; {operation} needs it to be: {needed}.",
        "项目 {deal} 的状态为 {state}；{operation} 要求状态为：{needed}。",
    )
    do = Text("Look at the deal's state and history.", "请查看项目状态与历史。")


def as_founder(ctx: Context, operation: Operation, arguments: dict[str, Any]) -> None:  # noqa: ARG001
    """A representative, by certificate alone: before the founding nobody is a member. Raises: RoleNeeded."""
    _require_role(operation, ctx.caller.msp, ctx.caller.roles)


def as_member(ctx: Context, operation: Operation, arguments: dict[str, Any]) -> None:  # noqa: ARG001
    """A person of an active member, in one of the operation's roles.

    Raises: NotAMember, MemberSuspended, RoleNeeded.
    """
    _member(ctx, operation)


def as_signatory(ctx: Context, operation: Operation, arguments: dict[str, Any]) -> None:  # noqa: ARG001
    """`as_member`, of a member that has signed the agreement in force.

    Raises: as `as_member`, AgreementNotSigned.
    """
    _signatory(ctx, operation)


def as_invited(ctx: Context, operation: Operation, arguments: dict[str, Any]) -> None:
    """`as_signatory` in the very role that the call names, in a fitting state of its deal.

    Raises: as `as_signatory`, UnknownDeal, WrongState.
    """
    _foresee(ctx, arguments["deal"])
    standing = _signatory(ctx, operation)
    _require_role(operation, standing.msp, _acting(ctx, standing) & {arguments["role"]})
    _require_state(operation, require_deal(ctx, arguments["deal"]))


def as_party(ctx: Context, operation: Operation, arguments: dict[str, Any]) -> None:
    """`as_signatory`, accepted by the deal in one of the operation's roles, in a fitting state of the deal.

    Raises: as `as_signatory`, UnknownDeal, NotAParty, WrongState.
    """
    _foresee(ctx, arguments["deal"])
    standing = _signatory(ctx, operation)
    deal = require_deal(ctx, arguments["deal"])
    if not operation.by & _acting(ctx, standing) & accepted_roles(ctx, deal.id, standing.msp):
        raise NotAParty(msp=standing.msp, deal=deal.id, operation=operation.full_name, needed=_listed(operation.by))
    _require_state(operation, deal)


def acting_in(ctx: Context, deal: str) -> frozenset[Role]:
    """The roles in which this caller acts in a deal: those that its member holds and has accepted, and the person too.

    Raises: NotAMember, MemberSuspended.
    """
    return _acting(ctx, standing_of(ctx, ctx.caller.msp)) & accepted_roles(ctx, deal, ctx.caller.msp)


def standing_of(ctx: Context, msp: str) -> Standing:
    """The standing of an active member. Raises: NotAMember, MemberSuspended."""
    standing = standings.get(ctx, msp)
    if standing is None or standing.status is MemberStatus.LEFT:
        raise NotAMember(msp=msp)
    if standing.status is not MemberStatus.ACTIVE:
        raise MemberSuspended(msp=msp)
    return standing


def _foresee(ctx: Context, deal: str) -> None:
    """Names what every party's call reads."""
    try:
        key = deals.key(deal)
    except StateRefused:
        return  # an id that is no key is refused when its turn comes
    ctx.foresee(standings.key(ctx.caller.msp), agreements.key(), key)


def _member(ctx: Context, operation: Operation) -> Standing:
    standing = standing_of(ctx, ctx.caller.msp)
    _require_role(operation, standing.msp, _acting(ctx, standing))
    return standing


def _signatory(ctx: Context, operation: Operation) -> Standing:
    standing, in_force = _member(ctx, operation), agreement_in_force(ctx).version
    if standing.signed != in_force:
        raise AgreementNotSigned(msp=standing.msp, version=in_force)
    return standing


def _acting(ctx: Context, standing: Standing) -> frozenset[Role]:
    return ctx.caller.roles & {*standing.roles, Role.REPRESENTATIVE}


def _require_role(operation: Operation, msp: str, acting: frozenset[Role]) -> None:
    if not acting & operation.by:
        raise RoleNeeded(operation=operation.full_name, msp=msp, needed=_listed(operation.by))


def _require_state(operation: Operation, deal: Deal) -> None:
    if operation.when and deal.state not in operation.when:
        needed = ", ".join(sorted(str(state.value) for state in operation.when))
        raise WrongState(deal=deal.id, state=deal.state.value, operation=operation.full_name, needed=needed)


def _listed(roles: frozenset[Role]) -> str:
    return ", ".join(sorted(roles))
