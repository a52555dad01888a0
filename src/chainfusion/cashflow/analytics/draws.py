"""Random numbers by path: the same for a path however paths are cut into batches or spread over workers.

Philox4x64-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011) is a function of key and counter.
The key is the seed and the number of a stream; a path has its own stretch of the counter. A number of 64 bits becomes
the middle of one of 2^53 equal steps of (0, 1), and a normal number by the inverse distribution, so that each takes
exactly one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainfusion.cashflow.analytics.errors import BadAnalysis
from chainfusion.cashflow.analytics.normal import inverse

Floats = NDArray[np.float64]
_BLOCK = 4
"""Numbers that one step of Philox gives."""
_STEP = 2.0**-53
MOST = 1 << 40


@dataclass(frozen=True, slots=True)
class Draws:
    """Normal numbers, `each` of them a path; streams of one seed are independent. Raises: BadAnalysis."""

    seed: int
    each: int
    stream: int = 0

    def __post_init__(self) -> None:
        if type(self.seed) is not int or not 0 <= self.seed < 1 << 64:
            raise BadAnalysis(
                where="seed",
                value=str(self.seed),
                why="a whole number from 0 to below 2^64 is needed",
                why_zh="须为不小于 0 且小于 2^64 的整数",
            )
        if type(self.each) is not int or not 1 <= self.each <= 1 << 20:
            raise BadAnalysis(
                where="draws",
                value=str(self.each),
                why="a path takes from 1 to 2^20 numbers",
                why_zh="每条路径取 1 至 2^20 个随机数",
            )

    def normal(self, begin: int, end: int) -> Floats:
        """The numbers of paths `begin` up to `end`: (paths, each)."""
        if not 0 <= begin <= end <= MOST:
            raise BadAnalysis(
                where="paths",
                value=f"{begin} to {end}",
                why=f"they count from 0 to {MOST}",
                why_zh=f"须在 0 至 {MOST} 之间",
            )
        blocks = -(-self.each // _BLOCK)
        source = np.random.Philox(key=np.array([self.seed, self.stream], np.uint64)).advance(begin * blocks)
        raw = source.random_raw((end - begin) * blocks * _BLOCK).reshape(end - begin, blocks * _BLOCK)
        shares = ((raw[:, : self.each] >> np.uint64(11)).astype(np.float64) + 0.5) * _STEP
        found: Floats = inverse(shares)
        return found
