"""What a contract server counts, in Prometheus' text format (version 0.0.4): names of operations, nothing they say."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histogram of durations, in seconds."""
PREFIX = "chainfusion_chaincode"


class Metrics:
    """Counts of one process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ended: Counter[tuple[str, int]] = Counter()
        self._questions: Counter[str] = Counter()
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self._gauges: dict[str, tuple[str, Callable[[], int]]] = {}

    def ended(self, operation: str, status: int, seconds: float, questions: int) -> None:
        """Counts a transaction: its operation, the response's status, how long it took, what it asked its peer."""
        with self._lock:
            self._ended[operation, status] += 1
            self._questions[operation] += questions
            self._buckets[bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def gauge(self, name: str, says: str, read: Callable[[], int]) -> None:
        """Shows a number that is read when it is asked for."""
        self._gauges[name] = (says, read)

    def text(self) -> str:
        """All of it."""
        with self._lock:
            lines = [*self._counters(), *self._histogram()]
        for name, (says, read) in self._gauges.items():
            lines += [*_head(name, "gauge", says), f"{PREFIX}_{name} {read()}"]
        return "\n".join(lines) + "\n"

    def _counters(self) -> Iterator[str]:
        yield from _head("transactions_total", "counter", "Calls that were answered, by operation and status.")
        for (operation, status), count in sorted(self._ended.items()):
            yield f'{PREFIX}_transactions_total{{operation="{operation}",status="{status}"}} {count}'
        yield from _head("questions_total", "counter", "Questions asked of the peer, by operation.")
        for operation, count in sorted(self._questions.items()):
            yield f'{PREFIX}_questions_total{{operation="{operation}"}} {count}'

    def _histogram(self) -> Iterator[str]:
        yield from _head("seconds", "histogram", "How long calls took, the peer's answers included.")
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self._buckets, strict=True):
            total += count
            yield f'{PREFIX}_seconds_bucket{{le="{bound}"}} {total}'
        yield f"{PREFIX}_seconds_sum {self._seconds:.6f}"
        yield f"{PREFIX}_seconds_count {total}"


def _head(name: str, kind: str, says: str) -> tuple[str, str]:
    return f"# HELP {PREFIX}_{name} {says}", f"# TYPE {PREFIX}_{name} {kind}"
