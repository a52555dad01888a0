"""What the user trusts: a consortium's signed genesis, a checkpoint of its log, or a block of its Fabric channel. Never
taken from the evidence."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import from_bytes, from_json, to_bytes
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.evidence_file import CONSORTIUM, Consistency, Evidence, malformed
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor, read_anchor_file
from chainfusion.ledger.evidence.founders import check_founder
from chainfusion.ledger.evidence.merkle import verify_consistency
from chainfusion.ledger.evidence.note import Note

MAX_BYTES = 4 * 1024 * 1024
_CHANNEL = b'{"attestations":'
"""How an anchor's canonical JSON begins; a genesis begins otherwise."""


class TrustUnreadable(ChainFusionError):
    """A file named as trust that is no genesis, checkpoint or anchor."""

    code = "TRUST_UNREADABLE"
    says = Text(
        "What you named as trust is neither a genesis file nor a checkpoint note nor an anchor of a channel: {why}",
        "您指定的信任依据既不是创世文件、检查点，也不是通道信任锚：{why_zh}",
    )
    do = Text("Name the consortium's genesis, or a checkpoint that you kept.", "请指定联盟创世文件或您留存的检查点。")


class TrustOfOtherKind(ChainFusionError):
    """Trust that says nothing of an engine's evidence: a genesis for a Fabric channel, an anchor for a log."""

    code = "TRUST_OF_OTHER_KIND"
    says = Text(
        "Evidence of this engine needs another kind of trust: {needed}.", "该引擎的存证需要其他信任依据：{needed_zh}。"
    )
    do = Text("Name that file with --trust.", "请以 --trust 指定该文件。")


class OtherLedger(ChainFusionError):
    """Evidence of a ledger other than the trusted one."""

    code = "OTHER_LEDGER"
    says = Text(
        "The evidence is of ledger {found}, and what you trust is ledger {trusted}.",
        "存证来自账本 {found}，而您信任的是账本 {trusted}。",
    )
    do = Text("Name the right consortium's genesis, or reject the evidence.", "请指定正确联盟的创世文件，或拒绝存证。")


class NoWayToCheckpoint(ChainFusionError):
    """Evidence without a proof between its checkpoint and the trusted one."""

    code = "NO_WAY_TO_CHECKPOINT"
    says = Text(
        "No proof leads from the evidence's checkpoint, size {size}, to the one you trust, size {trusted}.",
        "没有从存证的检查点（长度 {size}）到您所信任的检查点（长度 {trusted}）的一致性证明。",
    )
    do = Text("Export the evidence for the checkpoint that you trust.", "请针对您信任的检查点重新导出存证。")


@dataclass(frozen=True)
class GenesisAnchor:
    """Trust in what the founders signed."""

    signed: SignedGenesis

    @property
    def ledger_id(self) -> str:
        """The trusted ledger."""
        return self.signed.genesis.ledger_id

    def vouch(self, evidence: Evidence) -> Text:
        """Checks that this genesis is whole and the evidence stands on it; says so.

        Raises: OtherLedger, and as `check_founders`.
        """
        found = founding_of(evidence).genesis
        same = to_bytes(self.signed.genesis) == to_bytes(found)
        require(same, OtherLedger(found=found.ledger_id, trusted=self.ledger_id))
        check_founders(self.signed)
        when = f"{found.founded:%Y-%m-%d}"
        return Text(f"The genesis of {when} that you trust", f"您信任的 {when} 创世文件")


@dataclass(frozen=True)
class CheckpointAnchor:
    """Trust in a head of the log: the user saw it, or keeps it."""

    checkpoint: Checkpoint

    @property
    def ledger_id(self) -> str:
        """The trusted ledger."""
        return self.checkpoint.ledger_id

    def vouch(self, evidence: Evidence) -> Text:
        """Checks that the evidence's log and the trusted one are one history; says so.

        The genesis block is proven to be in the evidence's log by its path, so it is in the trusted one too.

        Raises: OtherLedger, NoWayToCheckpoint.
        """
        head, trusted = evidence.head, self.checkpoint
        require(head.origin == trusted.origin, OtherLedger(found=head.ledger_id, trusted=self.ledger_id))
        bridge = evidence.consistency or Consistency((), head.root, head.size)
        same = (bridge.size, bridge.root) == (trusted.size, trusted.root) and trusted.size > 0
        require(same or head == trusted, NoWayToCheckpoint(size=head.size, trusted=trusted.size))
        return Text(
            f"One history with the checkpoint of size {trusted.size} that you trust",
            f"与您信任的长度 {trusted.size} 检查点同属一个历史",
        )


LogAnchor = GenesisAnchor | CheckpointAnchor
Anchor = LogAnchor | FabricAnchor


def log_anchor(trust: bytes) -> LogAnchor:
    """Trust for evidence of an embedded ledger. Raises: TrustUnreadable, TrustOfOtherKind."""
    anchor = read_anchor(trust)
    if isinstance(anchor, FabricAnchor):
        raise TrustOfOtherKind(needed="a genesis or a checkpoint", needed_zh="创世文件或检查点")
    return anchor


def channel_anchor(trust: bytes) -> FabricAnchor:
    """Trust for evidence of a Fabric channel. Raises: TrustUnreadable, TrustOfOtherKind."""
    anchor = read_anchor(trust)
    if not isinstance(anchor, FabricAnchor):
        raise TrustOfOtherKind(needed="an anchor of the channel", needed_zh="通道信任锚")
    return anchor


def read_anchor(trust: bytes) -> Anchor:
    """The anchor in a genesis file or a channel's anchor (canonical JSON), or a checkpoint note.

    Raises: TrustUnreadable.
    """
    require(
        len(trust) <= MAX_BYTES,
        TrustUnreadable(why=f"longer than {MAX_BYTES} bytes.", why_zh=f"超过 {MAX_BYTES} 字节。"),
    )
    try:
        if trust.startswith(_CHANNEL):
            return read_anchor_file(trust)
        if trust.startswith(b"{"):
            return GenesisAnchor(from_bytes(SignedGenesis, trust))
        return CheckpointAnchor(Checkpoint.parse(Note.parse(trust).text))
    except ChainFusionError as error:
        raise TrustUnreadable(why=error.message("en"), why_zh=error.message("zh")) from None


def check_consistency(evidence: Evidence) -> None:
    """Checks the evidence's proof between its checkpoint and another. Raises: ProofInvalid."""
    head, other = evidence.head, evidence.consistency
    if other is None:
        return
    if other.size <= head.size:
        verify_consistency(other.size, other.root, head.size, head.root, other.path)
    else:
        verify_consistency(head.size, head.root, other.size, other.root, other.path)


def founding_of(evidence: Evidence) -> SignedGenesis:
    """The genesis that the evidence stands on: the argument of block 0's transaction. Raises: EvidenceMalformed."""
    first = evidence.transactions[0]
    founds = first.place == (0, 0) and (first.proposal.contract, first.proposal.operation) == (CONSORTIUM, "found")
    alone = evidence.blocks[0].header.number == 0 and evidence.blocks[0].header.count == 1
    begins = malformed("it does not begin with the founding of the consortium", "未以联盟的创立交易开头")
    require(founds and alone, begins)
    return from_json(SignedGenesis, first.proposal.args.get("genesis"), "genesis")


def check_founders(founding: SignedGenesis) -> None:
    """Checks that each founder signed the genesis with a certificate of its own. Raises: typed refusals."""
    genesis = founding.genesis
    members = {member.msp: member for member in genesis.members}
    for each in founding.signatures:
        stranger = malformed(f"{each.msp[:80]} signs the genesis and is no founder", f"{each.msp[:80]} 并非创始成员")
        require(each.msp in members, stranger)
        check_founder(genesis, members[each.msp], each)
    signers = sorted(each.msp for each in founding.signatures)
    once = malformed("not every founder signed the genesis once", "并非每家创始成员都恰好签署一次创世文件")
    require(signers == sorted(members), once)
