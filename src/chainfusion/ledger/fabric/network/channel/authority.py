"""Whose signatures a change needs, and whether those that it has are enough: Fabric's own rules, applied beforehand.

An orderer decides; this tells the institutions on whom it still waits. Principals other than roles and single
identities are counted as not met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import policies_pb2 as policies
from fabric_protos.msp import identities_pb2 as identities
from fabric_protos.msp import msp_config_pb2 as msp_config
from fabric_protos.msp import msp_principal_pb2 as principals

from chainfusion.ledger.evidence.certificates import Certificate, CertificateRefused, paths_to_root, require_current
from chainfusion.ledger.fabric.network.channel.config import APPLICATION, ORDERER
from chainfusion.ledger.fabric.network.channel.update import written_elements

_Role = principals.MSPRole.MSPRoleType
_Rule = policies.ImplicitMetaPolicy.Rule
_WORDS = {_Rule.ANY: "any", _Rule.ALL: "all", _Rule.MAJORITY: "majority"}


@dataclass(frozen=True)
class Signed:
    """Somebody who signed a change."""

    msp: str
    certificate: Certificate


@dataclass(frozen=True)
class Requirement:
    """A policy that a change needs: `needed` of `among`, of whom `met` have signed."""

    policy: str
    rule: str
    needed: int
    among: tuple[str, ...]
    met: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        """Whether enough have signed."""
        return len(self.met) >= self.needed


def requirements(
    config: configtx.Config, update: configtx.ConfigUpdate, signed: Sequence[Signed], at: datetime
) -> tuple[Requirement, ...]:
    """What the change needs, one line a policy, in order of name."""
    once = dict.fromkeys(signed)  # who signs twice is one signer
    judge = _Judge(config, tuple(each for each in once if _is_recognised(config, each, at)))
    paths = {_policy_path(path, element.mod_policy) for path, element in written_elements(config, update)}
    return tuple(judge.requirement(path) for path in sorted(paths))


def msp_roots(config: configtx.Config) -> Mapping[str, msp_config.FabricMSPConfig]:
    """Every organisation's MSP, by MSP id."""
    found = {}
    for part in (ORDERER, APPLICATION):
        for group in config.channel_group.groups[part].groups.values():
            outer = msp_config.MSPConfig.FromString(group.values["MSP"].value)
            inner = msp_config.FabricMSPConfig.FromString(outer.config)
            found[inner.name] = inner
    return found


def _is_recognised(config: configtx.Config, signed: Signed, at: datetime) -> bool:
    """Whether the certificate leads to the organisation's roots as the channel has them, and is current."""
    msp = msp_roots(config).get(signed.msp)
    if msp is None:
        return False
    try:
        roots, between = (tuple(map(_der, pems)) for pems in (msp.root_certs, msp.intermediate_certs))
        for path in paths_to_root(signed.certificate, roots, between):
            require_current(path, at)
    except CertificateRefused:
        return False
    return True


def _der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def _policy_path(path: tuple[str, ...], policy: str) -> tuple[str, ...]:
    """Groups and name of a policy: one that begins with a slash is seen from the top."""
    if policy.startswith("/"):
        return tuple(policy.strip("/").split("/"))[1:]
    return (*path, *policy.split("/"))


@dataclass(frozen=True)
class _Judge:
    config: configtx.Config
    signed: tuple[Signed, ...]

    def requirement(self, path: tuple[str, ...]) -> Requirement:
        group, name = self._group(path[:-1]), path[-1]
        place = "/".join(("", "Channel", *path))
        policy = group.policies[name].policy if group is not None and name in group.policies else None
        if policy is None or group is None:
            return Requirement(place, "missing", 1, (), ())
        if policy.type == policies.Policy.PolicyType.IMPLICIT_META:
            rule = policies.ImplicitMetaPolicy.FromString(policy.value)
            among = tuple(sorted(group.groups))
            met = tuple(each for each in among if self._holds(group.groups[each], rule.sub_policy))
            needed = {_Rule.ANY: 1, _Rule.ALL: len(among), _Rule.MAJORITY: len(among) // 2 + 1}[rule.rule]
            return Requirement(place, f"{_WORDS[rule.rule]} {rule.sub_policy}", needed, among, met)
        envelope = policies.SignaturePolicyEnvelope.FromString(policy.value)
        return Requirement(place, "signature", 1, (name,), (name,) if self._signature(envelope) else ())

    def _group(self, path: tuple[str, ...]) -> configtx.ConfigGroup | None:
        group = self.config.channel_group
        for name in path:
            if name not in group.groups:
                return None
            group = group.groups[name]
        return group

    def _holds(self, group: configtx.ConfigGroup, name: str) -> bool:
        """Whether a group's policy is met by those who signed."""
        if name not in group.policies:
            return False
        policy = group.policies[name].policy
        if policy.type == policies.Policy.PolicyType.IMPLICIT_META:
            rule = policies.ImplicitMetaPolicy.FromString(policy.value)
            met = [self._holds(each, rule.sub_policy) for each in group.groups.values()]
            needed = {_Rule.ANY: 1, _Rule.ALL: len(met), _Rule.MAJORITY: len(met) // 2 + 1}[rule.rule]
            return sum(met) >= needed
        return self._signature(policies.SignaturePolicyEnvelope.FromString(policy.value))

    def _signature(self, envelope: policies.SignaturePolicyEnvelope) -> bool:
        return self._rule(envelope.rule, envelope, set())

    def _rule(self, rule: policies.SignaturePolicy, envelope: policies.SignaturePolicyEnvelope, used: set[int]) -> bool:
        """A signature counts once: `used` holds those that have."""
        if rule.WhichOneof("Type") == "n_out_of":
            count = 0
            for each in rule.n_out_of.rules:
                tried = set(used)
                if self._rule(each, envelope, tried):
                    used |= tried
                    count += 1
            return bool(count >= rule.n_out_of.n)
        wanted = dict(enumerate(envelope.identities)).get(rule.signed_by)
        for number, each in enumerate(self.signed):
            if wanted is not None and number not in used and _is(each, wanted):
                used.add(number)
                return True
        return False


def _is(signed: Signed, wanted: principals.MSPPrincipal) -> bool:
    if wanted.principal_classification == principals.MSPPrincipal.Classification.IDENTITY:
        identity = identities.SerializedIdentity.FromString(wanted.principal)
        return identity.mspid == signed.msp and _der(identity.id_bytes) == signed.certificate.der
    if wanted.principal_classification != principals.MSPPrincipal.Classification.ROLE:
        return False
    role = principals.MSPRole.FromString(wanted.principal)
    if role.msp_identifier != signed.msp:
        return False
    return role.role == _Role.MEMBER or _Role.Name(role.role).lower() in signed.certificate.units
