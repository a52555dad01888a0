"""The stage on Hyperledger Fabric: four institutions run peers and orderers, four work through another's peer.

One process plays all eight, as on the embedded stage; yet each is played through its own home, with its own keys,
connection profile and vault. The networks' nodes are processes of their own, and each is given one institution's keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from chainfusion.contracts.catalogue import registry
from chainfusion.demo.attack import Caught, flip
from chainfusion.demo.institutions import INSTITUTIONS, ORDERER, Institution
from chainfusion.demo.stage import PASSWORD, Say, Stage
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import to_bytes
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.note import Note
from chainfusion.ledger.fabric.blocks.blockfile import examine
from chainfusion.ledger.fabric.network.machine import Machine, program
from chainfusion.ledger.fabric.network.places import Places, write
from chainfusion.ledger.fabric.network.plan import OrganisationPlan, Plan
from chainfusion.ledger.fabric.network.planfile import write_plan
from chainfusion.ledger.port import Receipt
from chainfusion.node.channel import ChannelLedger
from chainfusion.node.channel_joining import join_channel
from chainfusion.node.evidence.witnessing import cosign_channel
from chainfusion.node.home import read_profile
from chainfusion.node.identity.enrolment import enrol_user
from chainfusion.node.identity.organisation import Organisation
from chainfusion.node.locked import LockedSigner
from chainfusion.node.network.assembly import lay_out
from chainfusion.node.network.institution import make_nodes
from chainfusion.node.network.site import Site
from chainfusion.node.opening import found_channel, open_desk
from chainfusion.node.profiles import write_profile
from chainfusion.node.session import Session
from chainfusion.node.witness import WitnessFile


def change_block(file: Path, recorded: bytes, note: Note, folder: Path) -> Caught:
    """A byte in the middle of a recorded envelope, in a copy of a peer's block file."""
    at = file.read_bytes().rindex(recorded) + len(recorded) // 2
    findings = list(examine(flip(file, folder / file.name, at), Checkpoint.parse(note.text)))
    said = findings[0].message("en") if findings else "nothing was found"
    return Caught("peer's block file", at, bool(findings), said)


HOSTS = {
    "MinghengMSP": "WangchaoMSP",
    "YanshanMSP": "YunjinMSP",
    "BeiyuMSP": "YunjinMSP",
    "RegistrarMSP": "BeichenMSP",
}
"""Who runs no node, and through whose peer it works: never the originator's, whose statements it judges."""
CHANNEL = "deals"
ADMIN = "admin"
PROGRAMS = ("peer", "orderer")


@dataclass
class FabricStage(Stage):
    """A SmartBFT network from `port` on."""

    port: int = 24000
    _ledgers: dict[str, ChannelLedger] = field(default_factory=dict)

    # -------------------------------------------------------------- the network

    @property
    def places(self) -> Places:
        """Where the network lies."""
        return Places((self.root / "network").resolve())

    @property
    def plan(self) -> Plan:
        """Four of the eight institutions run a peer and an orderer; all eight are members of the channel."""
        return Plan("Yangtze Credit Securitization Consortium", "长江信贷资产证券化联盟", CHANNEL, tuple(self._lines()))

    def _lines(self) -> Iterator[OrganisationPlan]:
        ports = count(self.port, 10)
        for each in INSTITUTIONS:
            named = (each.msp, each.name, each.name_zh, each.roles)
            if each.msp in HOSTS:
                yield OrganisationPlan(*named, orders=False, hosts=False)
            else:
                yield OrganisationPlan(*named, "127.0.0.1", next(ports))

    @property
    def machine(self) -> Machine:
        """The network's nodes and processes."""
        return Machine(self.plan, self.places)

    def clear(self) -> None:
        """Ends and removes what an earlier run left. Raises: BinariesMissing."""
        for name in PROGRAMS:
            program(name)
        if self.places.running.exists():
            self.machine.stop()
        super().clear()

    def enrol(self, each: Institution, now: datetime) -> Organisation:
        """An institution's identity, with an administrator for its nodes beside its people."""
        organisation = super().enrol(each, now)
        enrol_user(organisation, ADMIN, (), PASSWORD, now=now, admin=True)
        return organisation

    # -------------------------------------------------------------- founding

    def found(self, signed: SignedGenesis, say: Say) -> None:
        """The network starts, the consortium is founded on its channel, every institution joins and opens its desk."""
        ledger_id = signed.genesis.ledger_id
        write(self.places.genesis, to_bytes(signed))
        self._start(ledger_id, say)
        profiles = {each.msp: self._profile(each) for each in INSTITUTIONS}
        founder = self.representatives[ORDERER]
        connection = read_profile(profiles[ORDERER])
        with ChannelLedger(connection, profiles[ORDERER].parent, founder) as channel:
            receipt = found_channel(channel, signed, founder)
        say(f"block {receipt.block} founds ledger {ledger_id}, signed by all {len(signed.signatures)} founders")
        for each in INSTITUTIONS:
            self._join(each, profiles[each.msp], signed, receipt)
        say(f"{len(INSTITUTIONS)} institutions joined, {len(HOSTS)} of them through another's peer")

    def _start(self, ledger_id: str, say: Say) -> None:
        plan, places = self.plan, self.places
        write(places.plan, write_plan(plan))
        for each in plan.organisations:
            home = self.home_of(each.msp)
            (home.path / "network").symlink_to(Path("..", "..", "network"))  # on a host of its own: its own folder
            lay_out(make_nodes(home.organisation(), each, places, PASSWORD), places)
        machine = self.machine
        machine.write_files()
        machine.make_first_block()
        running = machine.launch(ledger_id)
        hosts, orderers = len(plan.hosts), len(plan.orderers)
        say(f"{len(running)} processes: {hosts} peers, {orderers} orderers, {hosts} contract servers")
        machine.make_channel({each.msp: self._admin(each.msp) for each in plan.hosts})
        machine.check_alive()
        say("the channel runs under SmartBFT, and a majority's peers endorse what the contracts compute")

    def _admin(self, msp: str) -> LockedSigner:
        return LockedSigner(self.home_of(msp).organisation().user(ADMIN), PASSWORD)

    def _profile(self, each: Institution) -> Path:
        return write_profile(Site(self.home(each)), self.store, HOSTS.get(each.msp, each.msp))

    @property
    def store(self) -> Path:
        """The object store that the institutions share."""
        return self.root / "store"

    def _join(self, each: Institution, profile: Path, signed: SignedGenesis, receipt: Receipt) -> None:
        reader = LockedSigner(self.home(each).organisation().user(each.desk), PASSWORD)
        with ChannelLedger(read_profile(profile), profile.parent, reader) as channel:
            Session(channel, registry(), reader).await_block(receipt.block)
            join_channel(self.home(each), profile, signed, channel, each.desk)
        self._open(each)

    # -------------------------------------------------------------- at work

    def ledger_of(self, msp: str) -> ChannelLedger:
        """The channel as an institution's node has it."""
        return self._ledgers[msp]

    def reopen(self) -> None:
        """Starts the nodes of an earlier run again, and opens the first institution's desk."""
        ledger_id = self.home(INSTITUTIONS[0]).genesis().genesis.ledger_id
        self.machine.launch(ledger_id)
        self.machine.make_channel({each.msp: self._admin(each.msp) for each in self.plan.hosts})
        self._open(INSTITUTIONS[0])

    def close(self) -> None:
        """Ends the connections, then the network's processes."""
        for ledger in self._ledgers.values():
            ledger.close()
        if self.places.running.exists():
            self.machine.stop()

    def as_representative(self, each: Institution) -> Session:
        """An institution's representative at work; what it states is waited for at every node."""
        return replace(super().as_representative(each), recorded=self._await_everywhere)

    def _open(self, each: Institution) -> None:
        home = self.home(each)
        reader = LockedSigner(home.organisation().user(each.desk), PASSWORD)
        ledger = ChannelLedger(home.connection(), home.path, reader)
        self._ledgers[each.msp] = ledger
        desk = open_desk(home, ledger, each.desk, lambda: PASSWORD)
        self.desks[each.msp] = replace(desk, session=replace(desk.session, recorded=self._await_everywhere))

    def _await_everywhere(self, receipt: Receipt) -> None:
        """Whoever acts next has been told of this fact: its node waits until its peer has it too."""
        for msp, desk in self.desks.items():
            if msp not in HOSTS:
                desk.session.await_block(receipt.block)

    # -------------------------------------------------------------- evidence

    def witness(self) -> int:
        """Every member's notary cosigns what its node's peer has recorded."""
        size = self.ledger_of(ORDERER).height()
        for each in INSTITUTIONS:
            ledger, memory = self.ledger_of(each.msp), WitnessFile(self.home(each).witness_file)
            self.desks[each.msp].session.await_block(size - 1)
            cosign_channel(ledger, ledger.log, self.notary(each), memory, datetime.now(UTC), size)
        return len(INSTITUTIONS)

    def change_ledger(self, folder: Path) -> Caught:
        """A byte of a recorded transaction in a copy of a peer's block file, which its examination finds."""
        ledger = self.ledger_of(ORDERER)
        source = self.places.node(ORDERER, "peer") / "data" / "ledgersData" / "chains" / "chains" / CHANNEL
        recorded = ledger.fabric_block(ledger.height() - 1).envelopes[0]
        return change_block(source / "blockfile_000000", recorded, ledger.note(), folder)
