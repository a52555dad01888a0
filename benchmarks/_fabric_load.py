"""Load on a Fabric network: so many document registrations in flight, counted as they are committed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks._fabric_stage import Stage, document
from chainfusion.node.network import DESK

LEAST_WARM_UP = 1.5


@dataclass(frozen=True)
class Load:
    """How much is sent: in flight at a time, until everyone in flight had a turn, then counted for so many seconds."""

    in_flight: int
    seconds: float

    @property
    def warm_up(self) -> float:
        """Seconds before anything is counted: a first round through the network."""
        return LEAST_WARM_UP + self.in_flight / 25

    def counted(self, done: list[float]) -> int:
        """How many of these were done while it is counted."""
        return sum(self.warm_up <= at < self.end for at in done)

    @property
    def end(self) -> float:
        """Seconds after which nothing more is sent."""
        return self.warm_up + self.seconds


def rate(on: Stage, load: Load) -> float:
    """Transactions a second that our client has committed. Raises: what a submission raises."""
    return load.counted(registered(on, load)) / load.seconds


def registered(on: Stage, load: Load) -> list[float]:
    """Registers documents; gives when each was committed, in seconds. Raises: what a submission raises."""
    signer, client = on.network.signer(on.msp, DESK), on.clients[on.msp]

    def register(number: int) -> None:
        client.submit(on.proposal(signer, "document.register", document(number)), signer)

    return keep_in_flight(load, register)


def keep_in_flight(load: Load, do: Callable[[int], object]) -> list[float]:
    """Does something again and again, so many at a time, until the load's end; gives when each was done, in seconds
    from the beginning. Raises: what failed first."""
    done: list[float] = []
    failed: list[BaseException] = []
    began = time.perf_counter()

    def repeat() -> None:
        number = 0
        while time.perf_counter() - began < load.end and not failed:
            number += 1
            try:
                do(number)
            except Exception as error:
                failed.append(error)
            done.append(time.perf_counter() - began)

    threads = [threading.Thread(target=repeat) for _ in range(load.in_flight)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if failed:
        raise failed[0]
    return done
