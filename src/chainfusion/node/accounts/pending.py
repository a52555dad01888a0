"""What is waited for in memory and may be used once: a challenge that was sent, a link that was printed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Pending(Generic[T]):
    """Values under keys, each for `seconds`, taken once. The oldest goes where more than `most` are waited for."""

    seconds: int
    most: int = 1000
    _held: OrderedDict[bytes, tuple[int, T]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def put(self, key: bytes, value: T, now: int) -> None:
        """Waits for `key`."""
        with self._lock:
            self._held[key] = (now + self.seconds, value)
            self._held.move_to_end(key)
            while len(self._held) > self.most:
                self._held.popitem(last=False)

    def take(self, key: bytes, now: int) -> T | None:
        """The value, if it is still waited for; it is no more afterwards."""
        with self._lock:
            until, value = self._held.pop(key, (0, None))
        return value if now < until else None

    def forget(self, now: int) -> None:
        """Lets go of what came too late."""
        with self._lock:
            for key in [key for key, (until, _) in self._held.items() if now >= until]:
                del self._held[key]
