"""Eligibility and concentration criteria (合格标准与集中度): what each loan and the whole pool must meet.

An eligibility criterion is a condition on one field of a loan; a concentration criterion bounds a measure of the pool
from above or below. Both are decided on whole numbers, so a pool that exceeds a limit by a billionth fails. Headroom
is what is left to the limit, rounded down: it is negative if, and only if, the criterion fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from chainfusion.domain.errors import Text
from chainfusion.domain.loan import FIELD, Kind, Loan
from chainfusion.domain.text import check, check_currency, check_id, check_name

PPM = 1_000_000


class Operator(StrEnum):
    """How a field is compared."""

    AT_MOST = "<="
    AT_LEAST = ">="
    BELOW = "<"
    ABOVE = ">"
    BETWEEN = "between"
    """Both ends included."""
    EQUALS = "=="
    DIFFERS = "!="
    IN = "in"
    NOT_IN = "not in"


_LISTS = (Operator.EQUALS, Operator.DIFFERS, Operator.IN, Operator.NOT_IN)
_OPERANDS = {Operator.BETWEEN: 2, Operator.IN: None, Operator.NOT_IN: None}


@dataclass(frozen=True)
class Condition:
    """A field compared with numbers (money in minor units, rates in ppm, dates in days) or with texts.

    A loan that does not state the field meets the condition only where `unstated` says so.
    """

    field: str
    operator: Operator
    numbers: tuple[int, ...] = ()
    texts: tuple[str, ...] = ()
    unstated: bool = False

    def __post_init__(self) -> None:
        check(self.field in FIELD, f"a loan has no field {self.field!r}")
        textual = self.is_textual
        check(not (self.numbers if textual else self.texts), f"{self.field} is compared with {_compared(textual)}")
        check(not textual or self.operator in _LISTS, f"texts are not compared by {self.operator}")
        wanted, given = _OPERANDS.get(self.operator, 1), len(self.operands)
        check(given == wanted or (wanted is None and given > 0), f"{self.operator} is given {given} values")
        if self.operator is Operator.BETWEEN:
            check(self.numbers[0] <= self.numbers[1], "the first bound is above the second")

    @property
    def is_textual(self) -> bool:
        """Whether the field holds text."""
        return FIELD[self.field].kind in (Kind.TEXT, Kind.CODE)

    @property
    def operands(self) -> tuple[int, ...] | tuple[str, ...]:
        """What the field is compared with."""
        return self.texts if self.is_textual else self.numbers

    def holds(self, loan: Loan) -> bool:
        """Whether a loan meets it: for whoever holds the opening of a single loan."""
        value = getattr(loan, self.field)
        if value is None:
            return self.unstated
        if self.operator in _LISTS:
            return (value in self.operands) == (self.operator in (Operator.EQUALS, Operator.IN))
        low, high = self.bounds
        return (low is None or value >= low) and (high is None or value <= high)

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """The lowest and highest number that meets an ordered comparison; None where there is no such bound."""
        first, last = self.numbers[0], self.numbers[-1]
        return {
            Operator.AT_MOST: (None, first),
            Operator.AT_LEAST: (first, None),
            Operator.BELOW: (None, first - 1),
            Operator.ABOVE: (first + 1, None),
        }.get(self.operator, (first, last))


def _compared(textual: bool) -> str:
    return "texts" if textual else "numbers"


@dataclass(frozen=True)
class Eligibility:
    """What every loan must meet."""

    id: str
    title: Text
    condition: Condition

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.title.en, self.title.zh)


class Measure(StrEnum):
    """What of the pool is measured. Shares are of the current balance, in parts per million."""

    LARGEST_SHARE = "share_of_largest"
    """What the `count` largest values of `field` (borrowers, regions) have together."""
    SHARE_WHERE = "share_where"
    """What the loans that meet `condition` have."""
    WEIGHTED_AVERAGE = "weighted_average"
    """The mean of `field` weighted by current balance, in the field's own unit, over the loans that state it."""
    TOTAL = "total"
    """The number of loans, or the current balance in minor units, as `field` says."""


TOTALS = ("loans", "current_balance")


@dataclass(frozen=True)
class Concentration:
    """A bound on a measure of the pool, in the measure's unit: from above (`at_most`) or from below."""

    id: str
    title: Text
    measure: Measure
    at_most: bool
    limit: int
    field: str | None = None
    count: int = 1
    condition: Condition | None = None

    def __post_init__(self) -> None:
        check_id(self.id)
        check_name(self.title.en, self.title.zh)
        check(
            (self.measure is Measure.SHARE_WHERE) == (self.condition is not None), "only a share_where has a condition"
        )
        check((self.measure is not Measure.SHARE_WHERE) == (self.field is not None), "the measure needs a field")
        check(self.measure is Measure.LARGEST_SHARE or self.count == 1, "only a share of the largest has a count")
        check(self.count >= 1, "a count is at least 1")
        check(self.field is None or self._field_fits(self.field), f"{self.measure} does not apply to {self.field}")
        if self.unit is Unit.SHARE:
            check(0 <= self.limit <= PPM, "a share is between 0% and 100%")

    def _field_fits(self, field: str) -> bool:
        if self.measure is Measure.TOTAL:
            return field in TOTALS
        textual = field in FIELD and FIELD[field].kind in (Kind.TEXT, Kind.CODE)
        return textual if self.measure is Measure.LARGEST_SHARE else field in FIELD and not textual

    @property
    def unit(self) -> Unit:
        """The unit of the limit, the value and the headroom."""
        if self.measure in (Measure.LARGEST_SHARE, Measure.SHARE_WHERE):
            return Unit.SHARE
        if self.field == "loans":
            return Unit.NUMBER
        return _UNITS[FIELD[self.field or ""].kind]

    def headroom(self, value: Fraction) -> int:
        """What is left to the limit, rounded down; negative where `value` is beyond it."""
        left = self.limit - value if self.at_most else value - self.limit
        return left.numerator // left.denominator


class Unit(StrEnum):
    """What a limit counts."""

    SHARE = "share"
    RATE = "rate"
    MONEY = "money"
    NUMBER = "number"
    DATE = "date"


_UNITS = {Kind.RATE: Unit.RATE, Kind.MONEY: Unit.MONEY, Kind.DATE: Unit.DATE, Kind.INTEGER: Unit.NUMBER}


@dataclass(frozen=True)
class Criteria:
    """A pool's criteria. Amounts in them are minor units of `currency`."""

    name: str
    currency: str
    eligibility: tuple[Eligibility, ...]
    concentration: tuple[Concentration, ...]

    def __post_init__(self) -> None:
        check_name(self.name)
        check_currency(self.currency)
        ids = [criterion.id for criterion in self.eligibility] + [criterion.id for criterion in self.concentration]
        check(len(ids) == len(set(ids)), "two criteria have the same id")
        check(bool(ids), "there is no criterion")


# ------------------------------------------------------------------ results


@dataclass(frozen=True)
class EligibilityResult:
    """How many loans fail a criterion, what they owe (minor units), and their share of the balance (ppm)."""

    criterion: Eligibility
    passed: bool
    failing_loans: int
    failing_balance: int
    failing_share: int


@dataclass(frozen=True)
class ConcentrationResult:
    """A measure beside its limit.

    `value` is rounded half to even, in the measure's unit; `headroom` is exact and rounded down, so `passed` is
    `headroom >= 0`; both are None where there is nothing to measure, which fails. Of a share, `balance` is the amount
    behind it and `headroom_balance` how much more (or, from below, less) it could be in a pool of this size.
    """

    criterion: Concentration
    passed: bool
    value: int | None
    headroom: int | None
    balance: int | None
    headroom_balance: int | None


@dataclass(frozen=True)
class CriteriaResults:
    """A pool held against its criteria: what the ledger has the fingerprint of.

    `salt` (16 random bytes) keeps anybody from guessing the results from that fingerprint.
    """

    criteria: Criteria
    root: bytes
    loans: int
    balance: int
    eligibility: tuple[EligibilityResult, ...]
    concentration: tuple[ConcentrationResult, ...]
    salt: bytes

    @property
    def passed(self) -> bool:
        """Whether every criterion is met."""
        return all(e.passed for e in self.eligibility) and all(c.passed for c in self.concentration)


@dataclass(frozen=True)
class FailingLoan:
    """A loan that fails a criterion. `index` is its place in the tape, from 0, as in its commitment; `value` as stated
    in the record, None where it is not."""

    criterion: str
    index: int
    loan_id: str
    field: str
    value: int | str | None


def judged_share(criterion: Concentration, part: int, whole: int) -> ConcentrationResult:
    """A share of the pool against its limit: `part` of `whole`, minor units."""
    if whole <= 0:
        return ConcentrationResult(criterion, False, None, None, part, None)
    share = Fraction(part * PPM, whole)
    allowed = criterion.limit * whole
    left = allowed - part * PPM if criterion.at_most else part * PPM - allowed
    headroom = criterion.headroom(share)
    return ConcentrationResult(criterion, headroom >= 0, round(share), headroom, part, left // PPM)


def judged(criterion: Concentration, value: Fraction | None) -> ConcentrationResult:
    """A measure that is no share against its limit; None fails."""
    if value is None:
        return ConcentrationResult(criterion, False, None, None, None, None)
    headroom = criterion.headroom(value)
    return ConcentrationResult(criterion, headroom >= 0, round(value), headroom, None, None)
