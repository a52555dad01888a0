"""Transactions that wait for the next block."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from threading import Condition

from chainfusion.ledger.embedded.admission import Admitted

MAX_WAITING = 8_192
"""Transactions that may wait; who brings more waits too."""


class WaitingRoom:
    """First come, first ordered. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: deque[Admitted] = deque()
        self._ids: Counter[str] = Counter()
        self._changed = Condition()
        self._closed = False

    def enter(self, admitted: Admitted) -> bool:
        """Adds a transaction; False where the ledger is closed."""
        with self._changed:
            while len(self._waiting) >= MAX_WAITING and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._ids[admitted.proposal.tx_id] += 1
            self._waiting.append(admitted)
            if len(self._waiting) == 1:
                self._changed.notify_all()
            return True

    def take(self, count: int, size: int) -> list[Admitted]:
        """Waits for transactions and takes at most `count` of them and about `size` bytes; none once closed and empty.

        They stay known to `holds` until `leave`.
        """
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            taken: list[Admitted] = []
            while self._waiting and len(taken) < count and size > 0:
                taken.append(self._waiting.popleft())
                size -= taken[-1].size
            self._changed.notify_all()
            return taken

    def leave(self, settled: Iterable[Admitted]) -> None:
        """Forgets transactions that have been answered."""
        with self._changed:
            for admitted in settled:
                self._ids[admitted.proposal.tx_id] -= 1
                if not self._ids[admitted.proposal.tx_id]:
                    del self._ids[admitted.proposal.tx_id]

    def holds(self, tx_id: str) -> bool:
        """Whether a transaction is on its way."""
        with self._changed:
            return tx_id in self._ids

    def close(self) -> None:
        """Lets nobody in any more; those inside are still served."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
