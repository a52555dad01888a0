"""A channel's first block, from the plan and the institutions' offers: members, policies, orderers, limits.

Every organisation is a member of the application and, where it orders, of the ordering service, with one MSP. What a
majority of the organisations that run a peer endorsed is valid; a majority of all organisations' administrators
changes the configuration. The configuration is what Fabric's `configtxgen` makes of the same settings. The same plan,
offers and time give the same bytes, so that each institution makes the block itself and compares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fabric_protos.common import common_pb2 as common
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import configuration_pb2 as configuration
from fabric_protos.common import policies_pb2 as policies
from fabric_protos.orderer import configuration_pb2 as ordering
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft
from fabric_protos.orderer.smartbft import configuration_pb2 as smartbft

from chainfusion.ledger.fabric.network.channel.config import APPLICATION, CONSENSUS_TYPE, CONSENTERS, ORDERER
from chainfusion.ledger.fabric.network.channel.groups import (
    ADMINS,
    block_validation,
    consenter,
    endorsement,
    member_group,
    ordering_group,
    write_raft_consenters,
)
from chainfusion.ledger.fabric.network.offer import Offer
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering, Plan

_Rule = policies.ImplicitMetaPolicy.Rule
_WIDTH = 2**32 - 1  # one hash over all of a block's data: Fabric knows no other width
_RAFT_TICK_MS = 100
_RAFT_SNAPSHOT_BYTES = 16 * 1024 * 1024


def first_block(plan: Plan, offers: Sequence[Offer], made: datetime) -> bytes:
    """The block, for offers in the order of the plan's organisations; `made` goes into its header, in seconds."""
    config = first_config(plan, offers)
    data = configtx.ConfigEnvelope(config=config).SerializeToString(deterministic=True)
    nonce = hashlib.sha256(data).digest()[:24]
    header = common.ChannelHeader(
        type=common.HeaderType.CONFIG, version=1, channel_id=plan.channel, tx_id=hashlib.sha256(nonce).hexdigest()
    )
    header.timestamp.FromSeconds(int(made.timestamp()))
    payload = common.Payload(data=data)
    payload.header.channel_header = header.SerializeToString()
    payload.header.signature_header = common.SignatureHeader(nonce=nonce).SerializeToString()
    envelope = common.Envelope(payload=payload.SerializeToString()).SerializeToString()
    block = common.Block(data=common.BlockData(data=[envelope]))
    block.header.data_hash = hashlib.sha256(envelope).digest()
    last = common.OrdererBlockMetadata(last_config=common.LastConfig(index=0)).SerializeToString()
    signatures = common.Metadata(value=last).SerializeToString()
    block.metadata.metadata.extend([signatures, b"", b"", b"", b""])
    return bytes(block.SerializeToString())


def first_config(plan: Plan, offers: Sequence[Offer]) -> configtx.Config:
    """The configuration in it."""
    root = _group({"Readers": "ANY Readers", "Writers": "ANY Writers", "Admins": "MAJORITY Admins"})
    _set(root, "HashingAlgorithm", configuration.HashingAlgorithm(name="SHA256"))
    _set(root, "BlockDataHashingStructure", configuration.BlockDataHashingStructure(width=_WIDTH))
    _set(root, "Capabilities", _capability("V3_0"))
    members = {each.msp for each in plan.taking_part}
    root.groups[APPLICATION].CopyFrom(_application([each for each in offers if each.msp in members]))
    root.groups[ORDERER].CopyFrom(_orderer(plan.ordering, [each for each in offers if each.organisation.orders]))
    return configtx.Config(channel_group=root)


def _application(offers: Sequence[Offer]) -> configtx.ConfigGroup:
    group = _group({"Readers": "ANY Readers", "Writers": "ANY Writers", "Admins": "MAJORITY Admins"})
    hosts = [each.msp for each in offers if each.hosts]
    policy = endorsement(hosts, len(hosts) == len(offers))
    for name in ("Endorsement", "LifecycleEndorsement"):
        group.policies[name].CopyFrom(configtx.ConfigPolicy(policy=policy, mod_policy=ADMINS))
    _set(group, "Capabilities", _capability("V2_5"))
    for each in offers:
        group.groups[each.msp].CopyFrom(member_group(each))
    return group


def _orderer(how: Ordering, offers: Sequence[Offer]) -> configtx.ConfigGroup:
    group = _group(
        {
            "Readers": "ANY Readers",
            "Writers": "ANY Writers",
            "Admins": "MAJORITY Admins",
            "BlockValidation": "ANY Writers",
        }
    )
    sizes = ordering.BatchSize(
        max_message_count=how.batch_count, absolute_max_bytes=how.max_bytes, preferred_max_bytes=how.batch_bytes
    )
    _set(group, "BatchSize", sizes)
    _set(group, "BatchTimeout", ordering.BatchTimeout(timeout=f"{how.batch_ms}ms"))
    _set(group, "ChannelRestrictions", ordering.ChannelRestrictions())
    _set(group, "Capabilities", _capability("V2_0"))
    for each in offers:
        group.groups[each.msp].CopyFrom(ordering_group(each))
    members = [consenter(each, number) for number, each in enumerate(offers, 1)]
    if how.consensus is Consensus.SMARTBFT:
        _set(group, CONSENTERS, configuration.Orderers(consenter_mapping=members))
        _set(group, CONSENSUS_TYPE, _consensus("BFT", _smartbft(how)))
        group.policies["BlockValidation"].policy.CopyFrom(block_validation(members))
    else:
        _set(group, CONSENSUS_TYPE, _consensus("etcdraft", _raft(how, members)))
    return group


def _raft(how: Ordering, members: Sequence[configuration.Consenter]) -> raft.ConfigMetadata:
    options = raft.Options(
        tick_interval=f"{_RAFT_TICK_MS}ms",
        election_tick=max(how.leader_timeout_ms // _RAFT_TICK_MS, 10),
        heartbeat_tick=1,
        max_inflight_blocks=5,
        snapshot_interval_size=_RAFT_SNAPSHOT_BYTES,
    )
    metadata = raft.ConfigMetadata(options=options)
    write_raft_consenters(metadata, members)
    return metadata


def _smartbft(how: Ordering) -> smartbft.Options:
    """SmartBFT makes a block after `request_batch_max_interval`; it does not read the batch timeout."""
    return smartbft.Options(
        request_batch_max_interval=f"{how.batch_ms}ms",
        request_forward_timeout="2s",
        request_complain_timeout="10s",
        request_auto_remove_timeout="3m0s",
        view_change_resend_interval="2s",
        view_change_timeout="10s",
        leader_heartbeat_timeout=f"{how.leader_timeout_ms}ms",
        leader_heartbeat_count=10,
        collect_timeout="1s",
        incoming_message_buffer_size=200,
        request_pool_size=100000,
    )


def _consensus(kind: str, metadata: Any) -> ordering.ConsensusType:
    return ordering.ConsensusType(type=kind, metadata=metadata.SerializeToString())


def _group(rules: dict[str, str]) -> configtx.ConfigGroup:
    group = configtx.ConfigGroup(mod_policy=ADMINS)
    for name, words in rules.items():
        rule, _, sub_policy = words.partition(" ")
        meta = policies.ImplicitMetaPolicy(rule=_Rule.Value(rule), sub_policy=sub_policy)
        kind = policies.Policy.PolicyType.IMPLICIT_META
        policy = policies.Policy(type=kind, value=meta.SerializeToString())
        group.policies[name].CopyFrom(configtx.ConfigPolicy(policy=policy, mod_policy=ADMINS))
    return group


def _set(group: configtx.ConfigGroup, name: str, value: Any) -> None:
    data = value.SerializeToString(deterministic=True)
    group.values[name].CopyFrom(configtx.ConfigValue(value=data, mod_policy=ADMINS))


def _capability(name: str) -> configuration.Capabilities:
    found = configuration.Capabilities()
    found.capabilities[name].SetInParent()
    return found
