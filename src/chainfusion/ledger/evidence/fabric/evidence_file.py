"""Evidence from a Fabric channel, as a file: whole blocks, and what opens the commitment in one transaction of them.

Canonical JSON, and nothing in it twice or unused, as in `chainfusion.ledger.evidence.evidence_file`: each block is a
configuration, the subject's, or one that put the chaincode's definition in force. The header's data hash is over all
envelopes of a block one after another, so a block is here with all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from chainfusion.domain.canonical import parse_canonical
from chainfusion.domain.errors import require
from chainfusion.domain.records import from_json, to_bytes
from chainfusion.ledger.evidence.evidence_file import FORMAT, MAX_BYTES, Evidence, Subject, evidence_of, malformed
from chainfusion.ledger.evidence.fabric.attestation import Attestation
from chainfusion.ledger.evidence.fabric.block import SealedBlock
from chainfusion.ledger.evidence.fabric.envelope import Place

FABRIC = "fabric"
HASH_BYTES = 32


@dataclass(frozen=True)
class Demand:
    """A key that the subject changes and that has an endorsement policy of its own: the places of those who wrote it
    before, newest first, down to who gave it the policy."""

    key: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class FabricEvidence:
    """An evidence file of a channel. `configurations` are the numbers of the blocks in it that hold configurations,
    `place` is the subject's transaction's."""

    attestation: Attestation | None
    blocks: tuple[SealedBlock, ...]
    channel: str
    configurations: tuple[int, ...]
    demands: tuple[Demand, ...]
    engine: str
    format: str
    ledger: str
    place: Place
    subject: Subject

    @cached_property
    def by_number(self) -> dict[int, SealedBlock]:
        """The blocks by number."""
        return {each.number: each for each in self.blocks}

    @property
    def block(self) -> SealedBlock:
        """The subject's block."""
        return self.by_number[self.place.block]

    def envelope(self, place: Place) -> bytes:
        """The envelope at a place. Raises: EvidenceMalformed where the file does not have it."""
        block = self.by_number.get(place.block)
        there = block is not None and 0 <= place.index < len(block.data)
        told = f"{place.block}/{place.index}"
        require(there, malformed(f"there is no transaction {told}", f"其中没有交易 {told}"))
        assert block is not None
        return block.data[place.index]


def write_fabric_evidence(evidence: FabricEvidence) -> bytes:
    """The bytes of a file. Raises: EvidenceMalformed where a rule of the format is broken."""
    _check(evidence)
    return to_bytes(evidence)


def read_any_evidence(data: bytes) -> Evidence | FabricEvidence:
    """An evidence file of either engine: its form is checked, nothing of what it says is.

    Raises: EvidenceMalformed, NotCanonical, BadRecord, BadNote, BadCheckpoint.
    """
    require(len(data) <= MAX_BYTES, malformed(f"it is longer than {MAX_BYTES} bytes", f"超过 {MAX_BYTES} 字节"))
    value = parse_canonical(data)
    if not isinstance(value, dict) or value.get("engine") != FABRIC:
        return evidence_of(value)
    evidence = from_json(FabricEvidence, value)
    _check(evidence)
    return evidence


def _check(evidence: FabricEvidence) -> None:
    form = evidence.format == FORMAT and evidence.engine == FABRIC
    _form(form, f"format {FORMAT} of engine {FABRIC} is needed", f"应为 {FABRIC} 引擎的 {FORMAT} 格式")
    numbers = [each.number for each in evidence.blocks]
    _form(_ascending(numbers), "blocks stand in the ledger's order, each once", "区块应按账本次序排列且不重复")
    _form(all(number >= 0 for number in numbers), "a block's number cannot be", "区块编号不合法")
    _form(all(each.data for each in evidence.blocks), "a block is empty", "区块为空")
    whole = all(len(each.previous) == (HASH_BYTES if each.number else 0) for each in evidence.blocks)
    _form(whole, "a block names the hash of the one before, block 0 none", "区块应载明前一区块哈希，首块除外")
    chain = evidence.configurations
    _form(bool(chain) and _ascending(list(chain)), "configurations stand in order", "配置区块应按次序排列")
    known = set(numbers)
    _form(known.issuperset(chain), "a configuration's block is missing", "缺少配置区块")
    _form(chain[0] == numbers[0], "it begins with a configuration", "应以配置区块开头")
    keys = [each.key for each in evidence.demands]
    _form(_ascending(keys), "demands stand in order of their keys", "背书要求应按键排列")
    _form(all(each.places for each in evidence.demands), "a demand that nobody made", "背书要求无出处")
    evidence.envelope(evidence.place)


def _ascending(items: list[Any]) -> bool:
    return all(before < after for before, after in pairwise(items))


def _form(condition: bool, why: str, why_zh: str) -> None:
    require(condition, malformed(why, why_zh))
