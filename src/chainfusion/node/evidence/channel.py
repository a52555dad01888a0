"""Evidence from a Fabric channel: gathers the subject's block, the configurations from the trusted one on, and the
blocks that defined the chaincode; and of a cosigned checkpoint what members attest of the subject's block."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Protocol, runtime_checkable

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.evidence_file import FORMAT, DocumentOpening, Subject, SubjectKind
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor, write_anchor
from chainfusion.ledger.evidence.fabric.attestation import Attestation, counted
from chainfusion.ledger.evidence.fabric.block import SealedBlock
from chainfusion.ledger.evidence.fabric.configuration import Configuration
from chainfusion.ledger.evidence.fabric.envelope import Invocation, Place, read_invocation
from chainfusion.ledger.evidence.fabric.evidence_file import FABRIC, Demand, FabricEvidence, write_fabric_evidence
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.evidence.opening import LoanOpening
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.ledger.port import CommittedTransaction, NotOnLedger
from chainfusion.node.evidence.export import EvidenceUnsound
from chainfusion.verify import verify
from chainfusion.verify.fabric.definition import LIFECYCLE, sequence_key, validation_key

MAX_TRAIL = 64
"""How many writers of one key are followed to the one that gave it a policy."""


@runtime_checkable
class ChannelSource(Protocol):
    """What a channel must show for evidence to be made of it; `FabricLedger` does."""

    @property
    def ledger_id(self) -> str:
        """The ledger that lives on the channel."""

    def height(self) -> int:
        """Number of blocks."""

    def fabric_block(self, number: int) -> FabricBlock:
        """A block as Fabric has it. Raises: NotOnLedger, BlockUnreadable."""

    def transaction(self, tx_id: str) -> CommittedTransaction:
        """A recorded call by id. Raises: NotOnLedger."""

    def state(self, key: str) -> bytes | None:
        """The committed value of a key."""

    def note(self, size: int | None = None) -> Note:
        """The cosigned checkpoint of the channel's log, the newest by default. Raises: NotOnLedger."""


class BeforeAnchor(ChainFusionError):
    """A transaction that is not after the block that the recipient trusts."""

    code = "BEFORE_ANCHOR"
    says = Text(
        "Transaction {tx_id} is in block {block}, not after block {number} that the recipient trusts.",
        "交易 {tx_id} 在区块 {block}，不在接收方所信任的区块 {number} 之后。",
    )
    do = Text("Export it from block 0, or from an earlier anchor.", "请自区块 0 或更早的信任锚导出。")


class NotAccepted(ChainFusionError):
    """A transaction that the channel recorded as invalid: it states nothing."""

    code = "NOT_ACCEPTED"
    says = Text("Transaction {tx_id} was recorded as {outcome}: it proves nothing.",
                "交易 {tx_id} 被记录为 {outcome}，不证明任何内容。")  # fmt: skip
    do = Text("Ask for evidence of a transaction that was accepted.", "请索取已被接受的交易的存证。")


@dataclass(frozen=True)
class ChannelExport:
    """One export from a channel, to a recipient that trusts `anchor`. `notaries` are the members' notary certificates
    (DER) by MSP id; `log` is what this member's own peer recorded, and `note` its cosigned head where there is one."""

    source: ChannelSource
    anchor: FabricAnchor
    log: BlockLog
    notaries: Mapping[str, bytes]
    note: Note | None = None

    def export(
        self,
        kind: SubjectKind,
        tx_id: str,
        *,
        loan: LoanOpening | None = None,
        document: DocumentOpening | None = None,
    ) -> bytes:
        """An evidence file, verified against the anchor before it is given.

        Raises: NotOnLedger, NotAccepted, BeforeAnchor, EvidenceUnsound.
        """
        stated = self.source.transaction(tx_id)
        code = stated.outcome.code
        require(code == "VALID", NotAccepted(tx_id=tx_id, outcome=code))
        number = self.anchor.block.number
        after = stated.block > number
        require(after, BeforeAnchor(tx_id=tx_id, block=stated.block, number=number))
        subject = Subject(document, kind, loan, json.loads(stated.response), tx_id)
        gathered = _Gathering(self, Place(stated.block, stated.index))
        data = write_fabric_evidence(gathered.evidence(subject))
        trust = write_anchor(replace(self.anchor, attestations=0))
        verdict = verify(data, trust)
        sound = EvidenceUnsound(why=verdict.headline("en"), why_zh=verdict.headline("zh"))
        require(verdict.ok, sound)
        return data

    def newest_note(self) -> Note | None:
        """The checkpoint to stand on: the given one, else the newest that the source keeps; None where there is
        none."""
        if self.note is not None:
            return self.note
        try:
            return self.source.note()
        except NotOnLedger:
            return None


@dataclass(frozen=True)
class _Gathering:
    export: ChannelExport
    place: Place
    _blocks: dict[int, SealedBlock] = field(default_factory=dict)

    def evidence(self, subject: Subject) -> FabricEvidence:
        chain = self._chain()
        numbers = set(self._places) - {each.number for each in chain}
        others = [self._under(chain, number) for number in numbers]
        blocks = sorted((*self._sealed(chain), *others), key=lambda each: each.number)
        return FabricEvidence(
            attestation=self._attestation(chain[-1]),
            blocks=tuple(blocks),
            channel=chain[0].channel,
            configurations=tuple(each.number for each in chain),
            demands=self._demands,
            engine=FABRIC,
            format=FORMAT,
            ledger=self.export.anchor.ledger,
            place=self.place,
            subject=subject,
        )

    def _chain(self) -> tuple[Configuration, ...]:
        """The configurations from the trusted one to the one in force at the subject."""
        numbers, start = [self._stated(self.place.block)], self.export.anchor.block.number
        while numbers[-1] > start:
            numbers.append(self._stated(numbers[-1] - 1))
        return tuple(Configuration.of(self._block(number)) for number in reversed(numbers))

    def _stated(self, number: int) -> int:
        """The number of the configuration block in force at a block, as its orderers state it."""
        return self._block(number).configuration if number else 0

    def _sealed(self, chain: tuple[Configuration, ...]) -> tuple[SealedBlock, ...]:
        first = replace(self._block(chain[0].number), metadata=b"", signatures=())
        later = (before.counted(self._block(each.number), each.time) for before, each in pairwise(chain))
        return first, *later

    def _under(self, chain: tuple[Configuration, ...], number: int) -> SealedBlock:
        """A block of transactions with the signatures that count."""
        configuration = [each for each in chain if each.number < number][-1]
        return configuration.counted(self._block(number), self._time(number))

    def _time(self, number: int) -> datetime:
        return self._call(self._places[number]).outer.time

    @cached_property
    def _places(self) -> dict[int, Place]:
        """Each block beside the configurations, with a transaction in it that is needed."""
        calls = [self.place, *(place for each in self._demands for place in each.places)]
        return {each.block: each for call in calls for each in (*self._definition_of(call), call)}

    # -------------------------------------------------------------- the chaincode's definition

    def _definition_of(self, place: Place) -> tuple[Place, ...]:
        """Where the definition in force at a call was made, and where its policy was written."""
        call, known = self._call(place), self.export.anchor.definition
        trusted = (known.sequence, known.validation) if known else ()
        places: list[Place] = []
        version = call.version_read(LIFECYCLE, sequence_key(call.chaincode))
        while version is not None and version not in trusted:
            places.append(version)
            defining = self._call(version)
            written = defining.written(LIFECYCLE, validation_key(call.chaincode)) is not None
            version = None if written else defining.version_read(LIFECYCLE, validation_key(call.chaincode))
        return tuple(places)

    # -------------------------------------------------------------- keys with policies of their own

    @cached_property
    def _demands(self) -> tuple[Demand, ...]:
        """The keys that the subject changes and that have a policy of their own, as far as that can be shown."""
        call = self._call(self.place)
        trails = ((key, self._trail(call, key)) for key in call.changed(call.chaincode))
        return tuple(Demand(key, places) for key, places in trails if places)

    def _trail(self, call: Invocation, key: str) -> tuple[Place, ...]:
        """Who wrote a key before, newest first, down to who gave it a policy; empty where nobody did, or before the
        trusted block, or too many have written it since."""
        places: list[Place] = []
        version = call.version_read(call.chaincode, key)
        while version is not None and version.block > self.export.anchor.block.number and len(places) < MAX_TRAIL:
            places.append(version)
            writer = self._call(version)
            if writer.demanded(call.chaincode, key) is not None:
                return tuple(places)
            version = writer.version_read(call.chaincode, key)
        return ()

    def _call(self, place: Place) -> Invocation:
        return read_invocation(self._block(place.block).data[place.index])

    # -------------------------------------------------------------- what members attest

    def _attestation(self, channel: Configuration) -> Attestation | None:
        """The newest cosigned checkpoint that has the subject's block, where anybody's line on it counts."""
        note = self.export.newest_note()
        size = Checkpoint.parse(note.text).size if note else 0
        if note is None or size <= self.place.block:
            return None
        lines, certificates = counted(note, self.export.notaries, channel)
        if not certificates:
            return None
        number = self.place.block
        flags = self.export.source.fabric_block(number).flags
        path = self.export.log.inclusion_proof(number, size)
        return Attestation(certificates, flags, str(lines), path)

    def _block(self, number: int) -> SealedBlock:
        if number not in self._blocks:
            self._blocks[number] = self.export.source.fabric_block(number).sealed
        return self._blocks[number]
