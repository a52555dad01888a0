"""Something done again and again in a thread of its own, as long as a block runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def rounds(name: str, act: Callable[[], object], every: float, *, at_once: bool = False) -> Iterator[None]:
    """Runs `act` every so many seconds, for the first time after as many or `at_once`; the last round ends before the
    block does. What `act` lets through ends the rounds.
    """
    done = Event()

    def go() -> None:
        if at_once:
            act()
        while not done.wait(every):
            act()

    thread = Thread(target=go, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
