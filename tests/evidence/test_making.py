"""One way to ask for evidence, two engines that make it; and what each does not take."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.evidence_file import SubjectKind
from chainfusion.ledger.evidence.fabric.anchor import AnchorMalformed, FabricAnchor, read_anchor_file, write_anchor
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.port import NotOnLedger
from chainfusion.node.evidence import EvidenceUnsound
from chainfusion.node.evidence.anchoring import AnchorOfOtherChannel, NothingToAnchor, first_anchor, newest_anchor
from chainfusion.node.evidence.channel import BeforeAnchor, NotAccepted
from chainfusion.node.evidence.making import HeldOfOtherKind, LogProofs, NoAnchorHere, anchor_of, held_in, maker_of
from chainfusion.node.evidence.making_channel import ChannelProofs
from chainfusion.verify import verify
from tests.fabric.blocks.channel import channel
from tests.support.channel_evidence import accepted, members, source_of
from tests.support.harbour import harbour
from tests.support.paper_channel import SMARTBFT, PaperChannel


def decision(of: object, tx_id: str, held: Checkpoint | FabricAnchor | None = None) -> bytes:
    return maker_of(of).prove(SubjectKind.DECISION, tx_id, None, None, held)


def test_each_engine_has_its_maker() -> None:
    port, source = harbour(), channel("raft")
    assert isinstance(maker_of(port.builder), LogProofs)
    assert isinstance(maker_of(source), ChannelProofs)
    assert verify(decision(port.builder, port.closing), port.builder.trust).ok
    assert verify(decision(source, source.stored.ids["opened"]), write_anchor(anchor_of(source))).ok
    with pytest.raises(TypeError, match="evidence cannot be made of str"):
        maker_of("a ledger")


def test_what_a_recipient_holds_is_of_the_ledger_s_engine() -> None:
    port, source = harbour(), channel("raft")
    anchor, checkpoint = first_anchor(source), port.builder.checkpoint(7)
    note = bytes(Note(checkpoint.text, port.builder.note().signatures))
    assert held_in(write_anchor(anchor)) == anchor
    assert held_in(note) == checkpoint
    with pytest.raises(HeldOfOtherKind):
        held_in(port.builder.trust)
    with pytest.raises(HeldOfOtherKind):
        decision(port.builder, port.closing, anchor)
    with pytest.raises(HeldOfOtherKind):
        decision(source, source.stored.ids["opened"], checkpoint)
    with pytest.raises(NoAnchorHere):
        anchor_of(port.builder)


def test_an_anchor_is_checked_before_anything_is_made_for_it() -> None:
    source, other = channel("raft"), channel("smartbft")
    with pytest.raises(AnchorOfOtherChannel):
        decision(source, source.stored.ids["opened"], first_anchor(other))
    newest = anchor_of(source, newest=True, attestations=2)
    assert newest.attestations == 2
    assert newest.definition is not None
    with pytest.raises(BeforeAnchor):
        decision(source, source.stored.ids["opened"], newest)
    accepted(decision(source, source.stored.ids["closed"], newest), write_anchor(replace(newest, attestations=0)))
    with pytest.raises(NotOnLedger):
        decision(source, "00" * 32)


def test_what_was_recorded_as_invalid_is_not_exported() -> None:
    made = PaperChannel.founded(members(), SMARTBFT)
    tx_id = made.record(made.call(made.members[0].user(), "deal.close", {"deal": "d"}), codes=b"\x0b")
    with pytest.raises(NotAccepted, match="MVCC_READ_CONFLICT"):
        decision(source_of(made), tx_id)


def test_what_would_not_verify_is_not_exported() -> None:
    made = PaperChannel.founded(members(), SMARTBFT)
    call = made.call(made.members[0].user(), "deal.close", {"deal": "d"}, endorsers=made.peers[:2])
    tx_id = made.record(call)
    with pytest.raises(EvidenceUnsound, match="is not met"):
        decision(source_of(made), tx_id)


def test_a_channel_without_a_call_has_its_first_block_as_anchor_alone() -> None:
    made = PaperChannel.founded(members(), SMARTBFT)
    with pytest.raises(NothingToAnchor):
        newest_anchor(source_of(made))
    made.record(made.call(made.members[0].user(), "deal.close", {"deal": "d"}))
    assert newest_anchor(source_of(made)) == first_anchor(source_of(made))


def test_an_anchor_has_one_form() -> None:
    data = write_anchor(first_anchor(channel("raft")))
    assert write_anchor(read_anchor_file(data)) == data
    with pytest.raises(AnchorMalformed):
        write_anchor(replace(read_anchor_file(data), format="v2"))
