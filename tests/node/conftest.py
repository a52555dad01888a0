"""A consortium with an open deal, made once; tests that change the ledger take a deal of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chainfusion.domain.criteria import Criteria
from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.roles import Role
from chainfusion.tape.criteria_file import AUTO_LOAN, load_criteria
from chainfusion.tape.intake import read_tape
from chainfusion.tape.mapping_reader import load_mapping
from chainfusion.tape.schema import Tape
from chainfusion.tape.selection import select
from tests.support.consortium import Consortium

ROOT = Path(__file__).parents[2]
TAPE = ROOT / "src/chainfusion/demo/data/ally-auto-2019-08.csv"
MAPPING = ROOT / "src/chainfusion/tape/mappings/ally-auto-aart-2019.yaml"


@pytest.fixture(scope="session")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    made = Consortium(tmp_path_factory.mktemp("consortium"))
    assert made.ledger.height() > 1
    return made


@pytest.fixture
def deal(consortium: Consortium, request: pytest.FixtureRequest) -> str:
    """An open deal of this test's own."""
    name = f"D{consortium.ledger.height()}"
    consortium.draft(name)
    consortium.accept(name)
    return name


@pytest.fixture
def terms(consortium: Consortium) -> Callable[[str], DealTerms]:
    """Terms of a deal that only needs the trustee."""
    party = NamedParty(Role.TRUSTEE, consortium.desk_of(Role.TRUSTEE).msp)
    return lambda name: DealTerms(name, "Small", "小额", Product.AUTO_LOANS, "USD", (party,))


@pytest.fixture(scope="session")
def whole_tape() -> Tape:
    return read_tape(TAPE, load_mapping(MAPPING))


@pytest.fixture(scope="session")
def criteria() -> Criteria:
    return load_criteria(AUTO_LOAN)


@pytest.fixture(scope="session")
def tape(whole_tape: Tape, criteria: Criteria) -> Tape:
    """The eligible loans."""
    return select(whole_tape, criteria).tape
