"""Token buckets: so many requests at once, and then so many a second."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from chainfusion.domain.errors import require
from chainfusion.node.accounts.refusals import TooManyRequests


@dataclass
class Throttle:
    """A bucket for each key: `burst` at once, refilled by `rate` a second. The `most` newest keys are known."""

    burst: float
    rate: float
    most: int = 10_000
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, key: str, now: float) -> None:
        """Lets one request through. Raises: TooManyRequests with the seconds to wait."""
        with self._lock:
            left, then = self._buckets.pop(key, (self.burst, now))
            left = min(self.burst, left + max(0.0, now - then) * self.rate)
            enough = left >= 1
            self._buckets[key] = (left - 1 if enough else left, now)
            while len(self._buckets) > self.most:
                self._buckets.popitem(last=False)
        require(enough, TooManyRequests(seconds=math.ceil((1 - left) / self.rate)))
