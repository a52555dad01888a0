"""The real tapes: each loads with its mapping and no code, and its totals are those that the csv module sums."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

import chainfusion.tape
from chainfusion.tape.intake import Intake, inspect_tape
from chainfusion.tape.mapping_reader import load_mapping

TAPES = Path(__file__).parents[2].parent / "shared" / "data" / "tapes"
MAPPINGS = Path(chainfusion.tape.__file__).parent / "mappings"
Row = dict[str, str]


@dataclass(frozen=True)
class Real:
    """A real tape, its mapping, and what it should come to, said without the mapping."""

    file: str
    mapping: str
    balance: str
    original: str
    belongs: Callable[[list[Row]], Iterator[Row]]


def _paid_off_left_out(column: str) -> Callable[[list[Row]], Iterator[Row]]:
    return lambda table: (r for r in table if Decimal(r[column]) > 0)


def _latest_open(table: list[Row]) -> Iterator[Row]:
    latest: dict[str, Row] = {}
    for r in table:
        month, day, year = r["reportingPeriodEndingDate"].split("-")
        if r["id"] not in latest or (year, month, day) > latest[r["id"]]["key"]:  # type: ignore[operator]
            latest[r["id"]] = r | {"key": (year, month, day)}  # type: ignore[dict-item]
    return (r for r in latest.values() if r["zeroBalanceCode"] == "-")


def _last_period(table: list[Row]) -> Iterator[Row]:
    last = max(r["reportingPeriodEndDate"] for r in table)
    return (
        r for r in table
        if r["reportingPeriodEndDate"] == last and Decimal(r["reportPeriodEndScheduledLoanBalanceAmount"]) > 0
    )  # fmt: skip


REAL = [
    Real("ally_auto_aart2895_2019.csv", "ally-auto-aart-2019.yaml", "reportingPeriodActualEndBalanceAmount",
         "originalLoanAmount", _paid_off_left_out("reportingPeriodActualEndBalanceAmount")),
    Real("americredit_absee_history_sample.csv", "americredit-absee-history.yaml",
         "reportingPeriodActualEndBalanceAmount", "originalLoanAmount", _latest_open),
    Real("lendingclub_openintro_loans_full_schema_10000.csv", "lendingclub-2018.yaml", "balance", "loan_amount",
         lambda table: (r for r in table if r["loan_status"] not in ("Fully Paid", "Charged Off"))),
    Real("sec_absee_cmbs_loan_sample.csv", "ubs-cmbs-2017-c1.yaml", "reportPeriodEndScheduledLoanBalanceAmount",
         "originalLoanAmount", _last_period),
]  # fmt: skip


def _intake(real: Real) -> Intake:
    if not (TAPES / real.file).exists():
        pytest.skip(f"the real tape {real.file} is not here")
    return inspect_tape(TAPES / real.file, load_mapping(MAPPINGS / real.mapping))


def _cents(rows: list[Row], column: str) -> int:
    return int(sum((Decimal(r[column]) for r in rows), Decimal(0)) * 100)


@pytest.mark.parametrize("real", REAL, ids=lambda real: real.mapping)
def test_counts_and_totals_are_those_of_the_file(real: Real) -> None:
    intake = _intake(real)
    with (TAPES / real.file).open(newline="", encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    mine = list(real.belongs(table))
    report = intake.report
    assert (report.errors, report.rows_read) == (0, len(table))
    assert report.loans == len(mine) > 0
    assert report.balance == _cents(mine, real.balance)
    assert report.original_balance == _cents(mine, real.original)
    assert report.rows_read == report.loans + sum(part.rows for part in report.left_out)
    assert len(intake.accepted()) == len(mine)


@pytest.mark.parametrize("real", REAL, ids=lambda real: real.mapping)
def test_every_loan_of_a_real_tape_has_what_statistics_need(real: Real) -> None:
    frame = _intake(real).accepted().frame
    for name in (
        "loan_id",
        "current_balance",
        "rate_ppm",
        "original_term",
        "remaining_term",
        "seasoning",
        "origination_date",
    ):
        assert frame[name].null_count() == 0
    assert frame["loan_id"].n_unique() == frame.height
    assert 0 < frame["rate_ppm"].mean() < 400_000  # type: ignore[operator]


def test_a_known_loan_of_the_ally_tape_is_as_filed() -> None:
    loan = _intake(REAL[0]).accepted().loan(0)
    assert (loan.loan_id, loan.original_balance, loan.current_balance) == ("23557456", 1_452_955, 1_373_228)
    assert (loan.rate_ppm, loan.original_term, loan.remaining_term, loan.region) == (66_400, 73, 67, "RI")
    assert (loan.collateral_value, loan.ltv_ppm, loan.credit_score) == (2_297_500, 597_705, 693)


def test_what_is_odd_in_real_tapes_is_a_warning() -> None:
    assert [(c.rule, c.count) for c in _intake(REAL[2]).report.counts] == [("zero_balance", 1)]
    assert {c.rule for c in _intake(REAL[0]).report.counts} == {"high_ltv"}


def test_every_mapping_that_is_shipped_is_read() -> None:
    shipped = sorted(MAPPINGS.glob("*.yaml"))
    assert len({load_mapping(path).fingerprint() for path in shipped}) == len(shipped) >= len(REAL)


def test_the_demos_own_tape_loads_with_the_ally_mapping() -> None:
    path = Path(chainfusion.tape.__file__).parents[1] / "demo" / "data" / "ally-auto-2019-08.csv"
    report = inspect_tape(path, load_mapping(MAPPINGS / "ally-auto-aart-2019.yaml")).report
    assert report.errors == 0
    assert report.loans > 2_000
