"""Statistics of a pool for contract tests."""

from __future__ import annotations

from chainfusion.domain.statistics import PoolStatistics


def statistics(loans: int, currency: str) -> PoolStatistics:
    """Figures of a pool of so many loans."""
    return PoolStatistics(loans=loans, currency=currency, balance=loans * 100_000_00)
