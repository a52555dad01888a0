"""Tranche sizes and coupons to a target.

A larger senior class, at the expense of the class that it takes from, has more to be repaid from the same cash, so
what it loses does not fall: the largest size without loss is found by bisection, exact to the unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import polars as pl

from chainfusion.cashflow.analytics.basis import CHINA, Basis
from chainfusion.cashflow.analytics.cash import tranche_cash
from chainfusion.cashflow.analytics.deal import Deal
from chainfusion.cashflow.analytics.errors import BadAnalysis, NoSolution
from chainfusion.cashflow.analytics.framed import Framed
from chainfusion.cashflow.analytics.solve import largest
from chainfusion.cashflow.analytics.study import Outcomes, Study
from chainfusion.cashflow.analytics.value import accrued, present_value
from chainfusion.cashflow.assumptions.numbers import Number, fraction
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.domain.terms.records import DealTerms

COUPON_ONE = 10**8


@dataclass(frozen=True, slots=True, eq=False)
class Size(Framed):
    """The largest size of a class, in minor units; `deal` is the deal with it, `of` the deal's whole notes.

    `loss_beyond` is what the class loses, at worst, if it is one `unit` larger; 0 where it cannot be.
    """

    tranche: str
    size: int
    unit: int
    of: int
    loss_beyond: int
    deal: Deal

    @property
    def support(self) -> Fraction:
        """What all other classes are of the notes."""
        return 1 - Fraction(self.size, self.of) if self.of else Fraction(0)

    def frame(self) -> pl.DataFrame:
        """One row."""
        return pl.DataFrame(
            {
                "tranche": [self.tranche], "size": [self.size], "unit": [self.unit], "notes": [self.of],
                "support": [float(self.support)], "loss_beyond": [self.loss_beyond],
            }
        )  # fmt: skip


def resized(terms: DealTerms, tranche: str, takes_from: str, size: int) -> DealTerms:
    """Terms in which a class has another size and another class takes or gives the difference. Raises: BadAnalysis."""
    sizes = {t.id: t.size for t in terms.tranches}
    for name in (tranche, takes_from):
        if name not in sizes:
            raise BadAnalysis(where="tranche", value=name, why=f"the deal has {', '.join(sizes)}")
    left = sizes[tranche] + sizes[takes_from] - size
    if tranche == takes_from or size < 0 or left < 0:
        raise BadAnalysis(where="size", value=str(size), why=f"{tranche} and {takes_from} share what both have")
    new = sizes | {tranche: size, takes_from: left}
    return replace(terms, tranches=tuple(replace(t, size=new[t.id]) for t in terms.tranches))


def largest_size(study: Study, tranche: str, takes_from: str, stresses: Sequence[Scenario], unit: int = 100_00) -> Size:
    """The largest whole multiple of `unit` minor units that a class can have without losing a cent in any of the
    `stresses`. The pool is projected once. Raises: NoSolution where it loses even if it is one unit; BadAnalysis.
    """
    if not stresses:
        raise BadAnalysis(where="stresses", value="[]", why="there is none")
    if type(unit) is not int or unit < 1:
        raise BadAnalysis(where="unit", value=str(unit), why="it is a whole number of minor units")
    deal, collections = study.deal, study.model(stresses)
    room = deal.tranche(tranche).size + deal.tranche(takes_from).size

    def worst(units: int) -> int:
        made = deal.again(resized(deal.terms, tranche, takes_from, units * unit))
        return int(Outcomes(made, collections, made.run(collections, study.given)).loss(tranche).max())

    units = largest(lambda n: worst(n) == 0, 1, room // unit, f"size of {tranche}, in units,")
    beyond = worst(units + 1) if (units + 1) * unit <= room else 0
    made = deal.again(resized(deal.terms, tranche, takes_from, units * unit))
    return Size(tranche, units * unit, unit, sum(t.size for t in made.terms.tranches), beyond, made)


def coupon_to_price(
    study: Study,
    tranche: str,
    scenario: Scenario,
    rate: Number,
    *,
    price: Number = 100,
    settlement: date | None = None,
    basis: Basis = CHINA,
    highest: Number = "0.5",
) -> Fraction:
    """The least fixed coupon, to 1e-8, at which a class yields at least `rate` at a clean `price` per 100.

    With `price` 100 it is the par coupon. Raises: NoSolution where the highest does not reach it; BadAnalysis.
    """
    deal, collections = study.deal, study.model([scenario])
    deal.tranche(tranche)
    day, wanted = settlement or deal.terms.dates.closing, fraction(price, "price")
    top = int(fraction(highest, "highest coupon") * COUPON_ONE)

    def short(units: int) -> bool:
        return _clean(deal, study, collections, tranche, units, day, rate, basis) < wanted

    if not short(0):
        return Fraction(0)
    last = largest(short, 0, top, f"coupon of {tranche}")
    if last == top:
        raise NoSolution(what=f"coupon of {tranche}", low="0", high=str(highest), why="the price is above all of them")
    return Fraction(last + 1, COUPON_ONE)


def _clean(
    deal: Deal, study: Study, collections: Collections, tranche: str, units: int, day: date, rate: Number, basis: Basis
) -> Fraction:
    coupon = f"{units // 10**6}.{units % 10**6:06d}".rstrip("0").rstrip(".") + "%"
    terms = replace(
        deal.terms, tranches=tuple(replace(t, coupon=coupon) if t.id == tranche else t for t in deal.terms.tranches)
    )
    made = deal.again(terms)
    cash = tranche_cash(made, made.run(collections, study.given), tranche)
    balance = cash.balance_on(day)
    if not balance:
        raise BadAnalysis(where="settlement", value=day.isoformat(), why=f"{tranche} is repaid")
    return Fraction(100 * (present_value(cash, day, rate, basis) - accrued(cash, day)), balance)
