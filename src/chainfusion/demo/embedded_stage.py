"""The stage on the embedded engine: one ledger file that the eight institutions share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chainfusion.demo.attack import Caught, change_file
from chainfusion.demo.institutions import INSTITUTIONS, ORDERER, WITNESSES, Institution
from chainfusion.demo.stage import PASSWORD, Say, Stage
from chainfusion.domain.membership import SignedGenesis
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.node import witness
from chainfusion.node.home import LedgerFolder
from chainfusion.node.identity.organisation import unlock
from chainfusion.node.joining import join_ledger
from chainfusion.node.opening import found_ledger, open_desk, open_ledger
from chainfusion.node.witness import WitnessFile


@dataclass
class EmbeddedStage(Stage):
    """One process orders for all."""

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

    def ledger_of(self, msp: str) -> EmbeddedLedger:
        """The one ledger, whoever asks."""
        del msp
        return self.ledger

    def found(self, signed: SignedGenesis, say: Say) -> None:
        """Block 0 is the founding; every institution joins and opens its desk."""
        host = next(each for each in INSTITUTIONS if each.msp == ORDERER)
        node = unlock(self.home(host).organisation().node, PASSWORD)
        founder, place = self.representatives[host.msp], self.home(host).identity
        self._ledger = found_ledger(self.folder, signed, founder, node, place)
        for each in INSTITUTIONS:
            join_ledger(self.home(each), self.folder, self.ledger, each.desk)
            self._open(each)
        say(f"block 0 founds ledger {self.ledger.ledger_id}, signed by all {len(signed.signatures)} founders")

    def reopen(self) -> None:
        """Opens what an earlier run made, to read it and to act on it."""
        self._ledger = open_ledger(self.folder, PASSWORD)
        self._open(INSTITUTIONS[0])

    def witness(self) -> int:
        """The orderer publishes a checkpoint; the notary of every other member cosigns it."""
        witness.publish_checkpoint(self.ledger, self.notary(INSTITUTIONS[0]))
        for each in WITNESSES:
            memory = WitnessFile(self.home(each).witness_file)
            witness.cosign(self.ledger, self.notary(each), memory, datetime.now(UTC))
        return len(WITNESSES)

    def change_ledger(self, folder: Path) -> Caught:
        """A byte of a recorded transaction in the ledger's file, which its examination finds."""
        leaf = self.ledger.leaves(self.ledger.height() - 1)[0][0]
        return change_file(self.folder.database, leaf, folder)

    def close(self) -> None:
        """Closes the ledger."""
        if self._ledger is not None:
            self._ledger.close()

    def _open(self, each: Institution) -> None:
        self.desks[each.msp] = open_desk(self.home(each), self.ledger, each.desk, lambda: PASSWORD)
