"""A pool's collections as what a deal's program asks for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.collections import COLUMNS, Collections
from chainfusion.domain.waterfall.program import Program
from chainfusion.domain.waterfall.run import BadCollections

Ints = NDArray[np.int64]


def flows_of(program: Program, collections: Collections) -> dict[str, Ints]:
    """The pool's inputs of a program, period by period from the first; nothing after the collections end.

    Events and indices are added by the caller; a pool's model tells no fees. Raises: BadCollections where cash would
    come after the deal's last period, or where the deal asks for a column that the pool does not give.
    """
    found = {}
    for wanted in program.inputs:
        head, _, column = wanted.name.partition(".")
        if head != "pool":
            continue
        if column == "fees":
            found[wanted.name] = np.zeros((1, program.periods), np.int64)
            continue
        if column not in COLUMNS:
            raise BadCollections(name=wanted.name, why="the pool does not tell it", why_zh="资产池未提供该项")
        found[wanted.name] = _fitted(wanted.name, getattr(collections, column), program.periods)
    return found


def _fitted(name: str, values: Ints, periods: int) -> Ints:
    """The first `periods` columns, with nothing where there are fewer."""
    given = values.shape[1]
    if given > periods and values[:, periods:].any():
        raise BadCollections(
            name=name,
            why=f"there is more after period {periods}, the deal's last",
            why_zh=f"第 {periods} 期（交易最后一期）之后仍有金额",
        )
    if given >= periods:
        return values[:, :periods]
    return np.pad(values, ((0, 0), (0, periods - given)))
