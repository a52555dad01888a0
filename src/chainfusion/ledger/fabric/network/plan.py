"""The plan of a network: which organisations there are, where their nodes listen, and how blocks are ordered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.roles import Role

MSP_ID = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,55}")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
COLLECTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_][A-Za-z0-9]+)*")
CHANNEL_NAME = re.compile(r"[a-z][a-z0-9.-]{0,248}")
PORTS = 10
"""How many ports in a row one organisation uses."""
CONTRACTS = 5
"""Which of them the contracts listen at."""
OPERATIONS = 8
"""From which of them on the contracts' health and metrics are, one for each process."""
LOWEST_PORT, HIGHEST_PORT = 1024, 65535 - PORTS


class PlanRefused(ChainFusionError):
    """A network's plan that is not one, with the place in the file."""

    code = "NETWORK_PLAN_REFUSED"
    says = Text("Network plan, line {line}, {path}: {why}.", "网络规划第 {line} 行 {path}：{why}。")
    do = Text("Correct the line; nothing was made.", "请更正该行；未生成任何内容。")


class Consensus(StrEnum):
    """How orderers agree: Raft survives f crashes of 2f+1, SmartBFT f malicious orderers of 3f+1."""

    RAFT = "raft"
    SMARTBFT = "smartbft"


LEAST_ORDERERS = {Consensus.RAFT: 1, Consensus.SMARTBFT: 4}
"""With fewer, SmartBFT survives no malicious orderer."""


class Database(StrEnum):
    """Where peers keep state."""

    LEVELDB = "leveldb"
    COUCHDB = "couchdb"


@dataclass(frozen=True)
class Ordering:
    """How blocks are made. Times in milliseconds, sizes in bytes."""

    consensus: Consensus = Consensus.SMARTBFT
    batch_ms: int = 50
    batch_count: int = 500
    batch_bytes: int = 2 * 1024 * 1024
    max_bytes: int = 10 * 1024 * 1024
    leader_timeout_ms: int = 3000


@dataclass(frozen=True)
class OrganisationPlan:
    """One organisation: its names and roles in the consortium, and its host with the first of its ports."""

    msp: str
    name: str
    name_zh: str
    roles: tuple[Role, ...]
    host: str = ""
    port: int = 0
    orders: bool = True
    hosts: bool = True
    """Whether it runs a peer; without one it is a member that signs for itself and works through another's peer."""

    @property
    def listens(self) -> bool:
        """Whether it runs anything that others connect to."""
        return self.hosts or self.orders

    @property
    def peer(self) -> str:
        """The peer, for clients and other peers."""
        return self._at(0)

    @property
    def peer_operations(self) -> str:
        """The peer's health and metrics."""
        return self._at(1)

    @property
    def orderer(self) -> str:
        """The orderer, for clients, peers and other orderers."""
        return self._at(2)

    @property
    def orderer_admin(self) -> str:
        """Where the orderer is told to join a channel."""
        return self._at(3)

    @property
    def orderer_operations(self) -> str:
        """The orderer's health and metrics."""
        return self._at(4)

    @property
    def chaincode(self) -> str:
        """Our contracts, for this organisation's peer alone."""
        return self._at(CONTRACTS)

    @property
    def peer_chaincode(self) -> str:
        """Where the peer listens for chaincode that it would have started itself: nobody comes, yet it insists."""
        return self._at(6)

    @property
    def couchdb(self) -> str:
        """The state database, where it is CouchDB."""
        return self._at(7)

    @property
    def chaincode_operations(self) -> str:
        """The contracts' health and metrics; a second process of them has the port after it."""
        return self._at(OPERATIONS)

    @property
    def orderer_port(self) -> int:
        """The orderer's port."""
        return self.port + 2

    def _at(self, offset: int) -> str:
        return f"{self.host}:{self.port + offset}"


@dataclass(frozen=True)
class CollectionPlan:
    """A private data collection: values for its members' peers, their hashes for all.

    `copies` is how many other members' peers must have a value before a peer endorses its writing; after `blocks`
    blocks a value is forgotten everywhere, never where it is 0.
    """

    name: str
    members: tuple[str, ...]
    copies: int = 0
    blocks: int = 0


@dataclass(frozen=True)
class Plan:
    """A whole network: one channel, one chaincode, its organisations and how blocks are ordered."""

    name: str
    name_zh: str
    channel: str
    organisations: tuple[OrganisationPlan, ...]
    ordering: Ordering = field(default_factory=Ordering)
    database: Database = Database.LEVELDB
    chaincode: str = "chainfusion"
    chaincode_version: str = "1"
    chaincode_processes: int = 1
    collections: tuple[CollectionPlan, ...] = ()
    members: tuple[str, ...] = ()
    """MSP ids of the channel's members where they are not all: the others only order."""

    def __post_init__(self) -> None:
        _check(bool(CHANNEL_NAME.fullmatch(self.channel)), "channel", "lower-case letters, digits, dots and hyphens")
        _check(bool(self.organisations), "organisations", "at least one is needed")
        names = [each.msp for each in self.organisations]
        _check(len(set(names)) == len(names), "organisations", "an MSP id appears twice")
        _check(set(self.members) <= set(names), "members", "one of them is no organisation of the plan")
        _check(len(set(self.members)) == len(self.members), "members", "one is named twice")
        _check(bool(self.hosts), "organisations", "at least one must run a peer")
        listening = [each for each in self.organisations if each.listens]
        taken = [(each.host, each.port + offset) for each in listening for offset in range(PORTS)]
        _check(len(set(taken)) == len(taken), "organisations", f"ports overlap; each takes {PORTS} in a row")
        least = LEAST_ORDERERS[self.ordering.consensus]
        enough = len(self.orderers) >= least
        _check(enough, "ordering.consensus", f"{self.ordering.consensus} needs {least} organisations that order")
        most = PORTS - OPERATIONS
        _check(
            1 <= self.chaincode_processes <= most, "chaincode.processes", f"1 to {most}, each with a port of its own"
        )
        self._check_collections()

    def _check_collections(self) -> None:
        names = [each.name for each in self.collections]
        _check(len(set(names)) == len(names), "collections", "a name appears twice")
        hosts = {each.msp for each in self.hosts}
        for each in self.collections:
            _check(
                bool(COLLECTION_NAME.fullmatch(each.name)), "collections", "letters, digits, hyphens and underscores"
            )
            known = (
                bool(each.members) and len(set(each.members)) == len(each.members) and hosts.issuperset(each.members)
            )
            _check(known, "collections", f"{each.name} needs members, each once, that run a peer")
            _check(each.copies < len(each.members), "collections", f"{each.name} has too few members for its copies")

    @property
    def orderers(self) -> tuple[OrganisationPlan, ...]:
        """The organisations that run an orderer."""
        return tuple(each for each in self.organisations if each.orders)

    @property
    def taking_part(self) -> tuple[OrganisationPlan, ...]:
        """The organisations that are members of the channel."""
        return tuple(each for each in self.organisations if not self.members or each.msp in self.members)

    @property
    def hosts(self) -> tuple[OrganisationPlan, ...]:
        """The members that run a peer."""
        return tuple(each for each in self.taking_part if each.hosts)

    def organisation(self, msp: str) -> OrganisationPlan:
        """An organisation by MSP id. Raises: PlanRefused."""
        for each in self.organisations:
            if each.msp == msp:
                return each
        raise PlanRefused(line=0, path="organisations", why=f"{msp} is none of {', '.join(self.msps)}")

    @property
    def msps(self) -> tuple[str, ...]:
        """All MSP ids."""
        return tuple(each.msp for each in self.organisations)


def check_organisation(each: OrganisationPlan) -> None:
    """Checks what did not come from a plan's file. Raises: PlanRefused."""
    _check(bool(MSP_ID.fullmatch(each.msp)), "msp", "a letter, then letters, digits, dots and hyphens")
    for name in (each.name, each.name_zh):
        _check(0 < len(name) <= 64 and name.isprintable(), "name", "1 to 64 printable characters are needed")
    _check(bool(each.roles), "roles", "at least one is needed")
    if each.listens:
        _check(bool(HOST.fullmatch(each.host)), "host", "a host name or an IPv4 address is needed")
        _check(LOWEST_PORT <= each.port <= HIGHEST_PORT, "port", f"one from {LOWEST_PORT} to {HIGHEST_PORT} is needed")


def _check(holds: bool, path: str, why: str) -> None:
    require(holds, PlanRefused(line=0, path=path, why=why))
