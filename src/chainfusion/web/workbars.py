"""Cycle times drawn: a bar for the median, a line as far as the longest, the steps that take longest at the top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from chainfusion.domain.errors import Text
from chainfusion.node.views.efficiency import StepTook, Took

ROW, BAR = 26, 14
MOST = 15
"""Steps that are drawn; the table has them all."""
REACH = 88
"""Per cent of the width that the longest median takes; its figure stands behind it."""


@dataclass(frozen=True)
class WorkBar:
    """One step: where its bar stands in pixels, and how wide it is in per cent."""

    name: Text
    took: Took
    top: int
    width: str


@dataclass(frozen=True)
class WorkBars:
    """The bars, and the height of the drawing in pixels."""

    bars: tuple[WorkBar, ...]
    height: int
    bar: int = BAR


def work_bars(steps: Sequence[StepTook]) -> WorkBars:
    """The steps that take longest, on one scale."""
    found = [(step.name, step.whole) for step in steps if step.whole is not None][:MOST]
    most = max((took.median for _, took in found), default=0) or 1
    bars = tuple(
        WorkBar(name, took, ROW * n, f"{Decimal(REACH) * took.median / most:.3f}")
        for n, (name, took) in enumerate(found)
    )
    return WorkBars(bars, ROW * len(bars))
