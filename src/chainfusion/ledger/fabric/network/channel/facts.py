"""A channel's configuration as plain facts: a place in it, and what stands there, in words.

Whatever is not known here is a fact all the same, by the SHA-256 of its bytes, so that no change goes unseen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import configuration_pb2 as configuration
from fabric_protos.common import policies_pb2 as policies
from fabric_protos.msp import identities_pb2 as identities
from fabric_protos.msp import msp_config_pb2 as msp_config
from fabric_protos.msp import msp_principal_pb2 as principals
from fabric_protos.orderer import configuration_pb2 as ordering
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft
from fabric_protos.orderer.smartbft import configuration_pb2 as smartbft
from fabric_protos.peer import configuration_pb2 as peers
from google.protobuf.message import DecodeError

Place = tuple[str, ...]
Facts = dict[Place, str]
Found = Iterator[tuple[Place, str]]
USUAL = "Admins"
_Rule = policies.ImplicitMetaPolicy.Rule


def facts_of(config: configtx.Config) -> Facts:
    """Everything that a configuration says, versions aside."""
    return dict(_group((), config.channel_group))


def _group(path: Place, group: configtx.ConfigGroup) -> Found:
    yield from _modified_by(path, group.mod_policy)
    for name, policy in group.policies.items():
        place = (*path, "policy", name)
        yield place, policy_words(policy.policy)
        yield from _modified_by(place, policy.mod_policy)
    for name, value in group.values.items():
        place = (*path, name)
        yield from _value(place, name, value.value)
        yield from _modified_by(place, value.mod_policy)
    for name, inner in group.groups.items():
        yield from _group((*path, name), inner)


def _modified_by(path: Place, policy: str) -> Found:
    """Who may modify it, where that is not the administrators of the group that it is in."""
    if policy != USUAL:
        yield (*path, "modified by"), policy or "nobody"


def _value(place: Place, name: str, data: bytes) -> Found:
    read = _VALUES.get(name)
    try:
        found = list(read(data)) if read else []
    except (DecodeError, ValueError):
        found = []
    if not found:
        yield place, f"SHA-256 {hashlib.sha256(data).hexdigest()}"
    for inner, text in found:
        yield (*place, *inner), text


# ------------------------------------------------------------------ values


def _msp(data: bytes) -> Found:
    outer = msp_config.MSPConfig.FromString(data)
    msp = msp_config.FabricMSPConfig.FromString(outer.config)
    yield ("MSP id",), msp.name
    lists = {
        "root certificate": msp.root_certs,
        "intermediate certificate": msp.intermediate_certs,
        "administrator's certificate": msp.admins,
        "TLS root certificate": msp.tls_root_certs,
        "TLS intermediate certificate": msp.tls_intermediate_certs,
    }
    for word, pems in lists.items():
        yield from _certificates(word, pems)
    for data in msp.revocation_list:
        yield ("revocation list", _hash(data)), "stated"
    yield ("kinds of identities",), _kinds(msp.fabric_node_ous)
    hashes = msp.crypto_config
    yield ("hash",), f"{hashes.signature_hash_family}, {hashes.identity_identifier_hash_function}"
    rest = msp_config.FabricMSPConfig(organizational_unit_identifiers=msp.organizational_unit_identifiers)
    rest.signing_identity.CopyFrom(msp.signing_identity)
    if rest.organizational_unit_identifiers or rest.signing_identity.ByteSize():
        yield ("other",), _hash(rest.SerializeToString(deterministic=True))
    if outer.type:
        yield ("type",), str(outer.type)


def _kinds(units: msp_config.FabricNodeOUs) -> str:
    if not units.enable:
        return "not told apart"
    found = []
    for kind in ("client", "peer", "admin", "orderer"):
        unit = getattr(units, f"{kind}_ou_identifier")
        bound = f" under {_hash(unit.certificate)[:16]}" if unit.certificate else ""
        found.append(f"{kind}: OU={unit.organizational_unit_identifier}{bound}")
    return ", ".join(found)


def _certificates(word: str, pems: Iterable[bytes]) -> Found:
    for pem in pems:
        subject, fingerprint = _certificate(pem)
        yield (word, fingerprint), subject


def _certificate(pem: bytes) -> tuple[str, str]:
    """What a certificate says of its holder, and its SHA-256."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError:
        return "unreadable", _hash(pem)
    until = certificate.not_valid_after_utc.date().isoformat()
    fingerprint = _hash(certificate.public_bytes(Encoding.DER))
    return f"{certificate.subject.rfc4514_string()}, valid to {until}", fingerprint


def _anchors(data: bytes) -> Found:
    for each in peers.AnchorPeers.FromString(data).anchor_peers:
        yield (f"{each.host}:{each.port}",), "stated"


def _addresses(data: bytes) -> Found:
    for each in configuration.OrdererAddresses.FromString(data).addresses:
        yield (each,), "stated"


def _consenters(data: bytes) -> Found:
    for each in configuration.Orderers.FromString(data).consenter_mapping:
        place = (f"number {each.id}",)
        yield (*place, "member"), each.msp_id
        yield from _consenter(place, each)
        yield (*place, "identity"), ", ".join(_certificate(each.identity))


def _consenter(place: Place, each: Any) -> Found:
    yield (*place, "address"), f"{each.host}:{each.port}"
    yield (*place, "TLS as client"), ", ".join(_certificate(each.client_tls_cert))
    yield (*place, "TLS as server"), ", ".join(_certificate(each.server_tls_cert))


def _consensus(data: bytes) -> Found:
    value = ordering.ConsensusType.FromString(data)
    yield ("kind",), value.type
    if value.state:
        yield ("state",), ordering.ConsensusType.State.Name(value.state)
    if value.type == "etcdraft":
        metadata = raft.ConfigMetadata.FromString(value.metadata)
        for each in metadata.consenters:
            yield from _consenter((f"orderer {each.host}:{each.port}",), each)
        yield from _fields(metadata.options)
    elif value.type == "BFT":
        yield from _fields(smartbft.Options.FromString(value.metadata))
    else:
        yield ("settings",), _hash(value.metadata)


def _fields(message: Any) -> Found:
    for field in message.DESCRIPTOR.fields:
        yield (field.name.replace("_", " "),), str(getattr(message, field.name))


def _plain(kind: Any) -> Callable[[bytes], Found]:
    return lambda data: _fields(kind.FromString(data))


def _capabilities(data: bytes) -> Found:
    for name in configuration.Capabilities.FromString(data).capabilities:
        yield (name,), "stated"


def _access(data: bytes) -> Found:
    for name, each in peers.ACLs.FromString(data).acls.items():
        yield (name,), each.policy_ref


_VALUES: dict[str, Callable[[bytes], Found]] = {
    "MSP": _msp,
    "AnchorPeers": _anchors,
    "Endpoints": _addresses,
    "OrdererAddresses": _addresses,
    "Orderers": _consenters,
    "ConsensusType": _consensus,
    "BatchSize": _plain(ordering.BatchSize),
    "BatchTimeout": _plain(ordering.BatchTimeout),
    "ChannelRestrictions": _plain(ordering.ChannelRestrictions),
    "Capabilities": _capabilities,
    "ACLs": _access,
    "HashingAlgorithm": _plain(configuration.HashingAlgorithm),
    "BlockDataHashingStructure": _plain(configuration.BlockDataHashingStructure),
}


# ------------------------------------------------------------------ policies


def policy_words(policy: policies.Policy) -> str:
    """A policy as Fabric's documentation writes it."""
    try:
        if policy.type == policies.Policy.PolicyType.IMPLICIT_META:
            rule = policies.ImplicitMetaPolicy.FromString(policy.value)
            return f"{_Rule.Name(rule.rule)} {rule.sub_policy}"
        if policy.type == policies.Policy.PolicyType.SIGNATURE:
            envelope = policies.SignaturePolicyEnvelope.FromString(policy.value)
            return _rule_words(envelope.rule, [_principal(each) for each in envelope.identities])
    except (DecodeError, ValueError, KeyError):
        pass
    return f"of type {policy.type}, SHA-256 {_hash(policy.value)}"


def _rule_words(rule: policies.SignaturePolicy, who: list[str]) -> str:
    if rule.WhichOneof("Type") != "n_out_of":
        return dict(enumerate(who))[rule.signed_by]  # Fabric counts from 0 and never from the end
    parts = [_rule_words(each, who) for each in rule.n_out_of.rules]
    return f"{rule.n_out_of.n} of ({', '.join(parts)})"


def _principal(each: principals.MSPPrincipal) -> str:
    kinds = principals.MSPPrincipal.Classification
    if each.principal_classification == kinds.ROLE:
        role = principals.MSPRole.FromString(each.principal)
        kind = str(principals.MSPRole.MSPRoleType.Name(role.role))
        return f"{role.msp_identifier}.{kind.lower()}"
    if each.principal_classification == kinds.IDENTITY:
        identity = identities.SerializedIdentity.FromString(each.principal)
        return f"{identity.mspid} {_certificate(identity.id_bytes)[1][:16]}"
    return f"principal {_hash(each.SerializeToString(deterministic=True))[:16]}"


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
