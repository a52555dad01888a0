"""A Fabric network from its plan: the institutions' identities, the consortium's genesis, and nodes on this machine.

For trying out: one machine holds what in earnest each institution holds by itself. Every institution's keys lie in a
folder of its own, and each process is given one institution's alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.domain.roles import Role
from chainfusion.ledger.fabric.network.bundle import INSTALLED, Bundle
from chainfusion.ledger.fabric.network.health import NodeStatus, node_statuses
from chainfusion.ledger.fabric.network.machine import Machine, require_programs
from chainfusion.ledger.fabric.network.offer import Offer
from chainfusion.ledger.fabric.network.places import Places, write
from chainfusion.ledger.fabric.network.plan import Ordering, OrganisationPlan, Plan
from chainfusion.ledger.fabric.network.planfile import read_plan, write_plan
from chainfusion.node.founding import agreement_of, default_rules, draft_genesis, sign_genesis
from chainfusion.node.home import Home
from chainfusion.node.identity.enrolment import create_organisation, enrol_user
from chainfusion.node.identity.organisation import Organisation, open_organisation, unlock
from chainfusion.node.identity.signer import Signer
from chainfusion.node.network.assembly import lay_out
from chainfusion.node.network.institution import make_nodes
from chainfusion.node.network.site import Site

T = TypeVar("T")
R = TypeVar("R")
ADMIN, REPRESENTATIVE, DESK = "admin", "representative", "desk"
"""The people of each institution on a network for trying out: who runs its nodes, who votes, who does the work."""
AGREEMENT = "Participation agreement of {name}\n\nFor trying out; it binds nobody.\n"


class NetworkDiffers(ChainFusionError):
    """A folder that holds another network than the plan's."""

    code = "NETWORK_DIFFERS"
    says = Text("{path} holds a network of another plan.", "{path} 中的网络与该规划不符。")
    do = Text("Use its own plan (plan.yaml in it), or another folder.", "请使用其中的 plan.yaml，或另选文件夹。")


@dataclass(frozen=True)
class RunningNetwork:
    """A network on this machine."""

    plan: Plan
    places: Places

    @property
    def machine(self) -> Machine:
        """Its nodes and processes."""
        return Machine(self.plan, self.places)

    @cached_property
    def genesis(self) -> SignedGenesis:
        """The consortium's genesis, signed by each institution's representative."""
        return from_bytes(SignedGenesis, self.places.genesis.read_bytes())

    @property
    def ledger_id(self) -> str:
        """The ledger's id, which the contracts check every proposal against."""
        return self.genesis.genesis.ledger_id

    @property
    def password(self) -> bytes:
        """The password of all keys of this network for trying out."""
        return (self.places.root / "password").read_bytes()

    def organisation(self, msp: str) -> Organisation:
        """An institution's identity."""
        return open_organisation(Home(self.places.institution(msp)).identity)

    def site(self, msp: str) -> Site:
        """One institution's place in it."""
        return Site(Home(self.places.institution(msp)))

    def signer(self, msp: str, user: str = DESK) -> Signer:
        """An institution's person, unlocked: "admin", "representative" or "desk"."""
        return unlock(self.organisation(msp).user(user), self.password)

    def up(self) -> None:
        """Starts every node that does not run, and makes the channel where there is none.

        Raises: BinariesMissing, NodeRefused, ProcessEnded.
        """
        machine = self.machine
        machine.launch(self.ledger_id)
        machine.make_channel(self.admins())
        machine.check_alive()

    def admins(self) -> Mapping[str, Signer]:
        """The administrator of each organisation that runs a peer."""
        hosts = [each.msp for each in self.plan.hosts]
        return dict(zip(hosts, _each(hosts, lambda msp: self.signer(msp, ADMIN)), strict=True))

    def status(self) -> list[NodeStatus]:
        """What is seen of each node."""
        return node_statuses(self.machine)

    def bundle(self, msp: str, target: Path, installed: Path = INSTALLED) -> tuple[str, ...]:
        """Writes what an institution deploys; gives the names of the files. Raises: PlanRefused, BundleExists."""
        return Bundle(self.machine, self.plan.organisation(msp), self.ledger_id, installed).write(target)

    def stop(self) -> tuple[str, ...]:
        """Ends every process."""
        return self.machine.stop()

    def __enter__(self) -> RunningNetwork:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(plan: Plan, root: Path) -> RunningNetwork:
    """Makes a network in `root` where there is none, and brings it up to a committed chaincode.

    On a failure everything is ended. Raises: BinariesMissing, NetworkDiffers, PortTaken, NodeRefused, ProcessEnded.
    """
    there = (root / "genesis.json").exists()
    network = open_network(root) if there else make(plan, root)
    require(network.plan == plan, NetworkDiffers(path=str(root)))
    try:
        network.up()
    except BaseException:
        network.stop()
        raise
    return network


def example_plan(port: int = 17000, ordering: Ordering | None = None) -> Plan:
    """Four institutions on this machine, ten ports each from `port`, that all run a peer and an orderer."""
    four = (
        ("DonghaiMSP", "Donghai Bank", "东海银行", (Role.ORIGINATOR, Role.SERVICER)),
        ("YunjinMSP", "Yunjin Trust", "云津信托", (Role.TRUSTEE,)),
        ("WangchaoMSP", "Wangchao Securities", "望潮证券", (Role.LEAD_UNDERWRITER,)),
        ("BeichenMSP", "Beichen Bank", "北辰银行", (Role.CUSTODIAN,)),
    )
    organisations = tuple(
        OrganisationPlan(msp, name, name_zh, roles, "127.0.0.1", port + 10 * number)
        for number, (msp, name, name_zh, roles) in enumerate(four)
    )
    return Plan("Bohai consortium", "渤海联盟", "deals", organisations, ordering or Ordering())


def open_network(root: Path) -> RunningNetwork:
    """The network in a folder. Raises: PlanRefused, OSError."""
    places = Places(root.resolve())
    return RunningNetwork(read_plan(places.plan.read_bytes()), places)


def make(plan: Plan, root: Path) -> RunningNetwork:
    """Identities, TLS, configuration, the channel's first block and the consortium's genesis; starts nothing.

    Raises: BinariesMissing, IdentityExists.
    """
    require_programs()
    network = RunningNetwork(plan, Places(root.resolve()))
    places, now = network.places, datetime.now(UTC)
    write(places.plan, write_plan(plan))
    write(places.root / "password", secrets.token_urlsafe(24))
    password = network.password
    for shared in (places.institution(""), places.node("", "")):
        shared.mkdir(mode=0o700)  # before several threads would each make them
    offers = _each(plan.organisations, lambda each: _make_organisation(places, each, password, now))
    for offer in offers:
        lay_out(offer, places)
    machine = network.machine
    machine.write_files()
    machine.make_first_block()
    write(places.genesis, to_bytes(_genesis(network, now)))
    return network


def _make_organisation(places: Places, each: OrganisationPlan, password: bytes, now: datetime) -> Offer:
    home = Home(places.institution(each.msp))
    organisation = create_organisation(home.identity, each.msp, each.name, each.name_zh, password, now=now)
    enrol_user(organisation, ADMIN, (), password, now=now, admin=True)
    enrol_user(organisation, REPRESENTATIVE, (Role.REPRESENTATIVE,), password, now=now)
    enrol_user(organisation, DESK, each.roles, password, now=now)
    (home.path / "network").symlink_to(Path("..", ".."))  # each home is a site, as on a host of its own
    return make_nodes(organisation, each, places, password, now)


def _genesis(network: RunningNetwork, now: datetime) -> SignedGenesis:
    plan = network.plan
    members = [network.organisation(each.msp).as_member(each.roles) for each in plan.taking_part]
    agreement = agreement_of(AGREEMENT.format(name=plan.name).encode())
    signed = draft_genesis(plan.name, plan.name_zh, members, agreement, default_rules(plan.taking_part[0].msp), now)
    founders = [each.msp for each in plan.taking_part]
    for signer in _each(founders, lambda msp: network.signer(msp, REPRESENTATIVE)):
        signed = sign_genesis(signed, signer)
    return signed


def _each(items: Sequence[T], do: Callable[[T], R]) -> list[R]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(do, items))
