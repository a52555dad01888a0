"""One byte changed anywhere in the file: found, or a byte that carries nothing."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from chainfusion.ledger.embedded.fsck import MEANINGLESS
from tests.ledger.damage import content, examined, varied
from tests.support.ledger import Clock, Consortium

CHANGES = 30


@pytest.fixture(scope="module")
def original(institutions: Consortium, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "ledger.db"
    varied(Consortium(institutions.members, institutions.contracts, Clock()), path)
    return path


def judge(institutions: Consortium, path: Path, truth: object, change: str) -> None:
    findings = examined(institutions, path)
    assert findings or content(path) == truth, f"{change} changes the content and is not found"
    assert not any(MEANINGLESS in finding.detail for finding in findings), f"{change}: {findings}"


def changed_bytes(institutions: Consortium, original: Path, work: Path, seed: int) -> None:
    draw = random.Random(seed)
    data, truth = original.read_bytes(), content(original)
    for _ in range(CHANGES):
        at, flip = draw.randrange(len(data)), draw.randrange(1, 256)
        path = work / "changed.db"
        path.write_bytes(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :])
        judge(institutions, path, truth, f"byte {at} ^ {flip}")


def used_bytes(institutions: Consortium, original: Path, work: Path, seed: int) -> None:
    """The same where something is written: free space takes most of a small file."""
    draw = random.Random(seed)
    data, truth = original.read_bytes(), content(original)
    used = [at for at, byte in enumerate(data) if byte]
    for at in draw.sample(used, CHANGES):
        path = work / "changed.db"
        path.write_bytes(data[:at] + bytes([data[at] ^ draw.randrange(1, 256)]) + data[at + 1 :])
        judge(institutions, path, truth, f"byte {at}")


@pytest.mark.parametrize("seed", range(5))
def test_a_changed_byte_is_found_or_carries_nothing(
    institutions: Consortium, original: Path, tmp_path: Path, seed: int
) -> None:
    changed_bytes(institutions, original, tmp_path, seed)
    used_bytes(institutions, original, tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5, 205))
def test_ten_thousand_changed_bytes(institutions: Consortium, original: Path, tmp_path: Path, seed: int) -> None:
    changed_bytes(institutions, original, tmp_path, seed)
    used_bytes(institutions, original, tmp_path, seed)


def test_a_copy_of_the_file_is_as_good(institutions: Consortium, original: Path, tmp_path: Path) -> None:
    assert examined(institutions, Path(shutil.copy(original, tmp_path / "copy.db"))) == []
