"""The channel's configuration in a block: its organisations, policies and orderers, and how an update changes it.

An update is judged as Fabric judges it: what it read must be as it was, each element that it writes must be one version
further and its modification policy met by who signed, and the new configuration must be exactly what comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.certificates import CertificateRefused
from chainfusion.ledger.evidence.fabric import messages as m
from chainfusion.ledger.evidence.fabric.block import OrdererSignature, SealedBlock
from chainfusion.ledger.evidence.fabric.envelope import read_outer
from chainfusion.ledger.evidence.fabric.identities import (
    ORDERER,
    Identity,
    IdentityRefused,
    Msps,
    certificate_in,
    read_msp,
)
from chainfusion.ledger.evidence.fabric.policies import BLOCK_VALIDATION, ROOT, Policies
from chainfusion.ledger.evidence.fabric.wire import WireMalformed, read
from chainfusion.ledger.evidence.signatures import SignatureRefused, verify_p256

RAFT, SMARTBFT = "etcdraft", "BFT"
APPLICATION, ORDERING = "Application", "Orderer"
Path = tuple[str, ...]
Element = m.ConfigGroup | m.ConfigValue | m.ConfigPolicy
Elements = Mapping[tuple[str, Path], Element]
E = TypeVar("E", m.ConfigValue, m.ConfigPolicy)
G = TypeVar("G", m.ConfigGroup, m.ConfigValue, m.ConfigPolicy)
_GROUP, _VALUE, _POLICY = "group", "value", "policy"
_CAPABILITIES = (_VALUE, (ROOT, ORDERING, "Capabilities"))
_DEFAULT_MOD_POLICY = "Admins"
MAX_SIGNATURES = 100
"""How many signatures a block may have where the configuration does not count its orderers."""


class ConfigurationRefused(ChainFusionError):
    """A configuration block that is none, or that does not follow from the one before."""

    code = "FABRIC_CONFIGURATION_REFUSED"
    says = Text("Configuration block {block} is refused: {why}.", "配置区块 {block} 被拒绝：{why_zh}。")
    do = Text("Reject the evidence.", "请拒绝该存证。")


class OrderersRefused(ChainFusionError):
    """A block that the channel's orderers did not sign as the configuration demands."""

    code = "FABRIC_ORDERERS_REFUSED"
    says = Text("The orderers' signatures on block {block} are refused: {why}.",
                "区块 {block} 的排序节点签名被拒绝：{why_zh}。")  # fmt: skip
    do = Text("Reject the evidence.", "请拒绝该存证。")


@dataclass(frozen=True)
class Configuration:
    """The channel's configuration that block `number` put in force; `update` is what made it, None in block 0."""

    number: int
    channel: str
    sequence: int
    root: m.ConfigGroup
    time: datetime
    update: m.Envelope | None

    @classmethod
    def of(cls, block: SealedBlock) -> Configuration:
        """The configuration in a block. Raises: ConfigurationRefused, WireMalformed, EnvelopeMalformed."""
        alone = len(block.data) == 1
        require(alone, _refused(block.number, "it holds no configuration alone", "其中并非仅有一份配置"))
        outer = read_outer(block.data[0])
        require(outer.kind == m.CONFIG, _refused(block.number, "it holds no configuration", "其中没有配置"))
        envelope = read(m.ConfigEnvelope, outer.content)
        config = envelope.config
        if config is None or config.channel_group is None:
            raise _refused(block.number, "its configuration is empty", "配置为空")
        return cls(
            number=block.number,
            channel=outer.channel,
            sequence=config.sequence,
            root=config.channel_group,
            time=outer.time,
            update=envelope.last_update,
        )

    @cached_property
    def msps(self) -> Msps:
        """The organisations, of members and of those that order. Raises: MspRefused, WireMalformed,
        CertificateRefused."""
        groups = [self.root.groups[name] for name in (APPLICATION, ORDERING) if name in self.root.groups]
        values = [org.values["MSP"].value for group in groups for org in group.groups.values() if "MSP" in org.values]
        return Msps(map(read_msp, values))

    @cached_property
    def policies(self) -> Policies:
        """The policies."""
        return Policies(self.root)

    @cached_property
    def members(self) -> tuple[str, ...]:
        """MSP ids of the organisations that are members of the channel's application, sorted."""
        application = self.root.groups.get(APPLICATION)
        found = application.groups.values() if application else ()
        return tuple(sorted(read_msp(each.values["MSP"].value).name for each in found if "MSP" in each.values))

    @cached_property
    def consensus(self) -> str:
        """How orderers agree: "etcdraft" or "BFT". Raises: ConfigurationRefused, WireMalformed."""
        value = self._ordering.values.get("ConsensusType")
        kind = read(m.ConsensusType, value.value).type if value else ""
        known = kind in (RAFT, SMARTBFT)
        require(known, _refused(self.number, f"consensus {kind[:40]!r} is unknown", f"未知的共识类型 {kind[:40]!r}"))
        return kind

    @cached_property
    def consenters(self) -> Mapping[int, m.Consenter]:
        """The orderers that take part in SmartBFT, by number. Raises: ConfigurationRefused, WireMalformed."""
        value = self._ordering.values.get("Orderers")
        found = read(m.Orderers, value.value).consenter_mapping if value else ()
        by_number = {each.id: each for each in found}
        whole = bool(found) and len(by_number) == len(found)
        require(whole, _refused(self.number, "its orderers are not told apart", "排序节点编号不唯一"))
        return by_number

    @property
    def quorum(self) -> int:
        """How many SmartBFT orderers sign a block: the least number of which any two have an honest one in common."""
        count = len(self.consenters)
        faulty = (count - 1) // 3
        return -(-(count + faulty + 1) // 2)

    @property
    def _ordering(self) -> m.ConfigGroup:
        group = self.root.groups.get(ORDERING)
        if group is None:
            raise _refused(self.number, "it has no orderers", "缺少排序服务")
        return group

    # -------------------------------------------------------------- orderers

    def check_orderers(self, block: SealedBlock, at: datetime) -> tuple[Identity, ...]:
        """The orderers that signed a block: each line counts, none is there twice, together they are enough.

        Raises: OrderersRefused, PolicyNotMet, IdentityRefused, CertificateRefused, SignatureRefused, WireMalformed.
        """
        bft = self.consensus == SMARTBFT
        needed, most = (self.quorum, len(self.consenters)) if bft else (1, MAX_SIGNATURES)
        ascending = all(before.header < after.header for before, after in pairwise(block.signatures))
        in_order = ascending and len(block.signatures) <= most
        twice = _disorder(block, "one is there twice or out of order", "重复或次序错误")
        require(in_order, twice)
        signers = tuple(self.orderer_of(block, each, at) for each in block.signatures)
        require(len(set(signers)) == len(signers), twice)
        why, why_zh = f"{len(signers)} sign, {needed} are needed", f"共 {len(signers)} 个签名，需 {needed} 个"
        require(len(signers) >= needed, _disorder(block, why, why_zh))
        self.policies.require(BLOCK_VALIDATION, signers, Text(f"block {block.number}", f"区块 {block.number}"))
        return signers

    def orderer_of(self, block: SealedBlock, line: OrdererSignature, at: datetime) -> Identity:
        """Who made one signature, checked.

        Raises: OrderersRefused, IdentityRefused, CertificateRefused, SignatureRefused, WireMalformed.
        """
        signer = self._named(block, line, at)
        is_orderer = signer.role == ORDERER
        require(is_orderer, _disorder(block, f"{signer.certificate.subject} is no orderer", "签名者不是排序节点"))
        verify_p256(signer.certificate.p256_key, line.signature, block.signed_bytes(line.header))
        return signer

    def counted(self, block: SealedBlock, at: datetime) -> SealedBlock:
        """The block with the signatures that count, in order."""
        good = [each for each in block.signatures if self._counts(block, each, at)]
        return replace(block, signatures=tuple(sorted(good, key=lambda each: each.header)))

    def _counts(self, block: SealedBlock, line: OrdererSignature, at: datetime) -> bool:
        try:
            self.orderer_of(block, line, at)
        except ChainFusionError:
            return False
        return True

    def _named(self, block: SealedBlock, line: OrdererSignature, at: datetime) -> Identity:
        if self.consensus != SMARTBFT:
            return self.msps.identity(read(m.SignatureHeader, line.header).creator, at)
        number = read(m.IdentifierHeader, line.header).identifier
        consenter = self.consenters.get(number)
        if consenter is None:
            raise _disorder(block, f"there is no orderer {number}", f"没有编号为 {number} 的排序节点")
        return self.msps.of(consenter.msp_id, certificate_in(consenter.identity, consenter.msp_id), at)

    # -------------------------------------------------------------- updates

    def check_next(self, later: Configuration) -> tuple[Identity, ...]:
        """Checks that `later` is this configuration after an update that the right people signed; gives who signed.

        Raises: ConfigurationRefused, PolicyNotMet, WireMalformed, EnvelopeMalformed, and what is wrong of the MSPs.
        """
        number = later.number
        follows = later.channel == self.channel and later.sequence == self.sequence + 1
        require(follows, _refused(number, "it does not follow the one before", "与前一配置不衔接"))
        if later.update is None:
            raise _refused(number, "it does not say what made it", "未载明产生它的变更")
        signed = _signed_update(later, self.channel)
        update = read(m.ConfigUpdate, signed.config_update)
        same = update.channel_id == self.channel
        require(same, _refused(number, "its update is of another channel", "变更属于另一通道"))
        signers = self._signers(signed, later.time)
        made = self._updated(update, signers, number)
        require(made == later.root, _refused(number, "it is not what its update makes", "并非其变更的结果"))
        return signers

    def _signers(self, signed: m.ConfigUpdateEnvelope, at: datetime) -> tuple[Identity, ...]:
        """Who signed an update rightly, each once; other signatures count for nothing."""
        found: dict[Identity, None] = {}
        for each in signed.signatures:
            try:
                signer = self.msps.identity(read(m.SignatureHeader, each.signature_header).creator, at)
                data = each.signature_header + signed.config_update
                verify_p256(signer.certificate.p256_key, each.signature, data)
            except (WireMalformed, IdentityRefused, CertificateRefused, SignatureRefused):
                continue
            found.setdefault(signer)
        return tuple(found)

    def _updated(self, update: m.ConfigUpdate, signers: tuple[Identity, ...], number: int) -> m.ConfigGroup:
        present = elements(self.root)
        read_set, written = elements(update.read_set), elements(update.write_set)
        for key, element in read_set.items():
            same = key in present and present[key].version == element.version
            require(same, _refused(number, f"{_told(key)} was not as the update read it", "变更所读与现状不符"))
        delta = {
            key: each for key, each in written.items() if key not in read_set or read_set[key].version != each.version
        }
        require(bool(delta), _refused(number, "its update changes nothing", "变更没有任何内容"))
        for key, element in delta.items():
            self._check_change(key, element, present.get(key), signers, number)
        return _rebuilt({**present, **delta}, (ROOT,), number)

    def _check_change(
        self,
        key: tuple[str, Path],
        element: Element,
        present: Element | None,
        signers: tuple[Identity, ...],
        number: int,
    ) -> None:
        version = present.version + 1 if present else 0
        fits = element.version == version and element.mod_policy != ""
        require(fits, _refused(number, f"{_told(key)} is not one version further", "版本未递增一"))
        if present is not None:
            self._require_allowed(key, present, signers, number)

    def _require_allowed(
        self, key: tuple[str, Path], present: Element, signers: tuple[Identity, ...], number: int
    ) -> None:
        kind, path = key
        policy = present.mod_policy
        if not policy.startswith("/"):
            group = path if kind == _GROUP else path[:-1]
            policy = "/" + "/".join((*group, policy))
        told = _told(key)
        what = Text(f"the change of {told} in block {number}", f"区块 {number} 对 {told} 的变更")
        self.policies.require(policy, signers, what)


def elements(root: m.ConfigGroup | None) -> Elements:
    """Every group, value and policy by its kind and path from the top."""
    return dict(_walk(root, (ROOT,))) if root is not None else {}


def _walk(group: m.ConfigGroup, path: Path) -> Iterator[tuple[tuple[str, Path], Element]]:
    yield (_GROUP, path), group
    for name, below in group.groups.items():
        yield from _walk(below, (*path, name))
    for name, value in group.values.items():
        yield (_VALUE, (*path, name)), value
    for name, policy in group.policies.items():
        yield (_POLICY, (*path, name)), policy


def _rebuilt(found: Elements, path: Path, number: int) -> m.ConfigGroup:
    """A group anew: its own element says what belongs to it, each of that is as it was written last."""
    group = _one(found, _GROUP, path, m.ConfigGroup, number)
    mended = _CAPABILITIES in found  # Fabric then fills modification policies that old channels left empty
    return m.ConfigGroup(
        version=group.version,
        groups={name: _rebuilt(found, (*path, name), number) for name in group.groups},
        values={
            name: _mended(_one(found, _VALUE, (*path, name), m.ConfigValue, number), mended) for name in group.values
        },
        policies={
            name: _mended(_one(found, _POLICY, (*path, name), m.ConfigPolicy, number), mended)
            for name in group.policies
        },
        mod_policy=group.mod_policy or (_DEFAULT_MOD_POLICY if mended else ""),
    )


def _mended(element: E, mended: bool) -> E:
    return replace(element, mod_policy=_DEFAULT_MOD_POLICY) if mended and not element.mod_policy else element


def _one(found: Elements, kind: str, path: Path, of: type[G], number: int) -> G:
    element = found.get((kind, path))
    if not isinstance(element, of):
        raise _refused(number, f"{'/'.join(path)[:200]} is named and not there", "所列元素缺失")
    return element


def _signed_update(later: Configuration, channel: str) -> m.ConfigUpdateEnvelope:
    assert later.update is not None
    payload = read(m.Payload, later.update.payload)
    if payload.header is None:
        raise _refused(later.number, "its update has no header", "变更缺少头部")
    header = read(m.ChannelHeader, payload.header.channel_header)
    fits = header.type == m.CONFIG_UPDATE and header.channel_id == channel
    require(fits, _refused(later.number, "what made it is no update of this channel", "产生它的并非本通道的变更"))
    return read(m.ConfigUpdateEnvelope, payload.data)


def _told(key: tuple[str, Path]) -> str:
    return f"{key[0]} {'/'.join(key[1])[:200]}"


def _refused(number: int, why: str, why_zh: str) -> ConfigurationRefused:
    return ConfigurationRefused(block=number, why=why, why_zh=why_zh)


def _disorder(block: SealedBlock, why: str, why_zh: str) -> OrderersRefused:
    return OrderersRefused(block=block.number, why=why, why_zh=why_zh)
