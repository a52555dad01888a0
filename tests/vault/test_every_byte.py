"""One byte changed anywhere in ciphertext, envelope or grant: never read, always refused by type."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from chainfusion.vault.errors import ContentTampered, EnvelopeTampered, GrantTampered, NotSigned
from chainfusion.vault.store import Kind
from tests.vault.desk import DONGHAI, LAW, TRUST, Desk

CONTENT = bytes(range(256)) * 12
REFUSALS = (ContentTampered, EnvelopeTampered, GrantTampered, NotSigned)


def change_bytes(folder: Path, changes: int, seed: int) -> None:
    """Changes one byte at a time in each of the object's files, and tries to read it as the granted member."""
    desk, draw = Desk(folder), random.Random(seed)
    object_id = desk.seal(CONTENT, LAW).object_id
    grant = desk.grant(object_id, TRUST, by=DONGHAI)
    for path in (desk.file(Kind.CIPHERTEXT, object_id), desk.file(Kind.ENVELOPE, object_id), grant):
        true = path.read_bytes()
        for _ in range(changes):
            changed = bytearray(true)
            at = draw.randrange(len(true))
            changed[at] = draw.choice([value for value in range(256) if value != true[at]])
            path.write_bytes(changed)
            with pytest.raises(REFUSALS):
                desk.read(object_id, TRUST)
        path.write_bytes(true)
    assert desk.read(object_id, TRUST) == CONTENT


def test_a_changed_byte_is_refused(tmp_path: Path) -> None:
    change_bytes(tmp_path, 100, seed=1)


@pytest.mark.soak
def test_twelve_thousand_changed_bytes(tmp_path: Path) -> None:
    change_bytes(tmp_path, 4_000, seed=2)
