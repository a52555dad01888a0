"""The rounding rules of a pool's cash flow in 64-bit integers, compiled; they run as plain Python too.

Everything is half up to the minor unit. Products are split so that no balance below 2^53 overflows.
"""

from __future__ import annotations

from chainfusion.cashflow.assumptions.numbers import GRID_BITS, HALF, ONE
from chainfusion.cashflow.pool.kernel import kernel

MONTHLY_PPM = 12_000_000
"""An annual rate in ppm divided by this is a month's share: 30/360, twelve equal months."""
_HALF_PPM = MONTHLY_PPM // 2


@kernel
def part(amount: int, rate: int) -> int:
    """`amount` times a rate on the grid of 2^-27."""
    high, low = amount >> GRID_BITS, amount & (ONE - 1)
    return high * rate + ((low * rate + HALF) >> GRID_BITS)


@kernel
def interest(balance: int, rate_ppm: int) -> int:
    """A month's interest."""
    high = balance // MONTHLY_PPM
    low = balance - high * MONTHLY_PPM
    return high * rate_ppm + (low * rate_ppm + _HALF_PPM) // MONTHLY_PPM


@kernel
def kept(survival: int, rate: int) -> int:
    """The share still there after a month in which `rate` left; both on the grid."""
    return (survival * (ONE - rate) + HALF) >> GRID_BITS


@kernel
def level_payment(balance: float, rate_ppm: float, months: int) -> float:
    """The level payment in float64, before rounding: balance * i * g / (g - 1) with g = (1 + i)^months.

    The power is made by squaring, so that every machine computes the same bits; it is good to 1e-12.
    """
    if rate_ppm == 0:
        return balance / months
    step = rate_ppm / 12e6
    growth, square, left = 1.0, 1.0 + step, months
    while left > 0:
        growth *= square if left & 1 else 1.0
        square *= square
        left >>= 1
    return balance * step * growth / (growth - 1.0)
