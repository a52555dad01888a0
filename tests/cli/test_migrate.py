"""`ledger migrate`, `await` and `witness` at homes of three institutions, each command given one of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chainfusion.cli.main import app
from tests.support.homes import THREE, Homes

DEAL = "OLD-2025-1"
ENVIRONMENT = {"CHAINFUSION_PASSWORD": "demonstration", "CHAINFUSION_LANG": "en"}


@dataclass(frozen=True)
class Moving:
    """The earlier ledger's folder, and the homes on the new one."""

    earlier: Path
    homes: Homes

    def run(self, number: int, *words: str, code: int = 0) -> Any:
        home = str(self.homes.home(THREE[number]).path)
        done = CliRunner().invoke(app, ["--json", "ledger", *words, "--home", home], env=ENVIRONMENT)
        assert done.exit_code == code, done.output + done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    def migrate(self, number: int, *words: str, code: int = 0) -> Any:
        return self.run(number, "migrate", "--from", str(self.earlier), *words, code=code)


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Moving:
    folder = tmp_path_factory.mktemp("moving")
    old = Homes(folder / "old").make()
    earlier = old.found(b"first agreement")
    old.deal(earlier, DEAL)
    new = old.linked(folder / "new")
    new.found(b"second agreement")
    return Moving(earlier.path, new)


def test_two_institutions_move_a_deal_by_turns_and_the_third_has_nothing_to_do(moving: Moving) -> None:
    nothing = moving.migrate(0, "--check", code=1)
    assert [each["what"] for each in nothing] == ["it is not stated on the new ledger"] * 3
    begun = moving.migrate(0, "--deal", DEAL)
    assert (begun["facts"], begun["own"], begun["waits_for"]) == (3, 1, {DEAL: THREE[1].msp})
    assert moving.migrate(1)["waits_for"] == {DEAL: THREE[0].msp}
    ended = moving.migrate(0)
    assert (ended["own"], ended["restated"], ended["linked"], ended["waits_for"]) == (1, 3, 2, {})
    assert moving.migrate(1)["linked"] == 1
    idle = moving.migrate(2)
    assert (idle["own"], idle["linked"]) == (0, 0)
    assert moving.migrate(2, "--check") == []


def test_a_wait_ends_where_nobody_comes(moving: Moving) -> None:
    assert moving.migrate(1, "--deal", "no such deal", "--wait", "0.1")["facts"] == 0


def test_a_block_that_is_there_is_not_waited_for(moving: Moving) -> None:
    height = moving.run(1, "await", "0")["height"]
    assert "PEER_BEHIND" in moving.run(1, "await", str(height), "--seconds", "0.1", code=1)


def test_a_notary_looks_as_often_as_it_is_told(moving: Moving) -> None:
    moving.run(0, "checkpoint", "--publish")
    found = moving.run(1, "witness", "--rounds", "2", "--every", "0.1")
    assert found["signatures"] == [THREE[0].msp, THREE[1].msp]
    assert moving.run(1, "witness", "--rounds", "1") == ""
