"""What a node adds to a channel: who signed a block, how a call hangs in the members' log, whose notes it reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainfusion.domain.membership import MEMBERSHIP_KEY, Membership
from chainfusion.domain.records import from_bytes
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.merkle import leaf_hash, verify_inclusion
from chainfusion.ledger.evidence.note import Note, cosign_text
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.blocks.records import Reader
from chainfusion.ledger.port import Block, CommittedTransaction, NotOnLedger
from chainfusion.node.channel import ChannelLedger, NoPeers
from chainfusion.node.connection import Connection, TlsPlaces
from chainfusion.node.notes import NoteFolder
from tests.fabric.blocks.channel import StoredChannel, channel
from tests.support.identities import make_member


class OnPaper(ChannelLedger):
    """A node's ledger whose peer is a file of stored blocks."""

    def __init__(self, stored: StoredChannel, folder: Path) -> None:
        self.stored = stored
        self.notes = NoteFolder(folder / "checkpoints", "ReaderMSP")
        self._log_file = folder / "blocks.log"
        self._configurations = {}
        self._ledger_id = stored.ledger_id

    def height(self) -> int:
        return self.stored.height()

    def fabric_block(self, number: int) -> FabricBlock:
        return self.stored.fabric_block(number)

    def block(self, number: int) -> Block:
        return Reader(self.ledger_id, "chainfusion").block(self.fabric_block(number))

    def transaction(self, tx_id: str) -> CommittedTransaction:
        return self.stored.transaction(tx_id)

    def state(self, key: str) -> bytes | None:
        return self.stored.state(key)


@pytest.fixture(params=["smartbft", "raft"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> OnPaper:
    return OnPaper(channel(request.param), tmp_path)


def test_a_block_names_the_members_whose_orderers_signed_it(ledger: OnPaper) -> None:
    bft = ledger.stored is channel("smartbft")
    assert ledger.engine == "fabric"
    assert ledger.signers(0) == ()
    for number in range(1, ledger.height()):
        found = ledger.signers(number)
        assert len(found) == (3 if bft else 1), number
        assert set(found) <= set(ledger._configuration(0).members)
    with pytest.raises(NotOnLedger):
        ledger.signers(ledger.height())


def test_a_call_hangs_in_the_log_by_its_block(ledger: OnPaper) -> None:
    size = ledger.height()
    head = ledger.log.checkpoint(size)
    for tx_id in ledger.stored.stored.ids.values():
        try:
            found = ledger.inclusion(tx_id, size)
        except NotOnLedger:
            continue  # a configuration's id
        block = ledger.transaction(tx_id).block
        path = ledger.log.inclusion_proof(block, size)
        assert (found.links, found.path, found.leaf) == (len(path), (), ledger.transaction(tx_id).index + 1)
        verify_inclusion(leaf_hash(ledger.fabric_block(block).leaf), block, size, path, head.root)
        assert ledger.inclusion(tx_id, block).links is None
        assert ledger.inclusion(tx_id).links is None


def test_blocks_come_in_order_however_many_are_asked_for(ledger: OnPaper) -> None:
    height = ledger.height()
    for first, stop in ((0, height), (3, 4), (5, 5), (2, height - 1)):
        assert [each.header.number for each in ledger.blocks(first, stop)] == list(range(first, stop))
    with pytest.raises(NotOnLedger):
        list(ledger.blocks(0, height + 2))


def test_the_log_is_kept_in_the_home(ledger: OnPaper, tmp_path: Path) -> None:
    head = ledger.log.checkpoint()
    assert (tmp_path / "blocks.log").stat().st_size == 32 * ledger.height()
    assert OnPaper(ledger.stored, tmp_path).log.checkpoint() == head


def test_only_members_notaries_are_read(ledger: OnPaper) -> None:
    value = ledger.state(MEMBERSHIP_KEY)
    assert value is not None
    msp = next(iter(from_bytes(Membership, value).members))
    text = ledger.log.checkpoint().text
    stranger = cosign_text(text, make_member(msp).notary, 1)
    NoteFolder(ledger.notes.folder, msp).keep(Checkpoint.parse(text).size, Note(text, (stranger,)))
    with pytest.raises(NotOnLedger):
        ledger.note()


def test_a_profile_without_a_peer_is_refused(tmp_path: Path) -> None:
    profile = Connection("chainfusion", "deals", "AMSP", "ab" * 16, (), "store", TlsPlaces("a", "b", "c"))
    with pytest.raises(NoPeers):
        ChannelLedger(profile, tmp_path, make_member("AMSP").user())
