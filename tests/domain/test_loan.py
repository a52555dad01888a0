"""The canonical loan record: its bytes are as written down, come back whole, and nothing else is read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.loan import (
    LOAN_FIELDS,
    MAX_TEXT_BYTES,
    BadLoanRecord,
    Kind,
    Loan,
    LoanField,
    decode_loan,
    encode_loan,
    loan_record,
    minor_digits,
)

LOAN = Loan(
    loan_id="A1", borrower_id=None, product="AUTO_LOAN", currency="USD", original_balance=100, current_balance=50,
    rate_ppm=66_400, original_term=60, remaining_term=50, seasoning=10, origination_date=1, first_payment_date=2,
    maturity_date=-1, repayment=None, payment_amount=5, status="CURRENT", days_past_due=0, collateral_value=None,
    ltv_ppm=None, credit_score=700, region="加州",
)  # fmt: skip

_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60
).filter(lambda t: len(t.encode()) <= MAX_TEXT_BYTES)  # fmt: skip


def _values(field: LoanField) -> st.SearchStrategy[object]:
    kinds = {Kind.DATE: st.integers(-(2**31), 2**31 - 1), Kind.TEXT: _TEXT, Kind.CODE: _TEXT}
    values: st.SearchStrategy[object] = kinds.get(field.kind, st.integers(-(2**63), 2**63 - 1))
    return st.none() | values if field.nullable else values


LOANS = st.builds(Loan, **{field.name: _values(field) for field in LOAN_FIELDS})


def test_the_record_of_a_known_loan_is_these_bytes() -> None:
    data = encode_loan(LOAN)
    nulls = 0
    for place, field in enumerate(LOAN_FIELDS):
        nulls |= (getattr(LOAN, field.name) is None) << (23 - place)
    by_hand = bytes([1]) + nulls.to_bytes(3, "big")
    for field in LOAN_FIELDS:
        value = getattr(LOAN, field.name)
        if isinstance(value, str):
            by_hand += len(value.encode()).to_bytes(2, "big") + value.encode()
        elif value is not None:
            by_hand += value.to_bytes(4 if field.kind is Kind.DATE else 8, "big", signed=True)
    assert data == by_hand
    assert data.hex().startswith(
        "01400460" + "0002" + b"A1".hex() + "0009" + b"AUTO_LOAN".hex() + "0003" + b"USD".hex()
    )


@given(LOANS)
def test_every_loan_comes_back_from_its_bytes(loan: Loan) -> None:
    assert decode_loan(encode_loan(loan)) == loan


@given(LOANS, st.data())
def test_no_two_byte_strings_are_one_loan(loan: Loan, data: st.DataObject) -> None:
    record = bytearray(encode_loan(loan))
    place = data.draw(st.integers(0, len(record) - 1))
    record[place] ^= data.draw(st.integers(1, 255))
    try:
        other = decode_loan(bytes(record))
    except BadLoanRecord:
        return
    assert other != loan
    assert encode_loan(other) == bytes(record)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_loan_or_a_typed_refusal(data: bytes) -> None:
    try:
        loan = decode_loan(data)
    except BadLoanRecord:
        return
    assert encode_loan(loan) == data


def test_every_shortened_record_is_refused() -> None:
    data = encode_loan(LOAN)
    for length in range(len(data)):
        with pytest.raises(BadLoanRecord):
            decode_loan(data[:length])


def test_a_byte_behind_the_record_is_refused() -> None:
    with pytest.raises(BadLoanRecord, match="1 bytes behind"):
        decode_loan(encode_loan(LOAN) + b"\0")


def test_null_bits_that_stand_for_no_field_are_refused() -> None:
    data = bytearray(encode_loan(LOAN))
    data[3] |= 1
    with pytest.raises(BadLoanRecord, match="null bits"):
        decode_loan(bytes(data))


def test_another_version_is_refused() -> None:
    with pytest.raises(BadLoanRecord, match="version"):
        decode_loan(b"\x02" + encode_loan(LOAN)[1:])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"loan_id": None}, "absent"),
        ({"loan_id": ""}, "empty"),
        ({"region": "a\nb"}, "control"),
        ({"region": "\ud800"}, "surrogate"),
        ({"region": "x" * 257}, "longer"),
        ({"current_balance": 2**63}, "64 bits"),
        ({"maturity_date": 2**31}, "32 bits"),
        ({"current_balance": True}, "whole number"),
        ({"current_balance": 1.0}, "whole number"),
        ({"loan_id": 7}, "text"),
    ],
)
def test_values_that_no_record_holds_are_refused_with_their_field(change: dict[str, object], why: str) -> None:
    with pytest.raises(BadLoanRecord, match=why) as caught:
        encode_loan(replace(LOAN, **change))  # type: ignore[arg-type]
    assert caught.value.facts["field"] == next(iter(change))


def test_a_record_of_too_few_values_is_refused() -> None:
    with pytest.raises(BadLoanRecord, match="3 values"):
        loan_record(["a", None, "b"])


@pytest.mark.parametrize(("currency", "digits"), [("CNY", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("XYZ", 2)])
def test_minor_units_have_the_digits_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


def test_every_field_has_a_label_in_both_languages() -> None:
    assert all(field.label.en and field.label.zh for field in LOAN_FIELDS)
