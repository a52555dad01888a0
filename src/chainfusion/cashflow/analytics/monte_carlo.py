"""A deal over many random paths: defaults that share one factor, and a reference rate.

A path takes its own stretch of random numbers (`draws`), collections are replayed at pool level (`pool_paths`), and the
deal's own waterfall runs on them, exact to the cent. Amounts are whole numbers and lives come from whole sums of days,
so the result is the same, bit for bit, for any batch and any number of threads.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chainfusion.cashflow.analytics.copula import Copula
from chainfusion.cashflow.analytics.deal import Deal
from chainfusion.cashflow.analytics.draws import Draws
from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.framed import Framed
from chainfusion.cashflow.analytics.pool_paths import PoolPaths, pool_paths
from chainfusion.cashflow.analytics.rates import INDEX_ONE, Index
from chainfusion.cashflow.analytics.study import Outcomes, Study
from chainfusion.cashflow.assumptions.numbers import Number, fraction, share
from chainfusion.cashflow.assumptions.recovery import Recovery
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.scale.run import ProjectionCancelled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
BATCH = 500
MOST = 10_000_000
FACTORS, RATES = 0, 1
"""Streams of the seed: a path's factor is the same whether a rate is drawn or not."""
_PERCENTILES = ("0.5", "0.9", "0.95", "0.99", "0.999")


@dataclass(frozen=True, slots=True, eq=False)
class Simulation(Framed):
    """What every path gave: `factor` and `defaults` (share of the pool) of shape (paths,); `losses` and `lives` by
    class. A loss is in minor units; a life in years of 365 days, 0 where nothing was repaid."""

    deal: Deal
    seed: int
    factor: Floats
    defaults: Floats
    losses: dict[str, Ints]
    lives: dict[str, Floats]

    @property
    def paths(self) -> int:
        """How many there are."""
        return len(self.factor)

    def expected_loss(self, tranche: str) -> Fraction:
        """The mean loss of a class as a share of its size, exact. Raises: BadAnalysis."""
        size = self.deal.tranche(tranche).size
        return Fraction(int(self._loss(tranche).sum()), self.paths * size) if size else Fraction(0)

    def standard_error(self, tranche: str) -> float:
        """Of the expected loss, as a share of the class's size."""
        size = self.deal.tranche(tranche).size
        if self.paths < 2 or not size:
            return 0.0
        return float(np.std(self._loss(tranche), ddof=1)) / size / math.sqrt(self.paths)

    def probability(self, tranche: str) -> Fraction:
        """The share of paths on which a class loses a cent."""
        return Fraction(int((self._loss(tranche) > 0).sum()), self.paths)

    def percentile(self, tranche: str, level: Number) -> int:
        """The least loss that a share `level` of the paths does not exceed, in minor units. Raises: BadAssumption."""
        rank = max(1, math.ceil(share(level, "percentile") * self.paths))
        return int(np.sort(self._loss(tranche))[rank - 1])

    def _loss(self, tranche: str) -> Ints:
        self.deal.tranche(tranche)
        return self.losses[tranche]

    def frame(self) -> pl.DataFrame:
        """A row a class: expected loss with its standard error, probability, percentiles of the loss, mean life."""
        rows = []
        for tranche in self.deal.terms.tranches:
            name = tranche.id
            rows.append(
                {
                    "tranche": name,
                    "expected_loss": float(self.expected_loss(name)),
                    "standard_error": self.standard_error(name),
                    "probability": float(self.probability(name)),
                    **{f"loss_{level}": self.percentile(name, level) for level in _PERCENTILES},
                    "average_life": math.fsum(self.lives[name]) / self.paths,
                }
            )
        return pl.DataFrame(rows)

    def by_path(self) -> pl.DataFrame:
        """A row a path: the loss distribution itself."""
        head = {"path": np.arange(self.paths), "factor": self.factor, "defaults": self.defaults}
        return pl.DataFrame(head | {f"{name}_loss": values for name, values in self.losses.items()})


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What every batch shares."""

    study: Study
    pool: PoolPaths
    copula: Copula
    factors: Draws
    index: Index | None
    base_index: Floats
    floating_share: float

    def outcomes(self, begin: int, end: int) -> tuple[Floats, Outcomes]:
        """The factor and the outcomes of paths `begin` up to `end`."""
        factor = self.factors.normal(begin, end)[:, 0]
        periods = self.study.deal.program.periods
        given = dict(self.study.given)
        moves = np.zeros((1, len(self.pool.defaults)))
        if self.index is not None:
            longest = max(len(self.pool.defaults), periods)
            published = self.index.published(Draws(self.factors.seed, longest, RATES).normal(begin, end))
            given[self.index.name] = published[:, :periods]
            moves = published[:, : len(self.pool.defaults)] / INDEX_ONE - self.base_index
        collections = self.pool.collections(self.copula.monthly(factor), moves, self.floating_share)
        collections = self.study.arrange(collections)
        result = self.study.deal.run(collections, given, keep=_kept(self.study.deal), threads=1)
        return factor, Outcomes(self.study.deal, collections, result)


def _kept(deal: Deal) -> list[str]:
    known = {output.name for output in deal.program.outputs}
    flows = ("balance", "interest_due", "principal_paid", "written_down")
    return [f"{t.id}.{flow}" for t in deal.terms.tranches for flow in flows if f"{t.id}.{flow}" in known]


def simulate(
    study: Study,
    base: Scenario,
    *,
    paths: int,
    seed: int,
    correlation: float,
    index: Index | None = None,
    floating_share: Number = 0,
    batch: int = BATCH,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Simulation:
    """A deal over `paths` paths around a base scenario, whose defaults are the mean of the paths'.

    `correlation`: of any two loans' normal numbers; `index`: the deal's reference rate, drawn independently of the
    factor; `floating_share`: the part of the pool whose rate follows it (the base scenario's path of the index, in
    ppm, is then needed); `progress` is told of paths done, `cancelled` is asked after each batch.
    Raises: BadAnalysis, BadAssumption, ProjectionCancelled, and what projecting and running raise.
    """
    for name, number, most in (("paths", paths, MOST), ("batch", batch, MOST)):
        if type(number) is not int or not 1 <= number <= most:
            raise BadAnalysis(
                where=name,
                value=str(number),
                why=f"a whole number from 1 to {most} is needed",
                why_zh=f"须为 1 至 {most} 的整数",
            )
    collections = study.model([base])
    pool = pool_paths(collections, _recovery(base))
    moved = float(share(floating_share, "floating share"))
    copula = Copula(pool.cumulative, correlation)
    level = _base_index(base, index, moved, len(pool.defaults))
    work = _Work(study, pool, copula, Draws(seed, 1, FACTORS), index, level, moved)
    return _gathered(work, paths, batch, threads or os.cpu_count() or 1, progress, cancelled)


def _recovery(base: Scenario) -> Recovery:
    found = {group.recovery for group in base.groups}
    if len(found) != 1:
        raise BadAnalysis(
            where="recovery",
            value=len(found),
            why="all groups of the base scenario recover alike",
            why_zh="基准情景各组的回收假设须一致",
        )
    return found.pop()


def _base_index(base: Scenario, index: Index | None, floating_share: float, periods: int) -> Floats:
    if index is None or not floating_share:
        return np.zeros(periods)
    path: Sequence[int] = base.indices.get(index.name, ())
    if not path:
        raise BadAnalysis(
            where="base scenario",
            value=base.name,
            why=f"it has no path of {index.name}",
            why_zh=f"未给出 {index.name} 的路径",
        )
    held = list(path) + [path[-1]] * periods
    return np.array([float(fraction(rate, index.name)) / 1e6 for rate in held[:periods]])


def _gathered(
    work: _Work,
    paths: int,
    batch: int,
    threads: int,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Simulation:
    """Batches side by side, each writing its own stretch of the result."""
    deal = work.study.deal
    names = [t.id for t in deal.terms.tranches]
    factor, defaults = np.empty(paths), np.empty(paths)
    losses = {name: np.empty(paths, np.int64) for name in names}
    lives = {name: np.empty(paths) for name in names}

    def one(begin: int) -> int:
        end = min(begin + batch, paths)
        factor[begin:end], found = work.outcomes(begin, end)
        defaults[begin:end] = found.default_shares
        for name in names:
            losses[name][begin:end] = found.loss(name)
            lives[name][begin:end] = _lives(found, name)
        return end - begin

    pool, done = ThreadPoolExecutor(threads), 0
    try:
        for size in pool.map(one, range(0, paths, batch)):
            done += size
            if progress is not None:
                progress(done, paths)
            if cancelled is not None and done < paths and cancelled():
                raise ProjectionCancelled(done=done, of=paths)
    finally:
        pool.shutdown(cancel_futures=True)
    return Simulation(deal, work.factors.seed, factor, defaults, losses, lives)


def _lives(found: Outcomes, name: str) -> Floats:
    """Years of 365 days, from whole sums: no order of adding changes them."""
    deal = found.deal
    days = np.array(deal.program.payment_days, np.int64) - deal.terms.dates.closing.toordinal()
    paid = deal.flow(found.result, f"{name}.principal_paid")
    total = paid.sum(axis=1)
    weighted = (paid * days).sum(axis=1)
    lives: Floats = np.divide(weighted, total * 365.0, out=np.zeros(len(total)), where=total > 0)
    return lives
