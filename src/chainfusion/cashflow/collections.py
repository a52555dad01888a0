"""What a pool gives a deal: collections by kind, scenario and period, in minor units.

The waterfall takes them as they are; for every scenario and period, to the cent,

    closing = opening + purchased - scheduled - prepaid - defaulted
    opening = closing of the period before

and over all periods defaulted = recovered + lost + what is still to be recovered or written off (`outstanding`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from chainfusion.domain.errors import ChainFusionError, Text

Amounts = NDArray[np.int64]
"""Minor units, shape (scenarios, periods)."""

COLUMNS = (
    "opening", "scheduled", "prepaid", "defaulted", "recovered", "lost", "interest", "closing", "purchased",
)  # fmt: skip


class CashNotConserved(ChainFusionError):
    """Collections that do not add up: made by hand, or damaged."""

    code = "CASH_NOT_CONSERVED"
    says = Text(
        "Collections of scenario {scenario}, period {period}: {column} is {value} where {expected} belongs.",
        "情景 {scenario}、第 {period} 期的归集：{column} 为 {value}，应为 {expected}。",
    )
    do = Text("Take the collections as the projection gave them.", "请使用测算给出的归集数据。")


@dataclass(frozen=True, slots=True, eq=False)
class Collections:
    """Collections of a pool: int64 minor units, shape (scenarios, periods) each.

    `opening` and `closing` are performing balances, `defaulted` is the balance at default, `recovered` and `lost` say
    in which period it came back or was written off. `interest` is what performing loans paid, before any servicing
    fee. `purchased` is what a revolving pool bought. `dates` are the periods' ends; empty where none were given.
    """

    currency: str
    names: tuple[str, ...]
    """The scenarios."""
    opening: Amounts
    scheduled: Amounts
    prepaid: Amounts
    defaulted: Amounts
    recovered: Amounts
    lost: Amounts
    interest: Amounts
    closing: Amounts
    purchased: Amounts
    dates: tuple[date, ...] = field(default=())

    @property
    def scenarios(self) -> int:
        """How many there are."""
        return int(self.opening.shape[0])

    @property
    def periods(self) -> int:
        """How many there are."""
        return int(self.opening.shape[1])

    @property
    def principal(self) -> Amounts:
        """Scheduled and prepaid principal."""
        return self.scheduled + self.prepaid

    @property
    def outstanding(self) -> Amounts:
        """Defaulted balance neither recovered nor written off at the end of each period."""
        return np.cumsum(self.defaulted - self.recovered - self.lost, axis=1)

    def checked(self) -> Collections:
        """Itself. Raises: CashNotConserved with the first cell that does not add up."""
        before = np.concatenate([self.opening[:, :1], self.closing[:, :-1]], axis=1)
        after = self.opening + self.purchased - self.scheduled - self.prepaid - self.defaulted
        self._equal("opening", self.opening, before)
        self._equal("closing", self.closing, after)
        for name in COLUMNS:
            column = getattr(self, name)
            self._equal(name, column, np.maximum(column, 0))
        self._equal("outstanding", self.outstanding, np.maximum(self.outstanding, 0))
        return self

    def _equal(self, name: str, given: Amounts, expected: Amounts) -> None:
        wrong = np.argwhere(given != expected)
        if len(wrong):
            s, t = (int(i) for i in wrong[0])
            raise CashNotConserved(
                scenario=self.names[s], period=t + 1, column=name, value=int(given[s, t]), expected=int(expected[s, t])
            )

    def scenario(self, name: str | int) -> Collections:
        """One scenario's collections, by name or place. Raises: KeyError."""
        place = self._place(name)
        return self._with({c: getattr(self, c)[place : place + 1] for c in COLUMNS}, (self.names[place],))

    def _place(self, name: str | int) -> int:
        if isinstance(name, int):
            return range(self.scenarios)[name]
        if name not in self.names:
            raise KeyError(name)
        return self.names.index(name)

    def plus(self, other: Collections) -> Collections:
        """Both pools together, the shorter one continued with zeros. Both must hold the same scenarios and currency."""
        if (self.names, self.currency) != (other.names, other.currency):
            raise ValueError("collections of different scenarios or currencies do not add up")
        longer = self if self.periods >= other.periods else other
        arrays = {c: _padded(self, c, longer.periods) + _padded(other, c, longer.periods) for c in COLUMNS}
        return longer._with(arrays, self.names)

    def frame(self, name: str | int = 0) -> pl.DataFrame:
        """One scenario as a frame: a row a period, amounts in minor units."""
        place = self._place(name)
        columns: dict[str, Any] = {"period": np.arange(1, self.periods + 1)}
        if self.dates:
            columns["date"] = list(self.dates)
        return pl.DataFrame(columns | {c: getattr(self, c)[place] for c in COLUMNS})

    def _with(self, arrays: dict[str, Amounts], names: tuple[str, ...]) -> Collections:
        return Collections(currency=self.currency, names=names, dates=self.dates, **arrays)

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>{self.frame()._repr_html_()}"

    def __str__(self) -> str:
        return f"Collections of {self.scenarios} scenario(s), {self.periods} periods, {self.currency} minor units"


def _padded(collections: Collections, name: str, periods: int) -> Amounts:
    column: Amounts = getattr(collections, name)
    return np.pad(column, ((0, 0), (0, periods - column.shape[1])))


def collections_of(
    currency: str,
    names: Sequence[str],
    opening: Amounts,
    flows: dict[str, Amounts],
    dates: Sequence[date] = (),
) -> Collections:
    """Collections from the balance at cut-off (scenarios,) and the flows scheduled, prepaid, defaulted, recovered,
    lost, interest and, where there are any, purchased, each (scenarios, periods).
    """
    shape = flows["scheduled"].shape
    purchased = flows.get("purchased", np.zeros(shape, np.int64))
    change = purchased - flows["scheduled"] - flows["prepaid"] - flows["defaulted"]
    closing = opening[:, None] + np.cumsum(change, axis=1)
    before = np.concatenate([opening[:, None], closing[:, :-1]], axis=1)
    every = {**flows, "purchased": purchased, "opening": before, "closing": closing}
    return Collections(currency=currency, names=tuple(names), dates=tuple(dates), **every)
