"""Tranche sizes and coupons to a target.

A larger senior class, at the expense of the class that it takes from, has more to be repaid from the same cash, so
what it loses does not fall: the largest size without loss is found by bisection, exact to the unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import numpy as np
import polars as pl

from chainfusion.cashflow.analytics.basis import CHINA, Basis
from chainfusion.cashflow.analytics.cash import Cash, tranche_cash
from chainfusion.cashflow.analytics.deal import Deal
from chainfusion.cashflow.analytics.errors import BadAnalysis, no_solution
from chainfusion.cashflow.analytics.framed import Framed
from chainfusion.cashflow.analytics.margin import margin_value
from chainfusion.cashflow.analytics.solve import largest
from chainfusion.cashflow.analytics.study import Outcomes, Study
from chainfusion.cashflow.analytics.value import accrued, present_value
from chainfusion.cashflow.assumptions.numbers import Number, fraction
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.collections import Collections
from chainfusion.domain.errors import Text
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
            raise BadAnalysis(
                where="tranche",
                value=name,
                why=f"the deal has {', '.join(sizes)}",
                why_zh=f"交易的档次为 {', '.join(sizes)}",
            )
    left = sizes[tranche] + sizes[takes_from] - size
    if tranche == takes_from or size < 0 or left < 0:
        raise BadAnalysis(
            where="size",
            value=str(size),
            why=f"{tranche} and {takes_from} share what both have",
            why_zh=f"{tranche} 与 {takes_from} 只能在两者合计内调整",
        )
    new = sizes | {tranche: size, takes_from: left}
    return replace(terms, tranches=tuple(replace(t, size=new[t.id]) for t in terms.tranches))


def largest_size(study: Study, tranche: str, takes_from: str, stresses: Sequence[Scenario], unit: int = 100_00) -> Size:
    """The largest whole multiple of `unit` minor units that a class can have without losing a cent in any of the
    `stresses`. The pool is projected once. Raises: NoSolution where it loses even if it is one unit; BadAnalysis.
    """
    if not stresses:
        raise BadAnalysis(where="stresses", value="[]", why="there is none", why_zh="未给出")
    if type(unit) is not int or unit < 1:
        raise BadAnalysis(
            where="unit", value=str(unit), why="it is a whole number of minor units", why_zh="须为最小货币单位的整数"
        )
    deal, collections = study.deal, study.collections(stresses)
    room = deal.tranche(tranche).size + deal.tranche(takes_from).size

    def worst(units: int) -> int:
        made = deal.again(resized(deal.terms, tranche, takes_from, units * unit))
        return int(Outcomes(made, collections, made.run(collections, study.given)).loss(tranche).max())

    units = largest(
        lambda n: worst(n) == 0, 1, room // unit, Text(f"size of {tranche}, in units,", f"{tranche} 的规模（单位数）")
    )
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
    offer = _Offer(study, tranche, study.collections([scenario]), settlement or study.deal.terms.dates.closing)
    wanted = fraction(price, "price")

    def short(units: int) -> bool:
        cash = offer.cash(_per_cent(units))
        return offer.clean(cash, Fraction(present_value(cash, offer.day, rate, basis))) < wanted

    return _least(short, 0, highest, Text(f"coupon of {tranche}", f"{tranche} 的票面利率"))


def spread_to_price(
    study: Study,
    tranche: str,
    scenario: Scenario,
    index: str,
    margin: Number,
    *,
    price: Number = 100,
    settlement: date | None = None,
    lowest: Number = "-0.1",
    highest: Number = "0.5",
) -> Fraction:
    """The least spread over an index, to 1e-8 and perhaps below nothing, at which a class that pays index + spread has
    at least the discount margin `margin` at a clean `price` per 100; with `price` 100 the spread to par.

    The study is given the index's path. Raises: NoSolution where the highest does not reach it; BadAnalysis.
    """
    path = np.atleast_2d(study.given.get(index, np.zeros((0, 0), np.int64)))
    if all(known.id != index for known in study.deal.terms.indices) or not path.size:
        raise BadAnalysis(
            where="index",
            value=index,
            why="the deal has no such index, or the study is given no path",
            why_zh="交易没有该基准利率，或未给出其路径",
        )
    offer = _Offer(study, tranche, study.collections([scenario]), settlement or study.deal.terms.dates.closing)
    levels = [int(x) for x in path[0][: study.deal.program.periods]]
    wanted, asked = fraction(price, "price"), float(fraction(margin, "margin"))

    def short(units: int) -> bool:
        sign = "-" if units < 0 else "+"
        cash = offer.cash(f"{index} {sign} {_per_cent(abs(units))}")
        return offer.clean(cash, Fraction(margin_value(cash, offer.day, asked, levels))) < wanted

    return _least(
        short,
        int(fraction(lowest, "lowest spread") * COUPON_ONE),
        highest,
        Text(f"spread of {tranche}", f"{tranche} 的利差"),
    )


def _least(short: Callable[[int], bool], low: int, highest: Number, what: Text) -> Fraction:
    """The least number of 1e-8 that is not short."""
    top = int(fraction(highest, f"highest {what.en}") * COUPON_ONE)
    if not short(low):
        return Fraction(low, COUPON_ONE)
    last = largest(short, low, top, what)
    if last == top:
        raise no_solution(what, low, highest, Text("the price is above all of them", "价格高于其全部取值"))
    return Fraction(last + 1, COUPON_ONE)


def _per_cent(units: int) -> str:
    return f"{units // 10**6}.{units % 10**6:06d}".rstrip("0").rstrip(".") + "%"


@dataclass(frozen=True, slots=True, eq=False)
class _Offer:
    """A class offered with one coupon after another."""

    study: Study
    tranche: str
    collections: Collections
    day: date

    def cash(self, coupon: str) -> Cash:
        """What it pays with a coupon, a formula of the terms."""
        deal = self.study.deal
        deal.tranche(self.tranche)
        changed = (replace(t, coupon=coupon) if t.id == self.tranche else t for t in deal.terms.tranches)
        made = deal.again(replace(deal.terms, tranches=tuple(changed)))
        return tranche_cash(made, made.run(self.collections, self.study.given), self.tranche)

    def clean(self, cash: Cash, worth: Fraction) -> Fraction:
        """The clean price per 100 of balance of cash that is worth so many minor units."""
        balance = cash.balance_on(self.day)
        if not balance:
            raise BadAnalysis(
                where="settlement",
                value=self.day.isoformat(),
                why=f"{self.tranche} is repaid",
                why_zh=f"{self.tranche} 已偿清",
            )
        return 100 * (worth - accrued(cash, self.day)) / balance
