"""The engines on which a contract must observe the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from chainfusion.domain.errors import error_from_json
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.port import CommittedTransaction
from chainfusion.node.identity.signer import Signer
from tests.support.ledger import Consortium, representative
from tests.support.probe import SHARED, probe

if TYPE_CHECKING:  # the extra `fabric` need not be installed
    from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
    from tests.support.fabric import FabricLab

MSPS = ("DonghaiMSP", "HengxinMSP", "YanshanMSP")


class Engine(Protocol):
    """What the conformance tests ask of an engine; members are numbered, the first two share `SHARED`."""

    channel: str
    now: datetime

    def person(self, member: int = 0) -> Signer:
        """A person of a member."""

    def submit(
        self, operation: str, *, member: int = 0, transient: Mapping[str, bytes] | None = None, **args: Any
    ) -> CommittedTransaction:
        """Records a call of the probe contract. Raises: the contract's refusal, after recording it as invalid."""

    def ask(self, operation: str, *, member: int = 0, **args: Any) -> Any:
        """The JSON answer of a query of the probe contract. Raises: the contract's refusal."""


@dataclass
class Embedded:
    """The embedded ledger as an engine under test."""

    consortium: Consortium
    ledger: EmbeddedLedger

    @property
    def channel(self) -> str:
        return self.consortium.ledger_id

    @property
    def now(self) -> datetime:
        return self.consortium.clock()

    def person(self, member: int = 0) -> Signer:
        return representative(self.consortium.members[member])

    def submit(
        self, operation: str, *, member: int = 0, transient: Mapping[str, bytes] | None = None, **args: Any
    ) -> CommittedTransaction:
        person = self.person(member)
        transaction = self.consortium.signed(person, f"probe.{operation}", transient=transient, **args)
        receipt = self.ledger.record(transaction, person.certificate_der, transient)
        recorded = self.ledger.transaction(receipt.tx_id)
        if recorded.outcome.code != "VALID":
            raise error_from_json(json.loads(recorded.response))
        return recorded

    def ask(self, operation: str, *, member: int = 0, **args: Any) -> Any:
        person = self.person(member)
        proposal = self.consortium.proposal(person, f"probe.{operation}", **args)
        return json.loads(self.ledger.evaluate(proposal, person))


@dataclass
class Fabric:
    """A chaincode of its own on a Fabric network as an engine under test; each member asks its own peer."""

    consortium: Consortium
    ledgers: tuple[FabricLedger, ...]

    @property
    def channel(self) -> str:
        return self.consortium.ledger_id

    @property
    def now(self) -> datetime:
        return self.consortium.clock()

    def person(self, member: int = 0) -> Signer:
        return representative(self.consortium.members[member])

    def submit(
        self, operation: str, *, member: int = 0, transient: Mapping[str, bytes] | None = None, **args: Any
    ) -> CommittedTransaction:
        from tests.support.fabric import caught_up

        person = self.person(member)
        proposal = self.consortium.proposal(person, f"probe.{operation}", transient=transient, **args)
        receipt = self.ledgers[member].submit(proposal, person, transient)
        caught_up(list(self.ledgers), receipt.block)
        return self.ledgers[member].transaction(receipt.tx_id)

    def ask(self, operation: str, *, member: int = 0, **args: Any) -> Any:
        person = self.person(member)
        proposal = self.consortium.proposal(person, f"probe.{operation}", **args)
        return json.loads(self.ledgers[member].evaluate(proposal, person))


COLLECTIONS = {SHARED: frozenset(MSPS[:2])}


@pytest.fixture(scope="session")
def consortium() -> Consortium:
    return Consortium.of(*MSPS, contracts=(probe,))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FabricLab]:
    fabric = pytest.importorskip("tests.support.fabric", reason="the extra `fabric` is not installed")
    missing = fabric.binaries_missing()
    if missing:
        pytest.skip(f"Fabric's {missing} is on neither FABRIC_BIN nor PATH")
    with fabric.fabric_lab(tmp_path_factory.mktemp("fabric"), MSPS, COLLECTIONS, contracts=(probe,)) as found:
        yield found


@pytest.fixture(params=["embedded", pytest.param("fabric", marks=pytest.mark.fabric)])
def engine(request: pytest.FixtureRequest, consortium: Consortium, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "fabric":
        found: FabricLab = request.getfixturevalue("lab")
        name = found.new_chaincode(COLLECTIONS)
        found.consortium.clock.now = datetime.now(UTC)  # a peer takes what is at most 15 minutes old
        yield Fabric(found.consortium, tuple(found.ledger(name, member) for member in found.consortium.members))
        return
    with consortium.found(tmp_path / "ledger.db", collections=COLLECTIONS) as ledger:
        yield Embedded(consortium, ledger)
