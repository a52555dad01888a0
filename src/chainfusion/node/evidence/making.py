"""One way to ask for evidence, whichever engine a ledger is on."""

from __future__ import annotations

from typing import Protocol

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.evidence_file import DocumentOpening, SubjectKind
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.evidence.opening import LoanOpening
from chainfusion.node.evidence.export import EvidenceSource, export_evidence
from chainfusion.verify.anchor import CheckpointAnchor, read_anchor

Held = Checkpoint | FabricAnchor
"""What a recipient holds beside the genesis: a checkpoint of a log, or an anchor of a channel."""


class HeldOfOtherKind(ChainFusionError):
    """A recipient's checkpoint for a channel, or its anchor for a log."""

    code = "HELD_OF_OTHER_KIND"
    says = Text("What the recipient holds is not of this ledger's engine.", "接收方所持有的依据与本账本引擎不符。")
    do = Text("Take a checkpoint for an embedded ledger, an anchor for a channel.",
              "嵌入式账本请用检查点，Fabric 通道请用信任锚。")  # fmt: skip


class NoAnchorHere(ChainFusionError):
    """An embedded ledger, of which the genesis is what is trusted."""

    code = "NO_ANCHOR_HERE"
    says = Text("An embedded ledger has no anchor.", "嵌入式账本没有信任锚。")
    do = Text("Give the recipient the consortium's genesis, or a checkpoint.", "请提供联盟创世文件或检查点。")


class ProofMaker(Protocol):
    """Makes evidence of transactions, in one engine's way."""

    def prove(
        self,
        kind: SubjectKind,
        tx_id: str,
        loan: LoanOpening | None,
        document: DocumentOpening | None,
        held: Held | None,
    ) -> bytes:
        """An evidence file, sound before it is given. Raises: NotOnLedger, EvidenceUnsound, HeldOfOtherKind, and what
        the engine refuses."""


class LogProofs:
    """From an embedded ledger, on its newest checkpoint or the given one."""

    def __init__(self, source: EvidenceSource, note: Note | None = None) -> None:
        self._source, self._note = source, note

    def prove(
        self,
        kind: SubjectKind,
        tx_id: str,
        loan: LoanOpening | None,
        document: DocumentOpening | None,
        held: Held | None,
    ) -> bytes:
        """Raises: NotOnLedger, NotInCheckpoint, EvidenceUnsound, HeldOfOtherKind."""
        if isinstance(held, FabricAnchor):
            raise HeldOfOtherKind()
        return export_evidence(self._source, kind, tx_id, loan=loan, document=document, note=self._note, trusted=held)


def maker_of(ledger: object) -> ProofMaker:
    """Who makes evidence of a ledger of the port, by its engine."""
    if isinstance(ledger, EvidenceSource):
        return LogProofs(ledger)
    from chainfusion.node.evidence.making_channel import ChannelProofs  # Fabric's messages, which a log does without

    return ChannelProofs.of(ledger)


def anchor_of(ledger: object, *, newest: bool = False, attestations: int = 0) -> FabricAnchor:
    """What a recipient is given to trust of a channel, which asks for so many members' attestations.

    Raises: NoAnchorHere of another engine's ledger, NothingToAnchor, EvidenceUnsound.
    """
    if isinstance(ledger, EvidenceSource):
        raise NoAnchorHere()
    from chainfusion.node.evidence import anchoring
    from chainfusion.node.evidence.making_channel import ChannelProofs

    source = ChannelProofs.of(ledger).source
    return (anchoring.newest_anchor if newest else anchoring.first_anchor)(source, attestations)


def held_in(data: bytes) -> Held:
    """What a recipient holds, from its file: a checkpoint note or an anchor. Raises: TrustUnreadable,
    HeldOfOtherKind."""
    anchor = read_anchor(data)
    if isinstance(anchor, CheckpointAnchor):
        return anchor.checkpoint
    if isinstance(anchor, FabricAnchor):
        return anchor
    raise HeldOfOtherKind()
