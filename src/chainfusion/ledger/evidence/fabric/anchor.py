"""What a user trusts of a Fabric channel: one of its configuration blocks by number and hash. Kept by the user, never
taken from evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.ledger.evidence.fabric.envelope import Place

FORMAT = "chainfusion-fabric-anchor-v1"
_LEDGER = re.compile(r"[0-9a-f]{32}")


class AnchorMalformed(ChainFusionError):
    """Bytes that are no anchor of a Fabric channel."""

    code = "FABRIC_ANCHOR_MALFORMED"
    says = Text("This is no anchor of a Fabric channel: {why}.", "这不是 Fabric 通道的信任锚：{why_zh}。")
    do = Text("Ask a member for the channel's anchor, and compare it with others.", "请向成员索取信任锚并与他人核对。")


@dataclass(frozen=True)
class AnchoredBlock:
    """A configuration block by its number and the SHA-256 of its header."""

    hash: bytes
    number: int


@dataclass(frozen=True)
class AnchoredDefinition:
    """The chaincode's endorsement policy (an ApplicationPolicy, as bytes) when the anchor was made, and which
    transactions put in force its sequence and its policy."""

    policy: bytes
    sequence: Place
    validation: Place


@dataclass(frozen=True)
class AnchoredMember:
    """A member's names, for the reader's eyes."""

    msp: str
    name: str
    name_zh: str


@dataclass(frozen=True)
class FabricAnchor:
    """A trusted point of a channel, on which the ledger `ledger` lives under the chaincode `chaincode`.

    `definition` is needed where block `number` is not 0, and None otherwise. `attestations` is how many members must
    attest a block before evidence of it is taken.
    """

    attestations: int
    block: AnchoredBlock
    chaincode: str
    channel: str
    definition: AnchoredDefinition | None
    format: str
    ledger: str
    members: tuple[AnchoredMember, ...]

    def names(self, msp: str) -> Text:
        """A member's names, or its MSP id where the anchor does not know them."""
        found = next((each for each in self.members if each.msp == msp), None)
        return Text(found.name, found.name_zh) if found else Text(msp, msp)


def write_anchor(anchor: FabricAnchor) -> bytes:
    """The anchor's file: canonical JSON. Raises: AnchorMalformed."""
    _check(anchor)
    return to_bytes(anchor)


def read_anchor_file(data: bytes) -> FabricAnchor:
    """The anchor in a file. Raises: AnchorMalformed, NotCanonical, BadRecord."""
    anchor = from_bytes(FabricAnchor, data)
    _check(anchor)
    return anchor


def _check(anchor: FabricAnchor) -> None:
    _need(anchor.format == FORMAT, f"format {FORMAT} is needed", f"格式应为 {FORMAT}")
    _need(len(anchor.block.hash) == 32 and anchor.block.number >= 0, "its block cannot be", "其区块不合法")
    _need(anchor.attestations >= 0, "its attestations cannot be", "其见证数不合法")
    _need(bool(_LEDGER.fullmatch(anchor.ledger)), "its ledger has not 32 hex digits", "账本编号应为 32 位十六进制")
    first = anchor.block.number == 0
    _need(first == (anchor.definition is None), "a definition stands beside a later block, and only there",
          "合约定义应且仅应与后续区块同列")  # fmt: skip


def _need(holds: bool, why: str, why_zh: str) -> None:
    require(holds, AnchorMalformed(why=why, why_zh=why_zh))
