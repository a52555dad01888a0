"""A small tape and its mapping, and ways to change one thing in them."""

from __future__ import annotations

from chainfusion.tape.intake import Intake, take_in
from chainfusion.tape.mapping import Mapping
from chainfusion.tape.mapping_reader import parse_mapping
from chainfusion.tape.report import Finding

MAPPING = """\
format: chainfusion-mapping-v1
originator: Donghai Bank
as_of: 2026-06-30
currency: CNY
nulls: ["", "-"]
fields:
  loan_id: id
  borrower_id: borrower
  original_balance: amount
  current_balance: balance
  rate_ppm: {column: rate, unit: percent}
  original_term: term
  remaining_term: left
  origination_date: {column: start, dates: "%Y-%m-%d"}
  maturity_date: {column: end, dates: "%Y-%m-%d"}
  status: {column: status, values: {"正常": CURRENT, "逾期": DELINQUENT, "结清": PAID_OFF}}
  days_past_due: dpd
  collateral_value: value
  ltv_ppm: {derive: ratio, of: [current_balance, collateral_value]}
  region: region
"""
HEADER = (
    "id",
    "borrower",
    "amount",
    "balance",
    "rate",
    "term",
    "left",
    "start",
    "end",
    "status",
    "dpd",
    "value",
    "region",
)
GOOD = {
    "id": "A1", "borrower": "B1", "amount": "1000.00", "balance": "900.50", "rate": "4.35", "term": "24", "left": "12",
    "start": "2025-06-30", "end": "2027-06-30", "status": "正常", "dpd": "0", "value": "2000", "region": "浙江",
}  # fmt: skip


def row(**changes: str) -> dict[str, str]:
    """A good row with some cells changed."""
    return GOOD | changes


def rows(count: int) -> list[dict[str, str]]:
    """Good rows with different loan numbers."""
    return [row(id=f"A{i}", borrower=f"B{i}") for i in range(1, count + 1)]


def csv_bytes(table: list[dict[str, str]], header: tuple[str, ...] = HEADER, encoding: str = "utf-8") -> bytes:
    """The table as CSV without quoting."""
    lines = [",".join(header), *(",".join(r[name] for name in header) for r in table)]
    return ("\n".join(lines) + "\n").encode(encoding)


def mapping(old: str = "", new: str = "") -> Mapping:
    """The mapping, with a piece of its text replaced."""
    assert old in MAPPING
    return parse_mapping((MAPPING.replace(old, new) if old else MAPPING).encode())


def take(table: list[dict[str, str]], how: Mapping | None = None) -> Intake:
    """The tape of a table read by the mapping."""
    return take_in(csv_bytes(table), "tape.csv", how or mapping())


def errors(intake: Intake) -> list[Finding]:
    """The errors found."""
    return list(intake.report.findings("error"))


def places(found: list[Finding]) -> list[tuple[int, str, str, str]]:
    """Row, column, value and rule of each finding."""
    return [(f.row, f.column, f.value, f.rule) for f in found]
