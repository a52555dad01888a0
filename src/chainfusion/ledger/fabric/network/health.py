"""What is seen of each node: whether its process runs, what its health endpoint says, how many blocks it has."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass

from chainfusion.ledger.fabric.network import processes
from chainfusion.ledger.fabric.network.machine import Machine
from chainfusion.ledger.fabric.network.ordering import fetch
from chainfusion.ledger.fabric.network.plan import OrganisationPlan

HEALTHY = 200
"""The status of /healthz; 503 where a check fails."""
HEIGHT = re.compile(rb'^ledger_blockchain_height\{channel="([^"]+)"\} ([0-9.e+]+)$', re.MULTILINE)


@dataclass(frozen=True)
class NodeStatus:
    """One node. `state` is running, unhealthy or stopped; `height` is None where the node does not tell."""

    name: str
    address: str
    pid: int | None
    state: str
    height: int | None


def node_statuses(machine: Machine) -> list[NodeStatus]:
    """Every node that runs here, in the order of the plan."""
    pids = {each.name: each.pid for each in processes.load(machine.places.running) if each.is_alive}
    found = []
    for each in machine.own:
        nodes = [("peer", each.peer, each.peer_operations)] if each.hosts else []
        nodes += [("orderer", each.orderer, each.orderer_operations)] if each.orders else []
        nodes += [("chaincode", each.chaincode, each.chaincode_operations)] if each.hosts else []
        found += [_asked(machine, each, kind, (address, operations), pids) for kind, address, operations in nodes]
    return found


def _asked(
    machine: Machine, each: OrganisationPlan, kind: str, at: tuple[str, str], pids: dict[str, int]
) -> NodeStatus:
    name, (address, operations) = f"{kind}.{each.msp}", at
    pid = pids.get(name)
    if pid is None:
        return NodeStatus(name, address, None, "stopped", None)
    own = machine.places.tls(each.msp, "client")
    try:
        health, _ = fetch(operations, own, "/healthz")
        height = _height(fetch(operations, own, "/metrics")[1], machine.plan.channel)
    except (OSError, http.client.HTTPException, ValueError):
        return NodeStatus(name, address, pid, "unhealthy", None)
    return NodeStatus(name, address, pid, "running" if health == HEALTHY else "unhealthy", height)


def _height(metrics: bytes, channel: str) -> int | None:
    for found in HEIGHT.finditer(metrics):
        if found[1].decode() == channel:
            return int(float(found[2]))
    return None
