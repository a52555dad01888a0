"""A Fabric network for tests: three institutions, one Raft orderer, and the probe contract under as many chaincode
names as there are tests, so that each begins with an empty ledger. The contracts are served by this process."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fabric_protos.common import policies_pb2 as policies
from fabric_protos.msp import msp_principal_pb2 as principals
from fabric_protos.peer import collection_pb2 as collections
from fabric_protos.peer import policy_pb2 as policy
from fabric_protos.peer.lifecycle import lifecycle_pb2 as lifecycle

from chainfusion.domain.roles import Role
from chainfusion.ledger.fabric.chaincode.call import Program
from chainfusion.ledger.fabric.chaincode.server import ChaincodeServer, TlsFiles
from chainfusion.ledger.fabric.gateway.client import GatewayClient, Settings
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.gateway.peers import PeerAddress, Peers, Tls
from chainfusion.ledger.fabric.network import processes
from chainfusion.ledger.fabric.network.lifecycle import LIFECYCLE, PeerClient
from chainfusion.ledger.fabric.network.plan import Consensus, Ordering, OrganisationPlan, Plan
from chainfusion.ledger.fabric.network.wire import NodeRefused, propose
from chainfusion.node.identity.organisation import unlock_authority
from chainfusion.node.identity.signer import Signer
from chainfusion.node.network import RunningNetwork, start
from tests.fabric.network_stage import free_ports
from tests.support.identities import Member
from tests.support.ledger import Consortium, representative

PROGRAMS = ("peer", "orderer")
ANYONE = "/Channel/Application/Readers"
"""The endorsement policy of the probe: any one member's peer."""


def binaries_missing() -> str:
    """Which of Fabric's programs is on neither FABRIC_BIN nor PATH, or ""."""
    folder = os.environ.get("FABRIC_BIN")
    return next((each for each in PROGRAMS if shutil.which(each, path=folder or None) is None), "")


def plan_of(msps: tuple[str, ...], port: int, hosts: int | None = None, batch: int = 500) -> Plan:
    """Institutions, the first `hosts` of which (all, unless told) run a peer each; the first one orders, in blocks of
    at most `batch` transactions."""
    roles = (Role.ORIGINATOR,)
    organisations = tuple(
        OrganisationPlan(
            msp,
            msp,
            "测试机构",
            roles,
            "127.0.0.1",
            port + 10 * number,
            orders=number == 0,
            hosts=hosts is None or number < hosts,
        )
        for number, msp in enumerate(msps)
    )
    return Plan("Tests", "测试", "tests", organisations, Ordering(Consensus.RAFT, batch_count=batch))


@dataclass
class FabricLab:
    """A running network with the probe contract."""

    network: RunningNetwork
    consortium: Consortium
    peers: dict[str, Peers]
    admins: Mapping[str, Signer]
    names: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def new_chaincode(self, shared: Mapping[str, frozenset[str]]) -> str:
        """Commits the probe under a new name, with these private collections; returns the name."""
        name, plan = f"probe{next(self.names)}", self.network.plan
        machine = self.network.machine
        package = machine.definition.package_id
        with machine.peers(self.admins) as peers, ThreadPoolExecutor(len(peers)) as pool:
            list(pool.map(lambda peer: _approve(peer, plan.channel, name, package, shared), peers))
            _commit(peers, plan.channel, name, shared)
            list(pool.map(lambda peer: peer.await_committed(plan.channel, name), peers))
        return name

    def client(self, chaincode: str) -> GatewayClient:
        """A client of one chaincode name, through the first institution's peer."""
        settings = Settings(channel=self.network.plan.channel, chaincode=chaincode)
        return GatewayClient(next(iter(self.peers.values())), settings)

    def ledger(self, chaincode: str, member: Member) -> FabricLedger:
        """The ledger of one chaincode name, as a member's peer shows it."""
        settings = Settings(channel=self.network.plan.channel, chaincode=chaincode)
        client = GatewayClient(self.peers[member.msp_id], settings)
        return FabricLedger(client, self.consortium.ledger_id, representative(member))


@contextmanager
def fabric_lab(
    folder: Path,
    msps: tuple[str, ...],
    shared: Mapping[str, frozenset[str]],
    hosts: int | None = None,
    batch: int = 500,
    program: Callable[[Consortium], Program] | None = None,
    **of: Any,
) -> Iterator[FabricLab]:
    """Brings the network up, with a peer at the first `hosts` (all, unless told); `of` is what `Consortium` takes
    beside the members (contracts). `program` is what the contract servers run where it is not just those."""
    with ExitStack() as stack:
        network = stack.enter_context(start(plan_of(msps, free_ports(), hosts, batch), folder / "network"))
        consortium = Consortium(tuple(_member(network, msp) for msp in msps), **of)
        _end_chaincodes(network)
        contracts = Program(consortium.registry, consortium.ledger_id, shared)
        contracts = contracts if program is None else program(consortium)
        for each in network.plan.hosts:
            tls = network.places.tls(each.msp, "chaincode")
            files = TlsFiles(tls.key, tls.certificate, tls.ca)
            package = network.machine.definition.package_id
            stack.enter_context(ChaincodeServer(package, contracts, each.chaincode, files))
        peers = {each.msp: Peers([PeerAddress(each.peer)], _tls(network, each.msp)) for each in network.plan.hosts}
        for connection in peers.values():
            stack.callback(connection.close)
        yield FabricLab(network, consortium, peers, network.admins())


def caught_up(ledgers: list[FabricLedger], block: int, seconds: float = 20) -> None:
    """Waits until every member's peer has a block."""
    end = time.monotonic() + seconds
    for ledger in ledgers:
        while ledger.height() <= block:
            assert time.monotonic() < end, f"a peer did not get block {block}"
            time.sleep(0.02)


def _member(network: RunningNetwork, msp: str) -> Member:
    """The institution with its own CA, whose people a test makes as it needs them."""
    authority = unlock_authority(network.organisation(msp), network.password)
    return Member(msp, tuple(Role), authority, datetime.now(UTC))


def _tls(network: RunningNetwork, msp: str) -> Tls:
    files = network.places.tls(msp, "client")
    return Tls(files.ca.read_bytes(), files.key.read_bytes(), files.certificate.read_bytes())


def _end_chaincodes(network: RunningNetwork) -> None:
    """Ends the network's own contract servers: this process serves in their place."""
    running = processes.load(network.places.running)
    ours = [each for each in running if each.name.startswith("chaincode.")]
    processes.end_all(ours)
    processes.save(network.places.running, tuple(each for each in running if each not in ours))


def _approve(peer: PeerClient, channel: str, name: str, package: str, shared: Mapping[str, frozenset[str]]) -> None:
    source = lifecycle.ChaincodeSource(local_package=lifecycle.ChaincodeSource.Local(package_id=package))
    args = lifecycle.ApproveChaincodeDefinitionForMyOrgArgs(source=source, **_definition(name, shared))
    asked = propose(peer.signer, channel, LIFECYCLE, [b"ApproveChaincodeDefinitionForMyOrg", args.SerializeToString()])
    peer.record(channel, asked, [peer.endorse(asked, "an approval")], "an approval")


def _commit(peers: tuple[PeerClient, ...], channel: str, name: str, shared: Mapping[str, frozenset[str]]) -> None:
    """Commits a definition, once every peer has every institution's approval and comes to the same result."""
    args = lifecycle.CommitChaincodeDefinitionArgs(**_definition(name, shared))
    end = time.monotonic() + 20
    while True:
        asked = propose(peers[0].signer, channel, LIFECYCLE, [b"CommitChaincodeDefinition", args.SerializeToString()])
        try:
            answers = [peer.endorse(asked, "a definition") for peer in peers]
            peers[0].record(channel, asked, answers, "a definition")
        except NodeRefused as error:
            behind = any(mark in str(error) for mark in ("not agreed to", "different results"))
            if not behind or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _definition(name: str, shared: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    rule = policy.ApplicationPolicy(channel_config_policy_reference=ANYONE)
    package = collections.CollectionConfigPackage()
    for collection, msps in shared.items():
        config = package.config.add().static_collection_config
        config.name, config.required_peer_count, config.maximum_peer_count = collection, 0, len(msps) - 1
        config.member_orgs_policy.signature_policy.CopyFrom(_any_of(sorted(msps)))
    return {
        "name": name,
        "version": "1",
        "sequence": 1,
        "validation_parameter": rule.SerializeToString(),
        "collections": package,
    }


def _any_of(msps: list[str]) -> policies.SignaturePolicyEnvelope:
    """One member of any of these institutions."""
    envelope = policies.SignaturePolicyEnvelope()
    envelope.rule.n_out_of.n = 1
    for number, msp in enumerate(msps):
        role = principals.MSPRole(msp_identifier=msp, role=principals.MSPRole.MEMBER).SerializeToString()
        envelope.identities.add(principal_classification=principals.MSPPrincipal.ROLE, principal=role)
        envelope.rule.n_out_of.rules.add(signed_by=number)
    return envelope
