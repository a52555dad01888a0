"""What a change does, for whoever is to sign it: in a sentence, then every fact that differs, in two languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fabric_protos.common import configtx_pb2 as configtx

from chainfusion.domain.errors import Text
from chainfusion.ledger.fabric.network.channel.config import APPLICATION, ORDERER, consenters
from chainfusion.ledger.fabric.network.channel.facts import Place, facts_of
from chainfusion.ledger.fabric.network.channel.update import apply_update

STATED = "stated"
_PARTS = {
    "Application": "成员",
    "Orderer": "排序服务",
    "policy": "策略",
    "modified by": "可修改者",
    "MSP id": "MSP 编号",
    "root certificate": "根证书",
    "intermediate certificate": "中间证书",
    "administrator's certificate": "管理员证书",
    "TLS root certificate": "TLS 根证书",
    "TLS intermediate certificate": "TLS 中间证书",
    "revocation list": "吊销列表",
    "kinds of identities": "身份类别",
    "hash": "哈希算法",
    "AnchorPeers": "锚节点",
    "Endpoints": "排序节点地址",
    "OrdererAddresses": "排序节点地址",
    "Orderers": "共识节点",
    "ConsensusType": "共识机制",
    "BatchSize": "区块大小",
    "BatchTimeout": "出块间隔",
    "ChannelRestrictions": "通道限制",
    "Capabilities": "能力",
    "ACLs": "访问控制",
    "HashingAlgorithm": "哈希算法",
    "BlockDataHashingStructure": "区块数据结构",
    "member": "成员",
    "address": "地址",
    "identity": "身份",
    "TLS as client": "TLS 客户端证书",
    "TLS as server": "TLS 服务端证书",
    "kind": "种类",
    "state": "状态",
    "settings": "设置",
    "Admins": "管理员",
    "Readers": "读取者",
    "Writers": "写入者",
    "Endorsement": "背书",
    "LifecycleEndorsement": "链码生命周期背书",
    "BlockValidation": "区块验证",
}


@dataclass(frozen=True)
class Difference:
    """A fact that a change adds (`before` is None), takes away (`after` is None) or makes another."""

    place: Place
    before: str | None
    after: str | None

    @property
    def text(self) -> Text:
        """One line in each language."""
        en, zh = " / ".join(self.place), " / ".join(_PARTS.get(each, each) for each in self.place)
        if self.before is None:
            value = "" if self.after == STATED else f": {self.after}"
            return Text(f"added: {en}{value}", f"增加：{zh}{value}")
        if self.after is None:
            value = "" if self.before == STATED else f": {self.before}"
            return Text(f"removed: {en}{value}", f"删除：{zh}{value}")
        return Text(f"changed: {en}: {self.before} -> {self.after}", f"更改：{zh}：{self.before} -> {self.after}")


@dataclass(frozen=True)
class Effect:
    """What a change does to a channel."""

    summary: tuple[Text, ...]
    differences: tuple[Difference, ...]


def effect_of(config: configtx.Config, update: configtx.ConfigUpdate) -> Effect:
    """What a change does to the configuration in force. Raises: UpdateRefused where it does not fit it."""
    after = apply_update(config, update)
    old, new = facts_of(config), facts_of(after)
    places = sorted(place for place in old.keys() | new.keys() if old.get(place) != new.get(place))
    differences = tuple(Difference(place, old.get(place), new.get(place)) for place in places)
    return Effect(tuple(_summary(config, after)), differences)


def _summary(before: configtx.Config, after: configtx.Config) -> Iterator[Text]:
    for part, words in _WORDS.items():
        old, new = (set(each.channel_group.groups[part].groups) for each in (before, after))
        yield from (words[0](msp) for msp in sorted(new - old))
        yield from (words[1](msp) for msp in sorted(old - new))
    old_count, new_count = (len(consenters(each.channel_group.groups[ORDERER])) for each in (before, after))
    if old_count != new_count:
        yield Text(f"Orderers: {old_count} -> {new_count}.", f"共识节点：{old_count} -> {new_count}。")
    if not _names_differ(before, after):
        yield Text("No institution comes or goes.", "没有机构加入或退出。")


_WORDS = {
    APPLICATION: (
        lambda msp: Text(f"{msp} becomes a member of the channel.", f"{msp} 成为通道成员。"),
        lambda msp: Text(f"{msp} is a member of the channel no longer.", f"{msp} 不再是通道成员。"),
    ),
    ORDERER: (
        lambda msp: Text(f"{msp} takes part in ordering.", f"{msp} 参与排序。"),
        lambda msp: Text(f"{msp} takes part in ordering no longer.", f"{msp} 不再参与排序。"),
    ),
}


def _names_differ(before: configtx.Config, after: configtx.Config) -> bool:
    groups = (each.channel_group.groups for each in (before, after))
    old, new = ({(part, msp) for part in _WORDS for msp in each[part].groups} for each in groups)
    return old != new
