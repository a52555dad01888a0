"""The test beds of the ACTUS standard (contract types ANN, LAM and PAM): every event on its day, every figure to 1e-6.

The files are the standard's own; each case's terms are translated into ours and the schedule is compared event by
event: day, kind, payoff, notional, rate and accrued interest. None is left out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chainfusion.cashflow.loans import (
    Amortization,
    Event,
    EventKind,
    Floating,
    IndexLink,
    InterestBase,
    LoanTerms,
    Observations,
    Payments,
    Trade,
    schedule,
)
from chainfusion.domain.calendar import DayCount, EndOfMonth, Roll, Stub, period

FOLDER = Path(__file__).parents[3].parent / "shared" / "data" / "reference" / "actus"
DIGITS = 20
UNIT = 10 ** (2 + DIGITS)
TOLERANCE = Fraction(1, 10**6)
LEFT_OUT: dict[str, str] = {}
"""Cases not run, and why."""

KINDS = {"ANN": Amortization.LEVEL_PAYMENT, "LAM": Amortization.LEVEL_PRINCIPAL, "PAM": Amortization.AT_MATURITY}
DAY_COUNTS = {
    "A365": DayCount.ACT_365F,
    "A360": DayCount.ACT_360,
    "AA": DayCount.ACT_ACT_ISDA,
    "30E360": DayCount.THIRTY_E_360,
}
ROLLS = {
    "F": Roll.FOLLOWING,
    "MF": Roll.MODIFIED_FOLLOWING,
    "P": Roll.PRECEDING,
    "MP": Roll.MODIFIED_PRECEDING,
}


@cache
def cases(name: str) -> dict[str, Any]:
    path = FOLDER / f"actus-tests-{name}.json"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


COUNTS = {"ann": 31, "lam": 31, "pam": 25}
NAMES = [f"{kind}{place:02}" for kind, count in COUNTS.items() for place in range(1, count + 1)]


@dataclass(frozen=True)
class Expected:
    day: date
    kind: EventKind
    payoff: Fraction
    notional: Fraction
    rate: Fraction
    accrued: Fraction


# ------------------------------------------------------------------ translating the standard's terms


def number(text: Any) -> Fraction:
    return Fraction(Decimal(str(text).strip()))


def money(text: Any) -> int:
    return int(number(text) * UNIT)


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def at_end_of_day(text: str) -> bool:
    return text[10:] == "T23:59:59"


class Terms:
    """A case's terms, asked for by their ACTUS names."""

    def __init__(self, terms: dict[str, Any]) -> None:
        self.terms = terms

    def get(self, name: str, read: Any) -> Any:
        return read(self.terms[name]) if name in self.terms else None

    def cycle(self, of: str) -> Payments | None:
        anchor = self.get(f"cycleAnchorDateOf{of}", day)
        text = self.terms.get(f"cycleOf{of}")
        if anchor is None or text is None:
            return None
        match = re.fullmatch(r"P([0-9]+[DWMQHY])L([01])", text)
        assert match is not None
        return Payments(anchor, period(match[1]), Stub.SHORT if match[2] == "1" else Stub.LONG)

    def trade(self, what: str) -> Trade | None:
        if f"{what}Date" not in self.terms:
            return None
        when = self.terms[f"{what}Date"]
        return Trade(day(when), money(self.terms[f"priceAt{what[0].upper()}{what[1:]}Date"]), at_end_of_day(when))

    def floating(self) -> Floating | None:
        resets = self.cycle("RateReset")
        if resets is None:
            return None
        return Floating(
            self.terms["marketObjectCodeOfRateReset"],
            resets,
            spread=self.get("rateSpread", number),
            multiplier=self.get("rateMultiplier", number),
            next_rate=self.get("nextResetRate", number),
        )

    def link(self) -> IndexLink | None:
        dates = self.cycle("ScalingIndex")
        if dates is None:
            return None
        effect = self.terms["scalingEffect"]
        base = number(self.terms["scalingIndexAtContractDealDate"])
        return IndexLink(self.terms["marketObjectCodeOfScalingIndex"], dates, base, effect[0] == "I", effect[1] == "N")

    def base(self) -> InterestBase:
        # NTIED's cases expect interest on the notional as it is now
        lagged = self.terms.get("interestCalculationBase") == "NTL"
        return InterestBase.LAGGED if lagged else InterestBase.OUTSTANDING


def translated(case: dict[str, Any]) -> LoanTerms:
    terms = Terms(case["terms"])
    convention = terms.terms.get("businessDayConvention", "")
    started, seen = terms.get("initialExchangeDate", day), terms.get("statusDate", day)
    accrued = terms.get("accruedInterest", money)
    return LoanTerms(
        loan_id=terms.terms["contractID"] if "contractID" in terms.terms else case["identifier"],
        principal=money(terms.terms["notionalPrincipal"]),
        start=started,
        rate=number(terms.terms["nominalInterestRate"]),
        amortization=KINDS[terms.terms["contractType"]],
        extra_digits=DIGITS,
        maturity=terms.get("maturityDate", day),
        last_day_counts=at_end_of_day(terms.terms.get("maturityDate", terms.terms.get("amortizationDate", ""))),
        amortizes_until=terms.get("amortizationDate", day),
        interest=terms.cycle("InterestPayment"),
        repayment=terms.cycle("PrincipalRedemption"),
        payment=terms.get("nextPrincipalRedemptionPayment", money),
        day_count=DAY_COUNTS[terms.terms["dayCountConvention"]],
        capitalized_until=terms.get("capitalizationEndDate", day),
        floating=terms.floating(),
        lowest_rate=None,
        base=terms.base(),
        base_amount=terms.get("interestCalculationBaseAmount", money),
        base_dates=terms.cycle("InterestCalculationBase") if terms.base() is InterestBase.LAGGED else None,
        calendar="weekdays@1" if terms.terms.get("calendar") == "MF" else "none@1",
        roll=ROLLS.get(convention[2:], Roll.NONE),
        adjusted_interest=convention[:2] != "CS",
        end_of_month=EndOfMonth.LAST if terms.terms.get("endOfMonthConvention") == "EOM" else EndOfMonth.SAME,
        discount=terms.get("premiumDiscountAtIED", money) or 0,
        as_of=seen,
        accrued=accrued if accrued is not None or started > seen else 0,
        purchase=terms.trade("purchase"),
        termination=terms.trade("termination"),
        link=terms.link(),
    )


def observations(case: dict[str, Any]) -> Observations:
    found = case["dataObserved"].items()
    return {name: {day(p["timestamp"]): number(p["value"]) for p in series["data"]} for name, series in found}


def expectations(case: dict[str, Any]) -> list[Expected]:
    kinds = {kind.value: kind for kind in EventKind}
    return [
        Expected(
            day(row["eventDate"]),
            kinds[row["eventType"]],
            number(row["payoff"]),
            number(row["notionalPrincipal"]),
            number(row["nominalInterestRate"]),
            number(row["accruedInterest"]),
        )
        for row in case["results"]
    ]


# ------------------------------------------------------------------ comparing


def payoff(event: Event, sign: int) -> Fraction:
    """What the event pays; the borrower's side of a trade: the standard takes its accrued interest off the price."""
    trade = event.kind in (EventKind.PURCHASE, EventKind.TERMINATION)
    paid = event.principal - event.interest if trade and sign < 0 else event.amount
    return Fraction(sign * paid, UNIT)


@pytest.mark.parametrize("name", NAMES)
def test_every_event_and_figure(name: str) -> None:
    case = cases(name[:3])[name]
    if name in LEFT_OUT:
        pytest.skip(LEFT_OUT[name])
    loan = translated(case)
    sign = -1 if case["terms"]["contractRole"] == "RPL" else 1
    until = day(case["to"]) if case["to"] else date.max
    found = [event for event in schedule(loan, observations(case)) if event.day <= until]
    expected = expectations(case)
    assert [(e.day, e.kind) for e in found] == [(e.day, e.kind) for e in expected]
    for event, wanted in zip(found, expected, strict=True):
        assert abs(payoff(event, sign) - wanted.payoff) <= TOLERANCE, (event, wanted)
        assert abs(Fraction(sign * event.balance, UNIT) - wanted.notional) <= TOLERANCE, (event, wanted)
        assert abs(event.rate - wanted.rate) <= TOLERANCE, (event, wanted)
        assert abs(sign * event.accrued / UNIT - wanted.accrued) <= TOLERANCE, (event, wanted)


def test_every_case_of_the_files_is_run_and_moments_at_the_end_of_a_day_are_kept() -> None:
    found = [name for kind in ("ann", "lam", "pam") for name in cases(kind)]
    assert sorted(found) == sorted(NAMES)
    assert set(LEFT_OUT) <= set(NAMES)
    for kind in ("ann", "lam", "pam"):
        for name, case in cases(kind).items():
            late = {row["eventDate"] for row in case["results"] if at_end_of_day(row["eventDate"])}
            loan = translated(case)
            told = loan.last_day_counts or any(t and t.end_of_day for t in (loan.purchase, loan.termination))
            assert bool(late) == told, name
            assert all(day(moment) + timedelta(days=1) > loan.start for moment in late)
