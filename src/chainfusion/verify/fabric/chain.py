"""The channel's configurations from the trusted block on, and which of them was in force at a block of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.evidence_file import malformed
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor
from chainfusion.ledger.evidence.fabric.block import SealedBlock
from chainfusion.ledger.evidence.fabric.configuration import Configuration
from chainfusion.ledger.evidence.fabric.evidence_file import FabricEvidence
from chainfusion.ledger.evidence.fabric.identities import Identity
from chainfusion.verify.anchor import OtherLedger


class OtherChannel(ChainFusionError):
    """Evidence that does not begin at the block that the user trusts."""

    code = "OTHER_CHANNEL"
    says = Text(
        "The evidence begins at block {number} of channel {channel} with hash {found}; you trust {trusted}.",
        "存证始于通道 {channel} 的区块 {number}，哈希为 {found}；您信任的是 {trusted}。",
    )
    do = Text(
        "Ask for evidence from the block that you trust, or name the right channel's anchor.",
        "请索取自您所信任区块起的存证，或指定正确通道的信任锚。",
    )


class ConfigurationHidden(ChainFusionError):
    """A block whose orderers name another configuration than the newest before it in the file."""

    code = "FABRIC_CONFIGURATION_HIDDEN"
    says = Text(
        "Block {block} was ordered under the configuration of block {stated}; the newest in the evidence is {shown}.",
        "区块 {block} 按区块 {stated} 的配置排序；存证所示的最新配置为 {shown}。",
    )
    do = Text("A configuration is left out: reject the evidence.", "存证遗漏了配置，请拒绝该存证。")


@dataclass(frozen=True)
class Chain:
    """Configurations in order, each proven from the one before."""

    configurations: tuple[Configuration, ...]
    signers: tuple[tuple[Identity, ...], ...]
    """Who signed each update after the first configuration."""

    def in_force(self, block: SealedBlock) -> Configuration:
        """The configuration that a block was ordered under, as its orderers state and the file shows.

        Raises: ConfigurationHidden, EvidenceMalformed, WireMalformed.
        """
        before = [each for each in self.configurations if each.number < block.number]
        early = malformed(f"block {block.number} is before what you trust", f"区块 {block.number} 早于您所信任的区块")
        require(bool(before), early)
        newest = before[-1]
        stated = block.configuration
        hidden = ConfigurationHidden(block=block.number, stated=stated, shown=newest.number)
        require(stated == newest.number, hidden)
        return newest


def check_start(evidence: FabricEvidence, anchor: FabricAnchor) -> None:
    """Checks that the file is of the trusted ledger and channel and begins at the trusted block.

    Raises: OtherLedger, OtherChannel.
    """
    first = evidence.blocks[0]
    require(evidence.ledger == anchor.ledger, OtherLedger(found=evidence.ledger[:80], trusted=anchor.ledger))
    same = (evidence.channel, first.number, first.hash) == (anchor.channel, anchor.block.number, anchor.block.hash)
    other = OtherChannel(
        number=first.number,
        channel=evidence.channel[:80],
        found=first.hash.hex(),
        trusted=f"{anchor.channel} {anchor.block.number} {anchor.block.hash.hex()}",
    )
    require(same, other)
    bare = not first.metadata and not first.signatures
    require(bare, malformed("the trusted block is signed once more", "所信任的区块附有多余签名"))


def check_chain(evidence: FabricEvidence) -> Chain:
    """Every configuration after the trusted one: ordered under the one before, and made of it by who may.

    Raises: ConfigurationRefused, OrderersRefused, PolicyNotMet, ConfigurationHidden, and what is wrong of parts.
    """
    blocks = [evidence.by_number[number] for number in evidence.configurations]
    found = tuple(map(Configuration.of, blocks))
    same = found[0].channel == evidence.channel
    require(same, malformed("its first block is of another channel", "首个区块属于另一通道"))
    signers = tuple(
        _follow(earlier, later, block) for (earlier, later), block in zip(pairwise(found), blocks[1:], strict=True)
    )
    return Chain(found, signers)


def _follow(earlier: Configuration, later: Configuration, block: SealedBlock) -> tuple[Identity, ...]:
    hidden = ConfigurationHidden(block=block.number, stated=block.configuration, shown=block.number)
    require(block.configuration == block.number, hidden)
    earlier.check_orderers(block, later.time)
    return earlier.check_next(later)


def check_links(blocks: Sequence[SealedBlock]) -> None:
    """Checks that of two blocks which follow each other the later names the earlier's hash. Raises:
    EvidenceMalformed."""
    for earlier, later in pairwise(blocks):
        linked = later.number > earlier.number + 1 or later.previous == earlier.hash
        told = later.number
        require(linked, malformed(f"block {told} does not follow the one before", f"区块 {told} 与前一区块不衔接"))
