"""Defaults of a large pool that share one factor: the one-factor Gaussian copula, at pool level.

A loan defaults by month t where its normal number X = sqrt(rho) Z + sqrt(1 - rho) e falls below c(t), the inverse of
the normal distribution at the cumulative default probability P(t). Given the factor Z, loans are independent, and of a
large pool the share defaulted by t is (Vasicek, "Loan Portfolio Value", Risk 15, 2002; Li, "On Default Correlation",
Journal of Fixed Income 9, 2000)

    P(t | Z) = N((c(t) - sqrt(rho) Z) / sqrt(1 - rho))

whose mean over Z is P(t). A month's rate among loans that have not defaulted is (P(t) - P(t - 1)) / (1 - P(t - 1)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.normal import cdf, inverse

Floats = NDArray[np.float64]
HIGHEST = 0.999999


@dataclass(frozen=True, slots=True, eq=False)
class Copula:
    """`cumulative`: the probability of default by each period, rising; `correlation` from 0 to below 1."""

    cumulative: Floats
    correlation: float

    def __post_init__(self) -> None:
        if not (isinstance(self.correlation, (int, float)) and 0 <= self.correlation <= HIGHEST):
            raise BadAnalysis(
                where="correlation",
                value=str(self.correlation),
                why="it lies from 0 to below 1",
                why_zh="须不小于 0 且小于 1",
            )
        c = self.cumulative
        if c.ndim != 1 or not len(c) or not np.isfinite(c).all() or c[0] < 0 or c[-1] > 1 or (np.diff(c) < 0).any():
            raise BadAnalysis(
                where="cumulative defaults",
                value="these",
                why="they rise from 0 to 1 at most",
                why_zh="须自 0 起递增且不超过 1",
            )

    def given(self, factor: Floats) -> Floats:
        """Cumulative default shares (paths, periods) given the factor (paths,); a low factor is a bad time."""
        if self.correlation == 0:
            return np.repeat(self.cumulative[None, :], len(factor), axis=0)
        bound = inverse(self.cumulative)[None, :]
        shared, own = self.correlation**0.5, (1 - self.correlation) ** 0.5
        found: Floats = cdf((bound - shared * factor[:, None]) / own)
        return found

    def monthly(self, factor: Floats) -> Floats:
        """Default rates of each period among what has not defaulted, (paths, periods)."""
        share = self.given(factor)
        before = np.concatenate([np.zeros((len(share), 1)), share[:, :-1]], axis=1)
        standing = 1.0 - before
        rates = np.divide(share - before, standing, out=np.zeros_like(share), where=standing > 0)
        found: Floats = np.clip(rates, 0.0, 1.0)
        return found


def cumulative_of(monthly: Floats) -> Floats:
    """Probabilities of default by each period, from the rates of each period."""
    found: Floats = np.maximum.accumulate(np.clip(1.0 - np.cumprod(1.0 - monthly), 0.0, 1.0))
    return found
