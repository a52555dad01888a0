"""A peer's block files, examined alone: blocks that real networks produced, whole, changed, cut off, reordered."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from fabric_protos.common import common_pb2 as common
from typer.testing import CliRunner

from chainfusion.cli.main import app
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.note import Note, cosign_text
from chainfusion.ledger.fabric.blocks.blockfile import BlockFinding, blocks_in, examine, is_blockfile
from chainfusion.ledger.fabric.blocks.log import BlockLog
from tests.fabric.blocks.channel import channel
from tests.fabric.blocks.stored import load
from tests.support.identities import make_member


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*found, number))


def string(data: bytes) -> bytes:
    return varint(len(data)) + data


def as_stored(data: bytes) -> bytes:
    """A block as a peer writes it to its file."""
    block = common.Block.FromString(data)
    header = varint(block.header.number) + string(block.header.data_hash) + string(block.header.previous_hash)
    parts = [varint(len(items)) + b"".join(map(string, items)) for items in (block.data.data, block.metadata.metadata)]
    return string(header + b"".join(parts))


@pytest.fixture(params=["smartbft", "raft"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(name: str, tmp_path: Path) -> Path:
    """A peer's folder: its blocks in two files."""
    stored = [as_stored(block) for block in load(name).blocks]
    (tmp_path / "blockfile_000000").write_bytes(b"".join(stored[:7]))
    (tmp_path / "blockfile_000001").write_bytes(b"".join(stored[7:]))
    (tmp_path / "other").write_bytes(b"no block file")
    return tmp_path


def head(name: str) -> Checkpoint:
    return BlockLog(channel(name)).checkpoint()


def test_files_hold_the_blocks_that_the_peer_gave(folder: Path, name: str) -> None:
    assert is_blockfile(folder)
    assert is_blockfile(folder / "blockfile_000000")
    assert not is_blockfile(folder / "other")
    found = list(blocks_in(folder))
    assert found == [channel(name).fabric_block(number) for number in range(len(load(name).blocks))]


def test_nothing_is_found_in_what_is_whole(folder: Path, name: str) -> None:
    assert list(examine(folder)) == []
    assert list(examine(folder, head(name))) == []


def test_a_changed_byte_of_a_transaction_is_found_with_its_block(folder: Path, name: str) -> None:
    envelope = channel(name).fabric_block(5).envelopes[0]
    file = folder / "blockfile_000000"
    data = bytearray(file.read_bytes())
    data[data.index(envelope) + len(envelope) // 2] ^= 1
    file.write_bytes(data)
    (found,) = examine(folder)
    assert found.block == 5
    assert "not those that its header states" in found.message("en")


def test_a_validation_code_that_was_turned_is_found_by_the_checkpoint_alone(folder: Path, name: str) -> None:
    blocks = list(load(name).blocks)
    block = common.Block.FromString(blocks[6])
    codes = bytearray(block.metadata.metadata[common.BlockMetadataIndex.TRANSACTIONS_FILTER])
    codes[0] ^= 11
    block.metadata.metadata[common.BlockMetadataIndex.TRANSACTIONS_FILTER] = bytes(codes)
    blocks[6] = block.SerializeToString()
    (folder / "blockfile_000000").write_bytes(b"".join(map(as_stored, blocks[:7])))
    assert list(examine(folder)) == []
    (found,) = examine(folder, head(name))
    assert "validation codes" in found.message("en")
    assert "校验码" in found.message("zh")


def test_a_header_that_nobody_signed_is_found(folder: Path, name: str) -> None:
    blocks = list(load(name).blocks)
    block = common.Block.FromString(blocks[-1])
    block.header.previous_hash = bytes(32)
    blocks[-1] = block.SerializeToString()
    (folder / "blockfile_000001").write_bytes(b"".join(map(as_stored, blocks[7:])))
    found = list(examine(folder))
    assert {each.block for each in found} == {len(blocks) - 1}
    assert len(found) == 2


def test_a_block_that_is_left_out_is_found(folder: Path, name: str) -> None:
    stored = [as_stored(block) for block in load(name).blocks]
    (folder / "blockfile_000001").write_bytes(b"".join(stored[8:]))
    assert next(examine(folder)).block == 7
    (folder / "blockfile_000001").write_bytes(b"".join(stored[7:-1]))
    assert list(examine(folder)) == []
    assert [each.block for each in examine(folder, head(name))] == [len(stored) - 1]


@pytest.mark.parametrize("size", [1, 2, 3, 50, 1000])
def test_a_file_that_was_cut_off_ends_with_a_finding(folder: Path, size: int) -> None:
    file = folder / "blockfile_000001"
    file.write_bytes(file.read_bytes()[:-size])
    found = list(examine(folder))
    assert len(found) == 1
    assert isinstance(found[0], BlockFinding)


def test_random_changes_are_found_or_change_nothing_that_is_read(folder: Path, name: str) -> None:
    """Every byte counts but the peer's own commit hash and signatures beyond those that are needed."""
    file, chance = folder / "blockfile_000000", random.Random(7)
    whole, before, checkpoint = file.read_bytes(), list(blocks_in(folder)), head(name)
    for _ in range(150):
        at = chance.randrange(len(whole))
        file.write_bytes(whole[:at] + bytes((whole[at] ^ (1 << chance.randrange(8)),)) + whole[at + 1 :])
        if not list(examine(folder, checkpoint)):
            same = [(each.hash, each.flags, each.envelopes) for each in blocks_in(folder)]
            assert same == [(each.hash, each.flags, each.envelopes) for each in before]
    file.write_bytes(whole)


def test_the_command_examines_files_and_folders(folder: Path, name: str, tmp_path: Path) -> None:
    note = tmp_path / "note"
    note.write_bytes(bytes(Note(head(name).text, (cosign_text(head(name).text, make_member("OrgMSP").notary, 1),))))
    for words in ([str(folder)], [str(folder), "--checkpoint", str(note)]):
        done = CliRunner().invoke(app, ["--json", "ledger", "fsck", *words])
        assert (done.exit_code, json.loads(done.stdout)) == (0, {"findings": []})
    (folder / "blockfile_000001").write_bytes(b"\xff")
    done = CliRunner().invoke(app, ["ledger", "fsck", str(folder)])
    assert done.exit_code == 1
    assert "1 findings" in done.stdout
