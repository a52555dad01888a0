"""One institution takes part in a channel: its nodes join, and it agrees to the chaincode, at its own pace.

Every institution does the same for itself, in any order. The first of the plan's institutions that run a peer commits
what all of them have approved; who comes later approves what is committed, and may endorse from then on.
"""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event

from chainfusion.ledger.fabric.network.channel.config import read_config_block
from chainfusion.ledger.fabric.network.channel.submit import present_block
from chainfusion.ledger.fabric.network.lifecycle import Definition, PeerClient
from chainfusion.ledger.fabric.network.machine import Machine
from chainfusion.ledger.fabric.network.plan import OrganisationPlan
from chainfusion.ledger.port import Signer

ADMISSION_SECONDS = 10
"""How long a peer that catches up is waited for, until it has the block by which its institution's orderer came in."""


def take_part(machine: Machine, admin: Signer) -> dict[str, bool]:
    """The nodes of the machine's one organisation join the channel, and it agrees to the plan's chaincode.

    Gives whether its peer and its orderer take part: an orderer that the channel has not admitted yet does not.
    Raises: NodeRefused, ProcessEnded.
    """
    (one,) = machine.own
    machine.join({one.msp: admin})
    with machine.peers({one.msp: admin}) as peers:
        for peer in peers:
            _agree(machine, one, peer)
        orders = one.orders and _orders(machine, one, peers)
    return {"peer": bool(machine.hosts), "orderer": orders}


def wanted_definition(present: Definition | None, planned: Definition) -> Definition:
    """The planned definition at the sequence that it has, or would have next."""
    if present is None:
        return planned
    same = (present.version, present.collections) == (planned.version, planned.collections)
    return replace(planned, sequence=present.sequence if same else present.sequence + 1)


def _agree(machine: Machine, one: OrganisationPlan, peer: PeerClient) -> None:
    channel, planned = machine.plan.channel, machine.definition
    wanted = wanted_definition(peer.definition(channel, planned.name), planned)
    if not peer.has_approved(channel, wanted):
        peer.approve(channel, wanted)
    hosts = [each.msp for each in machine.plan.hosts]
    if peer.committed(channel, wanted.name) < wanted.sequence and hosts[0] == one.msp:
        peer.await_approved(channel, wanted, hosts)
        peer.commit_together(channel, wanted)
    peer.await_committed(channel, wanted.name, wanted.sequence)


def _orders(machine: Machine, one: OrganisationPlan, peers: tuple[PeerClient, ...]) -> bool:
    """Whether its orderer takes part, joining by the newest configuration where the first block does not name it."""
    if one.orderer in read_config_block(machine.places.block.read_bytes()).addresses:
        return True
    end = time.monotonic() + ADMISSION_SECONDS
    while peers and time.monotonic() < end:
        block = present_block(peers[0], machine.plan.channel)
        if one.orderer in read_config_block(block).addresses:
            machine.join_orderer(one, block, Event())
            return True
        time.sleep(0.2)
    return False
