"""A founded network with an open deal, and a load of document registrations that counts what becomes of each."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chainfusion.contracts.catalogue import registry
from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import NewDocument
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.transaction import VALID, Creator, Proposal
from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.gateway.client import GatewayClient, Settings
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.gateway.peers import PeerAddress, Peers, Tls
from chainfusion.ledger.fabric.gateway.signing import attempt_nonce, transaction_id
from chainfusion.ledger.fabric.network import processes
from chainfusion.ledger.fabric.network.health import NodeStatus
from chainfusion.ledger.fabric.network.ordering import fetch
from chainfusion.ledger.fabric.network.plan import Consensus
from chainfusion.ledger.port import Signer
from chainfusion.node.network import DESK, REPRESENTATIVE, RunningNetwork

DEAL = "LOAD-2026"
ATTEMPTS = 12
AGAIN = ("OUTCOME_UNKNOWN", "PEERS_UNREACHABLE", "TOO_BUSY", "TRANSACTION_REFUSED")
"""Answers after which the same request is sent again."""


@dataclass
class Working:
    """A network at work, with a ledger on each institution's peer."""

    network: RunningNetwork
    stack: ExitStack
    ledgers: dict[str, FabricLedger] = field(default_factory=dict)

    @property
    def msps(self) -> tuple[str, ...]:
        return self.network.plan.msps

    def client(self, *addresses: tuple[str, str], roots_of: tuple[str, ...]) -> GatewayClient:
        """A client of these peers (address, server name), as the first institution's."""
        roots = b"".join(self.network.places.tls(msp, "client").ca.read_bytes() for msp in roots_of)
        files = self.network.places.tls(self.msps[0], "client")
        tls = Tls(roots, files.key.read_bytes(), files.certificate.read_bytes())
        peers = Peers([PeerAddress(*each) for each in addresses], tls)
        self.stack.callback(peers.close)
        return GatewayClient(peers, Settings(self.network.plan.channel, submit_seconds=90, commit_seconds=5))

    def proposal(self, signer: Signer, operation: str, **args: Any) -> Proposal:
        contract, _, name = operation.partition(".")
        return Proposal(
            args=args,
            channel=self.network.ledger_id,
            contract=contract,
            creator=Creator(signer.msp_id, signer.certificate_fingerprint),
            nonce=secrets.token_hex(24),
            operation=name,
            time=datetime.now(UTC),
            transient=None,
            version=registry().in_force(contract).version,
        )

    def submit(self, msp: str, user: str, operation: str, **args: Any) -> str:
        signer = self.network.signer(msp, user)
        return self.ledgers[msp].submit(self.proposal(signer, operation, **args), signer).tx_id

    def blocks(self, msp: str) -> list[FabricBlock]:
        ledger = self.ledgers[msp]
        return [ledger.fabric_block(number) for number in range(ledger.height())]

    def await_same_height(self, seconds: float = 60) -> int:
        """Waits until every peer has as many blocks as the others; gives how many."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(ChainFusionError):
                heights = {self.ledgers[msp].height() for msp in self.msps}
                if len(heights) == 1:
                    return heights.pop()
            time.sleep(0.2)
        raise AssertionError(f"peers differ: {[(each.name, each.height) for each in self.network.status()]}")

    def await_caught_up(self, name: str, seconds: float = 60) -> None:
        """Waits until a node has every block that its kind has now."""
        kind = name.partition(".")[0]
        wanted = max(each.height or 0 for node, each in self.states().items() if node.startswith(kind))
        end = time.monotonic() + seconds
        while (self.states()[name].height or 0) < wanted:
            assert time.monotonic() < end, f"{name} has {self.states()[name].height} of {wanted} blocks"
            time.sleep(0.2)

    def leader(self) -> str:
        """The institution whose orderer leads."""
        smartbft = self.network.plan.ordering.consensus is Consensus.SMARTBFT
        mark = b"consensus_BFT_is_leader" if smartbft else b"consensus_etcdraft_is_leader"
        end = time.monotonic() + 30
        while time.monotonic() < end:
            for each in self.network.plan.orderers:
                with suppress(OSError):
                    own = self.network.places.tls(each.msp, "client")
                    page = fetch(each.orderer_operations, own, "/metrics")[1]
                    if any(line.startswith(mark) and line.endswith(b" 1") for line in page.splitlines()):
                        return each.msp
            time.sleep(0.2)
        raise AssertionError("no orderer says that it leads")

    def states(self) -> dict[str, NodeStatus]:
        return {each.name: each for each in self.network.status()}


@contextmanager
def working(network: RunningNetwork) -> Iterator[Working]:
    """The consortium is founded, all sign its agreement, and the first institution opens a deal."""
    with ExitStack() as stack:
        found = Working(network, stack)
        for each in network.plan.organisations:
            files = network.places.tls(each.msp, "client")
            tls = Tls(files.ca.read_bytes(), files.key.read_bytes(), files.certificate.read_bytes())
            peers = Peers([PeerAddress(each.peer)], tls)
            stack.callback(peers.close)
            client = GatewayClient(peers, Settings(network.plan.channel))
            found.ledgers[each.msp] = FabricLedger(client, network.ledger_id, network.signer(each.msp, DESK))
        first, genesis = found.msps[0], network.genesis
        found.submit(first, REPRESENTATIVE, "consortium.found", genesis=to_json(genesis))
        fingerprint = genesis.genesis.agreement.fingerprint
        for msp in found.msps:
            found.submit(msp, REPRESENTATIVE, "consortium.sign_agreement", version=1, fingerprint=fingerprint)
        terms = DealTerms(DEAL, "Load", "负载", Product.AUTO_LOANS, "CNY", (NamedParty(Role.ORIGINATOR, first),))
        found.submit(first, DESK, "deal.open", terms=to_json(terms))
        yield found


def document(number: int) -> dict[str, Any]:
    """The arguments of one document's registration."""
    new = NewDocument(
        id=f"{number:032x}",
        kind=DocumentKind.WORKING_PAPER,
        version=1,
        fingerprint=number.to_bytes(32, "big"),
        object=f"{number:064x}",
        readers=(),
        supersedes=None,
    )
    return {"deal": DEAL, "document": to_json(new)}


@dataclass
class Load:
    """Workers that register documents until they are told to end; what has no answer is asked again as the same
    request."""

    on: Working
    client: GatewayClient
    workers: int = 12
    acknowledged: dict[int, Proposal] = field(default_factory=dict)
    repeated: int = 0
    refused: list[str] = field(default_factory=list)
    _next: int = 0
    _told: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        signer = self.on.network.signer(self.on.msps[0], DESK)
        for _ in range(self.workers):
            self._threads.append(threading.Thread(target=self._work, args=(signer,), daemon=True))
            self._threads[-1].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._told.set()
        for each in self._threads:
            each.join(timeout=180)

    def await_more(self, count: int, seconds: float = 90) -> None:
        """Waits until so many requests more are acknowledged."""
        wanted, end = len(self.acknowledged) + count, time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < end, f"{len(self.acknowledged)} of {wanted}; refused: {self.refused[:3]}"
            assert not self.refused, self.refused
            time.sleep(0.05)

    def _work(self, signer: Signer) -> None:
        while not self._told.is_set():
            with self._lock:
                number, self._next = self._next, self._next + 1
            self._carry_through(number, self.on.proposal(signer, "document.register", **document(number)), signer)

    def _carry_through(self, number: int, proposal: Proposal, signer: Signer) -> None:
        for _ in range(10):
            try:
                self.client.submit(proposal, signer)
            except ChainFusionError as error:
                last = error
                self.repeated += 1
                if error.code not in AGAIN:
                    break
            else:
                self.acknowledged[number] = proposal
                return
        self.refused.append(f"{number}: {last.code} {last}")


@dataclass(frozen=True)
class Count:
    """What the blocks say of the requests that were acknowledged."""

    acknowledged: int
    lost: int
    twice: int
    repeated: int
    blocks: int


def counted(on: Working, load: Load, signer: Signer) -> Count:
    """Every acknowledged request has exactly one valid transaction, on every peer alike."""
    height = on.await_same_height()
    chains = {msp: on.blocks(msp) for msp in on.msps}
    seen = {msp: [(block.hash, block.codes) for block in blocks] for msp, blocks in chains.items()}
    assert len({tuple(each) for each in seen.values()}) == 1, "peers hold different blocks"
    valid = Counter(
        envelope.header.tx_id
        for block in chains[on.msps[0]]
        for envelope, code in zip(block.transactions, block.codes, strict=True)
        if code == VALID
    )
    times = [_times(valid, proposal, signer) for proposal in load.acknowledged.values()]
    return Count(len(times), sum(each == 0 for each in times), sum(each > 1 for each in times), load.repeated, height)


def _times(valid: Counter[str], proposal: Proposal, signer: Signer) -> int:
    ids = (transaction_id(attempt_nonce(proposal.nonce, number), signer) for number in range(ATTEMPTS))
    return sum(valid[each] for each in ids)


def killed(network: RunningNetwork, name: str, how: int) -> int:
    """Signals one node; gives its process id."""
    victim = next(each for each in processes.load(network.places.running) if each.name == name)
    victim.end(how)
    return victim.pid


def database(network: RunningNetwork, msp: str) -> Path:
    """Where a peer keeps the channel's blocks."""
    place = network.places.node(msp, "peer") / "data" / "ledgersData" / "chains" / "chains" / network.plan.channel
    return place / "blockfile_000000"
