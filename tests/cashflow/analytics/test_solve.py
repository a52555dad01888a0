"""Roots and whole-number searches."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.cashflow.analytics.errors import NoSolution
from chainfusion.cashflow.analytics.solve import first, largest, root
from chainfusion.domain.errors import Text


@given(st.floats(-90, 90), st.sampled_from([1, 3, 5, 9]))
def test_roots_of_steep_and_flat_functions(at: float, power: int) -> None:
    found = root(lambda x: (x - at) ** power, -100.0, 110.0)
    assert found == pytest.approx(at, abs=1e-12 if power == 1 else 1e-11)


def test_a_root_takes_a_bounded_number_of_looks() -> None:
    asked: list[float] = []

    def f(x: float) -> float:
        asked.append(x)
        return math.exp(20 * x) - 1e-3

    assert root(f, -10.0, 10.0) == pytest.approx(math.log(1e-3) / 20, abs=1e-14)
    assert len(asked) < 130


def test_ends_that_are_roots_are_found() -> None:
    assert root(lambda x: x, 0.0, 1.0) == 0.0
    assert root(lambda x: x - 1, 0.0, 1.0) == 1.0


@pytest.mark.parametrize("f", [lambda x: x + 5, lambda x: math.nan, lambda x: 10.0**x])
def test_no_root_is_said_and_not_guessed(f) -> None:
    with pytest.raises(NoSolution):
        root(f, 0.0, 1e9)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_the_largest_number_that_holds(limit: int, high: int) -> None:
    assert largest(lambda n: n <= limit, 0, high) == min(limit, high)


def test_nothing_holds() -> None:
    with pytest.raises(NoSolution, match="size"):
        largest(lambda n: False, 0, 5, Text("size", "规模"))
    with pytest.raises(NoSolution):
        largest(lambda n: True, 5, 4)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(2, 20))
def test_the_first_number_found_in_batches(at: int, high: int, ways: int) -> None:
    sizes: list[int] = []

    def found(numbers) -> list[bool]:
        sizes.append(len(numbers))
        return [n >= at for n in numbers]

    assert first(found, 0, high, ways) == (at if at <= high else None)
    assert len(sizes) < 20
    assert max(sizes) <= ways


def test_what_comes_and_goes_is_found_where_it_first_comes() -> None:
    assert first(lambda numbers: [300 <= n < 500 for n in numbers], 0, 1600) == 300
