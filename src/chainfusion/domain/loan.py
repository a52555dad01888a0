"""The canonical loan: one record of a loan tape, and the one byte form of it that commitments are made of.

A record's bytes are

    version     1 byte    0x01
    nulls       3 bytes   one bit a field, in field order from the most significant bit of the first byte; 1 = absent;
                          the bits behind the last field are 0
    values                one after the other, in field order, absent fields leave nothing:
        text, code        2 bytes big-endian length, then so many bytes of UTF-8
        integer, money, rate   8 bytes big-endian, two's complement
        date              4 bytes big-endian, two's complement: days since 1970-01-01

Nothing else is in them, so a record has one byte form and every byte of it means something. docs/spec/tape.md tells
it with an example. Only the standard library is used: the offline verifier reads records too.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import Enum
from typing import Any

from chainfusion.domain.errors import ChainFusionError, Text

RECORD_VERSION = 1
MAX_TEXT_BYTES = 256
"""The longest text of a record, in bytes of UTF-8."""
EPOCH = date(1970, 1, 1)

PRODUCTS = (
    "RESIDENTIAL_MORTGAGE", "COMMERCIAL_MORTGAGE", "AUTO_LOAN", "AUTO_LEASE", "CONSUMER_LOAN", "CREDIT_CARD",
    "STUDENT_LOAN", "SME_LOAN", "CORPORATE_LOAN", "EQUIPMENT_LEASE", "RECEIVABLE", "OTHER",
)  # fmt: skip
STATUSES = (
    "CURRENT", "GRACE_PERIOD", "DELINQUENT", "DEFAULTED", "FORECLOSURE", "REPOSSESSED", "CHARGED_OFF", "PAID_OFF",
    "OTHER",
)  # fmt: skip
REPAYMENTS = (
    "LEVEL_PAYMENT", "LEVEL_PRINCIPAL", "INTEREST_ONLY", "PARTIAL_INTEREST_ONLY", "BALLOON", "BULLET", "OTHER",
)  # fmt: skip


class BadLoanRecord(ChainFusionError):
    """Values that are no loan record, or bytes that are none."""

    code = "BAD_LOAN_RECORD"
    says = Text("Loan record, {field}: {why}.", "贷款记录 {field}：{why}。")
    do = Text("Take the record as its maker wrote it.", "请使用制作方给出的原始记录。")


class Kind(Enum):
    """What a field holds, and so how it is written."""

    TEXT = "text"
    CODE = "code"
    INTEGER = "integer"
    MONEY = "money"
    """Minor units (cents, fen) of the loan's currency."""
    RATE = "rate"
    """Parts per million: 6.64% is 66,400."""
    DATE = "date"
    """Days since 1970-01-01."""


@dataclass(frozen=True)
class LoanField:
    """One field of the canonical loan. `codes` lists what a code may be; empty: any."""

    name: str
    kind: Kind
    nullable: bool
    label: Text
    codes: tuple[str, ...] = ()


def _text(name: str, en: str, zh: str, nullable: bool = True) -> LoanField:
    return LoanField(name, Kind.TEXT, nullable, Text(en, zh))


def _number(name: str, kind: Kind, en: str, zh: str, nullable: bool = True) -> LoanField:
    return LoanField(name, kind, nullable, Text(en, zh))


LOAN_FIELDS: tuple[LoanField, ...] = (
    _text("loan_id", "Loan number", "借据号", nullable=False),
    _text("borrower_id", "Borrower", "借款人编号"),
    LoanField("product", Kind.CODE, True, Text("Product", "贷款品种"), PRODUCTS),
    LoanField("currency", Kind.CODE, False, Text("Currency", "币种")),
    _number("original_balance", Kind.MONEY, "Original balance", "合同金额", nullable=False),
    _number("current_balance", Kind.MONEY, "Current balance", "未偿本金余额", nullable=False),
    _number("rate_ppm", Kind.RATE, "Interest rate", "利率", nullable=False),
    _number("original_term", Kind.INTEGER, "Original term (months)", "合同期限（月）"),
    _number("remaining_term", Kind.INTEGER, "Remaining term (months)", "剩余期限（月）"),
    _number("seasoning", Kind.INTEGER, "Seasoning (months)", "账龄（月）"),
    _number("origination_date", Kind.DATE, "Origination date", "发放日"),
    _number("first_payment_date", Kind.DATE, "First payment date", "首次还款日"),
    _number("maturity_date", Kind.DATE, "Maturity date", "到期日"),
    LoanField("repayment", Kind.CODE, True, Text("Repayment", "还款方式"), REPAYMENTS),
    _number("payment_amount", Kind.MONEY, "Scheduled payment", "每期还款额"),
    LoanField("status", Kind.CODE, True, Text("Status", "贷款状态"), STATUSES),
    _number("days_past_due", Kind.INTEGER, "Days past due", "逾期天数"),
    _number("collateral_value", Kind.MONEY, "Collateral value", "抵押物价值"),
    _number("ltv_ppm", Kind.RATE, "Loan to value", "贷款价值比"),
    _number("credit_score", Kind.INTEGER, "Credit score", "信用评分"),
    _text("region", "Region", "地区"),
)
FIELD = {field.name: field for field in LOAN_FIELDS}
"""The fields by name."""


@dataclass(frozen=True, slots=True)
class Loan:
    """One loan as the tape states it. Fields as LOAN_FIELDS, in that order; money in minor units, dates in days."""

    loan_id: str
    borrower_id: str | None
    product: str | None
    currency: str
    original_balance: int
    current_balance: int
    rate_ppm: int
    original_term: int | None
    remaining_term: int | None
    seasoning: int | None
    origination_date: int | None
    first_payment_date: int | None
    maturity_date: int | None
    repayment: str | None
    payment_amount: int | None
    status: str | None
    days_past_due: int | None
    collateral_value: int | None
    ltv_ppm: int | None
    credit_score: int | None
    region: str | None


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day(count: int) -> date:
    """The date `count` days after 1970-01-01."""
    return EPOCH + timedelta(days=count)


def minor_digits(currency: str) -> int:
    """How many decimal digits the currency's minor unit has (ISO 4217): 2 for CNY and USD, 0 for JPY, 3 for KWD."""
    if currency in _NO_MINOR_UNIT:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


_NO_MINOR_UNIT = {
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
}
_THOUSANDTHS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}

# ------------------------------------------------------------------ bytes

NULL_BYTES = (len(LOAN_FIELDS) + 7) // 8
_NULL_BITS = NULL_BYTES * 8
_LENGTH_BYTES = 2
_FIXED = {
    Kind.INTEGER: struct.Struct(">q"),
    Kind.MONEY: struct.Struct(">q"),
    Kind.RATE: struct.Struct(">q"),
    Kind.DATE: struct.Struct(">i"),
}


def encode_loan(loan: Loan) -> bytes:
    """The record's bytes. Raises: BadLoanRecord."""
    return loan_record([getattr(loan, name) for name in _NAMES])


def loan_record(values: Sequence[Any]) -> bytes:
    """The bytes of a record given as its values in the order of LOAN_FIELDS. Raises: BadLoanRecord."""
    if len(values) != len(LOAN_FIELDS):
        raise BadLoanRecord(field="record", why=f"{len(values)} values where {len(LOAN_FIELDS)} belong")
    nulls = 0
    parts = []
    for place, (field, value) in enumerate(zip(LOAN_FIELDS, values, strict=True)):
        if value is None:
            _require(field.nullable, field, "absent, and it may not be")
            nulls |= 1 << (_NULL_BITS - 1 - place)
        else:
            parts.append(_encode_value(field, value))
    return bytes([RECORD_VERSION]) + nulls.to_bytes(NULL_BYTES, "big") + b"".join(parts)


def decode_loan(data: bytes) -> Loan:
    """The loan whose record `data` is; refuses any bytes that `encode_loan` would not write. Raises: BadLoanRecord."""
    head = 1 + NULL_BYTES
    if len(data) < head or data[0] != RECORD_VERSION:
        raise BadLoanRecord(field="record", why="not a record of version 1")
    nulls = int.from_bytes(data[1:head], "big")
    if nulls & ((1 << (_NULL_BITS - len(LOAN_FIELDS))) - 1):
        raise BadLoanRecord(field="record", why="null bits behind the last field")
    values: dict[str, Any] = {}
    offset = head
    for place, field in enumerate(LOAN_FIELDS):
        if nulls >> (_NULL_BITS - 1 - place) & 1:
            _require(field.nullable, field, "absent, and it may not be")
            values[field.name] = None
        else:
            values[field.name], offset = _decode_value(field, data, offset)
    if offset != len(data):
        raise BadLoanRecord(field="record", why=f"{len(data) - offset} bytes behind the last field")
    return Loan(**values)


def _encode_value(field: LoanField, value: Any) -> bytes:
    fixed = _FIXED.get(field.kind)
    if fixed is None:
        _require(type(value) is str, field, "text is needed")
        _check_text(field, value)
        text: bytes = value.encode()
        return len(text).to_bytes(_LENGTH_BYTES, "big") + text
    _require(type(value) is int, field, "a whole number is needed")
    try:
        packed: bytes = fixed.pack(value)
    except struct.error:
        raise BadLoanRecord(field=field.name, why=f"beyond {fixed.size * 8} bits") from None
    return packed


def _decode_value(field: LoanField, data: bytes, offset: int) -> tuple[Any, int]:
    fixed = _FIXED.get(field.kind)
    size = _LENGTH_BYTES if fixed is None else fixed.size
    start, end = offset + size, offset + size
    _require(start <= len(data), field, "the record ends inside it")
    if fixed is not None:
        return fixed.unpack_from(data, offset)[0], end
    end = start + int.from_bytes(data[offset:start], "big")
    _require(end <= len(data), field, "the record ends inside it")
    try:
        text = data[start:end].decode()
    except UnicodeDecodeError:
        raise BadLoanRecord(field=field.name, why="not UTF-8") from None
    _check_text(field, text)
    return text, end


def _check_text(field: LoanField, text: str) -> None:
    _require(text != "", field, "empty; an absent value is null")
    _require(not any(c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in text), field,
             "a control character or lone surrogate")  # fmt: skip
    _require(len(text.encode()) <= MAX_TEXT_BYTES, field, f"longer than {MAX_TEXT_BYTES} bytes")


def _require(condition: bool, field: LoanField, why: str) -> None:
    if not condition:
        raise BadLoanRecord(field=field.name, why=why)


_NAMES = tuple(field.name for field in LOAN_FIELDS)
if tuple(f.name for f in fields(Loan)) != _NAMES:
    raise TypeError("Loan and LOAN_FIELDS must name the same fields in the same order")
