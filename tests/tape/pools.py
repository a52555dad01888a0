"""Pools of made-up loans, for tests that need a tape and no file."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import astuple, replace
from datetime import date

import polars as pl

from chainfusion.domain.loan import LOAN_FIELDS, REPAYMENTS, STATUSES, Loan
from chainfusion.tape.schema import SCHEMA, Tape

REGIONS = ("上海市", "浙江省", "Jiangsu", "Île-de-France", "CA")

PLAIN = Loan(
    loan_id="L0001",
    borrower_id="B0001",
    product="AUTO_LOAN",
    currency="CNY",
    original_balance=100_000_00,
    current_balance=80_000_00,
    rate_ppm=66_400,
    original_term=60,
    remaining_term=48,
    seasoning=12,
    origination_date=17_000,
    first_payment_date=17_030,
    maturity_date=18_826,
    repayment="LEVEL_PAYMENT",
    payment_amount=1_960_00,
    status="CURRENT",
    days_past_due=0,
    collateral_value=125_000_00,
    ltv_ppm=640_000,
    credit_score=700,
    region="上海市",
)


def tape_of(loans: Iterable[Loan]) -> Tape:
    """A tape that holds these loans, in this order."""
    frame = pl.DataFrame([astuple(loan) for loan in loans], schema=SCHEMA, orient="row")
    return Tape(frame, date(2019, 6, 30), "CNY", "0" * 64, "1" * 64, "made-up.csv")


def made_up(count: int, seed: int = 1) -> list[Loan]:
    """Loans with every field stated now and absent then; the same for the same seed."""
    pick = random.Random(seed)
    return [_loan(pick, number) for number in range(count)]


def _loan(pick: random.Random, number: int) -> Loan:
    original = pick.randrange(10_000_00, 500_000_00)
    loan = replace(
        PLAIN,
        loan_id=f"L{number:07d}",
        borrower_id=f"B{pick.randrange(max(1, number) + 3):05d}",
        original_balance=original,
        current_balance=pick.randrange(0, original + 1),
        rate_ppm=pick.randrange(0, 120_000),
        original_term=pick.choice((36, 60, 120, 360)),
        remaining_term=pick.randrange(1, 361),
        seasoning=pick.randrange(0, 90),
        origination_date=pick.randrange(-800, 19_000),
        repayment=pick.choice(REPAYMENTS),
        status=pick.choice(STATUSES),
        days_past_due=pick.choice((0, 0, 0, 5, 31, 95)),
        collateral_value=pick.randrange(1, 900_000_00),
        ltv_ppm=pick.randrange(50_000, 1_500_000),
        credit_score=pick.randrange(350, 850),
        region=pick.choice(REGIONS),
    )
    absent = [f.name for f in LOAN_FIELDS if f.nullable and pick.random() < 0.1]
    return replace(loan, **dict.fromkeys(absent))
