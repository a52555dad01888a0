"""The compiled arithmetic against Python's integers: at random, and where doubles err."""

from __future__ import annotations

import random

import numba
import numpy as np
import pytest

from chainfusion.cashflow.scenarios import engine
from chainfusion.domain.waterfall import machine
from chainfusion.domain.waterfall.opcodes import DOWN, HALF_EVEN, HALF_UP, LARGEST, UP

assert engine.run_periods is not None


@numba.njit(error_model="numpy")
def compiled(d, a, b, c, way, flaw):  # type: ignore[no-untyped-def]
    machine.muldivs(d, a, b, c, way, flaw, len(a))


def edges(chance: random.Random) -> tuple[int, int, int]:
    """Quotients next to whole numbers and to the limit, and divisors next to products."""
    c = chance.choice([1, 2, 3, 7, 10**8, 36_500_000_000, 10**12, 2**50 - 1, chance.randint(1, 2**50)])
    q = chance.choice([0, 1, 2**50 - 1, 2**50, 2**50 + 1, chance.randint(0, 2**50), chance.randint(0, 10**6)])
    b = chance.choice([1, 2, c, chance.randint(1, 10**9)])
    a = min(max((q * c + chance.randint(-2, 2)) // b, 0), 2**62)
    return (-a if chance.random() < 0.2 and b < 2**40 else a, b, c)


def free(chance: random.Random) -> tuple[int, int, int]:
    return chance.randint(0, 2**50), chance.randint(0, 2**40), chance.randint(0, 2**50)


@pytest.mark.parametrize("way", [DOWN, HALF_UP, UP, HALF_EVEN])
@pytest.mark.parametrize("draw", [edges, free])
def test_compiled_quotients_are_those_of_integers(draw, way: int) -> None:  # type: ignore[no-untyped-def]
    chance = random.Random(f"{draw.__name__} {way}")
    cases = [draw(chance) for _ in range(20_000)]
    a, b, c = (np.array(column, np.int64) for column in zip(*cases, strict=True))
    d, flaw = np.zeros(len(a), np.int64), np.zeros(len(a), np.int64)
    compiled(d, a, b, c, way, flaw)
    plain, marks = [0] * len(cases), [0] * len(cases)
    machine.muldivs(plain, *map(list, zip(*cases, strict=True)), way, marks, len(cases))
    assert flaw.tolist() == marks
    assert d.tolist() == plain
    assert 0 < sum(marks) < len(cases)
    assert max(plain) < LARGEST + 1
