"""What members' notaries attest of a channel's blocks, and what it takes for a line to count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fabric_protos.common import common_pb2 as common

from chainfusion.ledger.evidence.checkpoint import Checkpoint, CheckpointStale, LogForked
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor, write_anchor
from chainfusion.ledger.evidence.note import Note, cosign_text, sign_text
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.ledger.port import NotOnLedger
from chainfusion.node.evidence.anchoring import first_anchor
from chainfusion.node.evidence.witnessing import cosign_channel
from chainfusion.node.witness import WitnessFile
from tests.fabric.blocks.channel import StoredChannel, channel
from tests.support.channel_evidence import LEDGER, accepted, edited, institution, members, refused, source_of, unchecked
from tests.support.identities import NOW, Member, make_member
from tests.support.paper_channel import SMARTBFT, PaperChannel

SEEN = NOW + timedelta(hours=1)


@dataclass
class Scene:
    """A channel with a closing, and what members' peers recorded of it."""

    made: PaperChannel
    tx_id: str
    source: StoredChannel = field(init=False)

    def __post_init__(self) -> None:
        self.source = source_of(self.made)

    @property
    def log(self) -> BlockLog:
        return BlockLog(self.source)

    def anchor(self, attestations: int = 0) -> bytes:
        return write_anchor(first_anchor(self.source, attestations))

    def cosigned(self, *who: Member, at: Any = SEEN) -> Note:
        """The head of the log with these members' lines."""
        text = self.log.checkpoint().text
        return Note(text, tuple(cosign_text(text, each.notary, int(at.timestamp())) for each in who))

    def evidence(self, note: Note | None, extra: Sequence[Member] = ()) -> bytes:
        """Evidence of the closing on a note."""
        self.source.notes = {} if note is None else {Checkpoint.parse(note.text).size: note}
        notaries = {each.msp_id: each.notary.certificate_der for each in (*members(), *extra)}
        return unchecked(self.source, self.tx_id, notaries=notaries)


def scene(codes: bytes = b"", begins: datetime = NOW) -> Scene:
    made = PaperChannel.founded(members(), SMARTBFT)
    made.now = begins
    call = made.call(made.members[0].user(), "deal.close", {"deal": "d"})
    tx_id = made.record(call, codes=codes)
    made.record(made.call(made.members[1].user(), "deal.open", {"deal": "e"}))
    return Scene(made, tx_id)


def test_attested_evidence_says_who_attests() -> None:
    here = scene()
    evidence = here.evidence(here.cosigned(*members()[:3]))
    verdict = accepted(evidence, here.anchor(3), at=SEEN)
    assert [each["msp"] for each in verdict.facts["attestations"]["by"]] == sorted(m.msp_id for m in members()[:3])
    assert "No member" not in verdict.headline("en")
    assert "3 members attest" in verdict.proves[-1].en
    assert not any("validation codes" in text.en for text in verdict.does_not_prove)
    refused(evidence, here.anchor(4), "validity", "TOO_FEW_ATTESTATIONS")
    refused(here.evidence(None), here.anchor(1), "validity", "TOO_FEW_ATTESTATIONS")


def test_what_peers_recorded_as_invalid_is_refused_even_to_who_asks_for_no_attestation() -> None:
    mvcc_conflict = 11
    here = scene(bytes([mvcc_conflict]))
    source = here.source
    with pytest.raises(NotOnLedger):
        source.note()
    evidence = here.evidence(here.cosigned(members()[0]))
    refused(evidence, here.anchor(), "validity", "FABRIC_RECORDED_INVALID")


def test_a_peer_that_lies_about_codes_makes_another_log() -> None:
    true, lying = scene(), scene()
    lying.made.blocks, lying.tx_id = list(true.made.blocks), true.tx_id
    block = common.Block.FromString(lying.made.blocks[2])
    block.metadata.metadata[2] = bytes([11])
    lying.made.blocks[2] = block.SerializeToString()
    lying.source = source_of(lying.made)
    note = true.cosigned(*members()[:3])
    refused(lying.evidence(note), true.anchor(), "validity", "PROOF_INVALID")


LINES: dict[str, Any] = {
    "a stranger's": lambda h: h.cosigned(members()[0], institution("ZhangMSP")),
    "a namesake's": lambda h: h.cosigned(make_member("DonghaiMSP")),
    "a plain signature": lambda h: Note(t := h.log.checkpoint().text, (sign_text(t, members()[0].notary),)),
    "of another time than signed": lambda h: _other_time(h.cosigned(members()[0])),
}


def _other_time(note: Note) -> Note:
    from dataclasses import replace

    line = note.signatures[0]
    return Note(note.text, (replace(line, value=bytes(7) + b"\x01" + line.value[8:]),))


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_does_not_count_is_refused_in_a_file_and_left_out_by_the_exporter(name: str) -> None:
    here = scene()
    good = here.cosigned(members()[0])
    whole = here.evidence(good)
    bad = LINES[name](here)

    def put(e: dict[str, Any]) -> None:
        e["attestation"]["note"] = str(bad)
        certificates = {m.msp_id: m.notary.certificate_der for m in (*members(), institution("ZhangMSP"))}
        e["attestation"]["certificates"] = [certificates[line.name].hex() for line in bad.signatures]

    refused(edited(whole, put), here.anchor(), "validity")
    exported = here.evidence(bad, extra=[institution("ZhangMSP")])
    assert accepted(exported, here.anchor()).facts["attestations"]["by"] in (
        [],
        [{"msp": "DonghaiMSP", "time": "2026-01-31T09:00:00.000000Z"}],
    )


EDITS: dict[str, Any] = {
    "another code": lambda e: e["attestation"].update(codes="01"),
    "a code more": lambda e: e["attestation"].update(codes="0000"),
    "no code": lambda e: e["attestation"].update(codes=""),
    "another path": lambda e: e["attestation"]["path"].reverse(),
    "a longer path": lambda e: e["attestation"]["path"].append("00" * 32),
    "no path": lambda e: e["attestation"].update(path=[]),
    "no certificates": lambda e: e["attestation"].update(certificates=[]),
    "certificates exchanged": lambda e: e["attestation"]["certificates"].reverse(),
    "a node's certificate": lambda e: e["attestation"]["certificates"].__setitem__(
        0, members()[0].node.certificate_der.hex()
    ),
    "no note": lambda e: e["attestation"].update(note=""),
    "a line twice": lambda e: e["attestation"].update(
        note=e["attestation"]["note"] + e["attestation"]["note"].splitlines(keepends=True)[-1],
        certificates=[*e["attestation"]["certificates"], e["attestation"]["certificates"][-1]],
    ),
    "another size": lambda e: e["attestation"].update(note=e["attestation"]["note"].replace("\n4\n", "\n5\n", 1)),
    "another ledger": lambda e: e["attestation"].update(note=e["attestation"]["note"].replace(LEDGER, "0" * 32, 1)),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_attestation_is_refused(name: str) -> None:
    here = scene()
    whole = here.evidence(here.cosigned(*members()[:2]))
    accepted(whole, here.anchor(2))
    refused(edited(whole, EDITS[name]), here.anchor(), "validity")


def test_an_attestation_from_before_or_after_its_time_is_refused() -> None:
    afterwards = scene(begins=SEEN + timedelta(hours=1))
    early = afterwards.evidence(afterwards.cosigned(members()[0]))
    refused(early, afterwards.anchor(), "validity", "TIME_IMPOSSIBLE")
    here = scene()
    late = here.evidence(here.cosigned(members()[0]))
    refused(late, here.anchor(), "validity", "TIME_IMPOSSIBLE", at=NOW + timedelta(minutes=5))


def test_a_checkpoint_that_ends_before_the_block_attests_nothing() -> None:
    here = scene()
    text = here.log.checkpoint(2).text
    note = Note(text, (cosign_text(text, members()[0].notary, int(SEEN.timestamp())),))
    assert accepted(here.evidence(note), here.anchor()).facts["attestations"]["by"] == []


# ------------------------------------------------------------------ a member's notary


def cosign(here: StoredChannel, member: Member, folder: Path, size: int | None = None) -> Note:
    memory = WitnessFile(folder / f"{member.msp_id}.json")
    return cosign_channel(here, BlockLog(here), member.notary, memory, SEEN, size)


def test_members_cosign_what_their_own_peers_recorded(tmp_path: Path) -> None:
    here = scene()
    peers = here.source
    for each in members()[:3]:
        note = cosign(peers, each, tmp_path)
    assert [line.name for line in note.signatures] == [m.msp_id for m in members()[:3]]
    assert cosign(peers, members()[0], tmp_path) == note
    notaries = {m.msp_id: m.notary.certificate_der for m in members()}
    accepted(unchecked(peers, here.tx_id, notaries=notaries), here.anchor(3))


def test_a_notary_does_not_cosign_two_histories_or_an_older_one(tmp_path: Path) -> None:
    here = scene()
    cosign(here.source, members()[0], tmp_path)
    other = source_of(scene().made)
    with pytest.raises(LogForked):
        cosign(other, members()[0], tmp_path)
    with pytest.raises(CheckpointStale):
        cosign(source_of(here.made), members()[0], tmp_path, size=2)
    with pytest.raises(NotOnLedger):
        cosign(source_of(here.made), members()[1], tmp_path, size=99)


def test_a_notary_whose_peer_recorded_otherwise_than_another_s_says_so(tmp_path: Path) -> None:
    here, other = scene(), scene()
    cosign(here.source, members()[0], tmp_path)
    other.source.notes = dict(here.source.notes)
    with pytest.raises(LogForked):
        cosign(other.source, members()[1], tmp_path)
    assert not (tmp_path / f"{members()[1].msp_id}.json").exists()


def test_a_log_kept_in_a_file_goes_on_where_it_ended(tmp_path: Path) -> None:
    source, path = channel("raft"), tmp_path / "blocks.log"
    first = BlockLog(source, path)
    early = first.checkpoint(7)
    path.write_bytes(path.read_bytes() + b"cut off")
    again = BlockLog(source, path)
    assert again.checkpoint(7) == early
    assert again.checkpoint() == BlockLog(source).checkpoint()
    assert path.stat().st_size == 32 * source.height()
    proof = again.consistency_proof(7, source.height())
    from chainfusion.ledger.evidence.merkle import verify_consistency

    verify_consistency(7, early.root, source.height(), again.checkpoint().root, proof)


def test_an_anchor_states_how_many_must_attest() -> None:
    anchor: FabricAnchor = first_anchor(channel("raft"), 2)
    assert anchor.attestations == 2
    assert anchor.names("DonghaiMSP").en == "Donghai"
    assert anchor.names("NobodyMSP").zh == "NobodyMSP"
