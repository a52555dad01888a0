"""The configuration that a channel's block carries, and what is read in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from fabric_protos.common import common_pb2 as common
from fabric_protos.common import configtx_pb2 as configtx
from fabric_protos.common import configuration_pb2 as configuration
from fabric_protos.orderer import configuration_pb2 as ordering
from fabric_protos.orderer.etcdraft import configuration_pb2 as raft
from google.protobuf.message import DecodeError

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.fabric.network.plan import Consensus

APPLICATION, ORDERER = "Application", "Orderer"
CONSENSUS_TYPE, CONSENTERS = "ConsensusType", "Orderers"
_KINDS = {"etcdraft": Consensus.RAFT, "BFT": Consensus.SMARTBFT}


class ConfigurationUnreadable(ChainFusionError):
    """Bytes that are no block with a channel's configuration, or one that this program does not know."""

    code = "CHANNEL_CONFIGURATION_UNREADABLE"
    says = Text("The channel's configuration cannot be read: {why}.", "无法读取通道配置：{why}。")
    do = Text("Ask another peer for the configuration block.", "请向其他节点索取配置区块。")


@dataclass(frozen=True)
class ChannelConfig:
    """A channel's configuration as block `block` put it in force."""

    channel: str
    block: int
    config: configtx.Config

    @property
    def root(self) -> configtx.ConfigGroup:
        """The topmost group."""
        return self.config.channel_group

    @property
    def members(self) -> tuple[str, ...]:
        """MSP ids of the members, sorted."""
        return tuple(sorted(self.root.groups[APPLICATION].groups))

    @property
    def ordering_members(self) -> tuple[str, ...]:
        """MSP ids of the organisations that order, sorted."""
        return tuple(sorted(self.root.groups[ORDERER].groups))

    @property
    def addresses(self) -> tuple[str, ...]:
        """host:port of the orderers among which a block is agreed on."""
        return tuple(f"{each.host}:{each.port}" for each in consenters(self.root.groups[ORDERER]))


def read_config_block(data: bytes) -> ChannelConfig:
    """The configuration in a configuration block. Raises: ConfigurationUnreadable."""
    try:
        block = common.Block.FromString(data)
        require(len(block.data.data) == 1, ConfigurationUnreadable(why="the block holds no configuration"))
        payload = common.Payload.FromString(common.Envelope.FromString(block.data.data[0]).payload)
        header = common.ChannelHeader.FromString(payload.header.channel_header)
        is_config = header.type == common.HeaderType.CONFIG
        require(is_config, ConfigurationUnreadable(why="the block holds no configuration"))
        config = configtx.ConfigEnvelope.FromString(payload.data).config
    except DecodeError as error:
        raise ConfigurationUnreadable(why=str(error)[:200]) from None
    for name in (APPLICATION, ORDERER):
        present = name in config.channel_group.groups
        require(present, ConfigurationUnreadable(why=f"it has no group {name}"))
    return ChannelConfig(header.channel_id, int(block.header.number), config)


def block_time(data: bytes) -> datetime:
    """When a configuration block's call was made, to the second. Raises: ConfigurationUnreadable."""
    try:
        envelope = common.Envelope.FromString(common.Block.FromString(data).data.data[0])
        header = common.Payload.FromString(envelope.payload).header.channel_header
        seconds = common.ChannelHeader.FromString(header).timestamp.seconds
        return datetime.fromtimestamp(seconds, UTC)
    except (DecodeError, IndexError, ValueError, OverflowError, OSError) as error:
        raise ConfigurationUnreadable(why=str(error)[:200]) from None


def consensus(orderer: configtx.ConfigGroup) -> tuple[Consensus, ordering.ConsensusType]:
    """How orderers agree, and the value that says so. Raises: ConfigurationUnreadable."""
    value = ordering.ConsensusType.FromString(orderer.values[CONSENSUS_TYPE].value)
    known = value.type in _KINDS
    require(known, ConfigurationUnreadable(why=f"consensus of type {value.type[:40]!r} is unknown"))
    return _KINDS[value.type], value


def consenters(orderer: configtx.ConfigGroup) -> list[configuration.Consenter]:
    """The orderers that agree; under Raft they have neither number nor identity. Raises: ConfigurationUnreadable."""
    kind, value = consensus(orderer)
    if kind is Consensus.SMARTBFT:
        return list(configuration.Orderers.FromString(orderer.values[CONSENTERS].value).consenter_mapping)
    found = raft.ConfigMetadata.FromString(value.metadata).consenters
    return [
        configuration.Consenter(
            host=each.host,
            port=each.port,
            client_tls_cert=each.client_tls_cert,
            server_tls_cert=each.server_tls_cert,
        )
        for each in found
    ]
