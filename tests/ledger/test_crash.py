"""Killed at random moments under load: nothing acknowledged lost, nothing half done, the file clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainfusion.ledger.embedded import EmbeddedLedger
from tests.ledger.crashing import examine, killed_round
from tests.support.ledger import Consortium

ROUNDS_PER_LEDGER = 10


def rounds(consortium: Consortium, ledger: EmbeddedLedger, path: Path, first: int) -> None:
    ledger.close()
    acknowledged = sum(killed_round(consortium, path, first + number) for number in range(ROUNDS_PER_LEDGER))
    examine(consortium, path)
    assert acknowledged > 0


@pytest.mark.parametrize("block", range(4))
def test_kill_9_under_load(consortium: Consortium, ledger: EmbeddedLedger, path: Path, block: int) -> None:
    """40 kills; the ledger of ten of them is examined from block 0."""
    rounds(consortium, ledger, path, block * ROUNDS_PER_LEDGER)


@pytest.mark.soak
@pytest.mark.parametrize("block", range(4, 104))
def test_kill_9_a_thousand_times(consortium: Consortium, ledger: EmbeddedLedger, path: Path, block: int) -> None:
    rounds(consortium, ledger, path, block * ROUNDS_PER_LEDGER)
