"""The machine's arithmetic and its moves of cash."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.waterfall import machine
from chainfusion.domain.waterfall import opcodes as op

ROUND = {
    op.DOWN: math.floor,
    op.HALF_UP: lambda x: math.floor(x + Fraction(1, 2)),
    op.UP: math.ceil,
    op.HALF_EVEN: round,
}


@pytest.mark.parametrize("way", ROUND)
@given(a=st.integers(-(2**45), 2**45), b=st.integers(0, 10**9), c=st.integers(1, 10**12))
@settings(max_examples=500)
def test_each_way_of_rounding_is_the_exact_fraction_rounded(way: int, a: int, b: int, c: int) -> None:
    q = machine.muldiv(a, b, c)
    assert machine.rounded(q, a * b - q * c, c, way) == ROUND[way](Fraction(a * b, c))


@pytest.mark.parametrize(("way", "expected"), [(op.DOWN, 2), (op.HALF_UP, 3), (op.UP, 3), (op.HALF_EVEN, 2)])
def test_a_half_goes_where_the_way_says(way: int, expected: int) -> None:
    assert machine.rounded(2, 1, 2, way) == expected


def muldiv_row(a: int, b: int, c: int) -> tuple[int, int]:
    """The value of a row d = a * b / c, and the flaw it leaves."""
    v = [[0], [a], [b], [c], [0]]
    machine.compute((op.MULDIV, 4, 1, 2, 3, op.DOWN), v, 1)
    return v[4][0], v[0][0]


def test_the_largest_quotient_that_fits() -> None:
    assert muldiv_row(2**50 - 1, 1, 1) == (2**50 - 1, 0)
    assert muldiv_row(1 - 2**50, 1, 1) == (1 - 2**50, 0)


def test_a_quotient_by_nothing_is_nothing() -> None:
    assert muldiv_row(5, 7, 0) == (0, 0)


@pytest.mark.parametrize("numbers", [(2**49, 4, 1), (2**50, 1, 1), (-(2**49), 2, 1), (2**60, 2**60, 1), (5, 1, -2)])
def test_what_does_not_fit_marks_its_scenario_and_is_not_formed(numbers: tuple[int, int, int]) -> None:
    assert muldiv_row(*numbers) == (0, 1)


@given(st.integers(0, 10**12), st.integers(-(10**12), 10**12), st.booleans())
def test_a_move_takes_at_most_what_is_there_and_never_less_than_nothing(held: int, wanted: int, guard: bool) -> None:
    v = [[0], [held], [3], [wanted], [int(guard)], [-1]]
    machine.execute([(op.MOVE, 5, 1, 2, 3, 4)], 0, 1, v, 1)
    paid = min(max(wanted, 0), held) if guard else 0
    assert (v[1][0], v[2][0], v[5][0]) == (held - paid, 3 + paid, paid)


def test_rows_are_skipped_only_where_no_scenario_needs_them() -> None:
    code = [(op.SKIP, 0, 1, 0, 0, 2), (op.ADD, 2, 2, 3, 0, 0), (op.ADD, 4, 4, 3, 0, 0)]
    for guard, sums in (([0, 0], [0, 0]), ([0, 1], [1, 1])):
        v = [[0, 0], guard, [0, 0], [1, 1], [0, 0]]
        assert machine.execute(code, 0, 3, v, 2) == 3
        assert v[2] == sums
        assert v[4] == [1, 1]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (op.COPY, 7), (op.ADD, 10), (op.SUB, 4), (op.MIN, 3), (op.MAX, 7), (op.LESS, 0), (op.AT_MOST, 0),
        (op.EQUAL, 0), (op.SELECT, 3),
    ],
)  # fmt: skip
def test_each_operation(code: int, expected: int) -> None:
    v = [[0], [7], [3], [9], [0]]
    machine.compute((code, 4, 1, 2, 3, 0), v, 1)
    assert v[4] == [expected]
