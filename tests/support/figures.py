"""Statistics of a pool for contract tests."""

from __future__ import annotations

from chainfusion.domain.statistics import PoolStatistics


def statistics(loans: int, currency: str) -> PoolStatistics:
    """Figures of a pool of so many loans of 100,000.00 each, nothing repaid yet."""
    each = 100_000_00
    return PoolStatistics(
        loans=loans,
        currency=currency,
        balance=loans * each,
        original_balance=loans * each,
        average_balance=each,
        average_original_balance=each,
    )
