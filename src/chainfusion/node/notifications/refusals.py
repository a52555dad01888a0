"""What stands in the way of a delivery."""

from __future__ import annotations


class Undelivered(Exception):
    """A letter that has not gone out. `for_good`: trying again would not help. Never leaves the courier."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        super().__init__(why)
        self.why, self.for_good = why, for_good
