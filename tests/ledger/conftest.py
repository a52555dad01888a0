"""A founded consortium and its ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chainfusion.ledger.embedded import EmbeddedLedger
from tests.support.ledger import Clock, Consortium, Desk, representative
from tests.support.probe import SHARED, probe

MSPS = ("DonghaiMSP", "HengxinMSP", "YanshanMSP")
COLLECTIONS = {SHARED: frozenset(MSPS[:2])}


@pytest.fixture(scope="session")
def institutions() -> Consortium:
    """Made once: keys and certificates take their time."""
    return Consortium.of(*MSPS, contracts=(probe,))


@pytest.fixture
def consortium(institutions: Consortium) -> Consortium:
    """The institutions with a clock of this test's own."""
    return Consortium(institutions.members, institutions.contracts, Clock())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(consortium: Consortium, path: Path) -> Iterator[EmbeddedLedger]:
    with consortium.found(path, collections=COLLECTIONS) as found:
        yield found


@pytest.fixture
def desk(consortium: Consortium, ledger: EmbeddedLedger) -> Desk:
    """The orderer's representative at work."""
    return Desk(consortium, ledger, representative(consortium.orderer))
