"""A whole network on this machine: orderers, peers and contract servers as processes, up to a committed chaincode."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TypeVar

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.fabric.network import builder, collections, processes
from chainfusion.ledger.fabric.network.channel.config import read_config_block
from chainfusion.ledger.fabric.network.channel.first_block import first_block
from chainfusion.ledger.fabric.network.grounds import channel_settings
from chainfusion.ledger.fabric.network.lifecycle import Definition, PeerClient
from chainfusion.ledger.fabric.network.nodefiles import NodeFolder, core_yaml, orderer_yaml
from chainfusion.ledger.fabric.network.offer import read_offer
from chainfusion.ledger.fabric.network.ordering import join_orderer
from chainfusion.ledger.fabric.network.package import SETTING, builder_setting, chaincode_package, package_id
from chainfusion.ledger.fabric.network.places import Places, write
from chainfusion.ledger.fabric.network.plan import CONTRACTS, PORTS, OrganisationPlan, Plan
from chainfusion.ledger.fabric.network.processes import Running
from chainfusion.ledger.fabric.network.wire import connect
from chainfusion.ledger.port import Signer

T = TypeVar("T")
R = TypeVar("R")
PATIENCE_SECONDS = 60
PROGRAMS = ("peer", "orderer")
CHAINCODE = "chaincode"
ENDED = (CHAINCODE, "peer", "orderer")
"""Kinds of processes, in the order in which they are ended."""


class BinariesMissing(ChainFusionError):
    """Fabric's programs are not on this machine."""

    code = "FABRIC_BINARIES_MISSING"
    says = Text("Fabric's {program} is not found.", "未找到 Fabric 程序 {program}。")
    do = Text(
        "Take Fabric 3.1's peer and orderer from github.com/hyperledger/fabric/releases; put them on PATH, or name "
        "their folder in FABRIC_BIN.",
        "请从 github.com/hyperledger/fabric/releases 取得 Fabric 3.1 的 peer、orderer，放入 PATH，"
        "或以 FABRIC_BIN 指明其文件夹。",
    )


class PortTaken(ChainFusionError):
    """An address of the plan that cannot be listened on."""

    code = "NETWORK_PORT_TAKEN"
    says = Text("Nobody can listen on {address}: {why}.", "无法监听 {address}：{why}。")
    do = Text("Give the organisation another port in the plan.", "请在规划中为该机构改用其他端口。")


class PortSilent(ChainFusionError):
    """A node that was started and does not listen."""

    code = "NETWORK_PORT_SILENT"
    says = Text("Nobody answers at {address}.", "{address} 无响应。")
    do = Text("Read the log of the node that should.", "请查看对应节点的日志。")


def require_programs() -> None:
    """Raises BinariesMissing where one of Fabric's programs that a network runs on is not here."""
    for name in PROGRAMS:
        program(name)


def program(name: str) -> Path:
    """One of Fabric's programs. Raises: BinariesMissing."""
    folder = os.environ.get("FABRIC_BIN")
    found = shutil.which(name, path=folder) if folder else shutil.which(name)
    if found is None:
        raise BinariesMissing(program=name)
    return Path(found)


@dataclass(frozen=True)
class Machine:
    """The nodes of a network that run on this machine: those of the organisations in `here`, or all."""

    plan: Plan
    places: Places
    here: tuple[str, ...] | None = None

    @property
    def own(self) -> tuple[OrganisationPlan, ...]:
        """The organisations whose nodes run here."""
        return tuple(each for each in self.plan.organisations if self.here is None or each.msp in self.here)

    @property
    def hosts(self) -> tuple[OrganisationPlan, ...]:
        """Those of them that are members of the channel and run a peer."""
        return tuple(each for each in self.own if each in self.plan.hosts)

    @property
    def orderers(self) -> tuple[OrganisationPlan, ...]:
        """Those of them that run an orderer."""
        return tuple(each for each in self.own if each.orders)

    @property
    def package(self) -> bytes:
        """The chaincode package."""
        return chaincode_package(self.plan.chaincode)

    @property
    def definition(self) -> Definition:
        """What the members agree on."""
        plan = self.plan
        package = package_id(plan.chaincode, self.package)
        return Definition(plan.chaincode, plan.chaincode_version, 1, package, collections.declared(plan.collections))

    # -------------------------------------------------------------- files

    def write_files(self) -> None:
        """Writes every node's configuration, the builders and the package. Raises: BinariesMissing."""
        write(self.places.package, self.package)
        for each in self.hosts:
            source = Path(builder.__file__).read_text()
            for step in ("detect", "build", "release"):
                text = f"#!{sys.executable} -IS\n{source}"
                write(self.places.node(each.msp, "builder") / "bin" / step, text, mode=0o700)
            folder = NodeFolder(self.places.node(each.msp, "peer"), self.places.node(each.msp, "builder"))
            write(folder.root / "core.yaml", core_yaml(each, folder, self.plan.database))
        for each in self.orderers:
            folder = NodeFolder(self.places.node(each.msp, "orderer"), None)
            write(folder.root / "orderer.yaml", orderer_yaml(each, folder))

    def make_first_block(self) -> None:
        """Makes the channel's first block of the plan and the institutions' offers. Raises: OfferRefused, OSError."""
        offers = [read_offer(self.places.offer(msp).read_bytes()) for msp in self.plan.msps]
        write(self.places.block, first_block(self.plan, offers, datetime.now(UTC)))

    # -------------------------------------------------------------- processes

    def launch(self, ledger_id: str) -> tuple[Running, ...]:
        """Starts every node that does not run; what runs is written down. Raises: BinariesMissing, OSError."""
        running = {each.name: each for each in processes.load(self.places.running) if each.is_alive}
        if not running:
            self._check_ports()
        told = hashlib.sha256(repr(channel_settings(self.plan, self.places, ledger_id)).encode()).hexdigest()
        for name, begin in self._nodes(ledger_id):
            if name.startswith(CHAINCODE) and name in running and running[name].told != told:
                processes.end_all([running.pop(name)])  # there is a channel more: the contracts are told of it
            if name not in running:
                running[name] = replace(begin(), told=told if name.startswith(CHAINCODE) else "")
                processes.save(self.places.running, tuple(running.values()))
        return tuple(running.values())

    def _check_ports(self) -> None:
        """Raises PortTaken for the first port that another program has."""
        for each in filter(lambda each: each.listens, self.own):
            for port in range(each.port, each.port + PORTS):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        probe.bind((each.host, port))
                    except OSError as error:
                        raise PortTaken(address=f"{each.host}:{port}", why=error.strerror or str(error)) from None

    def _nodes(self, ledger_id: str) -> Iterator[tuple[str, Callable[[], Running]]]:
        for each in self.orderers:
            yield f"orderer.{each.msp}", lambda each=each: self._start_orderer(each)  # type: ignore[misc]
        for each in self.hosts:
            yield f"peer.{each.msp}", lambda each=each: self._start_peer(each)  # type: ignore[misc]
        for each in self.hosts:
            yield f"chaincode.{each.msp}", lambda each=each: self._start_chaincode(each, ledger_id)  # type: ignore[misc]

    def _start_orderer(self, each: OrganisationPlan) -> Running:
        return self._start(each, "orderer", [str(program("orderer"))], {})

    def _start_peer(self, each: OrganisationPlan) -> Running:
        own, served = self.places.tls(each.msp, "peer"), self.places.tls(each.msp, "chaincode")
        key, certificate, root = own.key.read_bytes(), own.certificate.read_bytes(), served.ca.read_bytes()
        setting = {SETTING: builder_setting(each.chaincode, key, certificate, root)}
        return self._start(each, "peer", [str(program("peer")), "node", "start"], setting)

    def _start_chaincode(self, each: OrganisationPlan, ledger_id: str) -> Running:
        tls = self.places.tls(each.msp, "chaincode")
        settings = {
            "CHAINCODE_ID": self.definition.package_id,
            "CHAINCODE_ADDRESS": each.chaincode,
            "CHAINCODE_OPERATIONS": each.chaincode_operations,
            "CHAINCODE_PROCESSES": str(self.plan.chaincode_processes),
            **channel_settings(self.plan, self.places, ledger_id),
            "CHAINCODE_TLS_KEY": str(tls.key),
            "CHAINCODE_TLS_CERT": str(tls.certificate),
            "CHAINCODE_TLS_CLIENT_CA": str(tls.ca),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        }
        command = [sys.executable, "-m", "chainfusion.ledger.fabric.chaincode"]
        return self._start(each, "chaincode", command, settings)

    def _start(self, each: OrganisationPlan, kind: str, command: Sequence[str], settings: dict[str, str]) -> Running:
        folder = self.places.node(each.msp, kind)
        common = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "FABRIC_CFG_PATH": str(folder),
            "FABRIC_LOGGING_SPEC": os.environ.get("FABRIC_LOGGING_SPEC", "info"),
            "FABRIC_LOGGING_FORMAT": "json",
        }
        return processes.start(
            f"{kind}.{each.msp}", command, common | settings, self.places.log(each.msp, kind), folder
        )

    def stop(self) -> tuple[str, ...]:
        """Ends every process that runs here; gives the names of those that had to be killed."""
        ours = {f"{kind}.{each.msp}" for each in self.own for kind in ENDED}
        running = processes.load(self.places.running)
        others = tuple(each for each in running if each.name not in ours)
        chosen = [each for each in running if each.name in ours]
        killed = processes.end_all(sorted(chosen, key=lambda each: ENDED.index(each.name.partition(".")[0])))
        if others:
            processes.save(self.places.running, others)
        else:
            self.places.running.unlink(missing_ok=True)
        return killed

    def await_contracts(self) -> None:
        """Waits until the contract servers that run here listen: a peer asks once and does not ask again.

        Raises: ProcessEnded, PortSilent.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        for each in self.hosts:
            while not _listens(each.host, each.port + CONTRACTS):
                self.check_alive()
                require(time.monotonic() < end, PortSilent(address=each.chaincode))
                time.sleep(0.05)

    def check_alive(self) -> None:
        """Raises ProcessEnded for the first process that has ended."""
        running = processes.load(self.places.running)
        logs = {each.name: self.places.log(*reversed(each.name.split(".", 1))) for each in running}
        processes.check_alive(running, logs)

    # -------------------------------------------------------------- the channel

    def make_channel(self, admins: Mapping[str, Signer]) -> None:
        """On a machine that has all nodes: they join; the chaincode is approved by all and committed. What is done is
        left. Raises: NodeRefused, ProcessEnded.
        """
        self.join(admins)
        channel, definition = self.plan.channel, self.definition
        hosts = [each.msp for each in self.plan.hosts]
        with ThreadPoolExecutor(len(hosts)) as pool, self.peers(admins) as peers:
            if peers[0].committed(channel, definition.name) == 0:
                _all(pool, lambda peer: peer.approve(channel, definition), peers)
                _all(pool, lambda peer: peer.await_approved(channel, definition, hosts), peers)
                peers[0].commit(channel, definition, peers)
            _all(pool, lambda peer: peer.await_committed(channel, definition.name), peers)

    def join(self, admins: Mapping[str, Signer]) -> None:
        """Orderers and peers that run here join the channel, and peers install the package. What is done is left.

        An orderer that the first block does not name is left out. Raises: NodeRefused, ProcessEnded.
        """
        block = self.places.block.read_bytes()
        known = read_config_block(block).addresses
        founding = [each for each in self.orderers if each.orderer in known]
        given_up = Event()
        with ThreadPoolExecutor(2 * len(self.own)) as pool, self.peers(admins) as peers:
            joined = [pool.submit(self.join_orderer, each, block, given_up) for each in founding]
            ready = [pool.submit(self._prepare_peer, peer, block) for peer in peers]
            self._wait((*joined, *ready), given_up)
        self.await_contracts()

    def _wait(self, running: Sequence[Future[None]], given_up: Event) -> None:
        """Waits for all, as long as every process lives; raises what failed first."""
        try:
            left: Sequence[Future[None]] = running
            while left:
                done, others = wait(left, timeout=0.5, return_when=FIRST_EXCEPTION)
                for each in done:
                    each.result()
                left = tuple(others)
                self.check_alive()
        except BaseException:
            given_up.set()
            raise

    def join_orderer(self, each: OrganisationPlan, block: bytes, given_up: Event) -> None:
        """An orderer joins by a configuration block that names it. Raises: NodeRefused."""
        tls = self.places.tls(each.msp, "client")
        join_orderer(f"orderer.{each.msp}", each.orderer_admin, tls, block, given_up)

    def _prepare_peer(self, peer: PeerClient, block: bytes) -> None:
        peer.join(block)
        peer.install(self.package)

    @contextmanager
    def peers(self, admins: Mapping[str, Signer]) -> Iterator[tuple[PeerClient, ...]]:
        """A client of each peer, as an administrator of its organisation."""
        with ExitStack() as stack:
            clients = []
            for each in self.hosts:
                own = self.places.tls(each.msp, "client")
                channel = stack.enter_context(connect(each.peer, own, own.ca.read_bytes()))
                clients.append(PeerClient(f"peer.{each.msp}", channel, admins[each.msp]))
            yield tuple(clients)


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _all(pool: ThreadPoolExecutor, do: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [each.result() for each in [pool.submit(do, item) for item in items]]
