"""Read models of one ledger, in every kind of database that they may lie in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chainfusion.node.readmodel.database import MEMORY, Database, file_url
from tests.support.consortium import Consortium
from tests.support.postgres import Server, programs, server
from tests.support.scene import scene


@pytest.fixture(scope="session")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    made = scene(tmp_path_factory.mktemp("scene"))
    yield made
    made.ledger.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    binaries = programs()
    if binaries is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: postgresql)")
    pytest.importorskip("psycopg", reason="the extra `postgresql` is not installed")
    with server(binaries) as running:
        yield running


@pytest.fixture(params=["memory", "file", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An address of an empty database of each kind."""
    if request.param == "postgresql":
        running: Server = request.getfixturevalue("postgres")
        return running.new_url()
    return MEMORY if request.param == "memory" else file_url(tmp_path / "model.db")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database.at(url)
    yield made
    made.close()
