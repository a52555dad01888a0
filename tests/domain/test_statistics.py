"""Rounding, footing and the joining of small bands; and that figures which do not foot are no record."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.records import BadRecord, from_json, to_json
from chainfusion.domain.statistics import (
    BAND_EDGES,
    PoolStatistics,
    Stratification,
    Tally,
    balance_edges,
    footing_shares,
    joined_ranges,
    joined_values,
    range_parts,
    rounded,
    stratification,
)

COUNTS = st.lists(st.integers(0, 40), min_size=1, max_size=50).filter(any)


def tallies(counts: list[int]) -> list[Tally]:
    return [Tally((f"p{i}",), n, n * 1000 + i, n * 100 + i % 7 if n else 0) for i, n in enumerate(counts)]


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**15))
def test_rounding_is_half_to_even(numerator: int, denominator: int) -> None:
    assert rounded(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.lists(st.integers(0, 10**18), max_size=60))
def test_shares_foot_and_none_is_a_hundredth_off(amounts: list[int]) -> None:
    shares, total = footing_shares(amounts), sum(amounts)
    assert sum(shares) == (10_000 if total else 0)
    assert all(abs(share - Fraction(a * 10_000, total or 1)) < 1 for share, a in zip(shares, amounts, strict=True))


def test_the_largest_remainder_takes_the_hundredth() -> None:
    assert footing_shares([1, 1, 1]) == [3334, 3333, 3333]
    assert footing_shares([2, 1, 1], 99) == [49, 25, 25]


def test_ranges_are_half_open_and_leave_no_gap() -> None:
    assert range_parts((0, 12, 24)) == ("(,0]", "(0,12]", "(12,24]", "(24,)")
    for edges in BAND_EDGES.values():
        assert list(edges) == sorted(set(edges))


@pytest.mark.parametrize(
    ("average", "step"),
    [(0, 1), (4, 1), (5, 2), (8, 2), (9, 5), (21, 10), (12_345_67, 500_000), (400, 100), (401, 200)],
)
def test_balance_bands_step_by_a_quarter_of_the_average_or_a_little_more(average: int, step: int) -> None:
    assert balance_edges(average) == tuple(range(0, 10 * step + 1, step))


@given(st.integers(1, 10**15))
def test_a_balance_step_is_the_smallest_round_one(average: int) -> None:
    step = balance_edges(average)[1]
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert 4 * step >= average
    assert step == 1 or 4 * (step * 2 // 5) < average


@given(COUNTS, st.integers(2, 30))
def test_joined_ranges_hold_every_loan_in_order(counts: list[int], most: int) -> None:
    before = tallies(counts)
    after = joined_ranges(before, 5, most)
    assert [part for band in after for part in band.parts] == [t.parts[0] for t in before if t.loans]
    assert sum(band.balance for band in after) == sum(t.balance for t in before)
    assert len(after) <= most
    assert all(band.loans >= min(5, sum(counts)) for band in after)


@given(COUNTS, st.integers(2, 30))
def test_joined_values_hold_every_loan_and_name_no_small_value(counts: list[int], most: int) -> None:
    before = tallies(counts)
    after = joined_values(before, 5, most)
    assert sum(band.loans for band in after) == sum(counts)
    assert sum(band.original_balance for band in after) == sum(t.original_balance for t in before if t.loans)
    assert len(after) <= most
    assert all(band.loans >= min(5, sum(counts)) for band in after)
    assert all(t.loans >= 5 for t in before for band in after if t.parts == band.parts)
    assert sum(band.parts == () for band in after) <= 1


def test_large_bands_stay_as_they_are() -> None:
    assert joined_ranges(tallies([5, 9, 7])) == tallies([5, 9, 7])
    assert [band.loans for band in joined_values(tallies([5, 9, 7]))] == [9, 7, 5]


def test_a_small_range_joins_its_smaller_neighbour() -> None:
    assert [(band.parts, band.loans) for band in joined_ranges(tallies([9, 2, 7]))] == [(("p0",), 9), (("p1", "p2"), 9)]


def test_small_values_stand_together_last_and_take_another_where_they_are_still_few() -> None:
    assert [(band.parts, band.loans) for band in joined_values(tallies([9, 2, 7, 4]))] == [
        (("p0",), 9),
        (("p2",), 7),
        ((), 6),
    ]
    assert [(band.parts, band.loans) for band in joined_values(tallies([9, 2, 7]))] == [(("p0",), 9), ((), 9)]


# ------------------------------------------------------------------ figures that do not foot


def pool(table: Stratification) -> PoolStatistics:
    return PoolStatistics(
        loans=20,
        currency="CNY",
        balance=2001,
        original_balance=20_001,
        average_balance=100,
        average_original_balance=1000,
        stratifications=(table,),
    )


TABLE = stratification("region", [Tally(("A",), 12, 12_000, 1200), Tally(("B",), 8, 8_001, 801)])


def test_a_pool_that_foots_is_a_record() -> None:
    assert from_json(PoolStatistics, to_json(pool(TABLE))) == pool(TABLE)


@pytest.mark.parametrize(
    "figure", ["loans", "balance", "original_balance", "average_balance", "average_original_balance"]
)
def test_a_changed_figure_is_no_record(figure: str) -> None:
    value = to_json(pool(TABLE))
    with pytest.raises(BadRecord):
        from_json(PoolStatistics, {**value, figure: value[figure] + 1})


@pytest.mark.parametrize(
    "figure", ["loans", "loans_share", "balance", "balance_share", "original_share", "average_balance"]
)
def test_a_changed_band_is_no_record(figure: str) -> None:
    first, second = TABLE.bands
    changed = replace(first, **{figure: getattr(first, figure) + 1})
    with pytest.raises(ValueError, match="table by region"):
        pool(replace(TABLE, bands=(changed, second)))


def test_a_band_of_few_loans_is_no_record() -> None:
    small = stratification("region", [Tally(("A",), 16, 16_000, 1200), Tally(("B",), 4, 4_001, 801)])
    with pytest.raises(ValueError, match="fewer than 5"):
        pool(small)


def test_a_total_below_zero_is_no_record() -> None:
    with pytest.raises(ValueError, match="negative"):
        PoolStatistics(1, "CNY", -1, 0, -1, 0)
