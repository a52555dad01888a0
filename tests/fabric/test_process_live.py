"""Sixty-four members of a real channel act at once on one deal's parallel branches; four of them run its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chainfusion.contracts.catalogue import registry
from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.process.records import MAIN
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.fabric.gateway.client import GatewayClient, Settings
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.gateway.peers import PeerAddress, Peers, Tls
from chainfusion.ledger.fabric.network.plan import Ordering, OrganisationPlan, Plan
from chainfusion.node import processes
from chainfusion.node.network import DESK, REPRESENTATIVE, RunningNetwork, start
from chainfusion.node.session import Session
from tests.fabric.network_stage import free_ports, has_fabric
from tests.node.test_processes import parallel

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]
MEMBERS, HOSTS = 64, 4
DEAL = "LARGE-2026"


def large_plan() -> Plan:
    """Four institutions with nodes; the others are members that work through a host's peer."""
    port = free_ports()
    organisations = []
    for number in range(MEMBERS):
        hosts = number < HOSTS
        name = f"Org{number}MSP"
        role = Role.ORIGINATOR if number == 0 else Role.INVESTOR
        where: dict[str, Any] = {"host": "127.0.0.1", "port": port + 10 * number} if hosts else {}
        organisations.append(
            OrganisationPlan(name, f"Org {number}", f"机构{number}", (role,), **where, orders=hosts, hosts=hosts)
        )
    return Plan("Large consortium", "大联盟", "deals", tuple(organisations), Ordering())


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNetwork]:
    with start(large_plan(), tmp_path_factory.mktemp("large") / "net") as running:
        yield running


def ledger_of(network: RunningNetwork, msp: str, stack: ExitStack) -> FabricLedger:
    """A member's way to the channel: its own keys, a host's peer."""
    members = network.plan.msps
    host = members[members.index(msp) % HOSTS]
    own, roots = network.places.tls(msp, "client"), network.places.tls(host, "client").ca
    tls = Tls(roots.read_bytes(), own.key.read_bytes(), own.certificate.read_bytes())
    peers = Peers([PeerAddress(network.plan.organisation(host).peer)], tls)
    stack.callback(peers.close)
    client = GatewayClient(peers, Settings(network.plan.channel, submit_seconds=120))
    return FabricLedger(client, network.ledger_id, network.signer(msp, DESK), host)


def test_sixty_four_members_act_at_once_and_none_is_lost(network: RunningNetwork, tmp_path: Path) -> None:
    members = network.plan.msps
    with ExitStack() as stack, ThreadPoolExecutor(MEMBERS) as pool:
        stack.enter_context(pool)
        ledgers = dict(zip(members, pool.map(lambda msp: ledger_of(network, msp, stack), members), strict=True))

        def session(msp: str, user: str = DESK) -> Session:
            return Session(ledgers[msp], registry(), network.signer(msp, user))

        first = session(members[0], REPRESENTATIVE)
        first.call("consortium.found", genesis=to_json(network.genesis))
        agreement: dict[str, Any] = {"version": 1, "fingerprint": network.genesis.genesis.agreement.fingerprint}
        representatives = list(pool.map(lambda msp: session(msp, REPRESENTATIVE), members))
        list(pool.map(lambda each: each.call("consortium.sign_agreement", **agreement), representatives))
        branches = {msp: f"branch-{number}" for number, msp in enumerate(members)}
        definition = parallel(list(branches.values()), Role.ORIGINATOR, Role.INVESTOR)
        block = representatives[0].call("process-definition.propose", definition=definition).block
        for each in representatives[1:]:
            each.await_block(block)
            if each.query("process-definition.show", process=definition.id, version=1)["state"] == "proposed":
                vote = {"process": definition.id, "version": 1, "approve": True}
                block = each.call("process-definition.vote", **vote).block
        desks = dict(zip(members, pool.map(session, members), strict=True))
        parties = tuple(NamedParty(each.roles[0], each.msp) for each in network.plan.organisations)
        terms = DealTerms(DEAL, "Large", "大项目", Product.AUTO_LOANS, "CNY", parties)
        desks[members[0]].await_block(block)
        block = desks[members[0]].call("deal.open", terms=terms).block

        def accept(msp: str) -> int:
            desks[msp].await_block(block)
            return desks[msp].call("deal.accept", deal=DEAL, role=Role.INVESTOR).block

        block = [accept(msp) for msp in members[1:]][-1]  # each looks at all answers, so they come one by one
        desks[members[0]].await_block(block)
        block = desks[members[0]].call("process.start", deal=DEAL, process=definition.id, version=1).block

        def act(msp: str) -> str:
            desks[msp].await_block(block)
            call: dict[str, Any] = {"deal": DEAL, "run": MAIN, "step": branches[msp], "msp": msp, "entries": ()}
            return desks[msp].call("process.act", **call).tx_id

        acts = list(pool.map(act, members))
        assert len(set(acts)) == MEMBERS
        for msp in members[:HOSTS]:
            desks[msp].await_block(max(ledgers[msp].height() for msp in members[:HOSTS]) - 1)
            assert [step.step for step in processes.awaited(desks[msp], DEAL)] == ["last"]
