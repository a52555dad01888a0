"""Sensitivity tables: prepayment by default, and for each cell a class's average life, loss and yield."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product

import polars as pl

from chainfusion.cashflow.analytics.basis import CHINA, Basis
from chainfusion.cashflow.analytics.errors import BadAnalysis, NoSolution
from chainfusion.cashflow.analytics.framed import Framed
from chainfusion.cashflow.analytics.study import Study
from chainfusion.cashflow.analytics.value import at_price
from chainfusion.cashflow.assumptions.curve import Curve
from chainfusion.cashflow.assumptions.numbers import Number
from chainfusion.cashflow.assumptions.recovery import NONE, Recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, scenario


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination. `average_life` is None where nothing is repaid, `rate` where no yield gives the price."""

    prepayment: str
    default: str
    average_life: float | None
    loss: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Sensitivity(Framed):
    """All combinations for one class, defaults changing fastest."""

    tranche: str
    basis: Basis
    cells: tuple[Cell, ...]

    def cell(self, prepayment: str, default: str) -> Cell:
        """One combination. Raises: BadAnalysis."""
        for cell in self.cells:
            if (cell.prepayment, cell.default) == (prepayment, default):
                return cell
        raise BadAnalysis(
            where="cell", value=f"{prepayment} / {default}", why="it was not asked for", why_zh="未要求该组合"
        )

    def frame(self) -> pl.DataFrame:
        """A row a cell; the loss in minor units."""
        rows = [(c.prepayment, c.default, c.average_life, c.loss, c.rate) for c in self.cells]
        return pl.DataFrame(rows, _CELL, orient="row")

    def table(self, of: str) -> pl.DataFrame:
        """A table of `average_life`, `loss` or `yield`: a row for each prepayment, a column for each default.

        Raises: BadAnalysis.
        """
        if of not in _MEASURES:
            raise BadAnalysis(
                where="table", value=of, why=f"there are {', '.join(_MEASURES)}", why_zh=f"可选：{', '.join(_MEASURES)}"
            )
        return self.frame().pivot(on="default", index="prepayment", values=of)


_MEASURES = ("average_life", "loss", "yield")
_CELL = {
    "prepayment": pl.String, "default": pl.String, "average_life": pl.Float64, "loss": pl.Int64, "yield": pl.Float64,
}  # fmt: skip


def sensitivity(
    study: Study,
    tranche: str,
    prepayment: Mapping[str, Curve],
    default: Mapping[str, Curve],
    recovery: Recovery = NONE,
    *,
    price: Number = 100,
    settlement: date | None = None,
    basis: Basis = CHINA,
) -> Sensitivity:
    """A class under every combination, bought at a clean `price` per 100 at `settlement` (default: closing).

    Raises: BadAnalysis and what projecting and running raise.
    """
    study.deal.tranche(tranche)
    if not prepayment or not default:
        raise BadAnalysis(where="curves", value="[]", why="a curve of each kind is needed", why_zh="两类曲线均须给出")
    names = list(product(prepayment, default))
    futures = [scenario(f"{p} / {d}", Assumption(prepayment[p], default[d], recovery)) for p, d in names]
    outcomes = study.outcomes(futures)
    lives, lost = outcomes.lives(tranche, basis.day_count), outcomes.loss(tranche)
    day = settlement or study.deal.terms.dates.closing
    cells = []
    for n, (p, d) in enumerate(names):
        try:
            rate = at_price(outcomes.cash(tranche, n), day, price, basis).rate
        except (NoSolution, BadAnalysis):
            rate = None
        cells.append(Cell(p, d, lives[n], int(lost[n]), rate))
    return Sensitivity(tranche, basis, tuple(cells))
