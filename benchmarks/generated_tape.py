"""Writes loan tapes of any size, for measuring only: the loans are generated, and their source column says so.

Columns are as an auto lender's system exports them, thirty of them, of which the mapping takes twenty.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

AS_OF = date(2025, 6, 30)
STATES = ("CA", "TX", "FL", "NY", "PA", "IL", "OH", "GA", "NC", "MI", "NJ", "VA", "WA", "AZ", "TN", "MA")
MAKERS = ("TOYOTA", "HONDA", "FORD", "CHEVROLET", "NISSAN", "HYUNDAI", "KIA", "JEEP", "SUBARU", "RAM")
_ROWS_AT_ONCE = 200_000

MAPPING = b"""
format: chainfusion-mapping-v1
originator: Generated, no real lender
source: benchmarks/generated_tape.py
as_of: 2025-06-30
currency: USD
fields:
  loan_id: assetNumber
  borrower_id: obligorNumber
  product: {constant: AUTO_LOAN}
  original_balance: originalLoanAmount
  current_balance: actualEndBalanceAmount
  rate_ppm: {column: interestRatePercentage, unit: fraction}
  original_term: originalLoanTerm
  remaining_term: remainingTermToMaturityNumber
  seasoning: loanAgeNumber
  origination_date: {column: originationDate, dates: "%Y-%m-%d"}
  first_payment_date: {column: originalFirstPaymentDate, dates: "%Y-%m-%d"}
  maturity_date: {column: loanMaturityDate, dates: "%Y-%m-%d"}
  repayment: {column: paymentTypeCode, values: {"2": LEVEL_PAYMENT}}
  payment_amount: scheduledPaymentAmount
  status: {column: statusCode, values: {C: CURRENT, D: DELINQUENT}}
  days_past_due: currentDelinquencyStatus
  collateral_value: vehicleValueAmount
  credit_score: obligorCreditScore
  region: obligorGeographicLocation
"""


def write_tape(path: Path, loans: int, seed: int = 20250630) -> None:
    """A CSV of so many generated loans; the same for the same seed."""
    pick = np.random.default_rng(seed)
    with path.open("wb") as file:
        for begin in range(0, loans, _ROWS_AT_ONCE):
            count = min(_ROWS_AT_ONCE, loans - begin)
            file.write(_loans(pick, begin, count).write_csv(include_header=begin == 0).encode())


def _loans(pick: np.random.Generator, begin: int, count: int) -> pl.DataFrame:
    number = np.arange(begin, begin + count)
    term = pick.choice([36, 48, 60, 72], count)
    age = pick.integers(1, 30, count)
    original = pick.integers(5_000_00, 60_000_00, count)
    current = original * (term - age) // term
    late = np.where(pick.random(count) < 0.04, pick.integers(1, 90, count), 0)
    rate = pick.integers(250, 1500, count) / 10_000
    return pl.DataFrame(
        {
            "assetNumber": _labels("GEN", number),
            "source": np.full(count, "generated"),
            "obligorNumber": _labels("OBL", number * 7 // 8),
            **_dates(term, age),
            "originalLoanAmount": original / 100,
            "actualEndBalanceAmount": current / 100,
            "beginningLoanBalanceAmount": current / 100,
            "interestRatePercentage": rate,
            "originalInterestRatePercentage": rate,
            "originalLoanTerm": term,
            "remainingTermToMaturityNumber": term - age,
            "loanAgeNumber": age,
            "paymentTypeCode": np.full(count, "2"),
            "scheduledPaymentAmount": original // term / 100,
            "statusCode": np.where(late > 30, "D", "C"),
            "currentDelinquencyStatus": late,
            "vehicleValueAmount": original // 100 + 2_000,
            "vehicleManufacturerName": pick.choice(MAKERS, count),
            "vehicleModelYear": pick.integers(2012, 2026, count),
            "vehicleNewUsedCode": pick.integers(1, 3, count),
            "obligorCreditScore": pick.integers(560, 850, count),
            "obligorGeographicLocation": pick.choice(STATES, count),
            "paymentToIncomePercentage": pick.integers(200, 2000, count) / 10_000,
            "servicingFeePercentage": np.full(count, 0.01),
            "coObligorIndicator": pick.random(count) < 0.3,
            "repossessedIndicator": np.full(count, False),
            "subvented": np.full(count, "0"),
        }
    )


def _labels(prefix: str, numbers: np.ndarray) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(9).str.replace("^", prefix)


def _dates(term: np.ndarray, age: np.ndarray) -> dict[str, pl.Series]:
    """First days of months, as far from the cut-off date as age and term say."""
    made = pl.DataFrame({"age": age, "term": term}).select(
        originationDate=pl.lit(AS_OF).dt.month_start().dt.offset_by(pl.format("-{}mo", "age")),
        originalFirstPaymentDate=pl.lit(AS_OF).dt.month_start().dt.offset_by(pl.format("-{}mo", pl.col("age") - 1)),
        loanMaturityDate=pl.lit(AS_OF).dt.month_start().dt.offset_by(pl.format("{}mo", pl.col("term") - pl.col("age"))),
    )
    return {name: made[name] for name in made.columns}


if __name__ == "__main__":
    write_tape(Path(sys.argv[1]), int(sys.argv[2]))
