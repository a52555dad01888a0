"""Drawings in per cent of a width and pixels of a height, so that they fit any page without a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from chainfusion.cashflow.deal.reading import StepLine
from chainfusion.domain.errors import Text

TALL, FOOT = 132, 20
"""Pixels of the tallest column, and below the base line."""
TOP = 18
MOST_YEARS = 8


@dataclass(frozen=True)
class Series:
    """A value for each column."""

    title: Text
    values: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A part of a column: which series, where it stands."""

    series: int
    x: str
    width: str
    y: str
    height: str


@dataclass(frozen=True)
class Mark:
    """A word under the base line."""

    x: str
    text: str


@dataclass(frozen=True)
class Columns:
    """Stacked columns, one a payment, with the years under them."""

    series: tuple[Series, ...]
    parts: tuple[Part, ...]
    marks: tuple[Mark, ...]
    most: int
    top: int
    base: int
    height: int


def columns(days: Sequence[date], series: Sequence[Series]) -> Columns:
    """Columns by payment day, the first series at the bottom."""
    slot = Decimal(100) / max(len(days), 1)
    most, parts = _stacked(len(days), series, slot)
    return Columns(tuple(series), parts, _marks(days, slot), most, TOP, TOP + TALL, TOP + TALL + FOOT)


def histogram(labels: Sequence[str], series: Sequence[Series]) -> Columns:
    """Columns under whose left edges stand words, as many of them as have room; an empty one is not written."""
    slot = Decimal(100) / max(len(labels), 1)
    said = [n for n, label in enumerate(labels) if label]
    every = -(-len(said) // MOST_YEARS) or 1
    marks = tuple(Mark(f"{slot * n:.3f}", labels[n]) for k, n in enumerate(said) if k % every == 0 and n * slot < 95)
    most, parts = _stacked(len(labels), series, slot)
    return Columns(tuple(series), parts, marks, most, TOP, TOP + TALL, TOP + TALL + FOOT)


def _stacked(count: int, series: Sequence[Series], slot: Decimal) -> tuple[int, tuple[Part, ...]]:
    """The tallest column, and the parts of all."""
    most = max((sum(each.values[n] for each in series) for n in range(count)), default=0)
    return most, tuple(part for n in range(count) for part in _column(series, n, most, slot)) if most > 0 else ()


def _column(series: Sequence[Series], n: int, most: int, slot: Decimal) -> list[Part]:
    below, found = 0, []
    for place, each in enumerate(series):
        value = each.values[n]
        if value > 0:
            tall, up = Decimal(TALL) * value / most, Decimal(TALL) * (below + value) / most
            found.append(
                Part(place, f"{slot * n:.3f}", f"{slot * 86 / 100:.3f}", f"{TOP + TALL - up:.2f}", f"{tall:.2f}")
            )
            below += value
    return found


def _marks(days: Sequence[date], slot: Decimal) -> tuple[Mark, ...]:
    firsts = [n for n, day in enumerate(days) if n == 0 or day.year != days[n - 1].year]
    every = -(-len(firsts) // MOST_YEARS) or 1
    apart = [n for k, n in enumerate(firsts) if k % every == 0]
    far = [n for k, n in enumerate(apart) if k == len(apart) - 1 or (apart[k + 1] - n) * slot > 5]
    return tuple(Mark(f"{slot * n:.3f}", str(days[n].year)) for n in far if n * slot < 95)


@dataclass(frozen=True)
class Bar:
    """A stretch of a bar."""

    x: str
    width: str


def bars(amounts: Sequence[int]) -> list[Bar]:
    """Amounts one after the other as one bar."""
    total, at, found = Decimal(sum(amounts) or 1), Decimal(0), []
    for each in amounts:
        width = 100 * each / total
        found.append(Bar(f"{at:.3f}", f"{width:.3f}"))
        at += width
    return found


def cash_bars(steps: Sequence[StepLine]) -> dict[int, tuple[Bar, Bar]]:
    """For each step what it paid and what it left of the cash, on one scale for each list of steps."""
    most: dict[str, int] = {}
    for step in steps:
        most[step.list] = max(most.get(step.list, 0), step.available)
    return {step.number: _cash(step, most[step.list]) for step in steps}


def _cash(step: StepLine, most: int) -> tuple[Bar, Bar]:
    scale = Decimal(100) / (most or 1)
    gone = max(step.available - step.left, 0)
    start = 100 - scale * step.available
    paid = max(scale * gone, Decimal("0.6")) if gone else Decimal(0)
    return Bar(f"{start:.3f}", f"{paid:.3f}"), Bar(f"{start + scale * gone:.3f}", f"{scale * step.left:.3f}")
