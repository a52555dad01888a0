"""Exact sums over whole columns: 64 bits where the largest value proves that they suffice, else as many as it takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import mul
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

_INT64 = 2**63
_FLOAT64 = 2**53
"""Below, a double holds every whole number."""


def exact_sum(numbers: pl.Series) -> int:
    """The sum of whole numbers, which 64 bits may not hold."""
    return int(numbers.cast(pl.Int128).sum())


def exact_dot(left: pl.Series, right: pl.Series) -> int:
    """The sum of products: in 128 bits where the largest values prove that they suffice, else in Python's integers."""
    if _magnitude(left) * _magnitude(right) * max(1, len(left)) < 2**127:
        return int((left.cast(pl.Int128) * right.cast(pl.Int128)).sum())
    return sum(map(mul, left.to_list(), right.to_list()))


def _magnitude(numbers: pl.Series) -> int:
    found = numbers.min(), numbers.max()
    return max(abs(int(cast(int, number) or 0)) for number in found)


@dataclass(frozen=True, eq=False)
class Column:
    """A field of many loans: `values`, 0 where it is not stated, and where it is `stated`."""

    values: NDArray[np.int64]
    stated: NDArray[np.bool_]

    @cached_property
    def largest(self) -> int:
        """No value lies further from zero."""
        return max(-int(self.values.min()), int(self.values.max()), 1) if len(self.values) else 1

    @cached_property
    def _doubles(self) -> NDArray[np.float64]:
        return self.values.astype(np.float64)

    def among(self, chosen: NDArray[np.bool_]) -> Column:
        """The field of the chosen loans."""
        return self if chosen.all() else Column(self.values[chosen], self.stated[chosen])

    def total(self) -> int:
        """The sum."""
        if self.largest * len(self.values) < _INT64:
            return int(self.values.sum())
        return exact_sum(pl.Series(self.values))

    def dot(self, other: Column) -> int:
        """The sum of products."""
        if self.largest * other.largest * len(self.values) < _INT64:
            return int(np.dot(self.values, other.values))
        return exact_dot(pl.Series(self.values), pl.Series(other.values))

    def places(self, edges: tuple[int, ...]) -> NDArray[np.int64]:
        """How many edges lie below each value; small numbers are looked up in a table."""
        steps = np.array(edges, np.int64)
        if self.largest >= len(self.values) or self.values.min() < 0:
            return np.searchsorted(steps, self.values, side="left")
        return np.searchsorted(steps, np.arange(self.largest + 1), side="left")[self.values]

    def totals(self, bands: NDArray[np.int64], count: int) -> list[int]:
        """The sum of each of `count` bands; bands[i] is that of value i."""
        if self.largest * len(self.values) < _FLOAT64:
            return [int(total) for total in np.bincount(bands, self._doubles, count)]
        return [Column(self.values[bands == band], self.stated[bands == band]).total() for band in range(count)]


class Numbers:
    """The fields of whole numbers of a tape's `frame`, each made once."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._columns: dict[str, Column] = {}

    def __getitem__(self, field: str) -> Column:
        if field not in self._columns:
            self._columns[field] = _column(self.frame[field])
        return self._columns[field]


def _column(series: pl.Series) -> Column:
    absent = series.null_count()
    if absent == 0:
        return Column(series.to_numpy().astype(np.int64, copy=False), np.ones(len(series), np.bool_))
    if absent == len(series):
        return Column(np.zeros(absent, np.int64), np.zeros(absent, np.bool_))
    return Column(series.fill_null(0).cast(pl.Int64).to_numpy(), series.is_not_null().to_numpy())
