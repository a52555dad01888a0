"""The Standard Formulas' published tables and examples, to the published digit."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from chainfusion.cashflow.assumptions import prepayment, rates
from chainfusion.cashflow.assumptions.standard import Defaulted, Passed, passthrough, with_defaults

REFERENCE = Path(__file__).parents[3].parent / "shared" / "data" / "reference"
FORMULAS, CMO = REFERENCE / "bma_standard_formulas", REFERENCE / "cmo"
pytestmark = pytest.mark.skipif(not FORMULAS.exists(), reason="published tables are not beside the project")


def table(path: Path) -> Iterator[dict[str, str]]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return csv.DictReader(lines)


def rounded(value: Decimal, like: str) -> Decimal:
    return value.quantize(Decimal(like), rounding=ROUND_HALF_UP)


def per_cent(rate: object) -> Decimal:
    exact = rates.decimal(rate) if not isinstance(rate, Decimal) else rate
    return exact * 100


def test_every_rate_of_the_conversion_table() -> None:
    for row in table(FORMULAS / "bma_prepay_rate_conversion_table.csv"):
        smm = Decimal(row["SMM"]) / 100
        assert rounded(per_cent(rates.annual(smm)), row["CPR"]) == Decimal(row["CPR"]), row
        assert rounded(rates.psa_of_smm(smm, 30), row["PSA30"]) == Decimal(row["PSA30"]), row


def test_every_smm_of_the_psa_table() -> None:
    cells = 0
    for row in table(FORMULAS / "1m_PSAtoSMM_conversion.csv"):
        month = int(row.pop("Month"))
        for column, published in row.items():
            smm = rates.psa_smm(column.removeprefix("PSA"), month)
            assert rounded(per_cent(smm), published) == Decimal(published), (month, column)
            cells += 1
    assert cells == 570


def test_every_smm_of_the_abs_table() -> None:
    for row in table(FORMULAS / "abs_to_smm_sf14.csv"):
        month = int(row.pop("month"))
        for column, published in row.items():
            speed = Decimal(column.removeprefix("ABS")) / 100
            assert rounded(per_cent(rates.abs_smm(speed, month)), published) == Decimal(published), (month, column)


def test_curves_on_the_grid_keep_the_published_digits() -> None:
    curve = prepayment.abs_speed("0.015")
    for row in table(FORMULAS / "abs_to_smm_sf14.csv"):
        assert rounded(per_cent(curve.exact(int(row["month"]))), row["ABS1.50"]) == Decimal(row["ABS1.50"])
    curve = prepayment.psa(250)
    for row in table(FORMULAS / "1m_PSAtoSMM_conversion.csv"):
        assert rounded(per_cent(curve.exact(int(row["Month"]))), row["PSA250"]) == Decimal(row["PSA250"])


@pytest.mark.parametrize("psa", [100, 125, 150, 175, 200, 250, 300, 400, 500])
def test_the_cumulative_default_matrix(psa: int) -> None:
    row = next(row for row in table(FORMULAS / "cumulative_default_matrix.csv") if row["%PSA"] == str(psa))
    for column, published in row.items():
        if column == "%PSA":
            continue
        sda = column.removeprefix("%SDA_")
        months = with_defaults(100, "0.08", 360, psa_of(psa), sda_of(sda), "0.2", 12)
        assert rounded(sum(month.new_defaults for month in months), published) == Decimal(published), column


def psa_of(percent: object):
    smms = [rates.psa_smm(percent, month) for month in range(1, rates.PSA_RAMP + 1)]
    return lambda month: smms[min(month, rates.PSA_RAMP) - 1]


def sda_of(percent: object):
    mdrs = [rates.monthly(rates.sda_cdr(percent, month)) for month in range(1, 121)]
    return lambda month: mdrs[min(month, 120) - 1]


def flat(rate: str):
    return lambda month: Decimal(rate)


@pytest.mark.parametrize(
    ("name", "smm", "mdr"),
    [
        ("bma_cashflow_a_clean.csv", flat("0.01"), flat("0.01")),
        ("bma_cashflow_b_clean.csv", psa_of(150), sda_of(100)),
    ],
)
def test_every_cell_of_the_cash_flows_with_defaults(name: str, smm, mdr) -> None:
    months = with_defaults(100_000_000, "0.08", 360, smm, mdr, "0.2", 12)
    published = [row for row in table(FORMULAS / name) if row["month"].isdigit()]
    assert len(months) == len(published) == 360
    for month, row in zip(months, published, strict=True):
        for column in Defaulted.__slots__[1:]:
            if row[column] == "":
                continue
            like = "0.0001" if column == "amort_factor" else "1"
            assert rounded(getattr(month, column), like) == Decimal(row[column]), (month.month, column)


TOTALS = ("new_defaults", "expected_amortization", "voluntary_prepayments", "amort_from_defaults", "actual_amort",
          "principal_recovery", "principal_loss", "amortized_default_bal_in_recovery_month")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "smm", "mdr"),
    [
        ("bma_cashflow_a_clean.csv", flat("0.01"), flat("0.01")),
        ("bma_cashflow_b_clean.csv", psa_of(150), sda_of(100)),
    ],
)
def test_the_totals_of_the_cash_flows_with_defaults(name: str, smm, mdr) -> None:
    """The tables add up unrounded amounts; 1 is a rounding of the sum."""
    months = with_defaults(100_000_000, "0.08", 360, smm, mdr, "0.2", 12)
    total = next(row for row in table(FORMULAS / name) if row["month"] == "Total")
    for column in TOTALS:
        if total.get(column):
            assert rounded(sum(getattr(month, column) for month in months), "1") == Decimal(total[column]), column


# ------------------------------------------------------------------ scalar examples


def published(page: str, part: str) -> Decimal:
    found = [
        row["published"]
        for row in table(FORMULAS / "scalar_examples.csv")
        if row["page"] == page and part in row["quantity"] + " "
    ]
    assert len(found) == 1, (page, part, found)
    return Decimal(found[0])


def test_the_first_month_of_the_pass_through_on_page_4() -> None:
    first = passthrough(1, "0.095", "0.09", 360, psa_of(150))[0]
    assert rounded(first.prepaid, "1.00000000") == Decimal("0.00025022")  # the amount that the example names
    assert rounded(first.scheduled, "1.00000000") == published("SF-4", "GNMA-type")
    assert rounded(first.interest + first.fee, "1.00000000") == published("SF-4", "gross mortgage interest")
    assert rounded(first.fee, "1.00000000") == published("SF-4", "servicing fee")
    assert rounded(first.cash, "1.0000000") == published("SF-4", "pass-through cash flow")


def test_factor_to_smm_cpr_and_psa_on_pages_6_and_7() -> None:
    before, after = rates.amortized(344, 359, "0.095"), rates.amortized(343, 359, "0.095")
    assert rounded(before, "1.00000000") == published("SF-6", "BAL1 (")
    assert rounded(after, "1.00000000") == published("SF-6", "BAL2 (")
    scheduled = Decimal("0.85150625") * after / before
    assert rounded(scheduled, "1.00000000") == published("SF-6", "Fsched")
    smm = rates.smm_between(scheduled, "0.84732282", 1)
    assert rounded(smm * 100, "1.00000") == published("SF-7", "SMM")
    assert rounded(rates.annual(smm) * 100, "1.0") == published("SF-7", "CPR")
    assert rounded(rates.psa_of_smm(smm, 17), "1.0") == published("SF-7", "PSA")


def test_average_speeds_of_two_pools_on_page_12() -> None:
    """The pools' scheduled and actual balances give the average SMM over the months of the example (page 12)."""
    actual, scheduled = published("SF-12", "two-pool actual"), published("SF-12", "two-pool scheduled")
    smm = rates.smm_between(scheduled, actual, 6)
    assert rounded(smm * 100, "1.000000") == published("SF-12", "SMM avg")
    assert rounded(rates.annual(smm) * 100, "1.0000") == published("SF-12", "CPR avg")


def test_abs_speeds_on_page_13() -> None:
    assert rates.abs_smm("0.02", 11) * 100 == published("SF-13", "SMM %")
    assert rates.abs_of_smm("0.025", 11) * 100 == 2


def test_cash_flows_and_average_life_on_page_50() -> None:
    months = passthrough(100, "0.095", "0.09", 360, psa_of(150))
    for number in (1, 2, 3, 360):
        assert rounded(months[number - 1].cash, "1.0000") == published("SF-50", f"CF{number} ")
    life = sum(m.month * m.principal for m in months) / 1200
    delay = Decimal(14) / 360
    assert rounded(life + delay, "1.00000") == published("SF-50", "average life")


# ------------------------------------------------------------------ the pass-through of the textbook CMO


def cmo_passthrough(psa: int) -> tuple[Passed, ...]:
    smm = psa_of(psa)
    return passthrough(400_000_000, "0.08125", "0.075", 357, lambda month: smm(month + 3))


@pytest.mark.parametrize("psa", [100, 165])
def test_every_month_of_the_cmo_pass_through(psa: int) -> None:
    rows = [row for row in table(CMO / "passthrough_400mm_8125wac_75pt_357wam.csv") if row["psa"] == str(psa)]
    months = cmo_passthrough(psa)
    assert len(rows) == len(months) == 357
    smm = psa_of(psa)
    for month, row in zip(months, rows, strict=True):
        assert rounded(smm(month.month + 3), row["smm"]) == Decimal(row["smm"])
        for column, value in {
            "beginning_balance": month.opening,
            "mortgage_payment": month.payment,
            "net_interest": month.interest,
            "scheduled_principal": month.scheduled,
            "prepayment": month.prepaid,
            "total_principal": month.principal,
            "cash_flow": month.cash,
        }.items():
            if column == "prepayment" and month.month == 357:
                continue  # the last month's balance is scheduled; the table splits it
            assert abs(value - Decimal(row[column])) <= Decimal("0.01"), (psa, month.month, column)


@pytest.mark.parametrize("psa", [50, 100, 165, 200, 300, 400, 500, 600, 700])
def test_average_life_of_the_cmo_pass_through(psa: int) -> None:
    wanted = next(
        row["published"]
        for row in table(CMO / "published_vs_computed.csv")
        if row["table"] == "avg_life_passthrough" and row["item"] == f"{psa} PSA"
    )
    months = sum(month.month * month.principal for month in cmo_passthrough(psa)) / 400_000_000
    life = (months - Decimal(1) / 6) / 12  # published lives count payments on the 25th of months of 30 days
    assert rounded(life, "1.00") == Decimal(wanted)


def test_four_sequential_tranches_of_the_textbook_cmo_at_165_psa() -> None:
    """Principal to A, B, C, D one after the other, interest at 7.5% on each: every row of the published structure."""
    balances = {}
    rows: dict[tuple[int, str], dict[str, str]] = {}
    for row in table(CMO / "sequential_4tranche_165psa_cashflows.csv"):
        rows[int(row["month"]), row["tranche"]] = row
        balances.setdefault(row["tranche"], Decimal(row["beginning_balance"]))
    for month in cmo_passthrough(165):
        left = month.principal
        for tranche in "ABCD":
            row, balance = rows[month.month, tranche], balances[tranche]
            paid = min(left, balance)
            left -= paid
            assert abs(balance - Decimal(row["beginning_balance"])) <= Decimal("0.01")
            assert abs(paid - Decimal(row["principal"])) <= Decimal("0.01")
            assert abs(balance * Decimal("0.00625") - Decimal(row["interest"])) <= Decimal("0.01")
            balances[tranche] = balance - paid
    assert all(abs(balance) < Decimal("0.01") for balance in balances.values())
