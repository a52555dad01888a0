"""A member's part in a channel's log: its notary cosigns what its own peer recorded, codes included."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chainfusion.domain.errors import require
from chainfusion.ledger.evidence.checkpoint import Checkpoint, LogForked, WitnessMemory, require_extends
from chainfusion.ledger.evidence.note import Notary, Note, NoteKey, SignatureType, cosign_text
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.ledger.port import NotOnLedger


class NoteKeeper(Protocol):
    """Where members find each other's cosigned checkpoints."""

    def note(self, size: int | None = None) -> Note:
        """The checkpoint of so many blocks with all members' lines, or the newest. Raises: NotOnLedger."""

    def keep_note(self, size: int, note: Note) -> None:
        """Keeps this member's."""


def cosign_channel(
    keeper: NoteKeeper, log: BlockLog, notary: Notary, memory: WitnessMemory, now: datetime, size: int | None = None
) -> Note:
    """The checkpoint of the first `size` blocks (by default the newest that another member cosigned, else all) with
    this member's cosignature, kept where the others find it; a second time it is left as it is.

    The root is of this member's own making, from its own peer's blocks: another member's note says only how far to go.

    Raises: LogForked where another member cosigned another history of as many blocks, CheckpointStale, ProofInvalid,
    NotOnLedger where the own peer has not so many blocks.
    """
    others = _note_of(keeper, size)
    length = size if others is None else Checkpoint.parse(others.text).size
    own = log.checkpoint(length)
    if others is not None:
        theirs = Checkpoint.parse(others.text)
        require(theirs == own, _forked(own, theirs))
        key = NoteKey(notary.msp_id, notary.public_key_bytes, SignatureType.COSIGNATURE)
        if any(key.made(line) for line in others.signatures):
            return others
    last = memory.last(own.origin)
    proof = log.consistency_proof(last.size, own.size) if last and last.size <= own.size else ()
    require_extends(last, own, proof)
    memory.remember(own, last)
    line = cosign_text(own.text, notary, int(now.timestamp()))
    note = Note(own.text, (*(others.signatures if others else ()), line))
    keeper.keep_note(own.size, note)
    return note


def _note_of(keeper: NoteKeeper, size: int | None) -> Note | None:
    try:
        return keeper.note(size)
    except NotOnLedger:
        return None


def _forked(own: Checkpoint, theirs: Checkpoint) -> LogForked:
    return LogForked(
        origin=own.origin, size=own.size, root=own.root.hex(), last_size=theirs.size, last_root=theirs.root.hex()
    )
