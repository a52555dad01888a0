"""One class's dated cash in whole minor units: from a run of a deal, or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise

import polars as pl

from chainfusion.cashflow.analytics.deal import Deal
from chainfusion.cashflow.analytics.errors import BadAnalysis, BadCash
from chainfusion.cashflow.analytics.framed import Framed
from chainfusion.cashflow.scenarios.run import Result
from chainfusion.domain.calendar import DayCount


@dataclass(frozen=True, slots=True)
class Cash(Framed):
    """Payments of one class, period by period, in minor units.

    `start`: when interest begins to run and the balance is `face`; `accrued_to`: up to which day each payment's
    interest runs (the payment date before rolling); `dates`: when it is paid; `balance`: what is left after it.
    `day_count` is the one of the interest. Raises: BadCash.
    """

    name: str
    currency: str
    face: int
    start: date
    accrued_to: tuple[date, ...]
    dates: tuple[date, ...]
    principal: tuple[int, ...]
    interest: tuple[int, ...]
    balance: tuple[int, ...]
    day_count: DayCount

    def __post_init__(self) -> None:
        columns = (self.accrued_to, self.principal, self.interest, self.balance)
        self._require(len(self.dates) > 0, "dates", "there is no payment")
        for n, day in enumerate((self.start, *self.dates, *self.accrued_to)):
            self._require(type(day) is date, f"date {n}" if n else "start", f"{day!r} is no date")
        self._require(all(len(c) == len(self.dates) for c in columns), "columns", "they are not of one length")
        self._require(self.start < self.dates[0], "date 1", "it does not come after the start")
        for n, (before, after) in enumerate(pairwise(self.dates), 2):
            self._require(before < after, f"date {n}", f"{after} does not come after {before}")
        for n, (begun, ended) in enumerate(pairwise((self.start, *self.accrued_to)), 1):
            self._require(begun <= ended, f"interest day {n}", f"{ended} comes before {begun}")
        self._require(type(self.face) is int and self.face >= 0, "face", f"{self.face!r} is no amount")
        for name in ("principal", "interest", "balance"):
            for n, amount in enumerate(getattr(self, name), 1):
                self._require(type(amount) is int and amount >= 0, f"{name} {n}", f"{amount!r} is no amount")

    def _require(self, holds: bool, where: str, why: str) -> None:
        if not holds:
            raise BadCash(name=self.name, where=where, why=why)

    @property
    def amounts(self) -> tuple[int, ...]:
        """Principal and interest together."""
        return tuple(p + i for p, i in zip(self.principal, self.interest, strict=True))

    def balance_on(self, day: date) -> int:
        """What is left after all payments up to and with a day."""
        return next(
            (b for d, b in zip(reversed(self.dates), reversed(self.balance), strict=True) if d <= day), self.face
        )

    def after(self, settlement: date) -> list[tuple[date, int]]:
        """Payments that a buyer at `settlement` gets: those after it. Raises: BadAnalysis where there are none."""
        found = [(d, a) for d, a in zip(self.dates, self.amounts, strict=True) if d > settlement and a]
        if not found:
            why, why_zh = f"{self.name} pays nothing after it", f"{self.name} 此后没有支付"
            raise BadAnalysis(where="settlement", value=settlement.isoformat(), why=why, why_zh=why_zh)
        return found

    def frame(self) -> pl.DataFrame:
        """A row a payment, in minor units."""
        return pl.DataFrame(
            {
                "date": self.dates,
                "interest": self.interest,
                "principal": self.principal,
                "cash": self.amounts,
                "balance": self.balance,
            }
        )


def cash(
    dates: Sequence[date],
    principal: Sequence[int],
    interest: Sequence[int],
    start: date,
    *,
    name: str = "cash",
    currency: str = "CNY",
    face: int | None = None,
    accrued_to: Sequence[date] | None = None,
    day_count: DayCount = DayCount.ACT_365F,
) -> Cash:
    """Dated cash by hand. `face`: default, all principal; `accrued_to`: default, the payment dates. Raises: BadCash."""
    whole = [p for p in principal if type(p) is int]
    first = sum(whole) if face is None else face
    left = [first - paid for paid in accumulate(whole)]
    balance = left if len(whole) == len(principal) else [0] * len(principal)
    return Cash(
        name, currency, first, start, tuple(dates if accrued_to is None else accrued_to), tuple(dates),
        tuple(principal), tuple(interest), tuple(balance), day_count,
    )  # fmt: skip


def tranche_cash(deal: Deal, result: Result, name: str, scenario: int = 0) -> Cash:
    """A class's cash in one scenario of a run, from closing on. A return (of a residual class) counts as interest.

    Raises: BadAnalysis for a class or scenario that there is not.
    """
    tranche = deal.tranche(name)
    if not 0 <= scenario < result.scenarios:
        raise BadAnalysis(
            where="scenario",
            value=scenario,
            why=f"the run has {result.scenarios}, counted from 0",
            why_zh=f"本次测算共 {result.scenarios} 个，从 0 起",
        )

    def column(flow: str) -> list[int]:
        return [int(x) for x in deal.flow(result, f"{name}.{flow}")[scenario]]

    earned = [i + r for i, r in zip(column("interest_paid"), column("return_paid"), strict=True)]
    return Cash(
        name, deal.terms.currency, tranche.size, deal.terms.dates.closing,
        tuple(p.interest_to for p in deal.periods), tuple(p.payment for p in deal.periods),
        tuple(column("principal_paid")), tuple(earned), tuple(column("balance")), tranche.day_count,
    )  # fmt: skip
