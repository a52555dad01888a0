"""A whole network on this machine: orderers, peers and contract servers as processes, up to a committed chaincode."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TypeVar

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.fabric.network import builder, processes
from chainfusion.ledger.fabric.network.configtx import PROFILE, configtx
from chainfusion.ledger.fabric.network.lifecycle import Definition, PeerClient
from chainfusion.ledger.fabric.network.nodefiles import NodeFolder, core_yaml, orderer_yaml
from chainfusion.ledger.fabric.network.ordering import join_orderer
from chainfusion.ledger.fabric.network.package import SETTING, builder_setting, chaincode_package, package_id
from chainfusion.ledger.fabric.network.places import Places, write
from chainfusion.ledger.fabric.network.plan import PORTS, OrganisationPlan, Plan
from chainfusion.ledger.fabric.network.processes import Running
from chainfusion.ledger.fabric.network.wire import connect
from chainfusion.ledger.port import Signer

T = TypeVar("T")
R = TypeVar("R")
PROGRAMS = ("peer", "orderer", "configtxgen")


class BinariesMissing(ChainFusionError):
    """Fabric's programs are not on this machine."""

    code = "FABRIC_BINARIES_MISSING"
    says = Text("Fabric's {program} is not found.", "未找到 Fabric 程序 {program}。")
    do = Text(
        "Put Fabric 3.1's peer, orderer and configtxgen on PATH, or their folder in FABRIC_BIN.",
        "请将 Fabric 3.1 的 peer、orderer、configtxgen 放入 PATH，或以 FABRIC_BIN 指明其文件夹。",
    )


class FirstBlockRefused(ChainFusionError):
    """configtxgen did not make the channel's first block."""

    code = "FIRST_BLOCK_REFUSED"
    says = Text("The channel's first block was not made: {why}.", "未能生成通道首个区块：{why}。")
    do = Text("Correct the plan.", "请更正规划。")


class PortTaken(ChainFusionError):
    """An address of the plan that cannot be listened on."""

    code = "NETWORK_PORT_TAKEN"
    says = Text("Nobody can listen on {address}: {why}.", "无法监听 {address}：{why}。")
    do = Text("Give the organisation another port in the plan.", "请在规划中为该机构改用其他端口。")


def program(name: str) -> Path:
    """One of Fabric's programs. Raises: BinariesMissing."""
    folder = os.environ.get("FABRIC_BIN")
    found = shutil.which(name, path=folder) if folder else shutil.which(name)
    if found is None:
        raise BinariesMissing(program=name)
    return Path(found)


@dataclass(frozen=True)
class Machine:
    """A network whose identities and TLS files are in its folder."""

    plan: Plan
    places: Places

    @property
    def package(self) -> bytes:
        """The chaincode package."""
        return chaincode_package(self.plan.chaincode)

    @property
    def definition(self) -> Definition:
        """What the members agree on."""
        plan = self.plan
        return Definition(plan.chaincode, plan.chaincode_version, 1, package_id(plan.chaincode, self.package))

    # -------------------------------------------------------------- files

    def write_files(self) -> None:
        """Writes every node's configuration, the builders and the package. Raises: BinariesMissing."""
        write(self.places.package, self.package)
        for each in self.plan.hosts:
            source = Path(builder.__file__).read_text()
            for step in ("detect", "build", "release"):
                text = f"#!{sys.executable} -IS\n{source}"
                write(self.places.node(each.msp, "builder") / "bin" / step, text, mode=0o700)
            folder = NodeFolder(self.places.node(each.msp, "peer"), self.places.node(each.msp, "builder"))
            write(folder.root / "core.yaml", core_yaml(each, folder, self.plan.database))
        for each in self.plan.orderers:
            folder = NodeFolder(self.places.node(each.msp, "orderer"), None)
            write(folder.root / "orderer.yaml", orderer_yaml(each, folder))

    def make_first_block(self) -> None:
        """Has configtxgen make the channel's first block. Raises: BinariesMissing, FirstBlockRefused."""
        folder = self.places.channel
        write(folder / "configtx.yaml", configtx(self.plan, self.places))
        channel, block = self.plan.channel, str(self.places.block)
        command = [str(program("configtxgen")), "-configPath", str(folder), "-profile", PROFILE]
        command += ["-channelID", channel, "-outputBlock", block]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the command is ours
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or ["no reason given"]
            raise FirstBlockRefused(why=lines[-1][:400])

    # -------------------------------------------------------------- processes

    def launch(self, ledger_id: str) -> tuple[Running, ...]:
        """Starts every node that does not run; what runs is written down. Raises: BinariesMissing, OSError."""
        running = {each.name: each for each in processes.load(self.places.running) if each.is_alive}
        if not running:
            self._check_ports()
        for name, begin in self._nodes(ledger_id):
            if name not in running:
                running[name] = begin()
                processes.save(self.places.running, tuple(running.values()))
        return tuple(running.values())

    def _check_ports(self) -> None:
        """Raises PortTaken for the first port that another program has."""
        for each in filter(lambda each: each.listens, self.plan.organisations):
            for port in range(each.port, each.port + PORTS):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        probe.bind((each.host, port))
                    except OSError as error:
                        raise PortTaken(address=f"{each.host}:{port}", why=error.strerror or str(error)) from None

    def _nodes(self, ledger_id: str) -> Iterator[tuple[str, Callable[[], Running]]]:
        for each in self.plan.orderers:
            yield f"orderer.{each.msp}", lambda each=each: self._start_orderer(each)  # type: ignore[misc]
        for each in self.plan.hosts:
            yield f"peer.{each.msp}", lambda each=each: self._start_peer(each)  # type: ignore[misc]
        for each in self.plan.hosts:
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
            "CHAINCODE_LEDGER_ID": ledger_id,
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
        """Ends every process; gives the names of those that had to be killed."""
        running = processes.load(self.places.running)
        order = ("chaincode.", "peer.", "orderer.")
        chosen = sorted(running, key=lambda each: next(n for n, kind in enumerate(order) if each.name.startswith(kind)))
        killed = processes.end_all(chosen)
        self.places.running.unlink(missing_ok=True)
        return killed

    def check_alive(self) -> None:
        """Raises ProcessEnded for the first process that has ended."""
        running = processes.load(self.places.running)
        logs = {each.name: self.places.log(*reversed(each.name.split(".", 1))) for each in running}
        processes.check_alive(running, logs)

    # -------------------------------------------------------------- the channel

    def make_channel(self, admins: Mapping[str, Signer]) -> None:
        """Orderers and peers join; the chaincode is installed, approved and committed. What is done is left.

        Raises: NodeRefused, ProcessEnded.
        """
        block = self.places.block.read_bytes()
        given_up = Event()
        with ThreadPoolExecutor(len(self.plan.organisations) * 2) as pool, self.peers(admins) as peers:
            joined = [pool.submit(self._join_orderer, each, block, given_up) for each in self.plan.orderers]
            ready = [pool.submit(self._prepare_peer, peer, block) for peer in peers]
            self._wait((*joined, *ready), given_up)
            if peers[0].committed(self.plan.channel, self.plan.chaincode) == 0:
                _all(pool, lambda peer: peer.approve(self.plan.channel, self.definition), peers)
                hosts = [each.msp for each in self.plan.hosts]
                _all(pool, lambda peer: peer.await_approved(self.plan.channel, self.definition, hosts), peers)
                peers[0].commit(self.plan.channel, self.definition, peers)
            _all(pool, lambda peer: peer.await_committed(self.plan.channel, self.plan.chaincode), peers)

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

    def _join_orderer(self, each: OrganisationPlan, block: bytes, given_up: Event) -> None:
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
            for each in self.plan.hosts:
                own = self.places.tls(each.msp, "client")
                channel = stack.enter_context(connect(each.peer, own, own.ca.read_bytes()))
                clients.append(PeerClient(f"peer.{each.msp}", channel, admins[each.msp]))
            yield tuple(clients)


def _all(pool: ThreadPoolExecutor, do: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [each.result() for each in [pool.submit(do, item) for item in items]]
