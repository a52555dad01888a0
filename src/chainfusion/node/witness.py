"""The node's part in the log: the orderer's notary signs checkpoints, every member's notary cosigns what it saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import SignedGenesis
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.evidence.checkpoint import Checkpoint, LogForked, Witness, sign_checkpoint
from chainfusion.ledger.evidence.cosignatures import log_key, witnesses_of
from chainfusion.ledger.evidence.merkle import leaf_hash
from chainfusion.ledger.evidence.note import Notary, Note, NoteKey, SignatureType
from chainfusion.ledger.port import NotOnLedger
from chainfusion.node.home import read_record, write_record
from chainfusion.node.members import Members


@dataclass(frozen=True)
class Remembered:
    """The content of witness.json."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class WitnessFile:
    """What a notary must never forget, in one file that is replaced in one durable step."""

    path: Path

    def last(self, origin: str) -> Checkpoint | None:
        """The last checkpoint cosigned here. Raises: FileDamaged."""
        if not self.path.exists():
            return None
        kept = read_record(self.path, Remembered)
        return Checkpoint(kept.origin, kept.size, kept.root) if kept.origin == origin else None

    def remember(self, checkpoint: Checkpoint, after: Checkpoint | None) -> None:
        """Keeps `checkpoint` in place of `after`. Raises: LogForked where another one is kept."""
        kept = self.last(checkpoint.origin)
        same = kept == after
        require(
            same,
            LogForked(
                origin=checkpoint.origin,
                size=checkpoint.size,
                root=checkpoint.root.hex(),
                last_size=kept.size if kept else 0,
                last_root=kept.root.hex() if kept else "",
            ),
        )
        write_record(self.path, Remembered(checkpoint.origin, checkpoint.size, checkpoint.root))


class NotAWitness(ChainFusionError):
    """A notary whose cosignature would say nothing: of the member that orders, or of one that is not active."""

    code = "NOT_A_WITNESS"
    says = Text("{msp} orders the ledger or is not an active member: it does not witness.",
                "{msp} 为排序成员或非正常成员，不参与见证。")  # fmt: skip
    do = Text("Let the other members cosign; the orderer signs the checkpoint itself.",
              "请由其他成员联署；排序成员签署检查点本身。")  # fmt: skip


def publish_checkpoint(ledger: EmbeddedLedger, notary: Notary) -> Note:
    """The checkpoint of all blocks so far, signed by the log; an earlier note of the same size stays as it is."""
    checkpoint = ledger.checkpoint()
    try:
        return ledger.note(checkpoint.size)
    except NotOnLedger:
        note = sign_checkpoint(checkpoint, notary)
        ledger.keep_note(checkpoint.size, note)
        return note


def cosign(ledger: EmbeddedLedger, notary: Notary, memory: WitnessFile, now: datetime) -> Note:
    """The newest checkpoint with this member's cosignature more; a second time it is left as it is.

    Raises: NotAWitness, NotOnLedger where nothing was published; LogForked, CheckpointStale, ProofInvalid: then the log
    shows this member another history than before, and nothing is signed.
    """
    membership = Members(ledger).current()
    witnesses = {member.msp for member in witnesses_of(membership)}
    require(notary.msp_id in witnesses, NotAWitness(msp=notary.msp_id))
    note = ledger.note()
    own = NoteKey(notary.msp_id, notary.public_key_bytes, SignatureType.COSIGNATURE)
    if any(own.made(signature) for signature in note.signatures):
        return note
    checkpoint = Checkpoint.parse(note.text)
    last = memory.last(checkpoint.origin)
    proof = ledger.consistency_proof(last.size, checkpoint.size) if last and last.size <= checkpoint.size else ()
    cosigned = note.signed(Witness(notary, memory).cosign(note, log_key(membership), proof, now))
    ledger.keep_note(checkpoint.size, cosigned)
    return cosigned


def first_checkpoint(ledger: EmbeddedLedger, trusted: SignedGenesis) -> Checkpoint:
    """What a new witness starts from: block 0 alone, once it is the founding on the genesis that the member trusts.

    Raises: LogForked where block 0 founds another consortium.
    """
    block = ledger.block(0)
    checkpoint = Checkpoint.of(trusted.genesis.ledger_id, 1, leaf_hash(block.header.encoded))
    same = block.header.channel == trusted.genesis.ledger_id == ledger.ledger_id
    require(
        same,
        LogForked(
            origin=checkpoint.origin, size=1, root=checkpoint.root.hex(), last_size=0, last_root=ledger.ledger_id
        ),
    )
    return checkpoint
