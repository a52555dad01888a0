"""Nodes fail while requests come in: no acknowledged transaction is lost, none is applied twice, all catch up."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from chainfusion.ledger.fabric.network.plan import Consensus, Ordering
from chainfusion.node.network import DESK, RunningNetwork, start
from tests.fabric.load_stage import Load, Working, counted, killed, working
from tests.fabric.network_stage import free_ports, has_fabric, small_plan

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]
BETWEEN = 60
"""Requests acknowledged between one event and the next: each failure is survived before the next one comes."""
CUT_SECONDS = 8


@pytest.fixture(scope="module", params=[Consensus.SMARTBFT, Consensus.RAFT])
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNetwork]:
    plan = small_plan(free_ports(), Ordering(request.param))
    with start(plan, tmp_path_factory.mktemp("network") / "net") as running:
        yield running


def kill_and_restart(on: Working, load: Load, name: str) -> None:
    """A power cut at one node; it comes back after the others have gone on without it."""
    killed(on.network, name, signal.SIGKILL)
    load.await_more(BETWEEN)
    assert on.states()[name].state == "stopped"
    on.network.machine.launch(on.network.ledger_id)
    on.await_caught_up(name)
    load.await_more(BETWEEN)


def cut_off(on: Working, load: Load, name: str) -> None:
    """A peer that holds its connections and answers nothing, for a while."""
    killed(on.network, name, signal.SIGSTOP)
    try:
        time.sleep(CUT_SECONDS)
        load.await_more(BETWEEN)
    finally:
        killed(on.network, name, signal.SIGCONT)
    on.await_caught_up(name)
    load.await_more(BETWEEN)


def test_under_load_nodes_fail_and_nothing_is_lost_or_done_twice(
    network: RunningNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    with working(network) as on:
        first, second, _, fourth = on.msps
        addresses = [network.plan.organisation(msp).peer for msp in (first, second)]
        client = on.client(*((each, "") for each in addresses), roots_of=(first, second))
        steps: list[tuple[str, int]] = []
        with Load(on, client) as load:

            def done(what: str) -> None:
                steps.append((what, len(load.acknowledged)))

            load.await_more(BETWEEN)
            follower = next(msp for msp in reversed(on.msps) if msp != on.leader())
            kill_and_restart(on, load, f"orderer.{follower}")
            done("an orderer that follows killed")
            kill_and_restart(on, load, f"peer.{fourth}")
            done("another institution's peer killed")
            cut_off(on, load, f"peer.{first}")
            done("the client's own peer cut off")
            leader = on.leader()
            kill_and_restart(on, load, f"orderer.{leader}")
            done("the orderer that leads killed")
        count = counted(on, load, network.signer(first, DESK))
        states = on.states()
    with capsys.disabled():
        print(f"\n{network.plan.ordering.consensus}: {count}; acknowledged by then: {dict(steps)}")
    assert not load.refused
    assert count.acknowledged >= 8 * BETWEEN
    assert (count.lost, count.twice) == (0, 0)
    assert on.leader() in on.msps
    assert {each.state for each in states.values()} == {"running"}
    assert {each.height for name, each in states.items() if name.startswith("peer.")} == {count.blocks}
