"""A change goes to an orderer, and is waited for at one's own peer."""

from __future__ import annotations

import time
from collections.abc import Callable

import grpc
from fabric_protos.common import common_pb2 as common
from fabric_protos.orderer import ab_pb2_grpc as broadcast_services

from chainfusion.ledger.fabric.network.channel.config import ChannelConfig, read_config_block
from chainfusion.ledger.fabric.network.channel.proposal import ChangeProposal
from chainfusion.ledger.fabric.network.channel.update import UpdateRefused, apply_update
from chainfusion.ledger.fabric.network.lifecycle import CONFIGURATION, PeerClient
from chainfusion.ledger.fabric.network.wire import NodeRefused, propose

PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.2


def present_config(peer: PeerClient, channel: str) -> ChannelConfig:
    """The configuration in force, as a peer has it. Raises: NodeRefused, ConfigurationUnreadable."""
    return read_config_block(present_block(peer, channel))


def present_block(peer: PeerClient, channel: str) -> bytes:
    """The newest configuration block of a peer. Raises: NodeRefused."""
    asked = propose(peer.signer, channel, CONFIGURATION, [b"GetConfigBlock", channel.encode()])
    return bytes(peer.endorse(asked, "the channel's configuration").response.payload)


def submit_change(proposal: ChangeProposal, orderer: grpc.Channel, peer: PeerClient, name: str) -> ChannelConfig:
    """Has a change ordered and waits until the peer has it; gives the new configuration.

    Raises: NodeRefused where an orderer does not take it, or no block has it in time; UpdateRefused where it does not
    fit the channel as it is.
    """
    before = present_config(peer, proposal.channel)
    wanted = apply_update(before.config, proposal.update)
    _broadcast(orderer, proposal.envelope(peer.signer), name)
    found = _awaited(lambda: present_config(peer, proposal.channel), before.config.sequence, peer.name)
    if found.config.channel_group != wanted.channel_group:
        raise UpdateRefused(path="Channel", why="another change came first")
    return found


def _broadcast(orderer: grpc.Channel, envelope: common.Envelope, name: str) -> None:
    stub = broadcast_services.AtomicBroadcastStub(orderer)
    try:
        answers = stub.Broadcast(iter([envelope]), timeout=PATIENCE_SECONDS)
        answer = next(answers)
    except grpc.RpcError as error:
        raise NodeRefused(node=name, what="a change of the channel", why=str(error.details())) from None
    if answer.status != common.Status.SUCCESS:
        why = f"{common.Status.Name(answer.status)} {answer.info}"[:600]
        raise NodeRefused(node=name, what="a change of the channel", why=why)


def _awaited(ask: Callable[[], ChannelConfig], sequence: int, name: str) -> ChannelConfig:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = ask()
        if found.config.sequence > sequence:
            return found
        time.sleep(PAUSE_SECONDS)
    raise NodeRefused(node=name, what="a change of the channel", why="no block has it yet")
