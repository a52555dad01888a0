"""What contract tests said to a ledger in memory, said again to real Fabric: answers, refusals and writes are the same.

Transactions' ids and people's certificates are other ones on Fabric, and so are fingerprints of what holds them; they
are put in place of those in memory, wherever they stand. A ledger to which the same was said before a test is used
again from there: what is refused or only reads changes nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

from chainfusion.contracts.catalogue import registry
from chainfusion.contracts.framework import Caller
from chainfusion.domain.canonical import NotCanonical, canonical
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import INSTITUTION_ROLES
from chainfusion.ledger.evidence.transaction import Creator, Proposal
from chainfusion.ledger.fabric.chaincode.call import Ground, Program
from chainfusion.ledger.fabric.gateway.ledger import FabricLedger
from chainfusion.ledger.fabric.network import nodefiles
from chainfusion.node.identity.signer import Signer
from tests.support.fabric import FabricLab, fabric_lab
from tests.support.identities import Member
from tests.support.ledger import Consortium
from tests.support.world import Asked, Said, World, msp_of

PART = 16
"""As much of a transaction's id as names a run that it began."""
OTHERS = ("AMSP", "BMSP", "CMSP", "DMSP", "RivalMSP", "SecondMSP", "SecondRatingMSP", "StrangerMSP")
"""Institutions of the tests beside one for each role."""


class OneAfterAnother(Program):
    """Contracts under many names, one at a time: the ledger's id is that of the call that comes next."""

    ledger: str = ""

    def ground(self, channel: str) -> Ground:
        return Ground(self.ledger)


@dataclass
class Replayed:
    """A chaincode of its own, and what was said to it so far."""

    name: str
    committed: list[str] = field(default_factory=list)
    """Calls that changed it, in order."""
    others: dict[str, str] = field(default_factory=dict)
    """What stands on Fabric for an id or a certificate in memory."""

    def there(self, text: str) -> str:
        """A text of the memory's ledger as Fabric's should have it."""
        for here, there in self.others.items():
            text = text.replace(here, there)
        return text


@dataclass
class Stage:
    """A network with all institutions of the contract tests."""

    lab: FabricLab
    program: OneAfterAnother
    ledgers: dict[str, list[Replayed]] = field(default_factory=dict)
    """Those of each ledger id."""
    desks: dict[str, Member] = field(default_factory=dict)
    """Who issues to the person of each certificate: one name may have two of them."""

    def replay(self, world: World) -> None:
        """Says all that a test said, and compares. Raises: AssertionError."""
        ledger_id = world.ledger.channel
        changes = [_words(said.asked) for said in world.said if said.writes]
        target, known = self._nearest(ledger_id, changes)
        self.program.ledger = ledger_id
        for said in world.said:
            if said.writes and known:
                known -= 1
                continue
            if not known and _can_be_signed(said.asked):
                self._say(target, ledger_id, said)

    def _nearest(self, ledger_id: str, changes: list[str]) -> tuple[Replayed, int]:
        """The ledger to which most of this was said, and nothing else; a new one where there is none."""
        candidates = self.ledgers.setdefault(ledger_id, [])
        fitting = [each for each in candidates if each.committed == changes[: len(each.committed)]]
        if not fitting:
            fitting = [Replayed(self.lab.new_chaincode({}))]
            candidates += fitting
        best = max(fitting, key=lambda each: len(each.committed))
        return best, len(best.committed)

    def _say(self, target: Replayed, ledger_id: str, said: Said) -> None:
        signer = self._signer(target, said.asked.caller)
        proposal = self._proposal(target, ledger_id, said, signer)
        ledger = self._ledger(target, ledger_id, signer)
        what = f"{said.asked.operation} by {said.asked.caller.msp}"
        if said.refusal is not None:
            found = _refusal(ledger, proposal, signer)
            expected = target.there(json.dumps(said.refusal.to_json(), sort_keys=True))
            assert json.dumps(found.to_json(), sort_keys=True) == expected, f"{what}: {found.to_json()}, not {expected}"
        elif said.writes:
            receipt = ledger.submit(proposal, signer)
            target.others[said.tx_id] = receipt.tx_id
            target.others[said.tx_id[:PART]] = receipt.tx_id[:PART]
            target.committed.append(_words(said.asked))
            for key, value in said.writes.items():
                self._compare(target, ledger, key, value, what)
            assert receipt.response.decode() == target.there(said.response.decode()), what
        else:
            found, expected = ledger.evaluate(proposal, signer).decode(), target.there(said.response.decode())
            assert found == expected, f"{what}: {found}, not {expected}"

    @staticmethod
    def _compare(target: Replayed, ledger: FabricLedger, key: str, value: bytes | None, what: str) -> None:
        """One key that was written; its value's fingerprint is another one too, for who refers to it."""
        written = ledger.state(target.there(key))
        if value is None:
            assert written is None, (what, key)
            return
        assert written == target.there(value.decode()).encode(), (what, key)
        target.others[sha256(value).hexdigest()] = sha256(written).hexdigest()

    def _signer(self, target: Replayed, caller: Caller) -> Signer:
        """The person of that institution who stands for this one, with the same roles."""
        member = next(each for each in self.lab.consortium.members if each.msp_id == caller.msp)
        desk = self.desks.setdefault(caller.certificate, Member(caller.msp, (), member.authority, member.now))
        signer = desk.user(caller.name, caller.roles)
        target.others[caller.certificate] = signer.certificate_fingerprint
        target.others[caller.name] = signer.certificate.subject
        return signer

    def _ledger(self, target: Replayed, ledger_id: str, reader: Signer) -> FabricLedger:
        return FabricLedger(self.lab.client(target.name), ledger_id, reader)

    def _proposal(self, target: Replayed, ledger_id: str, said: Said, signer: Signer) -> Proposal:
        contract, _, operation = said.asked.operation.partition(".")
        return Proposal(
            args=json.loads(target.there(json.dumps(said.asked.arguments))),
            channel=ledger_id,
            contract=contract,
            creator=Creator(signer.msp_id, signer.certificate_fingerprint),
            nonce=secrets.token_hex(24),
            operation=operation,
            time=said.time,
            transient=None,
            version=self.program.registry.in_force(contract).version,
        )


def _can_be_signed(asked: Asked) -> bool:
    """Whether there is a proposal with these arguments: a fraction, say, has no canonical bytes."""
    try:
        canonical(asked.arguments)
    except NotCanonical:
        return False
    return True


def _words(asked: Asked) -> str:
    """A call as text, to know it again."""
    caller = to_json([asked.caller.msp, sorted(asked.caller.roles)])
    return canonical([asked.operation, caller, asked.arguments]).decode()


def _refusal(ledger: FabricLedger, proposal: Proposal, signer: Signer) -> ChainFusionError:
    try:
        ledger.submit(proposal, signer)
    except ChainFusionError as refusal:
        return refusal
    raise AssertionError(f"{proposal.operation} was not refused")


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Brings the network up: three institutions run a peer, the others are members of the channel."""
    msps = (*(msp_of(role) for role in INSTITUTION_ROLES), *OTHERS)
    made: list[OneAfterAnother] = []

    def program(consortium: Consortium) -> Program:
        made.append(OneAfterAnother(registry(), consortium.ledger_id))
        return made[0]

    with ExitStack() as stack:
        with patch.object(nodefiles, "TIME_WINDOW", "100000h"):  # the tests' own time is another
            lab = stack.enter_context(fabric_lab(folder, msps, {}, hosts=3, batch=1, program=program))
        yield Stage(lab, made[0])
