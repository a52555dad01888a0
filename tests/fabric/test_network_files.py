"""From a plan to files: configuration, certificates, package, builder and bundle, without Fabric's binaries."""

from __future__ import annotations

import io
import json
import os
import socket
import stat
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.ledger.fabric.network.bundle import BundleExists
from chainfusion.ledger.fabric.network.channel.config import read_config_block
from chainfusion.ledger.fabric.network.channel.facts import facts_of
from chainfusion.ledger.fabric.network.machine import BinariesMissing, PortTaken
from chainfusion.ledger.fabric.network.package import SETTING, builder_setting, chaincode_package, package_id
from chainfusion.ledger.fabric.network.plan import Database, PlanRefused
from chainfusion.node.network import RunningNetwork, make, open_network
from tests.fabric.network_stage import free_ports, scripted_binaries, small_plan


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> RunningNetwork:
    root = tmp_path_factory.mktemp("network")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FABRIC_BIN", str(scripted_binaries(root / "bin")))
        return make(small_plan(), root / "net")


def facts(network: RunningNetwork) -> dict[tuple[str, ...], str]:
    """What the channel's first block says."""
    return facts_of(read_config_block(network.places.block.read_bytes()).config)


# ------------------------------------------------------------------ the channel


def test_every_orderer_is_a_consenter_with_its_own_certificates(network: RunningNetwork) -> None:
    found = facts(network)
    assert found["Orderer", "ConsensusType", "kind"] == "BFT"
    for number, planned in enumerate(network.plan.organisations, 1):
        place = ("Orderer", "Orderers", f"number {number}")
        assert found[*place, "member"] == planned.msp
        assert found[*place, "address"] == planned.orderer
        assert f"CN=orderer.{planned.msp},OU=orderer" in found[*place, "identity"]
        tls = x509.load_pem_x509_certificate(network.places.tls(planned.msp, "orderer").certificate.read_bytes())
        assert found[*place, "TLS as server"].endswith(tls.fingerprint(SHA256()).hex())


def test_smartbft_is_told_the_batch_time_where_it_reads_it(network: RunningNetwork) -> None:
    found = facts(network)
    assert found["Orderer", "ConsensusType", "request batch max interval"] == "50ms"
    assert found["Orderer", "ConsensusType", "leader heartbeat timeout"] == "3000ms"


def test_blocks_are_valid_that_a_quorum_of_the_orderers_signed(network: RunningNetwork) -> None:
    assert facts(network)["Orderer", "policy", "BlockValidation"].startswith("3 of (Org0MSP ")


def test_peers_endorse_clients_write_and_only_administrators_administer(network: RunningNetwork) -> None:
    found = facts(network)
    assert found["Application", "Org0MSP", "policy", "Endorsement"] == "1 of (Org0MSP.peer)"
    assert found["Application", "Org0MSP", "policy", "Admins"] == "1 of (Org0MSP.admin)"
    assert "peer" not in found["Application", "Org0MSP", "policy", "Writers"]
    assert ("Application", "Org0MSP", "AnchorPeers", "127.0.0.1:21000") in found
    assert found["Application", "policy", "Admins"] == "MAJORITY Admins"


def test_what_is_offered_to_the_channel_is_public(network: RunningNetwork) -> None:
    for msp in network.plan.msps:
        files = {
            path.relative_to(network.places.channel_msp(msp)) for path in network.places.channel_msp(msp).rglob("*.*")
        }
        assert files == {Path("cacerts/ca-1.pem"), Path("tlscacerts/ca-1.pem"), Path("config.yaml")}
        assert b"PRIVATE" not in network.places.offer(msp).read_bytes()


def test_without_binaries_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRIC_BIN", str(tmp_path))
    with pytest.raises(BinariesMissing):
        make(small_plan(), tmp_path / "net")
    assert not (tmp_path / "net").exists()


# ------------------------------------------------------------------ nodes


def test_every_listener_of_a_peer_has_tls_with_client_authentication(network: RunningNetwork) -> None:
    core = yaml.safe_load((network.places.node("Org1MSP", "peer") / "core.yaml").read_text())
    assert core["peer"]["tls"]["enabled"] is core["peer"]["tls"]["clientAuthRequired"] is True
    assert core["operations"]["tls"]["enabled"] is core["operations"]["tls"]["clientAuthRequired"] is True
    assert core["peer"]["gossip"]["reconnectInterval"] == "2s"
    assert core["peer"]["gossip"]["pvtData"]["pullRetryThreshold"] == "3s"
    assert core["vm"]["endpoint"] == ""


def test_every_listener_of_an_orderer_has_tls_with_client_authentication(network: RunningNetwork) -> None:
    orderer = yaml.safe_load((network.places.node("Org1MSP", "orderer") / "orderer.yaml").read_text())
    for part in (orderer["General"], orderer["Admin"], orderer["Operations"]):
        assert part["TLS"]["Enabled"] is part["TLS"]["ClientAuthRequired"] is True
        assert [Path(each).parts[-4] for each in part["TLS"]["ClientRootCAs"]] == ["Org1MSP"]


def test_a_node_s_files_name_its_own_organisation_s_folder_alone(network: RunningNetwork) -> None:
    for msp in network.plan.msps:
        for kind, name in (("peer", "core.yaml"), ("orderer", "orderer.yaml")):
            text = (network.places.node(msp, kind) / name).read_text()
            assert not [other for other in network.plan.msps if other != msp and other in text]


def test_keys_are_readable_by_their_owner_alone(network: RunningNetwork) -> None:
    keys = [*network.places.root.rglob("*_sk"), *network.places.root.rglob("key.pem"), network.places.root / "password"]
    assert len(keys) > 40
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def test_a_tls_certificate_names_the_host_and_comes_from_the_organisation_s_own_tls_ca(network: RunningNetwork) -> None:
    files = network.places.tls("Org2MSP", "peer")
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(files.ca.read_bytes()))
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    identities = network.organisation("Org2MSP").authorities.roots
    assert (
        Certificate.from_der(x509.load_pem_x509_certificate(files.ca.read_bytes()).public_bytes(Encoding.DER)).der
        not in identities
    )


def test_a_network_is_opened_as_it_was_made(network: RunningNetwork) -> None:
    again = open_network(network.places.root)
    assert again.plan == network.plan
    assert again.ledger_id == network.ledger_id
    assert {each.msp for each in again.genesis.signatures} == set(network.plan.msps)
    assert {each.state for each in again.status()} == {"stopped"}


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path, network: RunningNetwork) -> None:
    port = free_ports()
    moved = RunningNetwork(small_plan(port), network.places)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port + 12))
        other.listen()
        with pytest.raises(PortTaken, match=str(port + 12)):
            moved.machine.launch(moved.ledger_id)
    assert not network.places.running.exists()


# ------------------------------------------------------------------ the package and its builder


def test_the_package_is_the_same_bytes_every_time() -> None:
    package = chaincode_package("chainfusion")
    assert package == chaincode_package("chainfusion")
    assert package_id("chainfusion", package).startswith("chainfusion:")
    assert chaincode_package("other") != package
    with tarfile.open(fileobj=io.BytesIO(package)) as outer:
        assert json.load(outer.extractfile("metadata.json")) == {"type": "ccaas", "label": "chainfusion"}
        with tarfile.open(fileobj=outer.extractfile("code.tar.gz")) as inner:
            assert inner.getnames() == ["connection.json"]


def builder(
    network: RunningNetwork, step: str, *folders: Path, setting: str | None = None
) -> subprocess.CompletedProcess:
    program = network.places.node("Org0MSP", "builder") / "bin" / step
    environment = {"PATH": os.environ["PATH"]} | ({SETTING: setting} if setting else {})
    return subprocess.run([program, *folders], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def unpacked(tmp_path: Path) -> tuple[Path, Path, Path, Path]:
    source, metadata, output, release = (tmp_path / name for name in ("source", "metadata", "output", "release"))
    for folder in (source, metadata, output, release):
        folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(chaincode_package("chainfusion"))) as outer:
        (metadata / "metadata.json").write_bytes(outer.extractfile("metadata.json").read())
        with tarfile.open(fileobj=outer.extractfile("code.tar.gz")) as inner:
            inner.extractall(source, filter="data")
    return source, metadata, output, release


def test_a_peer_s_builder_fills_the_template_with_the_peer_s_own_values(network, unpacked) -> None:
    source, metadata, output, release = unpacked
    setting = builder_setting("127.0.0.1:9", b'KEY\nof "it"\n', b"CERT\n", b"ROOT\n")
    assert builder(network, "detect", source, metadata).returncode == 0
    assert builder(network, "build", source, metadata, output, setting=setting).returncode == 0
    assert builder(network, "release", output, release).returncode == 0
    connection = json.loads((release / "chaincode" / "server" / "connection.json").read_text())
    assert connection == {
        "address": "127.0.0.1:9",
        "dial_timeout": "10s",
        "tls_required": True,
        "client_auth_required": True,
        "client_key": 'KEY\nof "it"\n',
        "client_cert": "CERT\n",
        "root_cert": "ROOT\n",
    }
    assert stat.S_IMODE((output / "connection.json").stat().st_mode) == 0o600


def test_a_builder_without_its_values_fails_and_says_which(network, unpacked) -> None:
    source, metadata, output, _ = unpacked
    done = builder(network, "build", source, metadata, output)
    assert done.returncode != 0
    assert "address" in done.stderr
    assert not (output / "connection.json").exists()


def test_a_builder_leaves_other_packages_alone(network, unpacked) -> None:
    source, metadata, _, _ = unpacked
    (metadata / "metadata.json").write_text('{"type": "golang"}')
    assert builder(network, "detect", source, metadata).returncode != 0


# ------------------------------------------------------------------ what an institution deploys


@pytest.fixture(scope="module")
def bundle(network: RunningNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("bundle") / "org1"
    network.bundle("Org1MSP", target, Path("/srv/it"))
    return target


def test_a_bundle_holds_nothing_of_another_institution(network: RunningNetwork, bundle: Path) -> None:
    public = {"first.block"}
    files = [path for path in bundle.rglob("*") if path.is_file() and path.name not in public]
    content = b"".join(path.read_bytes() for path in files)
    for other in ("Org0MSP", "Org2MSP", "Org3MSP"):
        assert other.encode() not in content
        for key in [*network.places.node(other, "").rglob("*_sk"), *network.places.node(other, "").rglob("key.pem")]:
            assert key.read_bytes() not in content
    assert network.password not in content
    assert not list(bundle.rglob("tls-ca"))


def test_a_bundle_s_files_name_where_it_will_lie(network: RunningNetwork, bundle: Path) -> None:
    for path in bundle.rglob("*"):
        if path.is_file():
            assert str(network.places.root).encode() not in path.read_bytes()
    core = yaml.safe_load((bundle / "peer" / "core.yaml").read_text())
    assert core["peer"]["mspConfigPath"] == "/srv/it/peer/msp"
    assert core["chaincode"]["externalBuilders"][0]["path"] == "/srv/it/builder"


def test_units_and_containers_start_each_node_with_its_own_settings(bundle: Path) -> None:
    units = {path.name: path.read_text() for path in (bundle / "systemd").iterdir()}
    assert set(units) == {f"chainfusion-{kind}.service" for kind in ("peer", "orderer", "chaincode")}
    assert "EnvironmentFile=/srv/it/peer/env\n" in units["chainfusion-peer.service"]
    assert "ReadWritePaths=/srv/it/orderer\n" in units["chainfusion-orderer.service"]
    services = yaml.safe_load((bundle / "compose.yaml").read_text())["services"]
    assert set(services) == {"peer", "orderer", "chaincode"}
    assert services["orderer"]["volumes"] == ["./orderer:/srv/it/orderer"]
    contained = yaml.safe_load((bundle / "peer" / "container" / "core.yaml").read_text())
    assert contained["chaincode"]["externalBuilders"][0]["path"] == "/opt/hyperledger/ccaas_builder"


def test_a_bundle_s_environment_is_read_back_as_it_was_meant(bundle: Path) -> None:
    name, _, value = (bundle / "peer" / "env").read_text().splitlines()[1].partition("=")
    assert name == SETTING
    assert value[0] == value[-1] == "'"
    assert json.loads(value[1:-1])["client_key"].startswith("-----BEGIN PRIVATE KEY-----\n")


def test_a_bundle_is_never_written_over(network: RunningNetwork, bundle: Path) -> None:
    with pytest.raises(BundleExists):
        network.bundle("Org1MSP", bundle)


def test_a_bundle_of_nobody_is_refused(network: RunningNetwork, tmp_path: Path) -> None:
    with pytest.raises(PlanRefused, match="Org9MSP"):
        network.bundle("Org9MSP", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_couchdb_stands_beside_the_peer_where_the_plan_says_so(network: RunningNetwork, tmp_path: Path) -> None:
    plan = replace(network.plan, database=Database.COUCHDB)
    RunningNetwork(plan, network.places).bundle("Org1MSP", tmp_path / "b")
    compose = yaml.safe_load((tmp_path / "b" / "compose.yaml").read_text())
    assert compose["services"]["couchdb"]["ports"] == ["127.0.0.1:21017:5984"]
    core = yaml.safe_load((tmp_path / "b" / "peer" / "core.yaml").read_text())
    assert core["ledger"]["state"]["stateDatabase"] == "CouchDB"
