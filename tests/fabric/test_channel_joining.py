"""Joining a channel: its founding on the genesis that was checked, and its first block as what is trusted since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import from_json
from chainfusion.ledger.evidence.fabric.anchor import read_anchor_file, write_anchor
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.ledger.fabric.blocks.records import Reader
from chainfusion.ledger.port import Block
from chainfusion.node.channel import ChannelLedger
from chainfusion.node.channel_joining import AnchorDiffers, NotFounded, founding_of, join_channel
from chainfusion.node.connection import Connection, PeerPlace, TlsPlaces
from chainfusion.node.home import Home, write_record
from chainfusion.node.witness import WitnessFile
from tests.fabric.blocks.channel import StoredChannel, channel


@dataclass
class Readable(StoredChannel):
    """A stored channel that shows the port's blocks too."""

    cut: int = 10**6

    def height(self) -> int:
        return min(super().height(), self.cut)

    def block(self, number: int) -> Block:
        return Reader(self.ledger_id, "chainfusion").block(self.fabric_block(number))


@pytest.fixture(params=["smartbft", "raft"])
def ledger(request: pytest.FixtureRequest) -> ChannelLedger:
    return cast(ChannelLedger, Readable(channel(request.param).stored))


@pytest.fixture
def genesis(ledger: ChannelLedger) -> SignedGenesis:
    founding = founding_of(ledger)
    assert founding is not None
    return from_json(SignedGenesis, founding.transaction.proposal.args["genesis"])


@pytest.fixture
def profile(ledger: ChannelLedger, tmp_path: Path) -> Path:
    tls = TlsPlaces("ca.pem", "cert.pem", "key.pem")
    peers = (PeerPlace("127.0.0.1:1", None),)
    write_record(
        tmp_path / "profile.json", Connection("chainfusion", "deals", "AMSP", ledger.ledger_id, peers, "s", tls)
    )
    return tmp_path / "profile.json"


def test_a_member_keeps_the_first_block_and_where_its_notary_begins(
    ledger: ChannelLedger, genesis: SignedGenesis, profile: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    anchor = join_channel(home, profile, genesis, ledger, "desk")
    assert anchor.block.hash == ledger.fabric_block(0).hash
    assert read_anchor_file(home.trust_file.read_bytes()) == anchor
    first = BlockLog(ledger).checkpoint(1)
    assert WitnessFile(home.witness_file).last(first.origin) == first


def test_joining_again_forgets_nothing(
    ledger: ChannelLedger, genesis: SignedGenesis, profile: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    join_channel(home, profile, genesis, ledger, "desk")
    memory, later = WitnessFile(home.witness_file), BlockLog(ledger).checkpoint(4)
    memory.remember(later, memory.last(later.origin))
    join_channel(home, profile, genesis, ledger, "another")
    assert memory.last(later.origin) == later
    assert home.settings().user == "another"


def test_a_channel_that_begins_otherwise_than_before_is_refused(
    ledger: ChannelLedger, genesis: SignedGenesis, profile: Path, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    anchor = join_channel(home, profile, genesis, ledger, "desk")
    other = replace(anchor, block=replace(anchor.block, hash=bytes(32)))
    home.anchor_file.write_bytes(write_anchor(other))
    with pytest.raises(AnchorDiffers):
        join_channel(home, profile, genesis, ledger, "desk")
    assert read_anchor_file(home.anchor_file.read_bytes()) == other


def test_a_genesis_that_was_not_founded_there_is_refused(
    ledger: ChannelLedger, genesis: SignedGenesis, profile: Path, tmp_path: Path
) -> None:
    unsigned = SignedGenesis(genesis.genesis, genesis.signatures[:-1])
    with pytest.raises(NotFounded):
        join_channel(Home(tmp_path / "home"), profile, unsigned, ledger, "desk")
    assert not (tmp_path / "home").exists()


def test_a_channel_without_the_founding_yet_is_waited_for(ledger: ChannelLedger) -> None:
    founding = founding_of(ledger)
    assert founding is not None
    early = Readable(cast(Readable, ledger).stored, cut=founding.block)
    assert founding_of(cast(ChannelLedger, early), 0.2) is None
    early.cut = founding.block + 1
    assert founding_of(cast(ChannelLedger, early), 0) == founding
