"""An organisation as a channel's configuration knows it: the same groups as `configtxgen` makes of its MSP folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import configuration_pb2 as configuration
from fabric_protos.common import policies_pb2 as policies
from fabric_protos.msp import identities_pb2 as identities
from fabric_protos.msp import msp_config_pb2 as msp_config
from fabric_protos.msp import msp_principal_pb2 as principals
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft
from fabric_protos.peer import configuration_pb2 as peer_configuration

from chainfusion.ledger.fabric.network.offer import Offer, pem

ADMINS = "Admins"
MEMBER_RULES = {
    "Readers": ("admin", "peer", "client"),
    "Writers": ("admin", "client"),
    "Admins": ("admin",),
    "Endorsement": ("peer",),
}
ORDERING_RULES: dict[str, tuple[str, ...]] = {"Readers": ("member",), "Writers": ("member",), "Admins": ("admin",)}
"""Policies of an organisation's own, by the kinds of its identities of which one is enough."""
KINDS = ("client", "peer", "admin", "orderer")
"""What an organisational unit in a certificate may say that its holder is."""


def member_group(offer: Offer) -> configtx.ConfigGroup:
    """A member: its MSP, its policies and the peer by which other members' peers find its own."""
    anchor = peer_configuration.AnchorPeer(host=offer.host, port=offer.port)
    anchors = {"AnchorPeers": peer_configuration.AnchorPeers(anchor_peers=[anchor])}
    return _group(offer, MEMBER_RULES, anchors if offer.hosts else {})


def ordering_group(offer: Offer) -> configtx.ConfigGroup:
    """An organisation that orders: its MSP, its policies and its orderer's address."""
    addresses = configuration.OrdererAddresses(addresses=[offer.organisation.orderer])
    return _group(offer, ORDERING_RULES, {"Endpoints": addresses})


def consenter(offer: Offer, number: int) -> configuration.Consenter:
    """An orderer's place in SmartBFT."""
    return configuration.Consenter(
        id=number,
        host=offer.host,
        port=offer.organisation.orderer_port,
        msp_id=offer.msp,
        identity=pem(offer.orderer_certificate or b""),
        client_tls_cert=pem(offer.orderer_tls_certificate or b""),
        server_tls_cert=pem(offer.orderer_tls_certificate or b""),
    )


def write_raft_consenters(metadata: raft.ConfigMetadata, members: Iterable[configuration.Consenter]) -> None:
    """Puts these orderers in the place of those that Raft's settings name."""
    del metadata.consenters[:]
    for each in members:
        metadata.consenters.add(
            host=each.host,
            port=each.port,
            client_tls_cert=each.client_tls_cert,
            server_tls_cert=each.server_tls_cert,
        )


def block_validation(consenters: Sequence[configuration.Consenter]) -> policies.Policy:
    """A block is valid that a quorum of these orderers signed: Fabric takes no other policy beside them."""
    count = len(consenters)
    faulty = (count - 1) // 3
    quorum = -(-(count + faulty + 1) // 2)
    who = [
        _principal(
            principals.MSPPrincipal.Classification.IDENTITY,
            identities.SerializedIdentity(mspid=each.msp_id, id_bytes=each.identity),
        )
        for each in consenters
    ]
    return _signature_policy(quorum, who)


def endorsement(hosts: Sequence[str], everybody: bool) -> policies.Policy:
    """A majority of these organisations' peers, which is Fabric's own majority where they are all the members."""
    if not everybody:
        return _as_policy(peers_policy(hosts, len(hosts) // 2 + 1, "peer"))
    majority = policies.ImplicitMetaPolicy(sub_policy="Endorsement", rule=policies.ImplicitMetaPolicy.Rule.MAJORITY)
    return policies.Policy(type=policies.Policy.PolicyType.IMPLICIT_META, value=majority.SerializeToString())


def hosts_in(policy: policies.Policy, members: Sequence[str]) -> list[str]:
    """Whose peers count in an endorsement policy as `endorsement` makes it."""
    if policy.type != policies.Policy.PolicyType.SIGNATURE:
        return list(members)
    who = policies.SignaturePolicyEnvelope.FromString(policy.value).identities
    return [principals.MSPRole.FromString(each.principal).msp_identifier for each in who]


def _group(offer: Offer, rules: dict[str, tuple[str, ...]], values: dict[str, Any]) -> configtx.ConfigGroup:
    group = configtx.ConfigGroup(mod_policy=ADMINS)
    for name, kinds in rules.items():
        policy = _signature_policy(1, [_role(offer.msp, kind) for kind in kinds])
        group.policies[name].CopyFrom(configtx.ConfigPolicy(policy=policy, mod_policy=ADMINS))
    for name, value in ({"MSP": _msp(offer)} | values).items():
        group.values[name].CopyFrom(configtx.ConfigValue(value=value.SerializeToString(), mod_policy=ADMINS))
    return group


def _msp(offer: Offer) -> msp_config.MSPConfig:
    units = {f"{kind}_ou_identifier": _unit(kind) for kind in KINDS}
    inner = msp_config.FabricMSPConfig(
        name=offer.msp,
        root_certs=map(pem, offer.root_certificates),
        intermediate_certs=map(pem, offer.intermediate_certificates),
        tls_root_certs=map(pem, offer.tls_certificates),
        crypto_config=msp_config.FabricCryptoConfig(
            signature_hash_family="SHA2", identity_identifier_hash_function="SHA256"
        ),
        fabric_node_ous=msp_config.FabricNodeOUs(enable=True, **units),
    )
    return msp_config.MSPConfig(config=inner.SerializeToString())


def _unit(kind: str) -> msp_config.FabricOUIdentifier:
    return msp_config.FabricOUIdentifier(organizational_unit_identifier=kind)


def peers_policy(msps: Sequence[str], count: int, kind: str) -> policies.SignaturePolicyEnvelope:
    """So many of these organisations, each by an identity of this kind."""
    return _out_of(count, [_role(msp, kind) for msp in msps])


def _signature_policy(count: int, who: Sequence[principals.MSPPrincipal]) -> policies.Policy:
    return _as_policy(_out_of(count, who))


def _as_policy(envelope: policies.SignaturePolicyEnvelope) -> policies.Policy:
    return policies.Policy(type=policies.Policy.PolicyType.SIGNATURE, value=envelope.SerializeToString())


def _out_of(count: int, who: Sequence[principals.MSPPrincipal]) -> policies.SignaturePolicyEnvelope:
    """So many of these."""
    each = [policies.SignaturePolicy(signed_by=number) for number in range(len(who))]
    rule = policies.SignaturePolicy(n_out_of=policies.SignaturePolicy.NOutOf(n=count, rules=each))
    return policies.SignaturePolicyEnvelope(rule=rule, identities=who)


def _role(msp: str, kind: str) -> principals.MSPPrincipal:
    role = principals.MSPRole.MSPRoleType.Value(kind.upper())
    wanted = principals.MSPRole(msp_identifier=msp, role=role)
    return _principal(principals.MSPPrincipal.Classification.ROLE, wanted)


def _principal(kind: Any, what: Any) -> principals.MSPPrincipal:
    return principals.MSPPrincipal(principal_classification=kind, principal=what.SerializeToString())
