"""Where the ledger keeps pools: every version a key of its own; the deal's record points at the one in force."""

from __future__ import annotations

from chainfusion.contracts.deal.state import require_deal
from chainfusion.contracts.facts import StaleFact, UnknownFact
from chainfusion.contracts.framework import Context, Table
from chainfusion.domain.errors import require
from chainfusion.domain.opinions import PoolFact
from chainfusion.domain.pool import Acknowledgement, Pool

pools = Table("pool", Pool)
acknowledgements = Table("pool-acknowledgement", Acknowledgement)


def pool_ids(deal: str, version: int) -> tuple[str, str]:
    """The key parts of a pool: versions in numeric order."""
    return deal, f"{version:06d}"


def require_pool(ctx: Context, deal: str, fact: PoolFact) -> None:
    """Refuses a pool that is not the deal's current one. Raises: UnknownFact, StaleFact."""
    current = require_deal(ctx, deal).pool
    named = f"pool version {fact.version}"
    if current is None or fact.version > current.version:
        raise UnknownFact(deal=deal, fact=named)
    require(fact.version == current.version, StaleFact(deal=deal, fact=named, current=current.version))
    require(fact.root == current.root, UnknownFact(deal=deal, fact=named))
