"""The maker of evidence from a Fabric channel."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.evidence_file import DocumentOpening, SubjectKind
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor
from chainfusion.ledger.evidence.opening import LoanOpening
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.node.evidence.anchoring import first_anchor, membership_of, require_same
from chainfusion.node.evidence.channel import ChannelExport, ChannelSource
from chainfusion.node.evidence.making import Held, HeldOfOtherKind


@dataclass(frozen=True)
class ChannelProofs:
    """From a Fabric channel, from its first block or from the anchor that the recipient holds."""

    source: ChannelSource

    @classmethod
    def of(cls, ledger: object) -> ChannelProofs:
        """The maker for a ledger on Fabric. Raises: TypeError for what is none."""
        if not isinstance(ledger, ChannelSource):
            raise TypeError(f"evidence cannot be made of {type(ledger).__name__}")
        return cls(ledger)

    def prove(
        self,
        kind: SubjectKind,
        tx_id: str,
        loan: LoanOpening | None,
        document: DocumentOpening | None,
        held: Held | None,
    ) -> bytes:
        """Raises: NotOnLedger, NotAccepted, BeforeAnchor, EvidenceUnsound, HeldOfOtherKind, AnchorOfOtherChannel."""
        if isinstance(held, Checkpoint):
            raise HeldOfOtherKind()
        anchor = self._anchor(held)
        membership = membership_of(self.source)
        members = membership.members.values() if membership else ()
        notaries = {each.msp: each.notary_certificate for each in members}
        export = ChannelExport(self.source, anchor, log_of(self.source), notaries)
        return export.export(kind, tx_id, loan=loan, document=document)

    def _anchor(self, held: FabricAnchor | None) -> FabricAnchor:
        if held is None:
            return first_anchor(self.source)
        require_same(held, self.source)
        return held


def log_of(source: ChannelSource) -> BlockLog:
    """The log that a ledger keeps of its own peer's blocks, or one read anew."""
    kept = getattr(source, "log", None)
    return kept if isinstance(kept, BlockLog) else BlockLog(source)
