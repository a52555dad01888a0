"""Transactions that wait for the next block."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Condition, Lock

from chainfusion.ledger.embedded.admission import Admitted

MAX_WAITING = 8_192
"""Transactions that may wait; who brings more waits too."""


class WaitingRoom:
    """First come, first ordered. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: deque[Admitted] = deque()
        self._ids: dict[str, int] = {}
        self._lock = Lock()
        self._changed = Condition(self._lock)
        self._closed = False

    def enter(self, admitted: Admitted) -> bool:
        """Adds a transaction; False where the ledger is closed."""
        tx_id = admitted.proposal.tx_id
        with self._lock:
            while len(self._waiting) >= MAX_WAITING and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._ids[tx_id] = self._ids.get(tx_id, 0) + 1
            self._waiting.append(admitted)
            if len(self._waiting) == 1:
                self._changed.notify_all()
            return True

    def take(self, count: int, size: int, least: int, *, wait: bool) -> list[Admitted]:
        """Takes at most `count` transactions and about `size` bytes; none where fewer than `least` wait.

        Waits for the first where `wait` says so; none once closed and empty. They stay known to `holds` until `leave`.
        """
        with self._lock:
            while wait and not self._waiting and not self._closed:
                self._changed.wait()
            if len(self._waiting) < least:
                return []
            taken: list[Admitted] = []
            while self._waiting and len(taken) < count and size > 0:
                taken.append(self._waiting.popleft())
                size -= taken[-1].size
            self._changed.notify_all()
            return taken

    def leave(self, settled: Iterable[Admitted]) -> None:
        """Forgets transactions that have been answered."""
        with self._lock:
            for admitted in settled:
                tx_id = admitted.proposal.tx_id
                left = self._ids.pop(tx_id) - 1
                if left:
                    self._ids[tx_id] = left

    def holds(self, tx_id: str) -> bool:
        """Whether a transaction is on its way."""
        return tx_id in self._ids

    def close(self) -> None:
        """Lets nobody in any more; those inside are still served."""
        with self._lock:
            self._closed = True
            self._changed.notify_all()
