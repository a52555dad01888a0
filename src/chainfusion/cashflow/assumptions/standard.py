"""The generic pool of the Standard Formulas (The Bond Market Association, now SIFMA): one level-payment loan that
stands for a pool, month by month, in Decimal. It is what published tables are made with; a pool of loans to the cent
is `cashflow.pool`'s.

`passthrough` has prepayment only, and a servicing fee between gross and net coupon. `with_defaults` is the pool of the
cash flow tables A and B: defaulted loans stay in foreclosure for `lag` months, in which the servicer's schedule goes on
and their amortization is not received; then they are sold, and `severity` of the balance at default is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from chainfusion.cashflow.assumptions.numbers import Number, fraction
from chainfusion.cashflow.assumptions.rates import DIGITS, amortized, decimal

Rate = Callable[[int], Decimal | Fraction]
"""A monthly rate, as a fraction of one, of a month (from 1)."""
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Passed:
    """A month of a pass-through, in the unit of the balance."""

    month: int
    opening: Decimal
    scheduled: Decimal
    prepaid: Decimal
    interest: Decimal
    """At the net coupon."""
    fee: Decimal
    """Gross less net interest."""

    @property
    def principal(self) -> Decimal:
        """Scheduled and prepaid."""
        return self.scheduled + self.prepaid

    @property
    def payment(self) -> Decimal:
        """What borrowers pay without prepayments: scheduled principal and gross interest."""
        return self.scheduled + self.interest + self.fee

    @property
    def cash(self) -> Decimal:
        """What holders receive."""
        return self.principal + self.interest


def passthrough(balance: Number, gross: Number, net: Number, term: int, smm: Rate) -> tuple[Passed, ...]:
    """The months of a pool with `term` months left; `smm` counts from its first month of the projection.

    Scheduled principal is the opening balance times 1 - BAL(i)/BAL(i-1); prepayment is SMM of what is left.
    """
    with localcontext(DIGITS):
        opening, rows = _decimal(balance), []
        gross_step, net_step = _decimal(gross) / 12, _decimal(net) / 12
        factor = Decimal(1)
        for month in range(1, term + 1):
            after = amortized(term - month, term, gross)
            scheduled = opening * (1 - after / factor)
            prepaid = (opening - scheduled) * _as_decimal(smm(month)) if month < term else _ZERO
            interest = opening * net_step
            rows.append(Passed(month, opening, scheduled, prepaid, interest, opening * gross_step - interest))
            opening, factor = opening - scheduled - prepaid, after
        return tuple(rows)


@dataclass(frozen=True, slots=True)
class Defaulted:
    """A month of the generic pool with defaults; names as in the Standard Formulas' cash flow tables."""

    month: int
    performing_balance: Decimal
    new_defaults: Decimal
    in_foreclosure: Decimal
    amort_factor: Decimal
    expected_amortization: Decimal
    voluntary_prepayments: Decimal
    amort_from_defaults: Decimal
    actual_amort: Decimal
    expected_interest: Decimal
    interest_lost: Decimal
    actual_interest: Decimal
    principal_recovery: Decimal
    principal_loss: Decimal
    amortized_default_bal_in_recovery_month: Decimal


def with_defaults(
    balance: Number, rate: Number, term: int, smm: Rate, mdr: Rate, severity: Number, lag: int
) -> tuple[Defaulted, ...]:
    """The months of a new pool; nobody defaults in the last `lag` months, which a foreclosure would outlast."""
    with localcontext(DIGITS):
        lost_share, step = _decimal(severity), _decimal(rate) / 12
        factors = [amortized(term - month, term, rate) for month in range(term + 1)]
        performing, foreclosed = _decimal(balance), _ZERO
        new, rows = [_ZERO], []
        for month in range(1, term + 1):
            stays = factors[month] / factors[month - 1]
            new.append(performing * _as_decimal(mdr(month)) if month <= term - lag else _ZERO)
            sold_then = new[month - lag] if month > lag else _ZERO
            sold = sold_then * factors[month - 1] / factors[month - lag - 1] if month > lag else _ZERO
            lost = min(sold_then * lost_share, sold)
            waiting = foreclosed + new[month] - sold
            expected = (performing + foreclosed - sold) * (1 - stays)
            withheld = waiting * (1 - stays)
            prepaid = performing * stays * _as_decimal(smm(month)) if month < term else _ZERO
            due, missing = (performing + foreclosed) * step, (foreclosed + new[month]) * step
            performing -= new[month] + prepaid + expected - withheld
            foreclosed = waiting - withheld
            rows.append(
                Defaulted(
                    month, performing, new[month], foreclosed, factors[month], expected, prepaid, withheld,
                    expected - withheld, due, missing, due - missing, sold - lost, lost, sold,
                )
            )  # fmt: skip
        return tuple(rows)


def _decimal(value: Number) -> Decimal:
    return decimal(fraction(value, "number"))


def _as_decimal(value: Decimal | Fraction) -> Decimal:
    return decimal(value) if isinstance(value, Fraction) else value
