"""A pool's projection, whatever its size: `project`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.pool.columns import Pool
from chainfusion.cashflow.pool.project import Projection, Totals, added, months_of, projection
from chainfusion.cashflow.scale.tasks import BATCH, Task, chunk_of, count, run_task, tasks
from chainfusion.cashflow.scale.workers import Results, Workers, workers_at
from chainfusion.domain.errors import ChainFusionError, Text

Progress = Callable[[int, int], None]
"""Told how many tasks are done, and of how many."""


class ProjectionCancelled(ChainFusionError):
    """The caller asked to stop."""

    code = "PROJECTION_CANCELLED"
    says = Text(
        "The projection was cancelled after {done} of {of} tasks.", "测算已取消：共 {of} 个任务，完成 {done} 个。"
    )
    do = Text("Start it again when its result is wanted.", "如需结果，请重新发起测算。")


def project(
    pool: Pool,
    scenarios: Sequence[Scenario] | Scenario,
    *,
    dates: Sequence[date] = (),
    by_group: bool = False,
    cluster: str | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    chunk: int | None = None,
    batch: int = BATCH,
) -> Projection:
    """Collections of a pool under scenarios, exact to the minor unit.

    Periods run monthly from the cut-off date to the last payment or recovery, or to the last of `dates` (the periods'
    ends) where more are given. `cluster` is a Dask scheduler's address; without it this machine's cores work. Either
    gives the same numbers, as does any `chunk` (loans a task) and `batch` (scenarios a task). `cancelled` is asked
    between tasks. Raises: BadAssumption, UnknownIndex, HorizonTooShort, ProjectionCancelled, ClusterUnavailable.
    """
    futures = [scenarios] if isinstance(scenarios, Scenario) else list(scenarios)
    if not futures:
        raise BadAssumption(name="scenarios", value="[]", why="there is none", why_zh="未给出")
    months, chunk = months_of(pool), chunk or chunk_of(pool)
    work = tasks(pool, futures, months, by_group, chunk, batch)
    running = (workers or workers_at(cluster)).each(run_task, work)
    totals = _collect(running, count(pool, futures, chunk, batch), progress, cancelled)
    return projection(pool, futures, totals, by_group, dates)


def _collect(
    running: Results[Task, Totals], of: int, progress: Progress | None, cancelled: Callable[[], bool] | None
) -> Totals:
    parts: dict[int, Totals] = {}
    done = 0
    try:
        for task, totals in running:
            _add(parts, task, totals)
            done += 1
            if progress is not None:
                progress(done, of)
            if cancelled is not None and done < of and cancelled():
                raise ProjectionCancelled(done=done, of=of)
    finally:
        running.close()
    return tuple(flows for first in sorted(parts) for flows in parts[first])


def _add(parts: dict[int, Totals], task: Task, totals: Totals) -> None:
    before = parts.get(task.first)
    parts[task.first] = totals if before is None else added(before, totals)
