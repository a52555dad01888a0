"""Pieces, threads and a real Dask cluster give the bytes of one task; progress is told, a stop is obeyed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chainfusion.cashflow.assumptions import default, prepayment, recovery
from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario, grid, scenario
from chainfusion.cashflow.collections import COLUMNS
from chainfusion.cashflow.pool.columns import Floating, Pool, pool
from chainfusion.cashflow.pool.project import Projection
from chainfusion.cashflow.scale.run import ProjectionCancelled, project
from chainfusion.cashflow.scale.workers import ClusterUnavailable, Threads

ROOT = Path(__file__).parents[3]


def mixed_pool(loans: int) -> Pool:
    draw = np.random.default_rng(7)
    term = draw.integers(1, 60, loans)
    return pool(
        "CNY",
        draw.integers(0, 90_000_000, loans),
        draw.integers(0, 90_000, loans),
        term,
        draw.integers(0, 30, loans),
        repays=draw.integers(0, 2, loans),
        interest_only=np.where(draw.random(loans) < 0.1, 6, 0),
        group=draw.integers(0, 3, loans),
        floating=Floating(
            ("LPR",),
            np.where(draw.random(loans) < 0.2, 0, -1),
            draw.integers(0, 9_000, loans),
            np.full(loans, 12),
            draw.integers(0, 12, loans),
            np.zeros(loans, np.int64),
            np.full(loans, 200_000),
        ),
    )


def futures() -> list[Scenario]:
    return list(
        grid(
            {"none": prepayment.NONE, "150 PSA": prepayment.psa(150), "8 CPR": prepayment.cpr("0.08")},
            {"100 SDA": default.sda(100), "2 CDR": default.cdr("0.02")},
            {
                "60% after 12": recovery.recovery("0.6", 12),
                "parts": recovery.recoveries("0.5", [(3, "0.5"), (9, "0.5")]),
            },
            {"LPR": [39_500, 38_500, 40_000]},
        )
    )


def bytes_of(result: Projection) -> bytes:
    every = (result.total, *result.groups)
    return b"".join(getattr(collections, name).tobytes() for collections in every for name in COLUMNS)


@pytest.fixture(scope="module")
def expected() -> Projection:
    return project(mixed_pool(3000), futures(), by_group=True)


@pytest.mark.parametrize(("chunk", "batch", "threads"), [(10_000, 100, 1), (700, 5, 2), (1, 100, 2), (2999, 1, 3)])
def test_any_cut_gives_the_same_bytes(expected: Projection, chunk: int, batch: int, threads: int) -> None:
    small = mixed_pool(3000) if chunk > 1 else mixed_pool(3000).chunk(0, 40)
    scenarios = futures()
    whole = expected if chunk > 1 else project(small, scenarios, by_group=True)
    cut = project(small, scenarios, by_group=True, workers=Threads(threads), chunk=chunk, batch=batch)
    assert bytes_of(cut) == bytes_of(whole)
    cut.total.checked()


def test_progress_counts_every_task() -> None:
    told: list[tuple[int, int]] = []
    project(mixed_pool(100), futures(), chunk=30, batch=5, progress=lambda done, of: told.append((done, of)))
    assert told == [(k, 12) for k in range(1, 13)]


def test_cancelling_stops_between_tasks() -> None:
    told: list[int] = []
    with pytest.raises(ProjectionCancelled) as refused:
        project(
            mixed_pool(100),
            futures(),
            chunk=10,
            workers=Threads(1),
            progress=lambda done, of: told.append(done),
            cancelled=lambda: len(told) == 3,
        )
    assert refused.value.facts == {"done": 3, "of": 10}
    assert told == [1, 2, 3]


def test_an_error_in_a_task_reaches_the_caller() -> None:
    two_groups = scenario("too few", [Assumption(), Assumption()], {"LPR": [1]})
    with pytest.raises(BadAssumption, match="group 2"):
        project(mixed_pool(50), two_groups)
    with pytest.raises(BadAssumption, match="there is none"):
        project(mixed_pool(50), [])


# ------------------------------------------------------------------ a cluster


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A scheduler and two workers in processes of their own; the address to give."""
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: chainfusion[dask]")
    address = f"tcp://127.0.0.1:{_free_port()}"
    scheduler = [
        "--host",
        "127.0.0.1",
        "--port",
        address.rsplit(":", 1)[1],
        "--no-dashboard",
        "--dashboard-address",
        ":0",
    ]
    worker = [address, "--nthreads", "1", "--nworkers", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    started = [_start("distributed.cli.dask_scheduler", *scheduler)]
    try:
        started += [_start("distributed.cli.dask_worker", *worker) for _ in range(2)]
        _await_workers(distributed, address, 2)
        yield address
    finally:
        for process in reversed(started):  # a worker that loses its scheduler waits for it: workers go first
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=5)


def _await_workers(distributed, address: str, count: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with distributed.Client(address, timeout=2, set_as_default=False) as client:
                client.wait_for_workers(count, timeout=30)
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def test_a_dask_cluster_gives_the_same_bytes(cluster: str, expected: Projection) -> None:
    told: list[int] = []
    result = project(
        mixed_pool(3000),
        futures(),
        by_group=True,
        cluster=cluster,
        chunk=1000,
        batch=6,
        progress=lambda d, _: told.append(d),
    )
    assert bytes_of(result) == bytes_of(expected)
    assert told == list(range(1, 7))


def test_a_cluster_is_told_to_stop(cluster: str) -> None:
    with pytest.raises(ProjectionCancelled):
        project(mixed_pool(300), futures(), cluster=cluster, chunk=10, cancelled=lambda: True)


def test_a_refusal_on_a_cluster_is_the_same_refusal(cluster: str) -> None:
    with pytest.raises(BadAssumption, match="group 2"):
        project(mixed_pool(50), scenario("too few", [Assumption(), Assumption()], {"LPR": [1]}), cluster=cluster)


def test_no_cluster_is_refused_with_its_address() -> None:
    pytest.importorskip("distributed")
    nobody = f"tcp://127.0.0.1:{_free_port()}"
    from chainfusion.cashflow.scale.workers import Cluster

    with pytest.raises(ClusterUnavailable) as refused:
        project(mixed_pool(5), futures(), workers=Cluster(nobody, timeout=1))
    assert refused.value.facts["address"] == nobody
