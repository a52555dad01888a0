"""Checkpoints that members exchange in files: put together from all, and nothing but lines over one text."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainfusion.domain.membership import Member as MemberRecord
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.note import Note, NoteSignature, cosign_text
from chainfusion.node.notaries import Notaries
from chainfusion.node.notes import NoteFolder
from tests.support.identities import Member, make_member

ONE, TWO, THREE = (make_member(f"{name}MSP") for name in ("One", "Two", "Three"))


def text(size: int, root: bytes = b"r" * 32) -> str:
    return Checkpoint.of("ab" * 16, size, root).text


def note(said: str, *members: Member) -> Note:
    return Note(said, tuple(cosign_text(said, each.notary, 1) for each in members))


def counts(line: NoteSignature, said: str) -> bool:
    """As a channel's node says it, of three members."""
    return Notaries(as_record(each) for each in (ONE, TWO, THREE)).made(line, said)


def as_record(each: Member) -> MemberRecord:
    name, roots = each.msp_id, (each.root_der,)
    return MemberRecord(name, name, name, (Role.INVESTOR,), roots, (), b"e", each.notary.certificate_der, b"n")


def names(found: Note | None) -> list[str]:
    assert found is not None
    return [line.name for line in found.signatures]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    NoteFolder(tmp_path, "OneMSP").keep(5, note(text(5), ONE))
    NoteFolder(tmp_path, "TwoMSP").keep(5, note(text(5), ONE, TWO))
    NoteFolder(tmp_path, "OneMSP").keep(9, note(text(9), ONE))
    return tmp_path


def test_a_member_reads_what_all_have_written(folder: Path) -> None:
    reader = NoteFolder(folder, "ThreeMSP")
    assert names(reader.find(5, 100, counts)) == ["OneMSP", "TwoMSP"]
    assert names(reader.find(None, 100, counts)) == ["OneMSP"]
    assert reader.find(7, 100, counts) is None
    assert NoteFolder(folder / "nothing", "OneMSP").find(None, 100, counts) is None


def test_nothing_beyond_the_own_height_is_read(folder: Path) -> None:
    """A note of a size that nobody has would otherwise hide every other one."""
    NoteFolder(folder, "TwoMSP").keep(10**17, note(text(10**17), TWO))
    assert names(NoteFolder(folder, "OneMSP").find(None, 9, counts)) == ["OneMSP"]
    assert names(NoteFolder(folder, "OneMSP").find(None, 8, counts)) == ["OneMSP", "TwoMSP"]


def test_the_own_text_counts_where_another_tells_another_history(folder: Path) -> None:
    NoteFolder(folder, "TwoMSP").keep(9, note(text(9, b"x" * 32), TWO))
    mine = NoteFolder(folder, "OneMSP").find(9, 100, counts)
    assert names(mine) == ["OneMSP"]
    assert mine is not None
    assert mine.text == text(9)


def test_files_that_are_no_notes_are_passed_over(folder: Path) -> None:
    (folder / f"{12:018d}.TwoMSP").write_bytes(b"no note")
    (folder / "strange").write_bytes(b"x")
    (folder / f"{13:018d}.TwoMSP").mkdir()
    assert names(NoteFolder(folder, "OneMSP").find(None, 100, counts)) == ["OneMSP"]


def test_keeping_again_replaces_the_own_file_alone(folder: Path) -> None:
    NoteFolder(folder, "ThreeMSP").keep(5, note(text(5), THREE))
    NoteFolder(folder, "ThreeMSP").keep(5, note(text(5), THREE))
    assert sorted(names(NoteFolder(folder, "TwoMSP").find(5, 100, counts))) == ["OneMSP", "ThreeMSP", "TwoMSP"]
    assert len(list(folder.glob("*.ThreeMSP"))) == 1


def test_a_note_that_no_member_signed_hides_nothing(folder: Path) -> None:
    stranger, forged = make_member("TwoMSP"), note(text(12), TWO)
    NoteFolder(folder, "TwoMSP").keep(11, note(text(11), stranger))
    NoteFolder(folder, "TwoMSP").keep(12, Note(text(12, b"y" * 32), forged.signatures))
    found = NoteFolder(folder, "OneMSP").find(None, 100, counts)
    assert found is not None
    assert (found.text, names(found)) == (text(9), ["OneMSP"])


def test_lines_that_count_are_taken_out_of_a_note_with_others(folder: Path) -> None:
    mixed = note(text(9), THREE, make_member("FourMSP"))
    NoteFolder(folder, "ThreeMSP").keep(9, mixed)
    assert names(NoteFolder(folder, "OneMSP").find(None, 100, counts)) == ["OneMSP", "ThreeMSP"]
