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

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.domain.roles import Role
from chainfusion.ledger.fabric.network import tls
from chainfusion.ledger.fabric.network.bundle import INSTALLED, Bundle
from chainfusion.ledger.fabric.network.health import NodeStatus, node_statuses
from chainfusion.ledger.fabric.network.machine import Machine, program
from chainfusion.ledger.fabric.network.places import Places, write
from chainfusion.ledger.fabric.network.plan import Ordering, OrganisationPlan, Plan
from chainfusion.ledger.fabric.network.planfile import read_plan, write_plan
from chainfusion.node.founding import agreement_of, default_rules, draft_genesis, sign_genesis
from chainfusion.node.home import Home
from chainfusion.node.identity import folder
from chainfusion.node.identity.enrolment import attributes_of, create_organisation, enrol_user
from chainfusion.node.identity.folder import Authorities
from chainfusion.node.identity.issuing import Profile, der_of, issue_leaf, view_of
from chainfusion.node.identity.keyfile import plain_key
from chainfusion.node.identity.organisation import Organisation, export_key, open_organisation, unlock, unlock_authority
from chainfusion.node.identity.signer import Signer

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

    Raises: BinariesMissing, IdentityExists, FirstBlockRefused.
    """
    program("configtxgen")
    network = RunningNetwork(plan, Places(root.resolve()))
    places, now = network.places, datetime.now(UTC)
    write(places.plan, write_plan(plan))
    write(places.root / "password", secrets.token_urlsafe(24))
    password = network.password
    for shared in (places.channel_msp(""), places.institution(""), places.node("", "")):
        shared.mkdir(mode=0o700)  # before several threads would each make them
    _each(plan.organisations, lambda each: _make_organisation(places, each, password, now))
    machine = network.machine
    machine.write_files()
    machine.make_first_block()
    write(places.genesis, to_bytes(_genesis(network, now)))
    return network


def _make_organisation(places: Places, each: OrganisationPlan, password: bytes, now: datetime) -> None:
    identity = Home(places.institution(each.msp)).identity
    organisation = create_organisation(identity, each.msp, each.name, each.name_zh, password, now=now)
    enrol_user(organisation, ADMIN, (), password, now=now, admin=True)
    enrol_user(organisation, REPRESENTATIVE, (Role.REPRESENTATIVE,), password, now=now)
    enrol_user(organisation, DESK, each.roles, password, now=now)
    _make_tls(places, each, organisation, now)
    if each.hosts:
        _make_peer(places, organisation, password)
    if each.orders:
        _make_orderer(places, organisation, password, now)


def _make_tls(places: Places, each: OrganisationPlan, organisation: Organisation, now: datetime) -> None:
    authority = tls.make_authority(places, each.msp, now)
    kinds = (*(("peer", "chaincode") if each.hosts else ()), *(("orderer",) if each.orders else ()), "client")
    names = (*((each.host,) if each.listens else ()), *tls.LOOPBACK)
    for kind in kinds:
        tls.issue(authority, places.tls(each.msp, kind), f"{kind}.{each.msp}", names, now)
    folder.write_msp(places.channel_msp(each.msp), organisation.authorities)
    write(places.channel_msp(each.msp) / "tlscacerts" / "ca-1.pem", authority.pem)


def _make_peer(places: Places, organisation: Organisation, password: bytes) -> None:
    msp = places.node(organisation.msp_id, "peer") / "msp"
    folder.write_msp(msp, organisation.authorities)
    certificate = organisation.node.certificate
    write(msp / folder.SIGNED, (organisation.node.folder / folder.SIGNED).read_bytes())
    (msp / "keystore").mkdir(mode=0o700)
    export_key(organisation.node, password, msp / folder.key_path(certificate))


def _make_orderer(places: Places, organisation: Organisation, password: bytes, now: datetime) -> None:
    name = f"orderer.{organisation.msp_id}"
    key = generate_private_key(SECP256R1())
    profile = Profile(organisation.profile.name_en, name, "orderer", attributes_of(name, "orderer", ()))
    authority = unlock_authority(organisation, password)
    certificate = view_of(issue_leaf(authority, key.public_key(), profile, now))
    msp = places.node(organisation.msp_id, "orderer") / "msp"
    folder.write_msp(msp, Authorities((der_of(authority.certificate),)))
    folder.write_holder(msp, certificate, plain_key(key))


def _genesis(network: RunningNetwork, now: datetime) -> SignedGenesis:
    plan = network.plan
    members = [network.organisation(each.msp).as_member(each.roles) for each in plan.organisations]
    agreement = agreement_of(AGREEMENT.format(name=plan.name).encode())
    signed = draft_genesis(plan.name, plan.name_zh, members, agreement, default_rules(plan.msps[0]), now)
    for signer in _each(plan.msps, lambda msp: network.signer(msp, REPRESENTATIVE)):
        signed = sign_genesis(signed, signer)
    return signed


def _each(items: Sequence[T], do: Callable[[T], R]) -> list[R]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(do, items))
