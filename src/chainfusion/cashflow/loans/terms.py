"""What a loan's contract says, as one record.

Money is whole minor units (fen, cents) of the currency; with `extra_digits` so many further decimal digits, so that
the unrounded mode is the same arithmetic with a finer unit. Rates are exact fractions a year: Fraction("0.0435").
Dates are the contract's own, before any business-day roll.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from chainfusion.domain.calendar import DayCount, EndOfMonth, Period, Roll, Stub
from chainfusion.domain.loan import minor_digits

MONTH = Period(months=1)
ZERO = Fraction(0)


class Amortization(Enum):
    """How principal is repaid."""

    LEVEL_PAYMENT = "level_payment"
    """等额本息: equal payments of interest and principal (ACTUS ANN)."""
    LEVEL_PRINCIPAL = "level_principal"
    """等额本金: equal principal, interest on top (ACTUS LAM)."""
    AT_MATURITY = "at_maturity"
    """All at the end; with an interest cycle interest-only, without one a bullet (ACTUS PAM)."""
    IRREGULAR = "irregular"
    """By a list of instalments."""


class InterestBase(Enum):
    """What interest is charged on."""

    OUTSTANDING = "outstanding"
    INITIAL = "initial"
    """The principal at the start, whatever was repaid: flat rates, instalment plans."""
    LAGGED = "lagged"
    """The balance of the last base date (ACTUS NTL)."""


class FeeKind(Enum):
    """When a fee is due and what it is a part of."""

    UPFRONT = "upfront"
    """Once, at the start, on the principal."""
    EACH_ON_INITIAL = "each_on_initial"
    """With every repayment, on the principal at the start: card instalments (分期手续费)."""
    EACH_ON_OUTSTANDING = "each_on_outstanding"
    """With every repayment, on the balance before it: servicing, guarantee fees."""


@dataclass(frozen=True, slots=True)
class Payments:
    """Regular dates: the first, then one every `every`; `stub` says what becomes of a broken last period.

    `day` is the day of the month that the dates keep where the month has it (31: the last): a loan of 31 January is
    due on 28 February, then on 31 March.
    """

    first: date
    every: Period | None = MONTH
    stub: Stub = Stub.SHORT
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of an irregular schedule: so much principal, or so much in all (then interest first)."""

    day: date
    amount: int
    with_interest: bool = False


@dataclass(frozen=True, slots=True)
class RateStep:
    """From `day` on the rate is `rate`."""

    day: date
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Floating:
    """A rate reset from an index: index x multiplier + spread, within its limits.

    The index's value is the last one published on or before the reset day less `fixing_lag` days. `period_cap` and
    `period_floor` limit one reset's change (the floor is negative), `cap` and `floor` the rate itself. `next_rate`
    is what the first reset is already known to bring.
    """

    index: str
    resets: Payments
    spread: Fraction = ZERO
    multiplier: Fraction = Fraction(1)
    fixing_lag: int = 0
    cap: Fraction | None = None
    floor: Fraction | None = None
    period_cap: Fraction | None = None
    period_floor: Fraction | None = None
    next_rate: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee: `rate` of what `kind` says."""

    rate: Fraction
    kind: FeeKind = FeeKind.EACH_ON_INITIAL


@dataclass(frozen=True, slots=True)
class Trade:
    """The loan bought or ended on a day for a price (minor units) plus accrued interest.

    `end_of_day`: the day itself still earns interest.
    """

    day: date
    price: int
    end_of_day: bool = False


@dataclass(frozen=True, slots=True)
class IndexLink:
    """Payments multiplied by an index, such as a price level: its value by `base_value`, taken anew on `dates`."""

    index: str
    dates: Payments
    base_value: Fraction
    interest: bool = True
    principal: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanTerms:
    """A loan's terms. Only id, principal, start, rate and amortization are always needed.

    `payment` is the level payment, or the principal of each period; None: computed, and for level pay computed anew
    at each change of rate unless `recast` is off. `amortizes_until` beyond `maturity` makes a balloon; `balloon` is
    what is left for the last day by plan. `as_of` on or after `start`: the loan is looked at from that day on
    (cut-off), with `principal` its balance then and `accrued` the interest earned and unpaid (None: since the last
    interest date). `adjusted_interest`: interest runs to the rolled date (ACTUS SC), else to the contract's (CS).
    `last_day_counts`: the maturity day itself earns interest (算头又算尾). `lowest_rate`: None allows any.
    """

    loan_id: str
    principal: int
    start: date
    rate: Fraction
    amortization: Amortization
    currency: str = "CNY"
    extra_digits: int = 0
    maturity: date | None = None
    interest: Payments | None = None
    repayment: Payments | None = None
    payment: int | None = None
    recast: bool = True
    amortizes_until: date | None = None
    balloon: int = 0
    instalments: tuple[Instalment, ...] = ()
    day_count: DayCount = DayCount.THIRTY_E_360
    capitalized_until: date | None = None
    steps: tuple[RateStep, ...] = ()
    floating: Floating | None = None
    lowest_rate: Fraction | None = ZERO
    base: InterestBase = InterestBase.OUTSTANDING
    base_amount: int | None = None
    base_dates: Payments | None = None
    fee: Fee | None = None
    calendar: str = "none@1"
    roll: Roll = Roll.NONE
    adjusted_interest: bool = True
    end_of_month: EndOfMonth = EndOfMonth.SAME
    last_day_counts: bool = False
    discount: int = 0
    as_of: date | None = None
    accrued: int | None = None
    purchase: Trade | None = None
    termination: Trade | None = None
    link: IndexLink | None = None

    @property
    def seen_from(self) -> date:
        """The day on which the schedule opens: the start, or the day it is looked at from if that is later."""
        return self.start if self.as_of is None else max(self.start, self.as_of)

    @property
    def drawn_before(self) -> bool:
        """Whether the loan is looked at from a day on or after its start, so that its drawdown is past."""
        return self.as_of is not None and self.as_of >= self.start

    def decimal(self, amount: int | Fraction) -> Decimal:
        """An amount of this loan in the currency's major unit."""
        exact = Fraction(amount) / 10 ** (minor_digits(self.currency) + self.extra_digits)
        return Decimal(exact.numerator) / Decimal(exact.denominator)


_MONEY = ("principal", "payment", "balloon", "base_amount", "discount", "accrued")


def unrounded(terms: LoanTerms, digits: int = 18) -> LoanTerms:
    """The same loan in a unit `digits` decimal digits finer: what rounding to the minor unit takes away stays.

    Amounts of its schedule are in that unit; `terms.decimal` shows them.
    """
    factor = 10**digits
    finer: dict[str, Any] = {name: _times(getattr(terms, name), factor) for name in _MONEY}
    finer["instalments"] = tuple(replace(i, amount=i.amount * factor) for i in terms.instalments)
    for name in ("purchase", "termination"):
        trade = getattr(terms, name)
        finer[name] = None if trade is None else replace(trade, price=trade.price * factor)
    return replace(terms, extra_digits=terms.extra_digits + digits, **finer)


def _times(amount: int | None, factor: int) -> int | None:
    return None if amount is None else amount * factor


if not set(_MONEY) <= {field.name for field in fields(LoanTerms)}:
    raise TypeError("every money field named must be a field of LoanTerms")
