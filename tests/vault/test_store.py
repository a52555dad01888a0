"""The store: whole or invisible, never overwritten, and its keys lead nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore

from chainfusion.vault import store as store_module
from chainfusion.vault.errors import ObjectExists, ObjectMissing, StoreKeyInvalid, StoreUnavailable
from chainfusion.vault.store import FolderStore, Kind, ObjectKey, ObjectStore, ObstoreStore
from chainfusion.vault.vault import Vault
from tests.vault.desk import DONGHAI, LAW, Desk, check

ID, OTHER = "ab" * 32, "cd" * 32
CIPHERTEXT = ObjectKey(Kind.CIPHERTEXT, ID)


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return FolderStore(tmp_path) if request.param == "folder" else ObstoreStore(MemoryStore(), read_size=8)


def test_what_was_put_is_got_in_blocks(store: ObjectStore) -> None:
    store.put(CIPHERTEXT, [b"abc", b"", b"defg", b"hij"])
    assert list(store.get(CIPHERTEXT, 4)) == [b"abcd", b"efgh", b"ij"]
    assert list(store.get(CIPHERTEXT, 5)) == [b"abcde", b"fghij"]
    assert list(store.get(CIPHERTEXT, 99)) == [b"abcdefghij"]


def test_an_empty_thing_has_no_blocks(store: ObjectStore) -> None:
    store.put(CIPHERTEXT, [])
    assert store.exists(CIPHERTEXT)
    assert list(store.get(CIPHERTEXT, 4)) == []


def test_nothing_is_overwritten(store: ObjectStore) -> None:
    store.put(CIPHERTEXT, [b"first"])
    with pytest.raises(ObjectExists):
        store.put(CIPHERTEXT, [b"second"])
    assert list(store.get(CIPHERTEXT, 9)) == [b"first"]


def test_what_is_missing_is_said_at_once(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing):
        store.get(CIPHERTEXT, 4)
    assert not store.exists(CIPHERTEXT)
    store.delete(CIPHERTEXT)


def test_a_source_that_fails_leaves_nothing(store: ObjectStore) -> None:
    def failing() -> Iterator[bytes]:
        for _ in range(20):
            yield bytes(1024 * 1024)
        raise RuntimeError("pulled the plug")

    with pytest.raises(RuntimeError, match="pulled"):
        store.put(CIPHERTEXT, failing())
    assert not store.exists(CIPHERTEXT)
    assert list(store.list(Kind.CIPHERTEXT)) == []
    store.put(CIPHERTEXT, [b"again"])
    assert list(store.get(CIPHERTEXT, 9)) == [b"again"]


def test_keys_are_listed_by_kind_and_object(store: ObjectStore) -> None:
    grants = [ObjectKey(Kind.GRANT, ID, part) for part in ("11" * 32, "22" * 32)]
    for key in [CIPHERTEXT, ObjectKey(Kind.ENVELOPE, OTHER), *grants, ObjectKey(Kind.GRANT, OTHER, "33" * 32)]:
        store.put(key, [b"x"])
    assert set(store.list(Kind.GRANT, ID)) == set(grants)
    assert len(list(store.list(Kind.GRANT))) == 3
    assert list(store.list(Kind.ENVELOPE)) == [ObjectKey(Kind.ENVELOPE, OTHER)]
    store.delete(grants[0])
    assert list(store.list(Kind.GRANT, ID)) == [grants[1]]


@pytest.mark.parametrize(
    ("kind", "object_id", "part"),
    [
        (Kind.CIPHERTEXT, "../" * 20 + "ab", None),
        (Kind.CIPHERTEXT, "ab" * 32 + "/..", None),
        (Kind.CIPHERTEXT, "AB" * 32, None),
        (Kind.CIPHERTEXT, "ab" * 31 + "a\n", None),
        (Kind.CIPHERTEXT, "٠" * 64, None),
        (Kind.CIPHERTEXT, ID, "11" * 32),
        (Kind.GRANT, ID, None),
        (Kind.GRANT, ID, ".."),
    ],
)
def test_a_key_is_hexadecimal_or_none(kind: Kind, object_id: str, part: str | None) -> None:
    with pytest.raises(StoreKeyInvalid):
        ObjectKey(kind, object_id, part)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "objects",
        f"objects/ab/{OTHER}",
        f"objects/{ID}",
        f"secrets/ab/{ID}",
        f"grants/ab/{ID}/a/b",
        f"objects/ab/{ID}/x",
    ],
)
def test_a_path_that_is_no_keys_is_refused(path: str) -> None:
    with pytest.raises(StoreKeyInvalid):
        ObjectKey.of_path(path)


def test_keys_and_paths_are_one_to_one() -> None:
    for key in (CIPHERTEXT, ObjectKey(Kind.ENVELOPE, OTHER), ObjectKey(Kind.GRANT, ID, OTHER)):
        assert ObjectKey.of_path(key.path) == key


def test_foreign_files_in_the_folder_are_passed_over(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(CIPHERTEXT, [b"x"])
    (tmp_path / "objects" / "ab" / "notes.txt").write_text("mine")
    assert list(store.list(Kind.CIPHERTEXT)) == [CIPHERTEXT]


def test_two_writers_of_one_key_do_not_overwrite_each_other(tmp_path: Path) -> None:
    """The second finds the name free before it writes, and taken when it is done."""
    first, second = FolderStore(tmp_path), FolderStore(tmp_path)

    def slow() -> Iterator[bytes]:
        first.put(CIPHERTEXT, [b"first"])
        yield b"second"

    with pytest.raises(ObjectExists):
        second.put(CIPHERTEXT, slow())
    assert list(first.get(CIPHERTEXT, 9)) == [b"first"]
    assert list((tmp_path / "staging").iterdir()) == []


def test_what_is_read_from_one_vault_is_sealed_into_another(tmp_path: Path) -> None:
    """A source that is itself a store's stream: a new version for other readers never lies on the disk in the clear."""
    first, second = Desk(tmp_path / "first"), Desk(tmp_path / "second")
    content = bytes(range(256)) * 50
    opened = first.vault.open(first.seal(content).object_id, DONGHAI.msp_id, DONGHAI.key, check)
    recipients = {DONGHAI.msp_id: DONGHAI.key.public}
    again = second.vault.seal(opened.stream(), opened.facts.name, opened.facts.media_type, recipients, DONGHAI)
    assert second.read(again.object_id) == content


def test_bytes_and_names_reach_the_disk_before_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[tuple[str, bool]] = []

    def watch(path: Path) -> None:
        flushed.append((path.relative_to(tmp_path).as_posix(), (tmp_path / CIPHERTEXT.path).exists()))

    store = FolderStore(tmp_path)
    monkeypatch.setattr(store_module, "_flush", watch)
    store.put(CIPHERTEXT, [b"x"])
    assert flushed[0][0].startswith("staging/") and not flushed[0][1]
    assert flushed[1:] == [("objects/ab", True), ("objects", True), (".", True)]


def test_abandoned_files_go_and_live_ones_stay(tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    for name, age in (("abandoned", 2 * 24 * 3600), ("live", 60)):
        file = staging / name
        file.write_bytes(b"x")
        moment = file.stat().st_mtime - age
        os.utime(file, (moment, moment))
    FolderStore(tmp_path)
    assert [file.name for file in staging.iterdir()] == ["live"]


def test_a_store_that_fails_says_so(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("a file where a folder belongs")
    with pytest.raises(StoreUnavailable) as refusal:
        ObstoreStore(LocalStore(tmp_path)).put(CIPHERTEXT, [b"x"])
    assert refusal.value.facts["key"] == CIPHERTEXT.path
    assert "\n" not in str(refusal.value)


KILLED = """
import io, os, sys
from pathlib import Path
from tests.vault.desk import DONGHAI, Desk

class Deadly(io.RawIOBase):
    left = 40
    def seekable(self):
        return False
    def read(self, size=-1):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), 9)
        return bytes(size)

desk = Desk(Path(sys.argv[1]))
desk.vault._chunk_size = 1024 * 1024
desk.vault.seal(Deadly(), "a", "a/b", {DONGHAI.msp_id: DONGHAI.key.public}, DONGHAI)
"""


def test_a_process_killed_while_sealing_leaves_nothing_visible(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env=environment, check=False)
    assert killed.returncode == -9
    desk = Desk(tmp_path)
    assert any((tmp_path / "staging").iterdir())
    assert list(desk.vault.objects()) == list(desk.vault.unfinished()) == []
    assert desk.read(desk.seal(b"after").object_id) == b"after"


def test_a_sealing_that_fails_at_any_step_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path)
    true_put = desk.store.put

    def no_envelope(key: ObjectKey, content: Iterator[bytes]) -> None:
        if key.kind is Kind.ENVELOPE:
            raise StoreUnavailable(key=key.path, why="full")
        true_put(key, content)

    monkeypatch.setattr(desk.store, "put", no_envelope)
    with pytest.raises(StoreUnavailable):
        desk.seal(b"x")
    monkeypatch.undo()
    monkeypatch.setattr(DONGHAI, "sign", lambda data: (_ for _ in ()).throw(OSError("card pulled")))
    with pytest.raises(OSError, match="card pulled"):
        desk.seal(b"x")
    assert desk.everything() == []


def test_a_ciphertext_without_envelope_is_found(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    sealed, kept = desk.seal(b"x"), desk.seal(b"y")
    desk.file(Kind.ENVELOPE, sealed.object_id).unlink()
    assert list(desk.vault.unfinished()) == [sealed.object_id]
    desk.vault.delete(sealed.object_id)
    assert list(desk.vault.unfinished()) == [] and desk.read(kept.object_id) == b"y"


class Zeros(RawIOBase):
    """A source of any length that holds nothing."""

    def __init__(self, length: int) -> None:
        self._left = length

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        self._left -= (given := min(size, self._left))
        return bytes(given)


def test_memory_does_not_grow_with_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault(FolderStore(tmp_path))
    recipients = {m.msp_id: m.key.public for m in (DONGHAI, LAW)}

    def peak(length: int) -> int:
        tracemalloc.start()
        sealed = vault.seal(Zeros(length), "a", "a/b", recipients, DONGHAI)  # type: ignore[arg-type]
        read = sum(map(len, vault.open(sealed.object_id, LAW.msp_id, LAW.key, check)))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert read == length
        return most

    assert peak(64 * 1024 * 1024) < 32 * 1024 * 1024
    monkeypatch.setattr(store_module, "_PARTS_AT_ONCE", 1)  # with two, a slow disk holds one part more now and then
    small, large = (peak(length) for length in (24 * 1024 * 1024, 64 * 1024 * 1024))
    assert large < small + 4 * 1024 * 1024
    assert large < 32 * 1024 * 1024
