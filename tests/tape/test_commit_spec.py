"""The example of docs/spec/pool-commitment.md, worked from the page with nothing but hashlib, and by the program."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from chainfusion.domain.loan import LOAN_FIELDS, encode_loan
from chainfusion.tape.commit import commit
from tests.tape.pools import PLAIN, tape_of

PAGE = (Path(__file__).parents[2] / "docs" / "spec" / "pool-commitment.md").read_text(encoding="utf-8")
RECORDS, LEAVES, ROOTS = (
    [bytes.fromhex(text) for text in re.findall(rf"^    {word} +([0-9a-f]+)$", PAGE, re.MULTILINE)]
    for word in ("record", "leaf", "root")
)
SALTS = [bytes(range(16 * i, 16 * i + 16)) for i in range(3)]
LOANS = [
    PLAIN,
    replace(PLAIN, loan_id="L0002", current_balance=79_000_00),
    replace(PLAIN, loan_id="L0003", ltv_ppm=None, credit_score=None),
]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def test_the_example_follows_from_the_page_alone() -> None:
    assert [sha256(b"\x00" + salt + record) for salt, record in zip(SALTS, RECORDS, strict=True)] == LEAVES
    pair = sha256(b"\x01" + LEAVES[0] + LEAVES[1])
    assert [sha256(b"\x01" + pair + LEAVES[2])] == ROOTS


def test_the_program_makes_the_example() -> None:
    assert [encode_loan(loan) for loan in LOANS] == RECORDS
    assert [commit(tape_of(LOANS), b"".join(SALTS)).root] == ROOTS


def test_the_page_names_every_field_in_order() -> None:
    rows = re.findall(r"^\| [0-9, ]+ \| ([a-z_, ]+) \|", PAGE, re.MULTILINE)
    assert [name for row in rows for name in row.split(", ")] == [field.name for field in LOAN_FIELDS]
