"""What the consortium keeps on the ledger.

The `Membership` is one record, because block headers carry its fingerprint. Business calls read the small `Standing` of
their own member instead, so that they neither load all certificates nor conflict with each other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from chainfusion.contracts.framework import Context, Table
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.membership import MEMBERSHIP_KEY, Agreement, Member, Membership, MemberStatus
from chainfusion.domain.membership_refusals import ConsortiumNotFounded
from chainfusion.domain.records import from_json, to_bytes
from chainfusion.domain.roles import Role


@dataclass(frozen=True)
class Standing:
    """What a call needs to know of its member; `signed` is the agreement version it signed last, 0 before any."""

    msp: str
    roles: tuple[Role, ...]
    status: MemberStatus
    signed: int


@dataclass(frozen=True)
class AgreementSignature:
    """A member's signature on a version of the participation agreement: the transaction `tx_id` carries it."""

    msp: str
    version: int
    fingerprint: str
    certificate: str
    signed: datetime
    tx_id: str


standings = Table("member", Standing)
agreements = Table("agreement", Agreement)
signatures = Table("agreement-signature", AgreementSignature)


class AgreementNotInForce(ChainFusionError):
    """A signature under another text than the one in force."""

    code = "AGREEMENT_NOT_IN_FORCE"
    says = Text(
        "Version {version} with this fingerprint is not the agreement in force; version {current} is.",
        "该指纹的第 {version} 版并非现行联盟协议，现行为第 {current} 版。",
    )
    do = Text("Read and sign the version in force.", "请阅读并签署现行版本。")


class AgreementSigned(ChainFusionError):
    """A second signature under the same version."""

    code = "AGREEMENT_SIGNED"
    says = Text("{msp} has already signed version {version} of the agreement.", "{msp} 已签署联盟协议第 {version} 版。")
    do = Text("Nothing is to be done.", "无需操作。")


def signature_ids(version: int, msp: str, tx_id: str) -> tuple[str, str, str]:
    """The key parts of a signature: versions in numeric order. A member that left and came back signs once more, and
    what it signed before stays."""
    return f"{version:06d}", msp, tx_id


def membership(ctx: Context) -> Membership | None:
    """The membership in force, or None before the founding."""
    value = ctx.get(MEMBERSHIP_KEY)
    return None if value is None else _read(value)


def current(ctx: Context) -> Membership:
    """The membership in force. Raises: ConsortiumNotFounded."""
    found = membership(ctx)
    if found is None:
        raise ConsortiumNotFounded
    return found


def agreement_in_force(ctx: Context) -> Agreement:
    """The agreement that members must have signed. Raises: ConsortiumNotFounded."""
    found = agreements.get(ctx)
    if found is None:
        raise ConsortiumNotFounded
    return found


def store(ctx: Context, before: Membership | None, after: Membership) -> None:
    """Writes a membership, and what follows from it for the members and the agreement that changed."""
    ctx.put(MEMBERSHIP_KEY, to_bytes(after))
    for msp, member in after.members.items():
        old = before.members.get(msp) if before else None
        if old is None or (old.roles, old.status) != (member.roles, member.status):
            standings.put(ctx, _standing(ctx, old, member), msp)
    if before is None or before.agreement != after.agreement:
        agreements.put(ctx, after.agreement)


def _standing(ctx: Context, old: Member | None, member: Member) -> Standing:
    before = standings.get(ctx, member.msp)
    stayed = before is not None and old is not None and old.status is not MemberStatus.LEFT
    return Standing(member.msp, member.roles, member.status, before.signed if before and stayed else 0)


@lru_cache(maxsize=4)
def _read(value: bytes) -> Membership:
    return from_json(Membership, json.loads(value))
