"""Level payments of many loans, half up to the minor unit: by compiled float64, and by integers where that is too
close to a half to tell.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.pool.arithmetic import MONTHLY_PPM, level_payment
from chainfusion.cashflow.pool.kernel import kernel

Ints = NDArray[np.int64]

_CHUNK = 1 << 17
"""Loans that a thread takes at a time."""
_EXACT_BELOW = 100
"""Rates in ppm below which float64 loses too many digits in growth - 1; those loans are computed in integers."""


def level_payments(balance: Ints, rate_ppm: Ints, months: Ints) -> Ints:
    """The payment that repays each balance in so many months (at least 1) at an annual rate in ppm."""
    out = np.empty(len(balance), np.int64)
    doubtful = np.empty(len(balance), np.bool_)
    parts = [slice(begin, begin + _CHUNK) for begin in range(0, len(balance), _CHUNK)]
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1) or 1) as threads:
        list(threads.map(lambda p: _round_payments(balance[p], rate_ppm[p], months[p], out[p], doubtful[p]), parts))
    for place in np.flatnonzero(doubtful):
        out[place] = exact_payment(int(balance[place]), int(rate_ppm[place]), int(months[place]))
    return out


def exact_payment(balance: int, rate_ppm: int, months: int) -> int:
    """The same for one loan, in integers of any size."""
    if rate_ppm == 0:
        return (2 * balance + months) // (2 * months)
    grown, whole = (MONTHLY_PPM + rate_ppm) ** months, MONTHLY_PPM**months
    above, below = balance * rate_ppm * grown, MONTHLY_PPM * (grown - whole)
    rounded: int = (2 * above + below) // (2 * below)
    return rounded


@kernel
def _round_payments(balance: Ints, rate_ppm: Ints, months: Ints, out: Ints, doubtful: NDArray[np.bool_]) -> None:
    """`doubtful` where the error of float64, (months + 20) roundings magnified by g / (g - 1), may decide."""
    for i in range(len(balance)):
        payment = level_payment(float(balance[i]), float(rate_ppm[i]), months[i])
        rounded = np.floor(payment + 0.5)
        out[i] = int(rounded)
        magnified = payment * payment * MONTHLY_PPM / max(1.0, float(balance[i]) * rate_ppm[i])
        error = 4e-16 * (months[i] + 20) * max(payment, magnified)
        doubtful[i] = rate_ppm[i] < _EXACT_BELOW or abs(abs(payment - rounded) - 0.5) <= error
