"""Random paths of a reference rate with monthly (or other) steps, drawn from their exact distribution.

    Vasicek        dr = a (b - r) dt + s dW
                   r(t + h) = b + (r(t) - b) e^(-a h) + s sqrt((1 - e^(-2 a h)) / (2 a)) N
    Hull-White     r(t) = m(t) + x(t), x a Vasicek path that begins at 0 and reverts to 0; m is given, either as the
                   expected path or, by `from_forwards`, as f(0, t) + s^2 / (2 a^2) (1 - e^(-a t))^2
                   (Hull and White, Review of Financial Studies 3, 1990; Brigo and Mercurio, "Interest Rate Models",
                   section 3.3)

An administered rate such as LPR moves in steps and holds until it is published again: `tick` rounds it, `every` holds
it for so many periods, `floor` bounds it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.assumptions.numbers import Number, fraction

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
INDEX_ONE = 10**8
"""The rate 1 (100% a year), as deals take it."""


class RatePaths(Protocol):
    """A model of one rate."""

    def paths(self, normal: Floats) -> Floats:
        """Rates (paths, periods) from as many normal numbers; period 1 comes one step after today."""


def _checked(name: str, value: Number, least: float, most: float) -> float:
    number = float(fraction(value, name))
    if not least <= number <= most:
        raise BadAnalysis(
            where=name,
            value=str(value),
            why=f"it lies from {least:g} to {most:g}",
            why_zh=f"须在 {least:g} 至 {most:g} 之间",
        )
    return number


def _reverting(normal: Floats, first: float, to: float, speed: float, volatility: float, step: float) -> Floats:
    """Ornstein-Uhlenbeck, exact at each step; with speed 0 a Brownian motion."""
    kept = math.exp(-speed * step)
    spread = math.sqrt((1 - kept * kept) / (2 * speed)) if speed else math.sqrt(step)
    out = np.empty_like(normal)
    level = np.full(len(normal), first)
    for t in range(normal.shape[1]):
        level = to + (level - to) * kept + volatility * spread * normal[:, t]
        out[:, t] = level
    return out


@dataclass(frozen=True, slots=True)
class Vasicek:
    """Rates as fractions of one; `speed` a year, `volatility` a root year, `step` years between periods."""

    today: Number
    level: Number
    speed: Number
    volatility: Number
    step: Number = "1/12"

    def paths(self, normal: Floats) -> Floats:
        """See `RatePaths`. Raises: BadAnalysis, BadAssumption."""
        return _reverting(
            normal, _checked("today's rate", self.today, -1, 10), _checked("level", self.level, -1, 10),
            _checked("speed", self.speed, 0, 100), _checked("volatility", self.volatility, 0, 10),
            _checked("step", self.step, 1e-4, 10),
        )  # fmt: skip

    def expected(self, periods: int) -> Floats:
        """The mean path."""
        found: Floats = self.paths(np.zeros((1, periods)))[0]
        return found


@dataclass(frozen=True, slots=True)
class HullWhite:
    """`mean` is the expected rate of each period, the last one holding on."""

    mean: tuple[float, ...]
    speed: Number
    volatility: Number
    step: Number = "1/12"

    def paths(self, normal: Floats) -> Floats:
        """See `RatePaths`. Raises: BadAnalysis, BadAssumption."""
        if not self.mean:
            raise BadAnalysis(where="mean path", value="[]", why="it has no period", why_zh="没有任何一期")
        mean = [_checked(f"mean path, period {n}", x, -1, 10) for n, x in enumerate(self.mean, 1)]
        periods = normal.shape[1]
        held = np.array((mean + [mean[-1]] * periods)[:periods])
        noise = _reverting(
            normal, 0.0, 0.0, _checked("speed", self.speed, 0, 100), _checked("volatility", self.volatility, 0, 10),
            _checked("step", self.step, 1e-4, 10),
        )  # fmt: skip
        return held + noise


def from_forwards(forwards: Sequence[Number], speed: Number, volatility: Number, step: Number = "1/12") -> HullWhite:
    """Hull-White fitted to instantaneous forward rates at the periods. Raises: BadAnalysis, BadAssumption."""
    a, s, h = _checked("speed", speed, 0, 100), _checked("volatility", volatility, 0, 10), float(fraction(step, "step"))
    found = []
    for n, forward in enumerate(forwards, 1):
        t = n * h
        by = (1 - math.exp(-a * t)) / a if a else t
        found.append(_checked(f"forward {n}", forward, -1, 10) + s * s / 2 * by * by)
    return HullWhite(tuple(found), speed, volatility, step)


@dataclass(frozen=True, slots=True)
class Index:
    """A deal's index that follows a model: its name in the terms and how it is published.

    `tick`: its smallest step (0.0005 is 5 bp); `floor`: never below; `every`: periods for which a rate holds.
    """

    name: str
    model: RatePaths
    tick: Number = "1e-8"
    floor: Number = 0
    every: int = 1

    def published(self, normal: Floats) -> Ints:
        """Rates in units of 1e-8, (paths, periods). Raises: BadAnalysis, BadAssumption."""
        unit = round(_checked("tick", self.tick, 1e-8, 1) * INDEX_ONE)
        least = _checked("floor", self.floor, 0, 10) * INDEX_ONE
        if type(self.every) is not int or self.every < 1:
            raise BadAnalysis(
                where="every",
                value=str(self.every),
                why="a rate holds for one period at least",
                why_zh="利率至少适用一期",
            )
        paths = self.model.paths(normal) * INDEX_ONE
        whole = np.floor(np.maximum(paths, least) / unit + 0.5).astype(np.int64) * unit
        held = np.arange(normal.shape[1]) // self.every * self.every
        found: Ints = whole[:, held]
        return found
