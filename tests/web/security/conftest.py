"""One institution's workspace with real sign-in, made anew for each test as far as a test can tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.node.home import LedgerFolder
from tests.support.gate import Clock, Gate, founded, gate, ledger_of
from tests.support.homes import Homes


@dataclass(frozen=True)
class Bank:
    """Three institutions with homes, and their ledger, open for writing."""

    homes: Homes
    folder: LedgerFolder
    ledger: EmbeddedLedger


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    homes, folder = founded(tmp_path_factory.mktemp("bank"))
    ledger = ledger_of(homes, folder)
    yield Bank(homes, folder, ledger)
    ledger.close()


@pytest.fixture(scope="session")
def shared(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """One application for all tests: making it takes longer than most of them."""
    made = gate(own(bank, tmp_path_factory.mktemp("shared")), bank.ledger, Clock())
    yield made
    made.keeper.close()


@pytest.fixture
def place(shared: Gate) -> Gate:
    """A workspace as it was first made."""
    return shared.fresh()


@pytest.fixture(scope="session")
def shared_tls(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    made = gate(own(bank, tmp_path_factory.mktemp("tls")), bank.ledger, Clock(), is_tls=True)
    yield made
    made.keeper.close()


@pytest.fixture
def tls(shared_tls: Gate) -> Gate:
    """The same, reached by TLS."""
    return shared_tls.fresh()


def own(bank: Bank, folder: Path) -> Homes:
    homes = bank.homes.linked(folder)
    for home in folder.iterdir():
        source = bank.homes.folder / home.name
        for name in ("node.json", "genesis.json"):
            text = (source / name).read_bytes()
            (home / name).write_bytes(text.replace(b'"../ledger"', f'"{bank.folder.path}"'.encode()))
    return homes
