"""On real Fabric: evidence of each kind from a running network, attested by its members, through a change of members;
and from a peer whose own block file was edited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.evidence_file import SubjectKind
from chainfusion.ledger.evidence.fabric.anchor import write_anchor
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.network import processes
from chainfusion.ledger.fabric.network.plan import Consensus
from chainfusion.ledger.port import NotOnLedger
from chainfusion.node.evidence import EvidenceUnsound
from chainfusion.node.evidence.anchoring import first_anchor, newest_anchor
from chainfusion.node.evidence.making import maker_of
from chainfusion.node.evidence.witnessing import cosign_channel
from chainfusion.node.identity.organisation import unlock_notary
from chainfusion.node.network import RunningNetwork, start
from chainfusion.node.witness import WitnessFile
from tests.fabric.blocks.channel import StoredChannel
from tests.fabric.blocks.make_blocks import MSPS, Stage, admit, await_grown, plan_of, story
from tests.fabric.blocks.stored import Stored
from tests.fabric.network_stage import free_ports, has_fabric
from tests.support.channel_evidence import accepted, refused, unchecked
from tests.support.harbour import DEAL, OTHER_REPORT, REPORT, loan_opening, report_opening

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]


TRUE, FALSE = b'"state":"closed"', b'"state":"opened"'


class Keeper:
    """A peer's ledger with the checkpoints that members exchange."""

    def __init__(self, ledger: FabricLedger, notes: dict[int, Note]) -> None:
        self._ledger, self._notes = ledger, notes

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)

    def note(self, size: int | None = None) -> Note:
        found = self._notes.get(max(self._notes, default=0) if size is None else size)
        if found is None:
            raise NotOnLedger(what="checkpoint", id=str(size))
        return found

    def keep_note(self, size: int, note: Note) -> None:
        self._notes[size] = note


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, dict[str, str]]]:
    """A SmartBFT network with its story told, and a member more at the end of it."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("evidence") / "net"
        network = stack.enter_context(start(plan_of(Consensus.SMARTBFT, free_ports()), folder))
        stage = Stage(network, stack)
        ids = story(stage)
        height = stage.ledgers[MSPS[0]].height()
        admit(stage)
        await_grown(stage, height)
        ids["closed"] = stage.session(stage.owner(Role.ORIGINATOR)).call("deal.close", deal=DEAL).tx_id
        await_grown(stage, height + 1)
        yield stage, ids


def keeper(stage: Stage, msp: str, notes: dict[int, Note]) -> Keeper:
    return Keeper(stage.ledgers[msp], notes)


def cosigned(stage: Stage, folder: Path) -> dict[int, Note]:
    """The checkpoint of all blocks, cosigned by every member from its own peer."""
    notes: dict[int, Note] = {}
    for msp in MSPS:
        notary = unlock_notary(stage.network.organisation(msp), stage.network.password)
        ledger, memory = keeper(stage, msp, notes), WitnessFile(folder / f"{msp}.json")
        cosign_channel(ledger, BlockLog(stage.ledgers[msp]), notary, memory, datetime.now(UTC))
    return notes


def test_evidence_of_each_kind_from_any_member_s_peer(played: tuple[Stage, dict[str, str]], tmp_path: Path) -> None:
    stage, ids = played
    notes = cosigned(stage, tmp_path)
    anchor = write_anchor(first_anchor(stage.ledgers[MSPS[0]], attestations=len(MSPS)))
    subjects = (
        (SubjectKind.LOAN, "pool", loan_opening(7), None),
        (SubjectKind.POOL, "pool", None, None),
        (SubjectKind.DOCUMENT, "report", None, report_opening()),
        (SubjectKind.DECISION, "closed", None, None),
    )
    for msp, (kind, name, loan, document) in zip(MSPS, subjects, strict=True):
        evidence = maker_of(keeper(stage, msp, notes)).prove(kind, ids[name], loan, document, None)
        of_document = kind is SubjectKind.DOCUMENT
        verdict = accepted(evidence, anchor, REPORT if of_document else None, at=datetime.now(UTC), expect_deal=DEAL)
        assert len(verdict.facts["attestations"]["by"]) == len(MSPS)
        assert verdict.facts["orderers"]["consensus"] == "BFT"
        if of_document:
            refused(evidence, anchor, "document", "DOCUMENT_DIFFERS", document=OTHER_REPORT)
    newest = newest_anchor(keeper(stage, MSPS[1], {}))
    assert newest.block.number > 0
    later = maker_of(keeper(stage, MSPS[2], notes)).prove(SubjectKind.DECISION, ids["closed"], None, None, newest)
    accepted(later, write_anchor(newest))


def test_evidence_from_a_peer_whose_block_file_was_edited_fails(played: tuple[Stage, dict[str, str]]) -> None:
    stage, ids = played
    network, rogue = stage.network, MSPS[3]
    true = stage.ledgers[rogue].transaction(ids["closed"])
    anchor = write_anchor(first_anchor(stage.ledgers[rogue]))
    whole = edit_block(network, rogue, stage.ledgers[rogue], true.block)
    try:
        edited = stage.ledgers[rogue]
        assert edited.fabric_block(true.block).hash != stage.ledgers[MSPS[0]].fabric_block(true.block).hash
        with pytest.raises(EvidenceUnsound):
            maker_of(keeper(stage, rogue, {})).prove(SubjectKind.DECISION, ids["closed"], None, None, None)
        blocks = Stored(network.ledger_id, network.plan.channel, ids, tuple(stage.blocks(rogue)))
        refused(unchecked(StoredChannel(blocks), ids["closed"]), anchor, "orderers", "FABRIC_ORDERERS_REFUSED")
    finally:
        restarted(network, rogue, lambda: block_file(network, rogue).write_bytes(whole))


def edit_block(network: RunningNetwork, msp: str, ledger: FabricLedger, number: int) -> bytes:
    """Changes what a contract answered on a peer's disk, and the header's data hash with it, and starts the peer again;
    gives the file as it was."""
    file, block = block_file(network, msp), ledger.fabric_block(number)
    before = b"".join(block.envelopes)
    after = before.replace(TRUE, FALSE)
    assert after != before

    def edit() -> None:
        data = file.read_bytes()
        for envelope in block.envelopes:
            assert data.count(envelope) == 1
            data = data.replace(envelope, envelope.replace(TRUE, FALSE))
        file.write_bytes(data.replace(block.data_hash, hashlib.sha256(after).digest()))

    whole = file.read_bytes()
    restarted(network, msp, edit)
    return whole


def restarted(network: RunningNetwork, msp: str, between: object) -> None:
    """Ends a peer, does something, and starts it again."""
    name = f"peer.{msp}"
    processes.end_all([each for each in processes.load(network.places.running) if each.name == name])
    assert callable(between)
    between()
    network.up()


def block_file(network: RunningNetwork, msp: str) -> Path:
    """The file in which a peer keeps the channel's blocks."""
    return next((network.places.node(msp, "peer") / "data").rglob("blockfile_000000"))
