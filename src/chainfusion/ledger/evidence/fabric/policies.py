"""Who must have signed: a channel's policies, judged as Fabric judges them.

A signature policy asks for n of some rules, each met by another signer; an implicit meta policy for any, all or a
majority of the policies of one name in the groups below. A policy that is missing or of another kind is met by nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.certificates import CertificateRefused
from chainfusion.ledger.evidence.fabric import messages as m
from chainfusion.ledger.evidence.fabric.identities import ADMIN, CLIENT, ORDERER, PEER, Identity, IdentityRefused
from chainfusion.ledger.evidence.fabric.identities import parse_identity as parse
from chainfusion.ledger.evidence.fabric.wire import WireMalformed, read

ROOT = "Channel"
ENDORSEMENT = "/Channel/Application/Endorsement"
LIFECYCLE_ENDORSEMENT = "/Channel/Application/LifecycleEndorsement"
BLOCK_VALIDATION = "/Channel/Orderer/BlockValidation"
MAX_RULES = 1_000
_SIGNATURE, _IMPLICIT_META = 1, 3
_BY_ROLE, _BY_IDENTITY = 0, 2
_MEMBER, _ADMIN_ROLE = 0, 1
_ROLES = {2: CLIENT, 3: PEER, 4: ORDERER}
_ANY, _ALL, _MAJORITY = 0, 1, 2


class PolicyNotMet(ChainFusionError):
    """Signatures that a policy does not find enough."""

    code = "FABRIC_POLICY_NOT_MET"
    says = Text(
        "The policy {policy} of {what} is not met by the valid signatures: {signers}.",
        "{what_zh}的策略 {policy} 未被有效签名满足：{signers}。",
    )
    do = Text("Reject the evidence.", "请拒绝该存证。")


@dataclass(frozen=True)
class Policies:
    """The policies of one configuration."""

    root: m.ConfigGroup

    def require(self, policy: str, signers: Sequence[Identity], what: Text) -> None:
        """Raises PolicyNotMet unless the signers meet the policy at an absolute path."""
        holds = self.met(policy, signers)
        require(holds, _not_met(policy, signers, what))

    def require_application(self, policy: m.ApplicationPolicy, signers: Sequence[Identity], what: Text) -> None:
        """The same of a chaincode's policy: its own, or a reference to the channel's. Raises: PolicyNotMet."""
        if policy.channel_config_policy_reference is not None and policy.signature_policy is None:
            self.require(policy.channel_config_policy_reference, signers, what)
            return
        own = policy.signature_policy
        holds = own is not None and signature_policy_met(own, signers)
        require(holds, _not_met("-", signers, what))

    def met(self, policy: str, signers: Sequence[Identity]) -> bool:
        """Whether the signers, each of whose signatures holds, meet a policy: "/Channel/..." from the top."""
        parts = policy.split("/")
        if parts[:2] != ["", ROOT]:
            return False
        return self.met_in(self.root, tuple(parts[2:]), signers)

    def met_in(self, group: m.ConfigGroup, path: tuple[str, ...], signers: Sequence[Identity]) -> bool:
        """The same from a group on: names of groups below, then the policy's."""
        *groups, name = path or ("",)
        for each in groups:
            below = group.groups.get(each)
            if below is None:
                return False
            group = below
        found = group.policies.get(name)
        return found is not None and found.policy is not None and self._met(group, found.policy, signers)

    def _met(self, group: m.ConfigGroup, policy: m.Policy, signers: Sequence[Identity]) -> bool:
        try:
            if policy.type == _SIGNATURE:
                return signature_policy_met(read(m.SignaturePolicyEnvelope, policy.value), signers)
            if policy.type != _IMPLICIT_META:
                return False
            meta = read(m.ImplicitMetaPolicy, policy.value)
        except WireMalformed:
            return False
        below = len(group.groups)
        needed = {_ANY: min(1, below), _ALL: below, _MAJORITY: below // 2 + 1 if below else 0}.get(meta.rule)
        found = sum(self.met_in(each, (meta.sub_policy,), signers) for each in group.groups.values())
        return needed is not None and found >= needed


def signature_policy_met(policy: m.SignaturePolicyEnvelope, signers: Sequence[Identity]) -> bool:
    """Whether the signers, all different, meet a rule over principals."""
    if policy.version != 0 or policy.rule is None:
        return False
    return _Rule(policy.identities, signers).used_for(policy.rule, frozenset()) is not None


@dataclass(frozen=True)
class _Rule:
    """One judgement; a signer that met one rule meets no other."""

    principals: tuple[m.MSPPrincipal, ...]
    signers: Sequence[Identity]

    def used_for(self, rule: m.SignaturePolicy, used: frozenset[int]) -> frozenset[int] | None:
        """Which signers are used up once the rule is met, or None where it is not."""
        if rule.n_out_of is None:
            return self._signed(rule.signed_by, used)
        if rule.signed_by is not None or len(rule.n_out_of.rules) > MAX_RULES:
            return None
        met = 0
        for each in rule.n_out_of.rules:
            after = self.used_for(each, used)
            if after is not None:
                met, used = met + 1, after
        return used if met >= rule.n_out_of.n else None

    def _signed(self, number: int | None, used: frozenset[int]) -> frozenset[int] | None:
        if number is None or number >= len(self.principals):
            return None
        principal = self.principals[number]
        for place, signer in enumerate(self.signers):
            if place not in used and is_meant(principal, signer):
                return used | {place}
        return None


def is_meant(principal: m.MSPPrincipal, signer: Identity) -> bool:
    """Whether a principal means this signer. Units, anonymous and combined principals are not known here."""
    try:
        if principal.principal_classification == _BY_IDENTITY:
            return parse(principal.principal) == (signer.msp, signer.certificate)
        if principal.principal_classification != _BY_ROLE:
            return False
        role = read(m.MSPRole, principal.principal)
    except (WireMalformed, CertificateRefused, IdentityRefused):
        return False
    if role.msp_identifier != signer.msp:
        return False
    if role.role == _ADMIN_ROLE:
        return signer.is_named_admin or signer.role == ADMIN
    return role.role == _MEMBER or (role.role in _ROLES and signer.role == _ROLES[role.role])


def _not_met(policy: str, signers: Sequence[Identity], what: Text) -> PolicyNotMet:
    listed = ", ".join(f"{each.certificate.subject} ({each.msp})" for each in signers) or "-"
    return PolicyNotMet(policy=policy[:200], what=what.en, what_zh=what.zh, signers=listed[:600])
