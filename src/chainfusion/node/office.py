"""One institution's running node, as all its people share it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from weakref import finalize

from chainfusion.ledger.port import Ledger
from chainfusion.node.desk import Desk
from chainfusion.node.home import Home
from chainfusion.node.jobs import Jobs
from chainfusion.node.loanbooks import LoanBooks
from chainfusion.node.readmodel.setting import open_database
from chainfusion.node.studies import Analyses
from chainfusion.node.tapes import Tapes
from chainfusion.node.uploads import Uploads
from chainfusion.node.views import Workspace


@dataclass(frozen=True)
class Office:
    """The ledger, what the institution reads of it, and where its own things lie.

    `desk` is whose eyes the views have. `trust` is what evidence is verified against: the genesis or the channel's
    anchor, as the institution checked it. `home` is the institution's folder, or None where nothing is to be kept.
    """

    desk: Desk
    ledger: Ledger
    trust: bytes
    home: Home | None = None

    @cached_property
    def workspace(self) -> Workspace:
        """The views, one set for all people."""
        return Workspace(self.desk, self.ledger, self.trust, open_database(self.home))

    @cached_property
    def jobs(self) -> Jobs:
        """Long work of its people: kept in the home, or in memory where there is none."""
        return Jobs(self.home.path if self.home else None)

    @cached_property
    def folder(self) -> Path:
        """Where the institution's own things lie: its home, or what is removed with the office."""
        if self.home is not None:
            return self.home.path
        kept = TemporaryDirectory(prefix="office-")
        finalize(self, kept.cleanup)
        return Path(kept.name)

    @cached_property
    def tapes(self) -> Tapes:
        """Loan tapes on their way into pools."""
        return Tapes.of(self.folder, self.jobs, self.loans)

    @cached_property
    def uploads(self) -> Uploads:
        """Files on their way into deals."""
        return Uploads.of(self.folder, self.jobs)

    @cached_property
    def analyses(self) -> Analyses:
        """Questions about deals' cash, and their answers."""
        return Analyses.of(self.jobs)

    @cached_property
    def loans(self) -> LoanBooks:
        """Loans of pools that were granted, opened."""
        return LoanBooks(self.desk, self.jobs)
