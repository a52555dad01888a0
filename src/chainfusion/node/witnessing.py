"""A member's notary at work, whichever the engine: what it cosigns, and the job that keeps it looking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.note import Notary, Note, NoteKey, SignatureType
from chainfusion.ledger.port import Ledger, NotOnLedger
from chainfusion.node import witness
from chainfusion.node.witness import WitnessFile


class NothingToWitness(ChainFusionError):
    """A ledger of an engine whose blocks nobody cosigns."""

    code = "NOTHING_TO_WITNESS"
    says = Text("Checkpoints of this ledger cannot be cosigned.", "该账本的检查点无法联署。")
    do = Text("Use the embedded engine or a Fabric channel.", "请使用嵌入式引擎或 Fabric 通道。")


def cosign(ledger: Ledger, notary: Notary, memory: WitnessFile, now: datetime, size: int | None = None) -> Note:
    """The newest checkpoint with this member's cosignature more; a second time it is left as it is.

    On an embedded ledger the orderer publishes it; on a channel any member may be the first, of `size` blocks, by
    default of all that its own peer has.

    Raises: as `witness.cosign` and `cosign_channel`; NothingToWitness.
    """
    if isinstance(ledger, EmbeddedLedger):
        return witness.cosign(ledger, notary, memory, now)
    from chainfusion.node.channel import ChannelLedger  # whose libraries the embedded engine does without
    from chainfusion.node.evidence.witnessing import cosign_channel

    if not isinstance(ledger, ChannelLedger):
        raise NothingToWitness()
    return cosign_channel(ledger, ledger.log, notary, memory, now, size)


@dataclass
class WitnessJob:
    """Cosigns each new checkpoint. On a channel it begins one itself, where there are blocks that no checkpoint covers
    and none is left to cosign: so that the members' notaries follow the channel whoever looks first."""

    ledger: Ledger
    notary: Notary
    memory: WitnessFile

    def look(self, now: datetime) -> Note | None:
        """One look: the checkpoint that was cosigned, None where nothing was new.

        Raises: as `cosign`; LogForked among them, after which nobody should go on.
        """
        newest = self._newest()
        if newest is not None and not self._is_ours(newest):
            return cosign(self.ledger, self.notary, self.memory, now)
        covered = Checkpoint.parse(newest.text).size if newest else 0
        height = self.ledger.height()
        if isinstance(self.ledger, EmbeddedLedger) or height <= covered:
            return None
        return cosign(self.ledger, self.notary, self.memory, now, height)

    def _newest(self) -> Note | None:
        try:
            return self.ledger.note()
        except NotOnLedger:
            return None

    def _is_ours(self, note: Note) -> bool:
        key = NoteKey(self.notary.msp_id, self.notary.public_key_bytes, SignatureType.COSIGNATURE)
        return any(key.made(line) for line in note.signatures)
