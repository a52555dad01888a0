"""On real Fabric: a network comes up from nothing, takes a transaction, loses nodes, and comes up again."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainfusion.domain.canonical import canonical
from chainfusion.domain.records import to_json
from chainfusion.ledger.fabric.network import processes
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering
from chainfusion.ledger.fabric.network.wire import NodeRefused, propose
from chainfusion.node.network import REPRESENTATIVE, RunningNetwork, start
from tests.fabric.network_stage import free_ports, has_fabric, small_plan

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]


@pytest.fixture(scope="module", params=[Consensus.SMARTBFT, Consensus.RAFT])
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNetwork]:
    plan = small_plan(free_ports(), Ordering(request.param))
    with start(plan, tmp_path_factory.mktemp("network") / "net") as running:
        yield running


def call(network: RunningNetwork, operation: str, **arguments: object) -> int:
    """One transaction endorsed by three of four; gives its block."""
    plan, signer = network.plan, network.signer("Org0MSP", REPRESENTATIVE)
    with network.machine.peers(dict.fromkeys(plan.msps, signer)) as peers:
        words = [operation.encode(), canonical(arguments)]
        asked = propose(signer, plan.channel, plan.chaincode, words)
        answers = [peer.endorse(asked, "a call") for peer in peers[:3]]
        return peers[0].record(plan.channel, asked, answers, "a call")


def ended(network: RunningNetwork, name: str) -> None:
    """Kills one node as a power cut would."""
    running = processes.load(network.places.running)
    victim = next(each for each in running if each.name == name)
    victim.end(signal.SIGKILL)
    while victim.is_alive:
        time.sleep(0.02)


def test_from_nothing_to_a_founded_consortium_through_failures_and_a_restart(network: RunningNetwork) -> None:
    first = call(network, "consortium@1.found", genesis=to_json(network.genesis))
    states = network.status()
    assert {each.state for each in states} == {"running"}
    assert len(states) == 12

    with pytest.raises(NodeRefused, match="CONSORTIUM_EXISTS"):
        call(network, "consortium@1.found", genesis=to_json(network.genesis))

    fingerprint = network.genesis.genesis.agreement.fingerprint
    ended(network, "orderer.Org3MSP")
    second = call(network, "consortium@1.sign_agreement", version=1, fingerprint=fingerprint)
    assert second == first + 1
    assert {each.name for each in network.status() if each.state == "stopped"} == {"orderer.Org3MSP"}

    network.up()
    assert {each.state for each in network.status()} == {"running"}
    assert network.stop() == ()
    assert {each.state for each in network.status()} == {"stopped"}

    network.up()
    heights = {each.height for each in network.status() if each.name.startswith("peer.")}
    assert heights == {second + 1}


def test_a_stranger_s_tls_certificate_is_not_let_in(network: RunningNetwork, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from chainfusion.ledger.fabric.network import tls
    from chainfusion.ledger.fabric.network.lifecycle import PeerClient
    from chainfusion.ledger.fabric.network.places import Places
    from chainfusion.ledger.fabric.network.wire import connect

    network.up()
    strange, now = Places(tmp_path), datetime.now(UTC)
    tls.issue(tls.make_authority(strange, "Org0MSP", now), strange.tls("Org0MSP", "client"), "client", ("x",), now)
    one, signer = network.plan.organisations[0], network.signer("Org0MSP")
    server_ca = network.places.tls("Org0MSP", "peer").ca.read_bytes()
    with connect(one.peer, strange.tls("Org0MSP", "client"), server_ca) as channel:
        peer = PeerClient("peer.Org0MSP", channel, signer)
        asked = propose(signer, network.plan.channel, network.plan.chaincode, [b"consortium@1.membership", b"{}"])
        with pytest.raises(NodeRefused, match=r"(?i)handshake|connect|certificate|closed|reset|broken"):
            peer.endorse(asked, "a question")
