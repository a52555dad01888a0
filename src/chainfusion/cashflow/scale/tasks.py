"""A projection cut into tasks that know nothing of each other: some loans under some scenarios.

All amounts are whole numbers and a task's result is their sum by month, so results add up to the same numbers in
whatever pieces and order they were computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.pool.columns import Pool
from chainfusion.cashflow.pool.project import Totals, flows_of

CHUNK = 1 << 18
"""Loans in a task at most: blocks of equal age and term are full, and a large pool is still many tasks."""
_FEW, _TASKS = 1 << 14, 4
BATCH = 50
"""Scenarios in a task."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Loans of one chunk under the scenarios from `first` on. What the whole pool decides is told to each."""

    loans: Pool
    first: int
    scenarios: tuple[Scenario, ...]
    groups: int
    months: int
    by_group: bool


def chunk_of(pool: Pool) -> int:
    """Loans in a task where nobody says: a quarter of the pool, so that a machine's cores share it, within bounds."""
    return min(CHUNK, max(_FEW, -(-len(pool) // _TASKS)))


def tasks(
    pool: Pool, scenarios: Sequence[Scenario], months: int, by_group: bool, chunk: int, batch: int
) -> Iterator[Task]:
    """All tasks of a projection, chunk after chunk."""
    groups = pool.groups
    for begin in range(0, max(1, len(pool)), chunk):
        loans = pool.chunk(begin, begin + chunk)
        for first in range(0, len(scenarios), batch):
            yield Task(loans, first, tuple(scenarios[first : first + batch]), groups, months, by_group)


def count(pool: Pool, scenarios: Sequence[Scenario], chunk: int, batch: int) -> int:
    """How many tasks `tasks` gives."""
    return -(-max(1, len(pool)) // chunk) * -(-len(scenarios) // batch)


def run_task(task: Task) -> Totals:
    """The flows of the task's loans by scenario: int64 minor units, (rows, months, 4) each."""
    return flows_of(task.loans, task.scenarios, task.groups, task.months, task.by_group)
