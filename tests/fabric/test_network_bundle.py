"""What an institution deploys, as those who are to read it read it: systemd, a container engine, Prometheus."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from chainfusion.ledger.fabric.network.plan import CollectionPlan, Database, Plan
from chainfusion.node.network import RunningNetwork, make
from tests.fabric.network_stage import scripted_binaries, small_plan

SERVICE_KEYS = {
    "build",
    "cap_drop",
    "command",
    "depends_on",
    "env_file",
    "environment",
    "image",
    "network_mode",
    "ports",
    "read_only",
    "restart",
    "security_opt",
    "stop_grace_period",
    "tmpfs",
    "volumes",
}
"""What services here say; each is a key of the Compose specification."""


def with_guest(plan: Plan) -> Plan:
    guest = replace(plan.organisations[-1], hosts=False)
    return replace(
        plan,
        organisations=(*plan.organisations[:-1], guest),
        database=Database.COUCHDB,
        collections=(CollectionPlan("pair", ("Org0MSP", "Org1MSP"), copies=1),),
    )


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> RunningNetwork:
    root = tmp_path_factory.mktemp("network")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FABRIC_BIN", str(scripted_binaries(root / "bin")))
        return make(with_guest(small_plan(count=4)), root / "net")


@pytest.fixture(scope="module")
def bundle(network: RunningNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As an institution makes it from its own home."""
    target = tmp_path_factory.mktemp("bundle") / "org1"
    network.site("Org1MSP").bundle(target, Path("/srv/it"))
    return target


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_knows_every_line_of_the_units(bundle: Path, tmp_path: Path) -> None:
    units = sorted((bundle / "systemd").iterdir())
    assert [unit.stem for unit in units] == [f"chainfusion-{kind}" for kind in ("chaincode", "orderer", "peer")]
    for unit in units:
        # the programs are not on this machine: one that is stands in for them
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_a_unit_may_write_to_its_own_folder_alone(bundle: Path) -> None:
    for unit in (bundle / "systemd").iterdir():
        kind = unit.stem.removeprefix("chainfusion-")
        lines = unit.read_text().splitlines()
        assert "ProtectSystem=strict" in lines
        assert [line for line in lines if line.startswith("ReadWritePaths=")] == [f"ReadWritePaths=/srv/it/{kind}"]
        assert "CapabilityBoundingSet=" in lines


def test_containers_are_described_in_the_compose_specification_s_words(bundle: Path) -> None:
    compose = yaml.safe_load((bundle / "compose.yaml").read_text())
    assert set(compose) == {"name", "services"}
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", compose["name"])
    services = compose["services"]
    assert set(services) == {"peer", "orderer", "chaincode", "couchdb"}
    for name, service in services.items():
        assert set(service) <= SERVICE_KEYS, name
        assert ("image" in service) != ("build" in service)
        assert set(service.get("depends_on", [])) <= set(services)
        for mount in service["volumes"]:
            assert re.fullmatch(r"\./[a-z]+:/\S+", mount)
        for file in service.get("env_file", []):
            assert (bundle / file).exists() or file == "couchdb.env"
    for name in ("peer", "orderer", "chaincode"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]


def test_the_databases_password_is_in_no_file_of_the_bundle(bundle: Path) -> None:
    assert not (bundle / "couchdb.env").exists()
    peer = (bundle / "systemd" / "chainfusion-peer.service").read_text()
    assert "EnvironmentFile=/srv/it/couchdb.env\n" in peer
    core = yaml.safe_load((bundle / "peer" / "core.yaml").read_text())
    assert core["ledger"]["state"]["stateDatabase"] == "CouchDB"
    assert "password" not in core["ledger"]["state"]["couchDBConfig"]


def test_every_node_is_scraped_over_tls(bundle: Path) -> None:
    (job,) = yaml.safe_load((bundle / "prometheus.yaml").read_text())["scrape_configs"]
    (targets,) = job["static_configs"]
    assert targets["targets"] == [f"127.0.0.1:{port}" for port in (21011, 21018, 21014)]
    assert job["scheme"] == "https"
    for name in job["tls_config"].values():
        assert (bundle / Path(name).relative_to("/srv/it")).is_file()


def test_the_contracts_are_told_who_is_in_which_collection(bundle: Path) -> None:
    lines = (bundle / "chaincode" / "env").read_text().splitlines()
    assert 'CHAINCODE_COLLECTIONS=\'{"pair":["Org0MSP","Org1MSP"]}\'' in lines


def test_who_runs_no_peer_deploys_its_orderer_alone(network: RunningNetwork, tmp_path: Path) -> None:
    files = network.site("Org3MSP").bundle(tmp_path / "b", Path("/srv/it"))
    assert {Path(name).parts[0] for name in files if "/" in name} == {"client", "orderer", "systemd"}
    compose = yaml.safe_load((tmp_path / "b" / "compose.yaml").read_text())
    assert set(compose["services"]) == {"orderer"}
    (job,) = yaml.safe_load((tmp_path / "b" / "prometheus.yaml").read_text())["scrape_configs"]
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:21034"]
