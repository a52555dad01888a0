"""What comes back of a defaulted balance, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from chainfusion.cashflow.assumptions.errors import BadAssumption
from chainfusion.cashflow.assumptions.numbers import ONE, Number, share, to_grid

MAX_LAG = 240


@dataclass(frozen=True, slots=True)
class Recovery:
    """Recovered shares of the balance at default, by months after it.

    `parts` are (lag in months, share in units of 2^-27), lags ascending; what is not recovered is lost in the month
    of the last part. Raises: BadAssumption.
    """

    parts: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        lags = [lag for lag, _ in self.parts]
        if not lags or lags != sorted(set(lags)) or not 0 <= lags[0] <= lags[-1] <= MAX_LAG:
            raise BadAssumption(
                name="recovery lags",
                value=lags,
                why=f"ascending months from 0 to {MAX_LAG}",
                why_zh=f"须为 0 至 {MAX_LAG} 的递增月数",
            )
        if min(part for _, part in self.parts) < 0 or sum(part for _, part in self.parts) > ONE:
            raise BadAssumption(
                name="recovery",
                value=[part for _, part in self.parts],
                why="more than all, or negative",
                why_zh="超过全部或为负",
            )

    @property
    def tail(self) -> int:
        """Months from default to the last recovery."""
        return self.parts[-1][0]

    @property
    def rate(self) -> Fraction:
        """The whole share recovered."""
        return Fraction(sum(part for _, part in self.parts), ONE)


def recovery(rate: Number, lag: int = 0) -> Recovery:
    """One recovery: `rate` of the defaulted balance, `lag` months after default."""
    return Recovery(((lag, to_grid(share(rate, "recovery rate"))),))


def recoveries(rate: Number, lags: Sequence[tuple[int, Number]]) -> Recovery:
    """`rate` of the defaulted balance in parts: (lag, part of all recoveries), parts adding up to one."""
    whole = share(rate, "recovery rate")
    shares = [(lag, share(part, f"recovery, lag {lag}")) for lag, part in lags]
    if sum(part for _, part in shares) != 1:
        raise BadAssumption(
            name="recovery parts",
            value=[str(part) for _, part in shares],
            why="they do not add up to 1",
            why_zh="合计不为 1",
        )
    upto, placed, parts = Fraction(0), 0, []
    for lag, part in shares:  # cumulative rounding, so that the parts add up to the rate on the grid
        upto += part
        parts.append((lag, to_grid(whole * upto) - placed))
        placed += parts[-1][1]
    return Recovery(tuple(parts))


NONE = Recovery(((0, 0),))
"""Nothing comes back; the loss is known at once."""
