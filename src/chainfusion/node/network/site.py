"""One institution's place in a network: its own nodes and keys, and no other's.

<home>/identity/    the institution's identity
<home>/network/     what `ledger.fabric.network.places` says, with the nodes of this institution alone
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import to_bytes
from chainfusion.ledger.fabric.network.agreeing import take_part
from chainfusion.ledger.fabric.network.bundle import INSTALLED, Bundle
from chainfusion.ledger.fabric.network.channel.config import ChannelConfig
from chainfusion.ledger.fabric.network.channel.proposal import ChangeProposal
from chainfusion.ledger.fabric.network.channel.submit import present_config, submit_change
from chainfusion.ledger.fabric.network.comparing import Comparison, compare_peers, peers_in
from chainfusion.ledger.fabric.network.health import NodeStatus, node_statuses
from chainfusion.ledger.fabric.network.lifecycle import PeerClient
from chainfusion.ledger.fabric.network.machine import Machine
from chainfusion.ledger.fabric.network.offer import Offer
from chainfusion.ledger.fabric.network.places import Places, write
from chainfusion.ledger.fabric.network.plan import OrganisationPlan, Plan
from chainfusion.ledger.fabric.network.planfile import read_plan
from chainfusion.ledger.fabric.network.processes import Running
from chainfusion.ledger.fabric.network.wire import connect
from chainfusion.ledger.port import Signer
from chainfusion.node.home import Home, read_record
from chainfusion.node.network.institution import make_nodes


@dataclass(frozen=True)
class Site:
    """An institution's home that has joined a network, or is about to. `further` names a channel beside its first."""

    home: Home
    further: str = ""

    @cached_property
    def places(self) -> Places:
        """Where its part of the network lies."""
        first = Places((self.home.path / "network").resolve())
        return Places(first.root, first.channels / self.further) if self.further else first

    @cached_property
    def msp(self) -> str:
        """The institution. Raises: NotAnOrganisation."""
        return self.home.organisation().msp_id

    @cached_property
    def plan(self) -> Plan:
        """The network's plan. Raises: PlanRefused, OSError where it has joined none."""
        return read_plan(self.places.plan.read_bytes())

    @property
    def organisation(self) -> OrganisationPlan:
        """Its line in the plan."""
        return self.plan.organisation(self.msp)

    @property
    def machine(self) -> Machine:
        """Its own nodes."""
        return Machine(self.plan, self.places, (self.msp,))

    @property
    def ledger_id(self) -> str:
        """The ledger's id. Raises: FileDamaged."""
        return read_record(self.places.genesis, SignedGenesis).genesis.ledger_id

    def offer(self, each: OrganisationPlan, password: bytes) -> Offer:
        """Makes the keys of its nodes and gives its offer, which stays here too.

        `password` opens its CA and its node's key. Raises: as `make_nodes`.
        """
        offer = make_nodes(self.home.organisation(), each, self.places, password)
        write(self.places.offer(self.msp), to_bytes(offer))
        return offer

    def start(self) -> tuple[Running, ...]:
        """Starts its own nodes, those that do not run. Raises: BinariesMissing, PortTaken, OSError."""
        return self.machine.launch(self.ledger_id)

    def channel(self, name: str) -> Site:
        """The same place in another channel on the same nodes; the first where it is that one's name, or empty."""
        return self if name in ("", self.plan.channel) else Site(self.home, name)

    def join(self, admin: Signer) -> dict[str, bool]:
        """Its nodes join the channel and it agrees to the chaincode: see `take_part`. Raises: NodeRefused."""
        return take_part(self.machine, admin)

    def stop(self) -> tuple[str, ...]:
        """Ends its own nodes."""
        return self.machine.stop()

    def status(self) -> list[NodeStatus]:
        """What is seen of its own nodes."""
        return node_statuses(self.machine)

    def bundle(self, target: Path, installed: Path = INSTALLED) -> tuple[str, ...]:
        """Writes what it deploys on its own hosts; gives the names of the files. Raises: BundleExists."""
        return Bundle(self.machine, self.organisation, self.ledger_id, installed).write(target)

    @contextmanager
    def peer(self, signer: Signer) -> Iterator[PeerClient]:
        """Its own peer, spoken to as one of its people."""
        own = self.places.tls(self.msp, "client")
        with connect(self.organisation.peer, own, own.ca.read_bytes()) as channel:
            yield PeerClient(f"peer.{self.msp}", channel, signer)

    def channel_config(self, signer: Signer) -> ChannelConfig:
        """The channel's configuration as its own peer has it. Raises: NodeRefused, ConfigurationUnreadable."""
        with self.peer(signer) as peer:
            return present_config(peer, self.plan.channel)

    def compare(self, signer: Signer, first: int = 0) -> Comparison:
        """Compares all members' peers from block `first` on. Raises: NodeRefused where its own does not answer."""
        config, own = self.channel_config(signer), self.places.tls(self.msp, "client")
        with ExitStack() as stack:
            clients = {}
            for each in peers_in(config):
                channel = stack.enter_context(connect(each.address, own, each.roots))
                clients[f"{each.msp} {each.address}"] = PeerClient(f"peer.{each.msp}", channel, signer)
            return compare_peers(clients, config.channel, first)

    def submit(self, proposal: ChangeProposal, signer: Signer) -> ChannelConfig:
        """Sends a change to its own orderer and waits for it at its own peer. Raises: NodeRefused, UpdateRefused."""
        own, name = self.places.tls(self.msp, "client"), f"orderer.{self.msp}"
        with self.peer(signer) as peer, connect(self.organisation.orderer, own, own.ca.read_bytes()) as orderer:
            return submit_change(proposal, orderer, peer, name)
