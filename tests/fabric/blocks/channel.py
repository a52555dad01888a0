"""A channel as stored blocks show it: what `ChannelSource` asks of a peer, answered from a file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.blocks.records import Reader
from chainfusion.ledger.port import CommittedTransaction, NotOnLedger
from tests.fabric.blocks.stored import Stored, load


@dataclass
class StoredChannel:
    """Answers from stored blocks; state is the last valid write of a key."""

    stored: Stored
    notes: dict[int, Note] = field(default_factory=dict)

    @property
    def ledger_id(self) -> str:
        return self.stored.ledger_id

    def height(self) -> int:
        return len(self.stored.blocks)

    def fabric_block(self, number: int) -> FabricBlock:
        if not 0 <= number < self.height():
            raise NotOnLedger(what="block", id=str(number))
        return FabricBlock.parse(self.stored.blocks[number])

    def transaction(self, tx_id: str) -> CommittedTransaction:
        for each in self._transactions:
            if each.outcome.tx_id == tx_id:
                return each
        raise NotOnLedger(what="transaction", id=tx_id)

    def state(self, key: str) -> bytes | None:
        return self._state.get(key)

    def note(self, size: int | None = None) -> Note:
        found = self.notes.get(max(self.notes, default=0) if size is None else size)
        if found is None:
            raise NotOnLedger(what="checkpoint", id=str(size))
        return found

    def keep_note(self, size: int, note: Note) -> None:
        self.notes[size] = note

    @cached_property
    def _transactions(self) -> list[CommittedTransaction]:
        reader = Reader(self.ledger_id, "chainfusion")
        return [each for n in range(self.height()) for each in reader.transactions(self.fabric_block(n))]

    @cached_property
    def _state(self) -> dict[str, bytes | None]:
        written: dict[str, bytes | None] = {}
        for number in range(self.height()):
            block = self.fabric_block(number)
            for envelope, code in zip(block.transactions, block.codes, strict=True):
                invocation = envelope.invocation if code == "VALID" else None
                writes = invocation.writes if invocation else ()
                written |= {each.key: each.value for each in writes if each.namespace == "chainfusion"}
        return written

    def without_note(self) -> StoredChannel:
        return replace(self, notes={})


@cache
def channel(name: str) -> StoredChannel:
    """The stored channel: "raft" or "smartbft". Shared: do not change it."""
    return StoredChannel(load(name))
