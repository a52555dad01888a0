"""On real Fabric: events reach a reader once and in order, from any checkpoint on, whatever becomes of its peer."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

import pytest

from chainfusion.ledger.evidence.transaction import VALID
from chainfusion.ledger.fabric.gateway.client import GatewayClient
from chainfusion.ledger.fabric.gateway.events import Checkpoint, Told, events
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering
from chainfusion.ledger.port import Signer
from chainfusion.node.network import DESK, RunningNetwork, start
from tests.fabric.load_stage import Load, Working, counted, killed, working
from tests.fabric.network_stage import free_ports, has_fabric, small_plan

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNetwork]:
    plan = small_plan(free_ports(), Ordering(Consensus.RAFT))
    with start(plan, tmp_path_factory.mktemp("network") / "net") as running:
        yield running


@dataclass
class Listener:
    """Reads events in a thread of its own until it has those of a transaction."""

    client: GatewayClient
    signer: Signer
    told: list[Told] = field(default_factory=list)
    until: str = ""
    done: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def __enter__(self) -> Listener:
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.peers.close()
        assert self.thread is not None
        self.thread.join(10)
        assert not self.thread.is_alive()

    def await_transaction(self, tx_id: str, seconds: float = 60) -> None:
        self.until = tx_id
        assert any(each.checkpoint.tx_id == tx_id for each in self.told) or self.done.wait(seconds)

    def _listen(self) -> None:
        for each in events(self.client, self.signer):
            self.told.append(each)
            if each.checkpoint.tx_id == self.until:
                self.done.set()


def on_the_ledger(on: Working, msp: str) -> list[Checkpoint]:
    """Every valid transaction that has events, in the order of the blocks."""
    ledger = on.ledgers[msp]
    recorded = (each for number in range(ledger.height()) for each in ledger.block(number).transactions)
    return [
        Checkpoint(each.block, each.outcome.tx_id) for each in recorded if each.outcome.code == VALID and each.events
    ]


def test_events_and_requests_survive_the_death_of_the_client_s_own_peer(network: RunningNetwork) -> None:
    with working(network) as on:
        first, second = on.msps[:2]
        addresses = [(network.plan.organisation(msp).peer, "") for msp in (first, second)]
        signer = network.signer(first, DESK)
        client, reading = (on.client(*addresses, roots_of=(first, second)) for _ in range(2))
        with Listener(reading, signer) as listener:
            with Load(on, client, workers=6) as load:
                load.await_more(30)
                killed(network, f"peer.{first}", signal.SIGKILL)
                load.await_more(30)
                network.machine.launch(network.ledger_id)
                load.await_more(20)
            count = counted(on, load, signer)
            truth = on_the_ledger(on, second)
            listener.await_transaction(truth[-1].tx_id)
            told = list(listener.told)
        assert (count.lost, count.twice) == (0, 0)
        assert count.acknowledged >= 80
        assert [each.checkpoint for each in told] == truth  # each once, in order, across both peers
        assert all(each.events for each in told)

        middle = len(truth) // 2
        again = on.client(*addresses, roots_of=(first, second))
        with closing(events(again, signer, truth[middle - 1])) as rest:
            resumed = [each.checkpoint for each in islice(rest, len(truth) - middle)]
        assert resumed == truth[middle:]
