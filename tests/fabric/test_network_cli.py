"""`chainfusion network` at the terminal, without Fabric's binaries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chainfusion.cli.main import app
from chainfusion.ledger.fabric.network.plan import Consensus
from chainfusion.ledger.fabric.network.planfile import read_plan
from chainfusion.node.network import make
from tests.fabric.network_stage import scripted_binaries, small_plan


def run(*words: object, **environment: str) -> Result:
    return CliRunner().invoke(app, ["--json", "network", *map(str, words)], env=environment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("network")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FABRIC_BIN", str(scripted_binaries(root / "bin")))
        make(small_plan(), root / "net")
    return root / "net"


@pytest.mark.parametrize("consensus", Consensus)
def test_a_first_plan_is_one_that_is_read(tmp_path: Path, consensus: Consensus) -> None:
    done = run("init", tmp_path / "plan.yaml", "--consensus", consensus.value, "--port", 23000)
    assert done.exit_code == 0
    plan = read_plan((tmp_path / "plan.yaml").read_bytes())
    assert plan.ordering.consensus is consensus
    assert plan.organisations[0].peer == "127.0.0.1:23000"
    assert json.loads(done.stdout)["organisations"] == list(plan.msps)


def test_a_plan_is_not_written_over(tmp_path: Path) -> None:
    run("init", tmp_path / "plan.yaml")
    before = (tmp_path / "plan.yaml").read_bytes()
    done = run("init", tmp_path / "plan.yaml", "--consensus", "raft")
    assert done.exit_code == 1
    assert json.loads(done.stderr)["error"]["code"] == "FILE_EXISTS"
    assert (tmp_path / "plan.yaml").read_bytes() == before


def test_a_wrong_plan_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("channel: deals\n")
    done = run("up", tmp_path / "plan.yaml", "--folder", tmp_path / "net")
    assert done.exit_code == 1
    assert json.loads(done.stderr)["error"]["code"] == "NETWORK_PLAN_REFUSED"
    assert not (tmp_path / "net").exists()


def test_another_plan_does_not_take_over_a_network(folder: Path, tmp_path: Path) -> None:
    run("init", tmp_path / "plan.yaml")
    done = run("up", tmp_path / "plan.yaml", "--folder", folder)
    assert done.exit_code == 1
    assert json.loads(done.stderr)["error"]["code"] == "NETWORK_DIFFERS"


def test_status_of_a_network_that_does_not_run_says_so_and_fails(folder: Path) -> None:
    done = run("status", "--folder", folder)
    assert done.exit_code == 1
    nodes = json.loads(done.stdout)
    assert len(nodes) == 12
    assert {each["state"] for each in nodes} == {"stopped"}


def test_down_of_a_network_that_does_not_run_does_nothing(folder: Path) -> None:
    done = run("down", "--folder", folder)
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"ended": True, "killed": []})


def test_a_bundle_is_written_for_one_institution(folder: Path, tmp_path: Path) -> None:
    done = run("bundle", "Org2MSP", "--folder", folder, "--out", tmp_path / "b")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["files"] == len([path for path in (tmp_path / "b").rglob("*") if path.is_file()])
    assert (tmp_path / "b" / "README.md").read_text().startswith("# Org2MSP")


def test_a_folder_that_holds_no_network_is_told(tmp_path: Path) -> None:
    done = run("status", "--folder", tmp_path)
    assert done.exit_code == 1
    assert json.loads(done.stderr)["error"]["code"] == "FILE_FAILED"


def home(folder: Path, number: int) -> Path:
    """An institution's home in the network for trying out."""
    return folder / "institutions" / f"Org{number}MSP"


def test_one_institution_s_nodes_are_looked_after_from_its_own_home(folder: Path, tmp_path: Path) -> None:
    done = run("status", "--home", home(folder, 1))
    assert done.exit_code == 1
    assert {each["node"] for each in json.loads(done.stdout)} == {
        "peer.Org1MSP",
        "orderer.Org1MSP",
        "chaincode.Org1MSP",
    }
    assert run("stop", "--home", home(folder, 1)).exit_code == 0
    done = run("bundle", "--home", home(folder, 1), "--out", tmp_path / "b")
    assert json.loads(done.stdout)["msp"] == "Org1MSP"
    done = run("status")
    assert (done.exit_code, json.loads(done.stderr)["error"]["code"]) == (1, "BAD_INPUT")


def test_offers_become_a_plan_and_a_shared_folder_that_is_adopted(folder: Path, tmp_path: Path) -> None:
    offers = sorted((folder / "offers").iterdir())
    given = [word for offer in offers for word in ("--offer", offer)]
    names = ("--name", "Test consortium", "--name-zh", "测试联盟")
    assert run("init", tmp_path / "plan.yaml", *given, *names).exit_code == 0
    assert read_plan((tmp_path / "plan.yaml").read_bytes()) == read_plan((folder / "plan.yaml").read_bytes())
    done = run(
        "assemble", tmp_path / "plan.yaml", *offers, "--genesis", folder / "genesis.json", "--out", tmp_path / "shared"
    )
    made = json.loads(done.stdout)
    assert len(made["offers"]) == 4
    own = tmp_path / "home"
    (own / "network" / "offers").mkdir(parents=True)
    (own / "identity").symlink_to(home(folder, 2) / "identity")
    (own / "network" / "offers" / "Org2MSP.json").write_bytes(offers[2].read_bytes())
    taken = json.loads(run("adopt", tmp_path / "shared", "--home", own).stdout)
    assert {name: taken[name] for name in ("first_block", "ledger", "offers")} == {
        name: made[name] for name in ("first_block", "ledger", "offers")
    }


def test_an_institution_offers_once(folder: Path, tmp_path: Path) -> None:
    password = (folder / "password").read_text()
    words = ("--home", home(folder, 0), "--role", "originator", "--host", "127.0.0.1", "--port", 21000)
    done = run("offer", *words, "--out", tmp_path / "again.offer", CHAINFUSION_PASSWORD=password)
    assert (done.exit_code, json.loads(done.stderr)["error"]["code"]) == (1, "NETWORK_NODES_EXIST")
    assert not (tmp_path / "again.offer").exists()


def test_what_is_no_change_is_refused_before_anybody_is_asked(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "change.pb").write_bytes(b"no change")
    password = (folder / "password").read_text()
    for verb in ("review", "sign", "submit"):
        words = (tmp_path / "change.pb", "--home", home(folder, 0))
        done = run("channel", verb, *words, CHAINFUSION_PASSWORD=password)
        assert (done.exit_code, json.loads(done.stderr)["error"]["code"]) == (1, "CHANNEL_PROPOSAL_REFUSED")
