"""docs/spec/tape.md says what the code does: the fields, the rules, the example record, the functions."""

from __future__ import annotations

import re
from pathlib import Path

from chainfusion.domain.loan import LOAN_FIELDS, Kind, Loan, decode_loan, encode_loan
from chainfusion.tape.mapping import DERIVATIONS, MINOR, UNITS, YEARS
from chainfusion.tape.mapping_reader import parse_mapping
from chainfusion.tape.rules import RULES, TOLERABLE

SPEC = (Path(__file__).parents[2] / "docs" / "spec" / "tape.md").read_text(encoding="utf-8")


def test_every_field_is_told_in_its_place() -> None:
    told = re.findall(r"^\| (\d+) \| `(\w+)` \| (\w+) \| (needed)? ?\|", SPEC, re.MULTILINE)
    assert told == [
        (str(i), f.name, f.kind.value, "" if f.nullable else "needed") for i, f in enumerate(LOAN_FIELDS)
    ]  # fmt: skip


def test_every_rule_is_told_with_how_grave_it_is() -> None:
    told = re.findall(r"^\| `(\w+)` \| (error|warning)( \*)? \|", SPEC, re.MULTILINE)
    assert told == [(r.code, r.severity, " *" if r.code in TOLERABLE else "") for r in RULES.values()]


def test_the_example_record_is_the_loan_that_it_is_said_to_be() -> None:
    record = bytes.fromhex("".join(re.findall(r"^    ([0-9a-f]{20,})$", SPEC, re.MULTILINE)))
    loan = decode_loan(record)
    assert encode_loan(loan) == record
    assert loan == Loan(
        loan_id="A1", borrower_id=None, product="AUTO_LOAN", currency="USD", original_balance=100, current_balance=50,
        rate_ppm=66_400, original_term=60, remaining_term=50, seasoning=10, origination_date=1, first_payment_date=2,
        maturity_date=-1, repayment=None, payment_amount=5, status="CURRENT", days_past_due=0, collateral_value=None,
        ltv_ppm=None, credit_score=700, region="加州",
    )  # fmt: skip


def test_every_function_and_unit_is_told() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| [a-z, ]*\|", SPEC, re.MULTILINE)) >= set(DERIVATIONS)
    units = {unit for kind in (Kind.MONEY, Kind.RATE, Kind.INTEGER) for unit in UNITS[kind]} | {MINOR, YEARS}
    assert all(f"`{unit}`" in SPEC for unit in units)


def test_the_example_mapping_is_one() -> None:
    block = SPEC.split("    format: chainfusion-mapping-v1\n")[1].split("\n\n")[0]
    text = "format: chainfusion-mapping-v1\n" + "\n".join(line[4:] for line in block.splitlines())
    mapping = parse_mapping(text.encode())
    assert mapping.latest is not None
    assert mapping.expect.current_balance == 3_719_302_180
