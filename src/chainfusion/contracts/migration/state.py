"""Where the ledger keeps migrations."""

from __future__ import annotations

from chainfusion.contracts.framework import Table
from chainfusion.contracts.migration.records import Migration, Restatement

migrations = Table("migration", Migration)
restatements = Table("restatement", Restatement)


def restatement_ids(deal: str, msp: str, ledger: str, part: int) -> tuple[str, str, str, str]:
    """The key parts of a part of an institution's links: parts in numeric order."""
    return deal, msp, ledger, f"{part:06d}"
