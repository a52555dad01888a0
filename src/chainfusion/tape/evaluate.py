"""Holds a tape against its criteria, whole columns at a time. What they mean is in `domain.criteria`."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from chainfusion.domain.criteria import (
    PPM,
    Concentration,
    ConcentrationResult,
    Condition,
    Criteria,
    CriteriaResults,
    Eligibility,
    EligibilityResult,
    FailingLoan,
    Measure,
    Operator,
    judged,
    judged_share,
)
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import to_bytes
from chainfusion.domain.statistics import rounded
from chainfusion.tape.measure import owed_by
from chainfusion.tape.schema import Tape
from chainfusion.tape.sums import exact_dot, exact_sum

KEPT_PER_CRITERION = 10_000
"""So many failing loans of a criterion are kept with their place; all are counted."""
_SALT_BYTES = 16


class CriteriaCurrency(ChainFusionError):
    """Criteria whose amounts are in another currency than the tape's."""

    code = "CRITERIA_CURRENCY"
    says = Text(
        "The criteria are in {criteria}, the tape is in {tape}.", "标准以 {criteria} 计，资产清单以 {tape} 计。"
    )
    do = Text("Use the criteria of this deal, or state their currency.", "请使用本项目的标准，或更正其币种。")


@dataclass(frozen=True)
class CriteriaReport:
    """The results, fit to be shown to a deal's parties, and the failing loans, for those who may read the tape."""

    results: CriteriaResults
    failing: tuple[FailingLoan, ...]

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the canonical results: what the pool's record holds."""
        return hashlib.sha256(to_bytes(self.results)).digest()


def evaluate(tape: Tape, criteria: Criteria, root: bytes, salt: bytes | None = None) -> CriteriaReport:
    """The pool of `root` against its criteria; `salt` is fresh where none is given. Raises: CriteriaCurrency."""
    require(tape.currency == criteria.currency, CriteriaCurrency(criteria=criteria.currency, tape=tape.currency))
    balance = exact_sum(tape.frame["current_balance"])
    fails = {c.id: ~meets(tape.frame, c.condition) for c in criteria.eligibility}
    results = CriteriaResults(
        criteria=criteria,
        root=root,
        loans=len(tape),
        balance=balance,
        eligibility=tuple(_eligible(tape.frame, c, fails[c.id], balance) for c in criteria.eligibility),
        concentration=tuple(_concentrated(tape.frame, c, balance) for c in criteria.concentration),
        salt=os.urandom(_SALT_BYTES) if salt is None else salt,
    )
    failing = (loan for c in criteria.eligibility for loan in _failing(tape.frame, c, fails[c.id]))
    return CriteriaReport(results, tuple(failing))


def meets(frame: pl.DataFrame, condition: Condition) -> pl.Series:
    """For each loan whether it meets the condition."""
    column = pl.col(condition.field)
    if condition.operator in (Operator.EQUALS, Operator.IN):
        found = column.is_in(list(condition.operands))
    elif condition.operator in (Operator.DIFFERS, Operator.NOT_IN):
        found = ~column.is_in(list(condition.operands))
    else:
        low, high = condition.bounds
        found = pl.lit(True)
        found = found if low is None else found & (column >= low)
        found = found if high is None else found & (column <= high)
    stated = pl.when(column.is_null()).then(pl.lit(condition.unstated)).otherwise(found)
    return frame.select(stated.alias("meets"))["meets"]


# ------------------------------------------------------------------ loans


def _eligible(frame: pl.DataFrame, criterion: Eligibility, fails: pl.Series, balance: int) -> EligibilityResult:
    failing = frame["current_balance"].filter(fails)
    owed = exact_sum(failing)
    share = rounded(owed * PPM, balance) if balance > 0 else 0
    return EligibilityResult(criterion, failing.is_empty(), len(failing), owed, share)


def _failing(frame: pl.DataFrame, criterion: Eligibility, fails: pl.Series) -> list[FailingLoan]:
    field = criterion.condition.field
    places = fails.arg_true().head(KEPT_PER_CRITERION)
    loans = zip(places, frame["loan_id"].gather(places), frame[field].gather(places), strict=True)
    return [FailingLoan(criterion.id, index, loan_id, field, value) for index, loan_id, value in loans]


# ------------------------------------------------------------------ the pool


def _concentrated(frame: pl.DataFrame, criterion: Concentration, balance: int) -> ConcentrationResult:
    if criterion.condition is not None:
        part = exact_sum(frame["current_balance"].filter(meets(frame, criterion.condition)))
        return judged_share(criterion, part, balance)
    field = criterion.field or ""
    if criterion.measure is Measure.LARGEST_SHARE:
        largest = owed_by(frame, field)["balance"].head(criterion.count)
        return judged_share(criterion, exact_sum(largest), balance)
    if criterion.measure is Measure.TOTAL:
        return judged(criterion, Fraction(frame.height if field == "loans" else balance))
    return judged(criterion, _weighted_average(frame, field))


def _weighted_average(frame: pl.DataFrame, field: str) -> Fraction | None:
    stated = frame.select(pl.col(field).alias("value"), pl.col("current_balance").alias("weight")).drop_nulls()
    weight = exact_sum(stated["weight"])
    return Fraction(exact_dot(stated["value"], stated["weight"]), weight) if weight > 0 else None
