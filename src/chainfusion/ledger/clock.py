"""The time that a client states and signs, against the clock of the node that is to believe it."""

from __future__ import annotations

from datetime import datetime

from chainfusion.domain.records import utc_text
from chainfusion.ledger.evidence.transaction import MAX_CLOCK_DIFFERENCE
from chainfusion.ledger.port import TransactionRefused


def check_time(stated: datetime, here: datetime) -> None:
    """Checks the time that a client states against the node's, or the block's.

    Raises: TransactionRefused (CLOCK_DIFFERENCE).
    """
    if abs(stated - here) > MAX_CLOCK_DIFFERENCE:
        why = f"it states {utc_text(stated)} and the ledger has {utc_text(here)}"
        raise TransactionRefused(reason="CLOCK_DIFFERENCE", why=why)
