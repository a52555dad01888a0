"""What one would write without this package: the deal of _ten_tranches.yaml by hand in numpy, across paths; and one
path at a time in plain Python. The pool's parts and the random factors are given to both."""

from __future__ import annotations

import math
import random
import time
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.analytics.pool_paths import PoolPaths
from chainfusion.cashflow.analytics.study import Study
from chainfusion.domain.waterfall.run import run

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SIZES = (200, 200, 200, 150, 60, 50, 40, 30, 20, 50)
COUPONS = (3_000_000, 3_200_000, 3_400_000, 3_600_000, 4_200_000, 4_800_000, 5_400_000, 6_200_000, 7_500_000)
NAMES = ("A1", "A2", "A3", "A4", "B", "C", "D", "E", "F", "Sub")
SENIORS, RATED, RATIO, PERIODS, BLOCK = 4, 9, 10**8, 360, 1000
NORMAL = NormalDist()


def across_paths(pool: PoolPaths, factor: Floats, correlation: float) -> dict[str, Ints]:
    """What each class loses on each path, in cents."""
    blocks = [_block(pool, factor[at : at + BLOCK], correlation) for at in range(0, len(factor), BLOCK)]
    return {name: np.concatenate([block[n] for block in blocks]) for n, name in enumerate(NAMES)}


def _cumulative(pool: PoolPaths, factor: Floats, correlation: float) -> Floats:
    bounds = np.array([NORMAL.inv_cdf(p) for p in pool.cumulative])
    x = (bounds[None, :] - math.sqrt(correlation) * factor[:, None]) / math.sqrt(1 - correlation)
    return 0.5 * np.asarray(np.frompyfunc(math.erfc, 1, 1)(-x * math.sqrt(0.5)), np.float64)


def _collections(pool: PoolPaths, factor: Floats, correlation: float) -> dict[str, Ints]:
    share = _cumulative(pool, factor, correlation)
    before = np.concatenate([np.zeros((len(factor), 1)), share[:, :-1]], axis=1)
    monthly = (share - before) / (1 - before)
    shape = (PERIODS, len(factor))
    found = {n: np.zeros(shape, np.int64) for n in ("opening", "closing", "principal", "defaulted", "interest")}
    balance = np.full(len(factor), float(pool.opening))
    end = np.flatnonzero(pool.scheduled)[-1]
    ((lag, recovers),) = pool.recovery.parts
    for t in range(PERIODS):
        found["opening"][t] = balance
        defaulted = np.minimum(np.floor(balance * monthly[:, t] + 0.5), balance)
        left = balance - defaulted
        due = left if t == end else np.floor(left * pool.scheduled[t] + 0.5)
        early = np.zeros(len(factor)) if t == end else np.floor((left - due) * pool.prepaid[t] + 0.5)
        found["interest"][t] = np.floor(left * pool.interest[t] + 0.5)
        balance = left - due - early
        found["principal"][t] += (due + early).astype(np.int64)
        found["defaulted"][t], found["closing"][t] = defaulted, balance
        back = (found["defaulted"][t] * recovers + 2**26) // 2**27
        found["principal"][min(t + lag, PERIODS - 1)] += back
    return found


def _muldiv(a: Ints | int, b: Ints | int, c: Ints | int) -> Ints:
    """a * b / c, cut off, though the product may not fit: the remainder corrects the quotient in doubles."""
    c = np.maximum(c, 1)
    q = (np.multiply(a, b, dtype=np.float64) / c).astype(np.int64)
    r = np.multiply(a, b) - q * c
    found: Ints = q + (r >= c) - (r < 0)
    return found


def _half_up(a: Ints, b: int, c: int) -> Ints:
    return (2 * a * b + c) // (2 * c)


class _Pot:
    def __init__(self, cash: Ints) -> None:
        self.cash = cash

    def take(self, wanted: Ints) -> Ints:
        paid = np.maximum(np.minimum(wanted, self.cash), 0)
        self.cash -= paid
        return paid


def _pro_rata(pay: Ints, due: list[Ints]) -> list[Ints]:
    total = sum(due)
    running, before, shares = np.zeros_like(pay), np.zeros_like(pay), []
    for n, one in enumerate(due):
        running = running + one
        upto = pay if n == len(due) - 1 else np.where(total > 0, _muldiv(pay, running, total), 0)
        shares.append(upto - before)
        before = upto
    return shares


def _block(pool: PoolPaths, factor: Floats, correlation: float) -> list[Ints]:
    given, lanes = _collections(pool, factor, correlation), len(factor)
    zero = np.zeros(lanes, np.int64)
    balance = [np.full(lanes, size * 10**8) for size in SIZES]
    due, fee = [zero.copy() for _ in range(RATED)], [zero.copy(), zero.copy()]
    income, principal, reserve = _Pot(zero.copy()), _Pot(zero.copy()), _Pot(np.full(lanes, 10**9))
    defaults, cured = zero.copy(), zero.copy()
    thin = losses = small = np.zeros(lanes, bool)
    for t in range(PERIODS):
        opening, closing, defaulted = (given[n][t] for n in ("opening", "closing", "defaulted"))
        income.cash = income.cash + given["interest"][t]
        principal.cash = principal.cash + given["principal"][t]
        for n in range(RATED):
            due[n] = due[n] + _half_up(balance[n], COUPONS[n], RATIO * 12)
        fee[0] = fee[0] + _half_up(opening * 500_000 // RATIO, 1, 12)
        fee[1] = fee[1] + _half_up(opening * 20_000 // RATIO, 1, 12)
        notes = sum(balance[:RATED])
        thin = (thin & ~(closing >= notes * 106 // 100)) | (closing < notes * 104 // 100)
        losses = losses | ((defaults + defaulted) // 1000 > 6_000_000)
        small = small | (closing // 1000 < 10_000_000)
        target = np.minimum(np.maximum(opening // 100, 200_000_000), notes + balance[-1])
        income.cash = income.cash + reserve.take(reserve.cash - target)
        for n in range(2):
            for pot in (income, reserve, principal):
                fee[n] = fee[n] - pot.take(fee[n])
        pay = np.minimum(sum(due[:SENIORS]), income.cash + reserve.cash + principal.cash)
        for n, part in enumerate(_pro_rata(pay, due[:SENIORS])):
            left = part
            for pot in (income, reserve, principal):
                left = left - pot.take(left)
            due[n] = due[n] - (part - left)
        for n in range(SENIORS, RATED):
            for pot in (income, reserve):
                due[n] = due[n] - pot.take(due[n])
        cure = income.take(np.maximum(defaults + defaulted - cured, 0))
        principal.cash = principal.cash + cure
        reserve.cash = reserve.cash + income.take(np.maximum(target - reserve.cash, 0))
        principal.cash = principal.cash + income.take(np.where(thin | losses, income.cash, 0))
        income.cash = zero.copy()
        _principal(principal, balance, ~thin & ~losses & ~small)
        defaults, cured = defaults + defaulted, cured + cure
    return [b + d for b, d in zip(balance, [*due, zero], strict=True)]


def _principal(principal: _Pot, balance: list[Ints], together: NDArray[np.bool_]) -> None:
    masked = [np.where(together, b, b if n < SENIORS else 0) for n, b in enumerate(balance[:RATED])]
    pay = np.minimum(sum(masked), principal.cash)
    for n, part in enumerate(_pro_rata(pay, masked)):
        balance[n] = balance[n] - principal.take(part)
    for n in range(SENIORS, RATED):
        balance[n] = balance[n] - principal.take(np.where(together, 0, balance[n]))
    repaid = sum(balance[:RATED]) == 0
    balance[-1] = balance[-1] - principal.take(np.where(repaid, balance[-1], 0))
    principal.take(np.where(repaid & (balance[-1] == 0), principal.cash, 0))


# ------------------------------------------------------------------ plain Python


def one_by_one(study: Study, pool: PoolPaths, correlation: float, few: int) -> float:
    """Seconds a path: the factor by `random`, the distribution by `statistics`, the machine on lists."""
    chance = random.Random(7)
    began = time.perf_counter()
    for _ in range(few):
        run(study.deal.program, _path(study, pool, correlation, chance.gauss(0, 1)))
    return (time.perf_counter() - began) / few


def _path(study: Study, pool: PoolPaths, correlation: float, factor: float) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {i.name: [0] * PERIODS for i in study.deal.program.inputs}
    balance, before = pool.opening, 0.0
    for t in range(PERIODS):
        share = NORMAL.cdf(
            (NORMAL.inv_cdf(float(pool.cumulative[t])) - math.sqrt(correlation) * factor) / math.sqrt(1 - correlation)
        )
        found["pool.opening"][t] = balance
        defaulted = round(balance * (share - before) / (1 - before))
        left = balance - defaulted
        due = round(left * float(pool.scheduled[t]))
        early = round((left - due) * float(pool.prepaid[t]))
        found["pool.interest"][t] = round(left * float(pool.interest[t]))
        balance, before = left - due - early, share
        found["pool.scheduled"][t], found["pool.prepaid"][t] = due, early
        found["pool.defaulted"][t], found["pool.closing"][t] = defaulted, balance
    return found
