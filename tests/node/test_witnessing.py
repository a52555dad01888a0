"""The notary's job: it cosigns what is new, once, and says nothing where nothing is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from chainfusion.demo.institutions import INSTITUTIONS, ORDERER
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.node import witness
from chainfusion.node.session import PeerBehind
from chainfusion.node.witness import WitnessFile
from chainfusion.node.witnessing import WitnessJob
from tests.support.consortium import Consortium

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MEMBER = INSTITUTIONS[1].msp


@pytest.fixture
def own(tmp_path: Path) -> Consortium:
    return Consortium(tmp_path)


@pytest.fixture
def job(own: Consortium, tmp_path: Path) -> WitnessJob:
    memory = WitnessFile(tmp_path / "memory.json")
    memory.remember(witness.first_checkpoint(own.ledger, own.genesis), None)
    return WitnessJob(own.ledger, own.members[MEMBER].notary, memory)


def test_each_checkpoint_is_cosigned_once(own: Consortium, job: WitnessJob) -> None:
    assert job.look(NOW) is None
    witness.publish_checkpoint(own.ledger, own.members[ORDERER].notary)
    note = job.look(NOW)
    assert note is not None
    assert [line.name for line in note.signatures] == [ORDERER, MEMBER]
    assert job.look(NOW) is None
    own.draft("D1")
    assert job.look(NOW) is None
    witness.publish_checkpoint(own.ledger, own.members[ORDERER].notary)
    again = job.look(NOW)
    assert again is not None
    assert Checkpoint.parse(again.text).size == own.ledger.height()


def test_a_session_waits_for_a_block_no_longer_than_it_is_told(own: Consortium) -> None:
    session = own.desk(ORDERER).session
    session.await_block(own.ledger.height() - 1, seconds=0)
    with pytest.raises(PeerBehind) as caught:
        session.await_block(own.ledger.height(), seconds=0.05)
    assert caught.value.facts["height"] == own.ledger.height()
