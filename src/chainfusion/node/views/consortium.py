"""The consortium as its members see it: who belongs to it, what all have agreed on, what is under vote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chainfusion.contracts.consortium.state import AgreementSignature
from chainfusion.domain.errors import Text
from chainfusion.domain.governance import electorate, threshold_of
from chainfusion.domain.membership import (
    MEMBERSHIP_KEY,
    Change,
    ChangeKind,
    Member,
    Membership,
    MemberStatus,
    OpenProposal,
    Threshold,
)
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.node import consortium
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution, Place

STATUS_NAMES: dict[MemberStatus, Text] = {
    MemberStatus.ACTIVE: Text("Active", "有效"),
    MemberStatus.SUSPENDED: Text("Suspended", "已暂停"),
    MemberStatus.LEFT: Text("Left", "已退出"),
}
KIND_NAMES: dict[ChangeKind, Text] = {
    ChangeKind.ADMIT: Text("Admission of a member", "吸收成员"),
    ChangeKind.SUSPEND: Text("Suspension of a member", "暂停成员"),
    ChangeKind.REINSTATE: Text("Reinstatement of a member", "恢复成员"),
    ChangeKind.REPLACE: Text("Replacement of a member’s entry", "替换成员信息"),
    ChangeKind.AMEND_RULES: Text("Other rules", "修订规则"),
    ChangeKind.ADOPT_AGREEMENT: Text("A new version of the agreement", "联盟协议新版本"),
}
RULE_NAMES: dict[str, Text] = {
    "admission": Text("Admission, reinstatement, replacement", "吸收、恢复与替换成员"),
    "suspension": Text("Suspension", "暂停成员"),
    "amendment": Text("Other rules", "修订规则"),
    "agreement": Text("Agreement", "联盟协议"),
    "witnesses": Text("Witnesses of a checkpoint", "检查点见证"),
}


@dataclass(frozen=True)
class MemberRow:
    """A member. `signed`: where it signed the agreement in force, None while it has not; `valid_until`: of its node's
    certificate."""

    institution: Institution
    holds: tuple[Role, ...]
    roles: tuple[Text, ...]
    status: MemberStatus
    status_name: Text
    orders: bool
    signed: Place | None
    valid_until: datetime


@dataclass(frozen=True)
class RuleRow:
    """A share of the active members that decides."""

    name: str
    title: Text
    share: str


@dataclass(frozen=True)
class ProposalRow:
    """A proposal under vote: what it would change, who voted how, how many must, and whether this institution may."""

    id: str
    kind: ChangeKind
    kind_name: Text
    about: Text
    facts: tuple[tuple[Text, Text], ...]
    by: Institution
    yes: tuple[Institution, ...]
    no: tuple[Institution, ...]
    voters: int
    needed: int
    may_vote: bool
    is_own: bool
    opened: Place


@dataclass(frozen=True)
class ConsortiumView:
    """The whole of it. `recorded`: the latest change of the membership record, whose fingerprint blocks carry."""

    height: int
    ledger: str
    name: Text
    version: int
    recorded: Place
    members: tuple[MemberRow, ...]
    rules: tuple[RuleRow, ...]
    agreement_version: int
    agreement_fingerprint: str
    has_signed: bool
    proposals: tuple[ProposalRow, ...]


def consortium_view(desk: Desk, acts: Acts, height: int) -> ConsortiumView:
    """As the ledger has it now, for the institution of the desk."""
    found = consortium.membership(desk)
    signed = _signatures(desk, acts, found.agreement.version)
    latest = acts.ledger.history(MEMBERSHIP_KEY)[0].tx_id
    return ConsortiumView(
        height=height,
        ledger=found.ledger_id,
        name=Text(found.name, found.name_zh),
        version=found.version,
        recorded=acts.place(latest),
        members=tuple(_member(each, found, signed.get(each.msp)) for each in found.members.values()),
        rules=tuple(RuleRow(name, title, _share(getattr(found.rules, name))) for name, title in RULE_NAMES.items()),
        agreement_version=found.agreement.version,
        agreement_fingerprint=found.agreement.fingerprint,
        has_signed=desk.msp in signed,
        proposals=tuple(_proposal(each, found, acts, desk.msp) for each in found.proposals),
    )


def _signatures(desk: Desk, acts: Acts, version: int) -> dict[str, Place]:
    """Where each member signed; of one that came back and signed anew the latest."""
    given = desk.session.query("consortium.agreement_signatures", version=version)
    return {each.msp: acts.place(each.tx_id) for each in from_json(tuple[AgreementSignature, ...], given)}


def _member(member: Member, found: Membership, signed: Place | None) -> MemberRow:
    return MemberRow(
        institution=_institution(member),
        holds=member.roles,
        roles=tuple(ROLE_NAMES[role] for role in member.roles),
        status=member.status,
        status_name=STATUS_NAMES[member.status],
        orders=member.msp == found.rules.orderer,
        signed=signed,
        valid_until=Certificate.from_der(member.node_certificate).not_after,
    )


def _institution(member: Member) -> Institution:
    return Institution(member.msp, Text(member.name, member.name_zh))


def _share(threshold: Threshold) -> str:
    return f"{threshold.numerator}/{threshold.denominator}"


def _proposal(proposal: OpenProposal, found: Membership, acts: Acts, msp: str) -> ProposalRow:
    voters, threshold = electorate(found, proposal.change), threshold_of(found.rules, proposal.change.kind)
    voted = {*proposal.yes, *proposal.no}
    return ProposalRow(
        id=proposal.id,
        kind=proposal.change.kind,
        kind_name=KIND_NAMES[proposal.change.kind],
        about=_about(proposal.change, acts),
        facts=_facts(proposal.change, found),
        by=acts.institution(proposal.by),
        yes=tuple(acts.institution(each) for each in proposal.yes),
        no=tuple(acts.institution(each) for each in proposal.no),
        voters=len(voters),
        needed=next(n for n in range(1, len(voters) + 1) if threshold.reached(n, len(voters))),
        may_vote=msp in voters and msp not in voted,
        is_own=proposal.by == msp,
        opened=acts.place(proposal.id),
    )


def _about(change: Change, acts: Acts) -> Text:
    if change.member is not None:
        return Text(f"{change.member.name} ({change.member.msp})", f"{change.member.name_zh}（{change.member.msp}）")
    if change.msp is not None:
        name = acts.institution(change.msp).name
        return Text(f"{name.en} ({change.msp})", f"{name.zh}（{change.msp}）")
    if change.agreement is not None:
        return Text(f"Version {change.agreement.version}", f"第 {change.agreement.version} 版")
    return Text("Shares and orderer", "比例与排序成员")


def _facts(change: Change, found: Membership) -> tuple[tuple[Text, Text], ...]:
    """What a voter must see: roles and roots of a member, the rules that differ, the fingerprint of a text."""
    if change.member is not None:
        roots = [Certificate.from_der(der).fingerprint for der in change.member.root_certificates]
        names = [ROLE_NAMES[role] for role in change.member.roles]
        roles = Text(", ".join(each.en for each in names), "、".join(each.zh for each in names))
        return ((Text("Roles", "角色"), roles), *((Text("Root certificate", "根证书"), _same(root)) for root in roots))
    if change.agreement is not None:
        return ((Text("Fingerprint", "指纹"), _same(change.agreement.fingerprint)),)
    if change.rules is not None:
        before, after = found.rules, change.rules
        shares = [(RULE_NAMES[n], _share(getattr(before, n)), _share(getattr(after, n))) for n in RULE_NAMES]
        changed = [*shares, (Text("Orders transactions", "排序成员"), before.orderer, after.orderer)]
        return tuple((title, _same(f"{old} → {new}")) for title, old, new in changed if old != new)
    return ()


def _same(word: str) -> Text:
    return Text(word, word)
