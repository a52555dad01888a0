"""A scenario as the tables that the kernel reads: a row of rates a group, each row as long as the longest curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.assumptions.curve import By, Curve
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.pool.errors import UnknownIndex

Ints = NDArray[np.int64]


class Tables(NamedTuple):
    """Monthly rates on the grid, shape (groups, months), their last month holding on; `*_by_age` (groups,) says that a
    loan begins at its age, not at the first entry. `paths` (indices, periods) are reference rates in ppm.
    """

    smm: Ints
    mdr: Ints
    smm_by_age: Ints
    mdr_by_age: Ints
    paths: Ints


def tables(scenario: Scenario, groups: int, indices: Sequence[str] = ()) -> Tables:
    """The tables of a scenario for so many groups; one row where it assumes the same of all.

    Raises: BadAssumption, UnknownIndex.
    """
    scenario.of(groups - 1)
    smm, smm_by_age = _curves([a.prepayment for a in scenario.groups])
    mdr, mdr_by_age = _curves([a.default for a in scenario.groups])
    return Tables(smm, mdr, smm_by_age, mdr_by_age, _paths(scenario, indices))


def _curves(curves: list[Curve]) -> tuple[Ints, Ints]:
    length = max(len(curve.rates) for curve in curves)
    rows = np.array([curve.rates + curve.rates[-1:] * (length - len(curve.rates)) for curve in curves], np.int64)
    by_age = np.array([curve.by is By.AGE and len(curve.rates) > 1 for curve in curves], np.int64)
    return rows, by_age


def _paths(scenario: Scenario, indices: Sequence[str]) -> Ints:
    for name in indices:
        if name not in scenario.indices:
            raise UnknownIndex(scenario=scenario.name, index=name)
    paths = [scenario.indices[name] for name in indices] or [(0,)]
    length = max(len(path) for path in paths)
    return np.array([[*path, *[path[-1]] * (length - len(path))] for path in paths], np.int64)
