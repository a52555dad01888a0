"""The engines on which a contract must observe the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from chainfusion.domain.errors import error_from_json
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.port import CommittedTransaction
from chainfusion.node.identity.signer import Signer
from tests.support.ledger import Consortium, representative
from tests.support.probe import SHARED, probe

MSPS = ("DonghaiMSP", "HengxinMSP", "YanshanMSP")


class Engine(Protocol):
    """What the conformance tests ask of an engine; members are numbered, the first two share `SHARED`."""

    channel: str

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

    def person(self, member: int = 0) -> Signer:
        return representative(self.consortium.members[member])

    def submit(
        self, operation: str, *, member: int = 0, transient: Mapping[str, bytes] | None = None, **args: Any
    ) -> CommittedTransaction:
        person = self.person(member)
        transaction = self.consortium.signed(person, f"probe.{operation}", transient=transient, **args)
        receipt = self.ledger.submit(transaction, person.certificate_der, transient)
        recorded = self.ledger.transaction(receipt.tx_id)
        if recorded.outcome.code != "VALID":
            raise error_from_json(json.loads(recorded.response))
        return recorded

    def ask(self, operation: str, *, member: int = 0, **args: Any) -> Any:
        person = self.person(member)
        proposal = self.consortium.proposal(person, f"probe.{operation}", **args)
        return json.loads(self.ledger.evaluate(proposal, certificate=person.certificate_der))


@pytest.fixture(scope="session")
def consortium() -> Consortium:
    return Consortium.of(*MSPS, contracts=(probe,))


@pytest.fixture(params=["embedded"])
def engine(request: pytest.FixtureRequest, consortium: Consortium, tmp_path: Path) -> Iterator[Engine]:
    assert request.param == "embedded"
    collections = {SHARED: frozenset(MSPS[:2])}
    with consortium.found(tmp_path / "ledger.db", collections=collections) as ledger:
        yield Embedded(consortium, ledger)
