"""The stage: homes, keys and one ledger for the eight institutions, all under build/demo/ on one machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from chainfusion.contracts.catalogue import registry
from chainfusion.demo.institutions import INSTITUTIONS, ORDERER, WITNESSES, Institution
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.roles import Role
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.node import founding, witness
from chainfusion.node.desk import Desk
from chainfusion.node.home import Home, LedgerFolder
from chainfusion.node.identity.enrolment import create_organisation, enrol_user
from chainfusion.node.identity.organisation import unlock, unlock_notary
from chainfusion.node.identity.signer import Notary
from chainfusion.node.joining import join_ledger
from chainfusion.node.locked import LockedSigner
from chainfusion.node.opening import found_ledger, open_desk, open_ledger
from chainfusion.node.session import Session
from chainfusion.node.witness import WitnessFile

PASSWORD = b"demonstration"
"""One password for all keys of the demonstration; it guards nothing but invented institutions."""


@dataclass
class Stage:
    """Where the demonstration plays. `root` is cleared when it begins; a key is unlocked once, when it first signs."""

    root: Path
    desks: dict[str, Desk] = field(default_factory=dict)
    representatives: dict[str, LockedSigner] = field(default_factory=dict)
    _ledger: EmbeddedLedger | None = None

    @property
    def folder(self) -> LedgerFolder:
        """The shared ledger folder."""
        return LedgerFolder(self.root / "ledger")

    @property
    def ledger(self) -> EmbeddedLedger:
        """The open ledger."""
        assert self._ledger is not None
        return self._ledger

    @property
    def genesis_file(self) -> Path:
        """What every verification of the demonstration trusts."""
        return self.home(INSTITUTIONS[0]).genesis_file

    def home(self, institution: Institution) -> Home:
        """An institution's folder."""
        return Home(self.root / "institutions" / institution.folder)

    def home_of(self, msp: str) -> Home:
        """The folder of the institution with this MSP id."""
        return self.home(next(each for each in INSTITUTIONS if each.msp == msp))

    def clear(self) -> None:
        """Removes what an earlier run left."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)

    def make_identities(self, told: Callable[[str], None]) -> None:
        """Each institution makes its own CA, node, notary and encryption key, and enrols its people."""
        now = datetime.now(UTC)
        for each in INSTITUTIONS:
            organisation = create_organisation(
                self.home(each).identity, each.msp, each.name, each.name_zh, PASSWORD, now=now
            )
            enrol_user(organisation, each.representative, (Role.REPRESENTATIVE,), PASSWORD, now=now)
            enrol_user(organisation, each.desk, each.roles, PASSWORD, now=now)
            told(each.name)

    def draft_genesis(self, agreement: bytes) -> SignedGenesis:
        """The founders' genesis, signed by a representative of each."""
        members = [self.home(each).organisation().as_member(each.roles) for each in INSTITUTIONS]
        signed = founding.draft_genesis(
            "Yangtze Credit Securitization Consortium",
            "长江信贷资产证券化联盟",
            members,
            founding.agreement_of(agreement),
            founding.default_rules(ORDERER),
            datetime.now(UTC),
        )
        for each in INSTITUTIONS:
            identity = self.home(each).organisation().user(each.representative)
            self.representatives[each.msp] = LockedSigner(identity, PASSWORD)
            signed = founding.sign_genesis(signed, self.representatives[each.msp])
        return signed

    def found(self, signed: SignedGenesis) -> None:
        """Begins the ledger; every institution joins it and opens its desks."""
        host = next(each for each in INSTITUTIONS if each.msp == ORDERER)
        node = unlock(self.home(host).organisation().node, PASSWORD)
        founder, place = self.representatives[host.msp], self.home(host).identity
        self._ledger = found_ledger(self.folder, signed, founder, node, place)
        for each in INSTITUTIONS:
            join_ledger(self.home(each), self.folder, self.ledger, each.desk)
            self._open(each)

    def reopen(self) -> None:
        """Opens what an earlier run made, to read it."""
        self._ledger = open_ledger(self.folder)
        self._open(INSTITUTIONS[0])

    def witness(self) -> None:
        """The orderer publishes a checkpoint; the notary of every other member cosigns it."""
        witness.publish_checkpoint(self.ledger, self._notary(INSTITUTIONS[0]))
        for each in WITNESSES:
            memory = WitnessFile(self.home(each).witness_file)
            witness.cosign(self.ledger, self._notary(each), memory, datetime.now(UTC))

    def as_representative(self, each: Institution) -> Session:
        """An institution's representative at work."""
        return Session(self.ledger, registry(), self.representatives[each.msp])

    def close(self) -> None:
        """Closes the ledger."""
        self.ledger.close()

    def _open(self, each: Institution) -> None:
        self.desks[each.msp] = open_desk(self.home(each), self.ledger, each.desk, lambda: PASSWORD)

    def _notary(self, each: Institution) -> Notary:
        return unlock_notary(self.home(each).organisation(), PASSWORD)
