"""What is seen of each node: whether its process runs, what its health endpoint says, how many blocks it has."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass

from chainfusion.ledger.fabric.network import processes
from chainfusion.ledger.fabric.network.machine import Machine
from chainfusion.ledger.fabric.network.ordering import fetch
from chainfusion.ledger.fabric.network.plan import OrganisationPlan

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
    """Every node of the network in the order of the plan."""
    pids = {each.name: each.pid for each in processes.load(machine.places.running) if each.is_alive}
    found = []
    for each in machine.own:
        if each.hosts:
            found.append(_asked(machine, each, "peer", each.peer, each.peer_operations, pids))
        if each.orders:
            found.append(_asked(machine, each, "orderer", each.orderer, each.orderer_operations, pids))
        if not each.hosts:
            continue
        name = f"chaincode.{each.msp}"
        pid = pids.get(name)
        found.append(NodeStatus(name, each.chaincode, pid, "running" if pid else "stopped", None))
    return found


def _asked(
    machine: Machine, each: OrganisationPlan, kind: str, address: str, operations: str, pids: dict[str, int]
) -> NodeStatus:
    name = f"{kind}.{each.msp}"
    pid = pids.get(name)
    if pid is None:
        return NodeStatus(name, address, None, "stopped", None)
    own = machine.places.tls(each.msp, "client")
    try:
        _, health = fetch(operations, own, "/healthz")
        healthy = json.loads(health).get("status") == "OK"
        height = _height(fetch(operations, own, "/metrics")[1], machine.plan.channel)
    except (OSError, http.client.HTTPException, ValueError):
        return NodeStatus(name, address, pid, "unhealthy", None)
    return NodeStatus(name, address, pid, "running" if healthy else "unhealthy", height)


def _height(metrics: bytes, channel: str) -> int | None:
    for found in HEIGHT.finditer(metrics):
        if found[1].decode() == channel:
            return int(float(found[2]))
    return None
