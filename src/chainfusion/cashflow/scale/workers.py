"""Where tasks run. Every place gives the same bytes: a task computes whole numbers and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Protocol, TypeVar

from chainfusion.domain.errors import ChainFusionError, Text

T = TypeVar("T")
R = TypeVar("R")
Results = Generator[tuple[T, R], None, None]
"""(item, result) as they are done, in any order; closing it drops what has not begun."""


class Workers(Protocol):
    """Runs a function over items, gives (item, result) as they are done, in any order."""

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> Results[T, R]:
        """Results as they are done."""
        ...


class ClusterUnavailable(ChainFusionError):
    """The Dask cluster does not answer, or Dask is not installed."""

    code = "CLUSTER_UNAVAILABLE"
    says = Text("The cluster at {address} cannot be used: {why}.", "无法使用位于 {address} 的集群：{why}。")
    do = Text(
        "Install chainfusion[dask], check the scheduler's address, or leave it out to compute on this machine.",
        "请安装 chainfusion[dask]，核对调度器地址；不填写地址则在本机计算。",
    )


class Threads:
    """This machine's cores: the kernels run outside the interpreter's lock. Only as many items as are being worked on
    are taken from the source, so that a large pool is not held twice.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = count or os.cpu_count() or 1

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> Results[T, R]:
        """Results as they are done; closing the iterator drops what has not begun."""
        source = iter(items)
        running: dict[Future[R], T] = {}
        pool = ThreadPoolExecutor(self.count, thread_name_prefix="projection")
        try:
            for item in source:
                running[pool.submit(work, item)] = item
                if len(running) > self.count:
                    yield from _done(running)
            while running:
                yield from _done(running)
        finally:
            pool.shutdown(cancel_futures=True)


def _done(running: dict[Future[R], T]) -> Results[T, R]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        yield running.pop(future), future.result()


class Cluster:
    """A Dask cluster, by its scheduler's address (`tcp://host:8786`). Its workers need this package installed.

    Raises: ClusterUnavailable.
    """

    IN_FLIGHT = 4
    """Tasks handed out per worker thread before one must be done."""

    def __init__(self, address: str, timeout: float = 10.0) -> None:
        self.address, self.timeout = address, timeout

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> Results[T, R]:
        """Results as they are done; closing the iterator cancels the rest. Raises: ClusterUnavailable."""
        try:
            from distributed import Client, as_completed
        except ImportError as error:
            raise ClusterUnavailable(address=self.address, why=str(error)) from None
        connect: Any = Client
        try:
            client = connect(self.address, timeout=self.timeout, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterUnavailable(address=self.address, why=str(error) or type(error).__name__) from None
        with client:
            yield from self._run(client, as_completed, work, items)

    def _run(self, client: Any, as_completed: Any, work: Callable[[T], R], items: Iterable[T]) -> Results[T, R]:
        limit = self.IN_FLIGHT * max(1, sum(client.nthreads().values()))
        running = as_completed(loop=client.loop)
        given: dict[str, tuple[Any, T]] = {}

        def next_result() -> tuple[T, R]:
            future = next(running)
            return given.pop(future.key)[1], future.result()

        try:
            for item in items:
                future = client.submit(work, item, pure=False)
                given[future.key] = (future, item)
                running.add(future)
                if len(given) >= limit:
                    yield next_result()
            while given:
                yield next_result()
        finally:
            client.cancel([future for future, _ in given.values()])


def workers_at(cluster: str | None) -> Workers:
    """A cluster's workers where an address is given, this machine's threads otherwise."""
    return Threads() if cluster is None else Cluster(cluster)
