"""The stage: homes and keys for the eight institutions, in one folder on one machine; each kind has its engine."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from chainfusion.contracts.catalogue import registry
from chainfusion.demo.attack import Caught
from chainfusion.demo.institutions import INSTITUTIONS, ORDERER, Institution
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.roles import Role
from chainfusion.ledger.port import Ledger
from chainfusion.node import founding
from chainfusion.node.desk import Desk
from chainfusion.node.home import Home
from chainfusion.node.identity.enrolment import create_organisation, enrol_user
from chainfusion.node.identity.organisation import Organisation, unlock_notary
from chainfusion.node.identity.signer import Notary
from chainfusion.node.locked import LockedSigner
from chainfusion.node.session import Session

PASSWORD = b"demonstration"
"""One password for all keys of the demonstration; it guards nothing but invented institutions."""
Say = Callable[[str], None]


@dataclass
class Stage(ABC):
    """Where the demonstration plays. `root` is cleared when it begins; a key is unlocked once, when it first signs."""

    root: Path
    desks: dict[str, Desk] = field(default_factory=dict)
    representatives: dict[str, LockedSigner] = field(default_factory=dict)

    @property
    def trust_file(self) -> Path:
        """What every verification of the demonstration trusts."""
        return self.home(INSTITUTIONS[0]).trust_file

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

    def make_identities(self, told: Say) -> None:
        """Each institution makes its own CA, node, notary and encryption key, and enrols its people."""
        for each in INSTITUTIONS:
            self.enrol(each, datetime.now(UTC))
            told(each.name)

    def enrol(self, each: Institution, now: datetime) -> Organisation:
        """One institution's identity, with its representative and its desk."""
        organisation = create_organisation(
            self.home(each).identity, each.msp, each.name, each.name_zh, PASSWORD, now=now
        )
        enrol_user(organisation, each.representative, (Role.REPRESENTATIVE,), PASSWORD, now=now)
        enrol_user(organisation, each.desk, each.roles, PASSWORD, now=now)
        return organisation

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

    @abstractmethod
    def found(self, signed: SignedGenesis, say: Say) -> None:
        """Begins the ledger; every institution joins it and opens its desks."""

    @abstractmethod
    def reopen(self) -> None:
        """Opens what an earlier run made, to read it."""

    @abstractmethod
    def ledger_of(self, msp: str) -> Ledger:
        """The ledger as an institution's node has it."""

    @abstractmethod
    def witness(self) -> int:
        """A checkpoint is cosigned by the members' notaries; gives how many did."""

    @abstractmethod
    def change_ledger(self, folder: Path) -> Caught:
        """A byte of what is recorded is changed, in a copy under `folder`."""

    @abstractmethod
    def close(self) -> None:
        """Ends what is open."""

    def as_representative(self, each: Institution) -> Session:
        """An institution's representative at work."""
        return Session(self.ledger_of(each.msp), registry(), self.representatives[each.msp])

    def notary(self, each: Institution) -> Notary:
        """An institution's notary, unlocked."""
        return unlock_notary(self.home(each).organisation(), PASSWORD)
