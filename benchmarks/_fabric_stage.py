"""A Fabric network to measure on: four institutions, four SmartBFT orderers, TLS, and a deal that is open.

The founding goes through the ordinary client, so that what is measured afterwards is a ledger as any other.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chainfusion.contracts.catalogue import registry
from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import NewDocument
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.transaction import Creator, Proposal
from chainfusion.ledger.fabric.gateway.client import GatewayClient, Settings
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.gateway.peers import PeerAddress, Peers, Tls
from chainfusion.ledger.port import Signer
from chainfusion.node.network import DESK, REPRESENTATIVE, RunningNetwork, example_plan, start

PROGRAMS = ("peer", "orderer")
DEAL = "bench-2026-1"
ORIGINATOR = "DonghaiMSP"
"""Who opens the deal, and from whom the load comes."""
FIRST_PORT = 21500


def binaries_missing() -> str:
    """Which of Fabric's programs is on neither FABRIC_BIN nor PATH, or ""."""
    folder = os.environ.get("FABRIC_BIN")
    return next((each for each in PROGRAMS if shutil.which(each, path=folder or None) is None), "")


@dataclass(frozen=True)
class Stage:
    """A founded network with an open deal, and what speaks to its first institution's peer."""

    network: RunningNetwork
    ledgers: dict[str, FabricLedger]
    clients: dict[str, GatewayClient]
    ledger_id: str

    @property
    def msp(self) -> str:
        """The institution that the load comes from."""
        return ORIGINATOR

    def proposal(self, signer: Signer, operation: str, args: dict[str, Any]) -> Proposal:
        """A fresh request of an operation in force."""
        contract, _, name = operation.partition(".")
        return Proposal(
            args=args,
            channel=self.ledger_id,
            contract=contract,
            creator=Creator(signer.msp_id, signer.certificate_fingerprint),
            nonce=secrets.token_hex(24),
            operation=name,
            time=datetime.now(UTC),
            transient=None,
            version=registry().in_force(contract).version,
        )

    def submit(self, msp: str, user: str, operation: str, **args: Any) -> None:
        """Records a call by a person of an institution."""
        signer = self.network.signer(msp, user)
        self.ledgers[msp].submit(self.proposal(signer, operation, args), signer)


def document(number: int) -> dict[str, Any]:
    """The arguments of one document's registration."""
    new = NewDocument(
        id=secrets.token_hex(16),
        kind=DocumentKind.WORKING_PAPER,
        version=1,
        fingerprint=number.to_bytes(32, "big"),
        object=f"{number:064x}",
        readers=(),
        supersedes=None,
    )
    return {"deal": DEAL, "document": to_json(new)}


@contextmanager
def stage(folder: Path | None = None, port: int = FIRST_PORT) -> Iterator[Stage]:
    """Brings the network up, founds the consortium and opens the deal; takes everything down at the end."""
    with ExitStack() as stack:
        where = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chainfusion-bench-")))
        network = stack.enter_context(start(example_plan(port), where / "network"))
        found = connect(network, stack)
        open_deal(found)
        yield found


def connect(network: RunningNetwork, stack: ExitStack) -> Stage:
    """Clients of every institution's own peer."""
    clients, ledgers = {}, {}
    for each in network.plan.organisations:
        files = network.places.tls(each.msp, "client")
        tls = Tls(files.ca.read_bytes(), files.key.read_bytes(), files.certificate.read_bytes())
        peers = Peers([PeerAddress(each.peer)], tls)
        stack.callback(peers.close)
        settings = Settings(network.plan.channel, network.plan.chaincode, in_flight=512)
        clients[each.msp] = GatewayClient(peers, settings)
        reader = network.signer(each.msp, DESK)
        ledgers[each.msp] = FabricLedger(clients[each.msp], network.ledger_id, reader)
    return Stage(network, ledgers, clients, network.ledger_id)


def open_deal(on: Stage) -> None:
    """The consortium is founded, all sign its agreement, and the originator opens a deal."""
    genesis = on.network.genesis
    on.submit(on.msp, REPRESENTATIVE, "consortium.found", genesis=to_json(genesis))
    for msp in on.network.plan.msps:
        fingerprint = genesis.genesis.agreement.fingerprint
        on.submit(msp, REPRESENTATIVE, "consortium.sign_agreement", version=1, fingerprint=fingerprint)
    terms = DealTerms(DEAL, "Benchmark", "基准测试", Product.AUTO_LOANS, "CNY", (NamedParty(Role.ORIGINATOR, on.msp),))
    on.submit(on.msp, DESK, "deal.open", terms=to_json(terms))
