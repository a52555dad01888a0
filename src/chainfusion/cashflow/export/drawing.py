"""Lines, areas and axes as SVG: classes that the design's stylesheet colours, attributes with its light colours for a
picture that stands alone. No inline style, no script, nothing loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 34, 26
COLOURS = ("#0b5a78", "#4f93ae", "#a8701c", "#5b7f3f", "#84527f", "#6a737b")
"""--c1 to --c6 of the design's tokens, in the light scheme."""
_INK, _RULE, _EDGE = "#474e55", "#e4e6e2", "#7c8389"
_FACE = "font-family=\"system-ui, 'Noto Sans', 'Noto Sans CJK SC', sans-serif\""


@dataclass(frozen=True, slots=True)
class Series:
    """Values by period; None leaves a gap in a line and counts as nothing in an area."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Plane:
    """A rectangle of the picture, and what its edges stand for."""

    count: int
    top_value: float
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM

    def x(self, place: int) -> float:
        """Across, for the period at a place from 0."""
        return LEFT + (WIDTH - LEFT - RIGHT) * (place / (self.count - 1) if self.count > 1 else 0.5)

    def y(self, value: float) -> float:
        """Down, for a value."""
        return self.bottom - (self.bottom - self.top) * (value / self.top_value if self.top_value else 0.0)


def colour(place: int) -> tuple[str, str]:
    """The class number and the colour of a series; after six they begin again."""
    return str(place % len(COLOURS) + 1), COLOURS[place % len(COLOURS)]


def rounded_up(value: float) -> float:
    """The least of 1, 2, 2.5, 5, 10 times a power of ten that is not below a value: the top of an axis."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= value * (1 - 1e-12))


def picture(label: str, parts: Sequence[str], height: int = HEIGHT) -> str:
    """The whole picture; `label` is what it says to who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="{escape(label)}" font-size="12" {_FACE}>'
        f"<title>{escape(label)}</title>{''.join(parts)}</svg>"
    )


def areas(plane: Plane, series: Sequence[Series]) -> list[str]:
    """Areas that stand on each other, the first at the bottom."""
    below = [0.0] * plane.count
    found = []
    for place, one in enumerate(series):
        above = [low + max(value or 0.0, 0.0) for low, value in zip(below, one.values, strict=True)]
        edge = [(plane.x(t), plane.y(v)) for t, v in enumerate(above)]
        back = [(plane.x(t), plane.y(v)) for t, v in reversed(list(enumerate(below)))]
        number, fill = colour(place)
        title = f"<title>{escape(one.name)}</title>"
        found.append(f'<polygon class="f{number}" fill="{fill}" points="{_points(edge + back)}">{title}</polygon>')
        below = above
    return found


def lines(plane: Plane, series: Sequence[Series]) -> list[str]:
    """A line for each series, broken where a value is missing."""
    found = []
    for place, one in enumerate(series):
        number, stroke = colour(place)
        for run in _runs(one.values):
            points = _points([(plane.x(t), plane.y(v)) for t, v in run])
            found.append(
                f'<polyline class="l{number}" fill="none" stroke="{stroke}" stroke-width="1.75" points="{points}">'
                f"<title>{escape(one.name)}</title></polyline>"
            )
    return found


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is not None:
            runs[-1].append((place, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def text(x: float, y: float, says: str, anchor: str = "start") -> str:
    """A word."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{_INK}">{escape(says)}</text>'


def scale(plane: Plane, labels: Sequence[tuple[float, str]]) -> list[str]:
    """Values up the left side, each with its rule."""
    found = []
    for value, says in labels:
        y, kind, stroke = plane.y(value), "base" if value == 0 else "grid", _EDGE if value == 0 else _RULE
        found.append(
            f'<line class="{kind}" stroke="{stroke}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        found.append(text(LEFT - 6, y + 4, says, "end"))
    return found


def years(plane: Plane, dates: Sequence[date], most: int = 10) -> list[str]:
    """The years along the bottom, where each begins; of many, every second, fifth or tenth."""
    begins = [t for t, day in enumerate(dates) if t == 0 or day.year != dates[t - 1].year]
    step = next((s for s in (1, 2, 5, 10) if len(begins) <= most * s), 25)
    chosen = [t for t in begins if dates[t].year % step == 0] or begins[:1]
    return [text(plane.x(t), plane.bottom + 17, str(dates[t].year), "start" if t == 0 else "middle") for t in chosen]


def legend(series: Sequence[Series]) -> list[str]:
    """A square and a name for each series, along the top."""
    found, x = [], float(LEFT)
    for place, one in enumerate(series):
        number, fill = colour(place)
        found.append(f'<rect class="f{number}" fill="{fill}" x="{x:.1f}" y="8" width="10" height="10"/>')
        found.append(text(x + 15, 17, one.name))
        x += 33 + sum(12.5 if ord(c) > 0x2E80 else 6.8 for c in one.name)
    return found
