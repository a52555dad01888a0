"""The demonstration on a SmartBFT network, run as people run it; then its network goes on, and takes a deal from an
embedded ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chainfusion.cli.main import app
from chainfusion.demo.institutions import INSTITUTIONS, Institution, institution
from chainfusion.domain.roles import Role
from chainfusion.node.home import LedgerFolder
from tests.fabric.network_stage import free_ports, has_fabric
from tests.support.homes import Homes

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]
ROOT = Path(__file__).parents[2]
DEAL, OLD_DEAL = "DH-AUTO-2026-1", "DH-OLD-2025-1"


@dataclass(frozen=True)
class Played:
    """A run on Fabric: where, its ports, its exit code, what it said."""

    folder: Path
    port: int
    code: int
    said: str
    errors: str

    @property
    def made(self) -> Path:
        return self.folder / "build" / "demo-fabric"

    @property
    def manifest(self) -> list[dict[str, Any]]:
        return json.loads((self.made / "manifest.json").read_text())  # type: ignore[no-any-return]

    def home(self, each: Institution) -> Path:
        return self.made / "institutions" / each.folder

    def command(self, *words: str) -> Any:
        """What a command line says, run with the demonstration's password."""
        environment = {"CHAINFUSION_PASSWORD": "demonstration", "CHAINFUSION_LANG": "en"}
        return CliRunner().invoke(app, ["--json", *words], env=environment)


def demo(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chainfusion.demo", "--engine", "fabric", *words]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "CHAINFUSION_LANG": "en"} | environment
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder, port = tmp_path_factory.mktemp("demo"), free_ports()
    (folder / "build" / "demo-fabric" / "institutions" / "stranger").mkdir(parents=True)
    ran = demo(folder, "--no-serve", "--network-port", str(port))
    return Played(folder, port, ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture(scope="module")
def running(played: Played) -> Iterator[Played]:
    """The same network, started again."""
    from chainfusion.demo.fabric_stage import FabricStage

    stage = FabricStage(played.made, port=played.port)
    stage.reopen()
    yield played
    stage.close()


def test_the_run_ends_well_and_tells_the_same_ten_acts(played: Played) -> None:
    assert played.code == 0, played.said + played.errors
    acts = [line.split("/")[0] for line in played.said.splitlines() if "/10  " in line]
    assert acts == [str(number + 1) for number in range(10)]
    assert "NOT CAUGHT" not in played.said
    assert "FAIL" not in played.said
    assert "12 processes: 4 peers, 4 orderers, 4 contract servers" in played.said
    assert "8 institutions joined, 4 of them through another's peer" in played.said


def test_a_run_starts_clean_and_leaves_no_process(played: Played) -> None:
    folders = {path.name for path in (played.made / "institutions").iterdir()}
    assert folders == {each.folder for each in INSTITUTIONS}
    assert not (played.made / "network" / "running.json").exists()


def test_every_entry_verifies_against_any_member_s_anchor_and_no_other_trust(played: Played) -> None:
    assert len(played.manifest) == 9
    anchors = {(played.home(each) / "anchor.json").read_bytes() for each in INSTITUTIONS}
    assert len(anchors) == 1
    for entry in played.manifest:
        words = ["verify", str(played.folder / entry["evidence"])]
        words += [str(played.folder / entry["document"])] if entry["document"] else []
        assert played.command(*words, "--trust", str(played.folder / entry["trust"])).exit_code == 0
        assert played.command(*words, "--trust", str(played.home(INSTITUTIONS[0]) / "genesis.json")).exit_code == 1


def test_the_checkpoint_has_every_member_s_line(played: Played) -> None:
    notes = list((played.made / "store" / "checkpoints").iterdir())
    assert {path.name.partition(".")[2] for path in notes} == {each.msp for each in INSTITUTIONS}


def test_nothing_readable_lies_in_the_store_or_in_a_block_file(played: Played) -> None:
    blocks = (played.made / "network" / "nodes").glob("*/peer/data/ledgersData/chains/**/blockfile_*")
    shared = [path for path in (played.made / "store").rglob("*") if path.is_file()]
    found = b"".join(path.read_bytes() for path in (*shared, *blocks))
    for secret in (b"%PDF-", b"legal-opinion.pdf", b"ally-auto", b"22793398,08-01-2019"):
        assert secret not in found


def test_each_process_is_given_one_institution_s_keys(running: Played) -> None:
    processes = json.loads((running.made / "network" / "running.json").read_text())
    assert len(processes) == 12
    for each in processes:
        given = Path(f"/proc/{each['pid']}/environ").read_text() + Path(f"/proc/{each['pid']}/cmdline").read_text()
        others = [one.msp for one in INSTITUTIONS if one.msp in given and not each["name"].endswith(one.msp)]
        assert others == []


def test_the_command_line_works_at_every_home_also_without_a_peer_of_its_own(running: Played) -> None:
    for each in INSTITUTIONS:
        shown = running.command("deal", "show", DEAL, "--home", str(running.home(each)))
        assert shown.exit_code == 0, shown.output
        assert json.loads(shown.stdout)["deal"]["state"] == "open"
    home = str(running.home(institution(Role.LAW_FIRM)))
    height = json.loads(running.command("ledger", "await", "41", "--home", home).stdout)["height"]
    refused = running.command("ledger", "await", str(height + 50), "--seconds", "0.2", "--home", home)
    assert "PEER_BEHIND" in refused.stderr
    blocks = json.loads(running.command("ledger", "blocks", "--last", "2", "--home", home).stdout)
    assert [each["header"]["number"] for each in blocks] == [height - 1, height - 2]


def test_a_peer_s_block_files_are_examined_and_their_codes_against_the_checkpoint(
    running: Played, tmp_path: Path
) -> None:
    chain = running.made / "network/nodes/BeichenMSP/peer/data/ledgersData/chains/chains/deals"
    note = tmp_path / "note"
    home = str(running.home(institution(Role.CUSTODIAN)))
    assert running.command("ledger", "checkpoint", "--home", home, "--out", str(note)).exit_code == 0
    examined = running.command("ledger", "fsck", str(chain), "--checkpoint", str(note))
    assert (examined.exit_code, json.loads(examined.stdout)) == (0, {"findings": []})


# ------------------------------------------------------------------ a deal that began on one machine


@pytest.fixture(scope="module")
def earlier(running: Played, tmp_path_factory: pytest.TempPathFactory) -> LedgerFolder:
    """An embedded ledger of the same institutions, with a deal of two of them."""
    homes = Homes(running.made / "institutions").linked(tmp_path_factory.mktemp("earlier"))
    ledger = homes.found(b"an earlier agreement")
    homes.deal(ledger, OLD_DEAL)
    return ledger


def test_a_deal_moves_from_one_machine_to_the_channel(running: Played, earlier: LedgerFolder) -> None:
    first, second = (str(running.home(each)) for each in INSTITUTIONS[:2])
    move = ("ledger", "migrate", "--from", str(earlier.path))
    begun = json.loads(running.command(*move, "--home", first).stdout)
    assert (begun["facts"], begun["own"], begun["waits_for"]) == (3, 1, {OLD_DEAL: INSTITUTIONS[1].msp})
    then = json.loads(running.command(*move, "--home", second).stdout)
    assert (then["own"], then["waits_for"]) == (1, {OLD_DEAL: INSTITUTIONS[0].msp})
    ended = json.loads(running.command(*move, "--home", first).stdout)
    assert (ended["own"], ended["restated"], ended["linked"], ended["waits_for"]) == (1, 3, 2, {})
    assert json.loads(running.command(*move, "--home", second).stdout)["linked"] == 1
    checked = running.command(*move, "--home", second, "--check")
    assert (checked.exit_code, json.loads(checked.stdout)) == (0, [])
    found = json.loads(running.command("document", "list", OLD_DEAL, "--home", second).stdout)
    assert "working-paper" in json.dumps(found)


def test_without_the_binaries_it_says_what_is_needed_and_touches_nothing(tmp_path: Path) -> None:
    ran = demo(tmp_path, "--no-serve", FABRIC_BIN=str(tmp_path / "nowhere"))
    assert ran.returncode == 1
    assert "FABRIC_BINARIES_MISSING" in ran.stderr
    assert "hyperledger/fabric/releases" in ran.stderr
    assert not (tmp_path / "build").exists()
