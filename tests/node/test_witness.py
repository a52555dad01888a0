"""Witnessing: cosigned is what extends the remembered history; forks, stale and idle signatures are refused."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chainfusion.contracts.catalogue import registry
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.evidence.checkpoint import Checkpoint, CheckpointStale, LogForked
from chainfusion.ledger.port import NotOnLedger
from chainfusion.node import witness
from chainfusion.node.home import FileDamaged
from chainfusion.node.witness import NotAWitness, WitnessFile, first_checkpoint
from tests.support.consortium import ORDERER, Consortium

WITNESS = "YunjinMSP"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def world(tmp_path: Path) -> Consortium:
    made = Consortium(tmp_path)
    assert made.ledger.height() > 1
    return made


def copy_ledger(source: Path, target: Path) -> None:
    """A ledger's file with what the database engine keeps beside it, in place of what is there."""
    target.mkdir(exist_ok=True)
    for old in target.glob("ledger.db*"):
        old.unlink()
    for file in source.glob("ledger.db*"):
        shutil.copy(file, target)


@pytest.fixture
def memory(world: Consortium, tmp_path: Path) -> WitnessFile:
    """The memory of a member that has just joined."""
    kept = WitnessFile(tmp_path / "witness.json")
    kept.remember(first_checkpoint(world.ledger, world.genesis), None)
    return kept


def publish(world: Consortium) -> Checkpoint:
    return Checkpoint.parse(witness.publish_checkpoint(world.ledger, world.members[ORDERER].notary).text)


def test_nothing_is_cosigned_before_something_is_published(world: Consortium, memory: WitnessFile) -> None:
    with pytest.raises(NotOnLedger):
        witness.cosign(world.ledger, world.members[WITNESS].notary, memory, now())


def test_a_checkpoint_is_published_once_for_a_height(world: Consortium) -> None:
    notary = world.members[ORDERER].notary
    assert witness.publish_checkpoint(world.ledger, notary) == witness.publish_checkpoint(world.ledger, notary)


def test_a_witness_cosigns_once_and_remembers(world: Consortium, memory: WitnessFile) -> None:
    published, notary = publish(world), world.members[WITNESS].notary
    note = witness.cosign(world.ledger, notary, memory, now())
    assert [each.name for each in note.signatures] == [ORDERER, WITNESS]
    assert memory.last(published.origin) == published
    assert witness.cosign(world.ledger, notary, memory, now()) == note
    assert world.ledger.note() == note


def test_the_memory_outlives_the_process_and_the_log_grows_on_it(world: Consortium, memory: WitnessFile) -> None:
    first, notary = publish(world), world.members[WITNESS].notary
    witness.cosign(world.ledger, notary, memory, now())
    world.draft("GROWS")
    second = publish(world)
    witness.cosign(world.ledger, notary, WitnessFile(memory.path), now())
    assert second.size > first.size
    assert WitnessFile(memory.path).last(first.origin) == second


def test_a_forked_log_is_refused_and_nothing_is_signed(world: Consortium, memory: WitnessFile, tmp_path: Path) -> None:
    """The operator shows one member a history, goes back, and shows another of the same length."""
    kept = tmp_path / "kept"
    node, notary = world.members[ORDERER].node, world.members[WITNESS].notary

    def reopen() -> None:
        world.__dict__["ledger"] = EmbeddedLedger(world.path / "ledger.db", registry(), node, clock=world.clock)

    world.ledger.close()
    copy_ledger(world.path, kept)
    reopen()
    world.draft("SHOWN")
    publish(world)
    witness.cosign(world.ledger, notary, memory, now())
    remembered = memory.path.read_bytes()
    world.ledger.close()
    copy_ledger(kept, world.path)
    reopen()
    world.draft("INSTEAD")
    publish(world)
    with pytest.raises(LogForked):
        witness.cosign(world.ledger, notary, memory, now())
    assert memory.path.read_bytes() == remembered
    assert [each.name for each in world.ledger.note().signatures] == [ORDERER]


def test_a_shorter_log_than_the_remembered_one_is_refused(world: Consortium, memory: WitnessFile) -> None:
    published = publish(world)
    ahead = Checkpoint(published.origin, published.size + 3, b"\x07" * 32)
    memory.remember(ahead, memory.last(published.origin))
    with pytest.raises((CheckpointStale, LogForked, NotOnLedger)):
        witness.cosign(world.ledger, world.members[WITNESS].notary, memory, now())
    assert memory.last(published.origin) == ahead


def test_the_orderer_does_not_vouch_for_its_own_log(world: Consortium, memory: WitnessFile) -> None:
    publish(world)
    with pytest.raises(NotAWitness):
        witness.cosign(world.ledger, world.members[ORDERER].notary, memory, now())


def test_two_nodes_of_one_notary_do_not_forget_each_other(world: Consortium, memory: WitnessFile) -> None:
    published = publish(world)
    before = memory.last(published.origin)
    memory.remember(published, before)
    with pytest.raises(LogForked):
        memory.remember(Checkpoint(published.origin, published.size, b"\x01" * 32), before)
    assert memory.last(published.origin) == published


def test_a_damaged_memory_is_not_taken_for_none(world: Consortium, memory: WitnessFile) -> None:
    memory.path.write_bytes(b"{}")
    publish(world)
    with pytest.raises(FileDamaged):
        witness.cosign(world.ledger, world.members[WITNESS].notary, memory, now())


def test_a_ledger_on_another_genesis_is_not_joined(world: Consortium, tmp_path: Path) -> None:
    other = Consortium(tmp_path / "other")
    with pytest.raises(LogForked):
        first_checkpoint(world.ledger, other.genesis)
