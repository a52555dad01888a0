"""One institution does what it should not: it runs other contracts, speaks for others, edits what its disk holds."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from fabric_protos.common import common_pb2 as common
from fabric_protos.orderer import ab_pb2_grpc as broadcast_services

from chainfusion.domain.canonical import canonical
from chainfusion.ledger.fabric.network import processes
from chainfusion.ledger.fabric.network.lifecycle import PeerClient
from chainfusion.ledger.fabric.network.wire import Asked, connect, propose
from chainfusion.ledger.port import Signer
from chainfusion.node.network import DESK, RunningNetwork

SCRIPT = Path(__file__).with_name("rogue_chaincode.py")


def with_contracts(network: RunningNetwork, msp: str, way: str | None) -> None:
    """An institution's contracts are served so (see rogue_chaincode), or as they should be where `way` is None."""
    running = processes.load(network.places.running)
    name = f"chaincode.{msp}"
    old = next(each for each in running if each.name == name)
    told = Path("/proc", str(old.pid), "environ").read_bytes().split(b"\0")
    environment = dict(each.decode().split("=", 1) for each in told if each)
    command = [sys.executable, "-m", "chainfusion.ledger.fabric.chaincode"]
    if way is not None:
        command = [sys.executable, "-m", "tests.fabric.rogue_chaincode", way]
        root = str(SCRIPT.parents[2])
        environment["PYTHONPATH"] = f"{environment.get('PYTHONPATH', '')}:{root}"
    assert processes.end_all([old]) == (), f"{name} did not end when it was told to"
    folder = network.places.node(msp, "chaincode")
    new = processes.start(name, command, environment, network.places.log(msp, "chaincode"), folder)
    processes.save(network.places.running, [new if each.name == name else each for each in running])
    network.machine.await_contracts()


def stopped(network: RunningNetwork, name: str) -> None:
    """Ends one node as it should end."""
    processes.end_all([each for each in processes.load(network.places.running) if each.name == name])


def killed(network: RunningNetwork, name: str) -> None:
    """Kills one node."""
    victim = next(each for each in processes.load(network.places.running) if each.name == name)
    victim.end(signal.SIGKILL)
    while victim.is_alive:
        time.sleep(0.02)


def peers_of(network: RunningNetwork, stack: ExitStack, msps: Sequence[str], signer: Signer) -> list[PeerClient]:
    """Clients of these institutions' peers, for one person."""
    found = []
    for msp in msps:
        own = network.places.tls(msp, "client")
        channel = stack.enter_context(connect(network.plan.organisation(msp).peer, own, own.ca.read_bytes()))
        found.append(PeerClient(f"peer.{msp}", channel, signer))
    return found


def ordered(network: RunningNetwork, msp: str, envelope: common.Envelope) -> tuple[int, str]:
    """Sends an envelope to an institution's own orderer; gives its status and what it says."""
    own = network.places.tls(msp, "client")
    with connect(network.plan.organisation(msp).orderer, own, own.ca.read_bytes()) as channel:
        answer = next(broadcast_services.AtomicBroadcastStub(channel).Broadcast(iter([envelope]), timeout=30))
    return answer.status, answer.info


def desk(network: RunningNetwork, msp: str) -> Signer:
    return network.signer(msp, DESK)


def asked_by(signer: Signer, network: RunningNetwork, operation: str, **arguments: object) -> Asked:
    """A signed call of the contracts."""
    words = [operation.encode(), canonical(arguments)]
    return propose(signer, network.plan.channel, network.plan.chaincode, words)
