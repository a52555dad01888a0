"""From nothing to the first transaction: four organisations, four orderers, each step once, and how long it took."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from chainfusion.domain.records import to_json
from chainfusion.ledger.fabric.network import machine, processes
from chainfusion.ledger.fabric.network.lifecycle import PeerClient
from chainfusion.ledger.fabric.network.ordering import fetch
from chainfusion.node.network import REPRESENTATIVE, RunningNetwork, start
from tests.fabric.network_stage import free_ports, has_fabric, small_plan
from tests.fabric.rogue_stage import asked_by, peers_of

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]


def test_the_first_transaction_is_as_many_steps_away_as_there_are_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    counts: Counter[str] = Counter()

    def counted(owner: Any, name: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def call(*args: Any, **named: Any) -> Any:
            counts[name] += 1
            return inner(*args, **named)

        monkeypatch.setattr(owner, name, call)

    counted(processes, "start")
    counted(machine, "join_orderer")
    for name in ("join", "install", "approve", "commit", "record"):
        counted(PeerClient, name)
    began = time.monotonic()
    with start(small_plan(free_ports()), tmp_path / "net") as network:
        up = time.monotonic() - began
        founder = network.signer("Org0MSP", REPRESENTATIVE)
        with ExitStack() as stack:
            peers = peers_of(network, stack, network.plan.msps[:3], founder)
            asked = asked_by(founder, network, "consortium@1.found", genesis=to_json(network.genesis))
            answers = [peer.endorse(asked, "the founding") for peer in peers]
            block = peers[0].record(network.plan.channel, asked, answers, "the founding")
        seconds = time.monotonic() - began
        scraped = _scraped(network, tmp_path)
    with capsys.disabled():
        print(f"\nfrom nothing: committed chaincode after {up:.1f} s, first transaction after {seconds:.1f} s")
    assert block >= 3
    assert len(scraped) == 3
    assert all(status == 200 for status, _ in scraped)
    pages = b"".join(page for _, page in scraped)
    assert all(mark in pages for mark in (b"ledger_blockchain_height", b"consensus_BFT_cluster_size", b"chaincode"))
    assert counts == {
        "start": 12,
        "join_orderer": 4,
        "join": 4,
        "install": 4,
        "approve": 4,
        "commit": 1,
        "record": 4 + 1 + 1,
    }


def _scraped(network: RunningNetwork, folder: Path) -> list[tuple[int, bytes]]:
    """What Prometheus would get, by the file that one institution's bundle has for it."""
    network.bundle("Org0MSP", folder / "bundle")
    (job,) = yaml.safe_load((folder / "bundle" / "prometheus.yaml").read_text())["scrape_configs"]
    own = network.places.tls("Org0MSP", "client")
    return [fetch(each, own, "/metrics") for each in job["static_configs"][0]["targets"]]
