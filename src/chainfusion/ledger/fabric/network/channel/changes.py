"""Members and orderers that come and go: each a new configuration made of the present one.

Fabric takes one orderer at a time, coming or going, so that those before and those after a change have a quorum in
common; SmartBFT needs four. Under SmartBFT the policy by which blocks are valid names every orderer and changes with
them.
"""

from __future__ import annotations

from collections.abc import Callable

from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import configuration_pb2 as configuration
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.fabric.network.channel.config import (
    APPLICATION,
    CONSENSUS_TYPE,
    CONSENTERS,
    ORDERER,
    consensus,
    consenters,
)
from chainfusion.ledger.fabric.network.channel.groups import (
    block_validation,
    consenter,
    endorsement,
    hosts_in,
    member_group,
    ordering_group,
    write_raft_consenters,
)
from chainfusion.ledger.fabric.network.offer import Offer
from chainfusion.ledger.fabric.network.plan import LEAST_ORDERERS, Consensus

Change = Callable[[configtx.Config], configtx.Config]


class ChangeRefused(ChainFusionError):
    """A change that the channel as it is does not allow."""

    code = "CHANNEL_CHANGE_REFUSED"
    says = Text("The channel cannot be changed so: {why}.", "通道不能如此变更：{why_zh}。")
    do = Text("See `chainfusion network channel show` for the channel as it is.", "请先查看通道现状。")


def admit_member(offer: Offer) -> Change:
    """The institution becomes a member of the channel: its peer may join and endorse, its people may write."""

    def change(config: configtx.Config) -> configtx.Config:
        result, groups = _copy(config, APPLICATION)
        _need(offer.msp not in groups, f"{offer.msp} is a member already", f"{offer.msp} 已是成员")
        hosts = _hosts(result)
        groups[offer.msp].CopyFrom(member_group(offer))
        _write_hosts(result, [*hosts, offer.msp] if offer.hosts else hosts)
        return result

    return change


def remove_member(msp: str) -> Change:
    """The institution is a member no longer. What it has of the ledger it keeps; it is given no more."""

    def change(config: configtx.Config) -> configtx.Config:
        result, groups = _copy(config, APPLICATION)
        _need(msp in groups, f"{msp} is no member", f"{msp} 不是成员")
        _need(len(groups) > 1, "it is the last member", "这是最后一名成员")
        hosts = [each for each in _hosts(result) if each != msp]
        _need(bool(hosts), "nobody else runs a peer", "其他成员均未运行节点")
        del groups[msp]
        _write_hosts(result, hosts)
        return result

    return change


def add_orderer(offer: Offer) -> Change:
    """The institution's orderer takes part in ordering. Raises when called: ChangeRefused, ConfigurationUnreadable."""

    def change(config: configtx.Config) -> configtx.Config:
        result, groups = _copy(config, ORDERER)
        runs = offer.orderer_certificate is not None
        _need(runs, f"{offer.msp} offers no orderer", f"{offer.msp} 未提供排序节点")
        _need(offer.msp not in groups, f"{offer.msp} orders already", f"{offer.msp} 已参与排序")
        orderer = result.channel_group.groups[ORDERER]
        present = consenters(orderer)
        groups[offer.msp].CopyFrom(ordering_group(offer))
        number = max((each.id for each in present), default=0) + 1
        _write_consenters(orderer, [*present, consenter(offer, number)])
        return result

    return change


def remove_orderer(msp: str) -> Change:
    """The institution's orderer takes part no longer. Raises when called: ChangeRefused, ConfigurationUnreadable."""

    def change(config: configtx.Config) -> configtx.Config:
        result, groups = _copy(config, ORDERER)
        _need(msp in groups, f"{msp} does not order", f"{msp} 未参与排序")
        orderer = result.channel_group.groups[ORDERER]
        addresses = configuration.OrdererAddresses.FromString(groups[msp].values["Endpoints"].value).addresses
        left = [each for each in consenters(orderer) if f"{each.host}:{each.port}" not in addresses]
        kind, _ = consensus(orderer)
        least = LEAST_ORDERERS[kind]
        _need(len(left) >= least, f"{kind} needs {least} orderers", f"{kind} 至少需要 {least} 个排序节点")
        del groups[msp]
        _write_consenters(orderer, left)
        return result

    return change


def _copy(config: configtx.Config, group: str) -> tuple[configtx.Config, dict[str, configtx.ConfigGroup]]:
    """A copy to change, and the organisations of one of its groups."""
    result = configtx.Config()
    result.CopyFrom(config)
    return result, result.channel_group.groups[group].groups


def _hosts(config: configtx.Config) -> list[str]:
    """The members whose peers endorse."""
    group = config.channel_group.groups[APPLICATION]
    return hosts_in(group.policies["Endorsement"].policy, sorted(group.groups))


def _write_hosts(config: configtx.Config, hosts: list[str]) -> None:
    """Has a majority of these endorse, where that is not what the policy says already."""
    group = config.channel_group.groups[APPLICATION]
    for name in ("Endorsement", "LifecycleEndorsement"):
        group.policies[name].policy.CopyFrom(endorsement(hosts, set(hosts) == set(group.groups)))


def _write_consenters(orderer: configtx.ConfigGroup, members: list[configuration.Consenter]) -> None:
    kind, value = consensus(orderer)
    if kind is Consensus.SMARTBFT:
        orderer.values[CONSENTERS].value = configuration.Orderers(consenter_mapping=members).SerializeToString()
        orderer.policies["BlockValidation"].policy.CopyFrom(block_validation(members))
        return
    metadata = raft.ConfigMetadata.FromString(value.metadata)
    write_raft_consenters(metadata, members)
    value.metadata = metadata.SerializeToString()
    orderer.values[CONSENSUS_TYPE].value = value.SerializeToString()


def _need(holds: bool, why: str, why_zh: str) -> None:
    require(holds, ChangeRefused(why=why, why_zh=why_zh))
