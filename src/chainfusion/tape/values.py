"""Text to values, exactly: money to minor units, rates to parts per million, dates to days; whole columns at once.

Numbers never pass through floating point: a pattern admits what is a plain decimal number of the field's precision,
and a decimal cast moves the point. What is not admitted is a finding, by the rule that it breaks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import polars as pl

from chainfusion.domain.loan import MAX_TEXT_BYTES, Kind, LoanField, days, minor_digits
from chainfusion.tape.mapping import MINOR, UNITS, YEARS, FieldRule
from chainfusion.tape.schema import SCHEMA

_PRECISION = 38
_FORMULA = r"^(?:[=+@]|-[^0-9])"
_CONTROL = r"[\x00-\x1f\x7f-\x{9f}]"
_REPLACEMENT = "\ufffd"
_CALENDAR = (days(date(1900, 1, 1)), days(date(2199, 12, 31)))
_DAY_PARTS = {"Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{1,2}", "d": "[0-9]{1,2}", "b": "[A-Za-z]{3}",
              "B": "[A-Za-z]{3,9}", "H": "[0-9]{2}", "M": "[0-9]{2}", "S": "[0-9]{2}"}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """How a column of text becomes values.

    value: the values, null where the text is null or no value. whys: rule codes with masks over the text, for texts
    that are no value, the first that holds is the reason; the last always holds. rounded: where digits were lost.
    """

    value: pl.Expr
    whys: tuple[tuple[str, pl.Expr], ...]
    rounded: pl.Expr | None = None


def reads_untrimmed(field: LoanField, rule: FieldRule) -> bool:
    """Whether a column can be tried as it stands: white space would make its values unreadable, never others."""
    if field.kind is Kind.TEXT or field.name == "currency" or not rule.columns or rule.otherwise:
        return False
    return all(translation.theirs == translation.theirs.strip() for translation in rule.values)


def text(rule: FieldRule, column: str | None, trimmed: bool = True) -> pl.Expr:
    """The text of a rule's column (or joined, or first given, columns); null where a null marker stands."""
    if column is not None:
        return _cell(column, rule, trimmed)
    if rule.first_of:
        return pl.coalesce([_cell(name, rule) for name in rule.first_of])
    return pl.concat_str([_cell(name, rule) for name in rule.join], separator=rule.join_with)


def _cell(column: str, rule: FieldRule, trimmed: bool = True) -> pl.Expr:
    cell = pl.col(column).str.strip_chars() if trimmed else pl.col(column)
    return pl.when(cell.is_in(list(rule.nulls))).then(None).otherwise(cell) if rule.nulls else cell


def quick(field: LoanField, rule: FieldRule, texts: pl.Expr, currency: str) -> pl.Expr:
    """The values as `reading` gives them, or null for some that it would read: plain integers take the short way."""
    if (
        field.kind is Kind.INTEGER
        and rule == FieldRule(columns=rule.columns, unit=rule.unit, nulls=rule.nulls)
        and rule.unit != YEARS
    ):
        return texts.cast(pl.Int64, strict=False)
    return reading(field, rule, texts, currency).value


def reading(field: LoanField, rule: FieldRule, texts: pl.Expr, currency: str) -> Reading:
    """How the texts of a field are read. `currency` states the digits of its minor unit."""
    if field.kind is Kind.DATE:
        return _date(rule, texts)
    if field.kind is Kind.CODE:
        return _code(field, rule, texts)
    if field.kind is Kind.TEXT:
        return _text(rule, texts)
    return _number(field, rule, _translated(rule, texts), currency)


# ------------------------------------------------------------------ numbers


def _number(field: LoanField, rule: FieldRule, texts: pl.Expr, currency: str) -> Reading:
    digits = _digits(field, rule, currency)
    plain = _plain_number(rule, texts)
    whole, part = r"[0-9]+(?:\.0*)?", rf"[0-9]+(?:\.[0-9]{{0,{digits}}}0*)?|\.[0-9]{{1,{digits}}}0*"
    exact = f"^[+-]?(?:{part if digits else whole})$"
    admitted = _NUMBER if rule.rounding else exact
    value = plain.cast(pl.Decimal(_PRECISION, digits), strict=False).to_physical().cast(pl.Int64, strict=False)
    if rule.unit == YEARS:
        value = pl.when(value.abs() < 1000).then(value * 12)
    too_fine = "not_whole" if field.kind is Kind.INTEGER else "too_many_decimals"
    return Reading(
        pl.when(plain.str.contains(admitted)).then(value),
        (
            ("not_a_number", ~plain.str.contains(_NUMBER)),
            (too_fine, ~plain.str.contains(admitted)),
            ("out_of_range", pl.lit(True)),
        ),
        ~plain.str.contains(exact) if rule.rounding else None,
    )


_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$"


def _digits(field: LoanField, rule: FieldRule, currency: str) -> int:
    if field.kind is not Kind.MONEY:
        return UNITS[field.kind].get(rule.unit, 0)
    return 0 if rule.unit == MINOR else minor_digits(currency) + UNITS[Kind.MONEY][rule.unit]


def _plain_number(rule: FieldRule, texts: pl.Expr) -> pl.Expr:
    for extra in rule.strip:
        texts = texts.str.strip_prefix(extra).str.strip_suffix(extra).str.strip_chars()
    if rule.thousands:
        texts = _without_thousands(rule, texts)
    return texts.str.replace(rule.decimal, ".", literal=True) if rule.decimal != "." else texts


def _without_thousands(rule: FieldRule, texts: pl.Expr) -> pl.Expr:
    """Separators go where they part groups of three; elsewhere they stay, and the number is refused."""
    separator, point = re.escape(rule.thousands), re.escape(rule.decimal)
    grouped = rf"^[+-]?[0-9]{{1,3}}(?:{separator}[0-9]{{3}})+(?:{point}[0-9]*)?$"
    return (
        pl.when(texts.str.contains(grouped))
        .then(texts.str.replace_all(rule.thousands, "", literal=True))
        .otherwise(texts)
    )


def _translated(rule: FieldRule, texts: pl.Expr) -> pl.Expr:
    translations = {t.theirs: t.ours for t in rule.values}
    if rule.otherwise:
        return pl.when(texts.is_not_null()).then(
            texts.replace_strict(translations, default=rule.otherwise, return_dtype=pl.String)
        )
    return texts.replace(translations) if translations else texts


# ------------------------------------------------------------------ dates


def _date(rule: FieldRule, texts: pl.Expr) -> Reading:
    days = [parse_date(texts, form, rule.day) for form in rule.dates]
    value = days[0] if len(days) == 1 else pl.when(_ambiguous(days).not_()).then(pl.coalesce(days))
    return Reading(value, (("ambiguous_date", _ambiguous(days)), ("not_a_date", pl.lit(True))))


def _ambiguous(days: list[pl.Expr]) -> pl.Expr:
    return pl.max_horizontal(days) != pl.min_horizontal(days) if len(days) > 1 else pl.lit(False)


def parse_date(texts: pl.Expr, form: str, day: str) -> pl.Expr:
    """Days since 1970-01-01 (Int32) of texts in a form; null where a text is in another, or out of 1900 to 2199.

    A form without a day means the first or the last day of the month, as `day` says.
    """
    has_day = "%d" in form
    source = texts if has_day else pl.lit("01 ") + texts
    parsed = source.str.to_date(form if has_day else "%d " + form, strict=False, cache=form != "%Y-%m-%d")
    if not has_day and day == "last":
        parsed = parsed.dt.month_end()
    number = parsed.cast(pl.Int32)
    return pl.when(texts.str.contains(date_pattern(form)) & number.is_between(*_CALENDAR)).then(number)


def date_pattern(form: str) -> str:
    """The regular expression of a date form: stricter than parsers, which skip spaces and take signs."""
    tight = re.search(r"%[YymdHMS]%", form) is not None
    pattern = ""
    for part in re.split(r"(%.)", form):
        found = _DAY_PARTS[part[1]] if part.startswith("%") else re.escape(part)
        pattern += found.replace("{1,2}", "{2}") if tight else found
    return f"^{pattern}$"


# ------------------------------------------------------------------ codes and texts


def _code(field: LoanField, rule: FieldRule, texts: pl.Expr) -> Reading:
    if field.name == "currency":
        translated = _translated(rule, texts)
        return Reading(
            pl.when(translated.str.contains("^[A-Z]{3}$")).then(translated), (("not_a_currency", pl.lit(True)),)
        )
    known = {code: code for code in field.codes} | {t.theirs: t.ours for t in rule.values}
    value = texts.replace_strict(known, default=rule.otherwise or None, return_dtype=pl.String)
    return Reading(pl.when(texts.is_not_null()).then(value), (("unknown_code", pl.lit(True)),))


def _text(rule: FieldRule, texts: pl.Expr) -> Reading:
    translated = _translated(rule, texts)
    long = translated.str.len_bytes() > MAX_TEXT_BYTES
    bad = translated.str.contains(f"{_FORMULA}|{_CONTROL}|{_REPLACEMENT}") | long
    whys = (
        ("control_character", translated.str.contains(_CONTROL)),
        ("damaged_text", translated.str.contains(_REPLACEMENT)),
        ("formula_text", translated.str.contains(_FORMULA)),
        ("text_too_long", pl.lit(True)),
    )
    return Reading(pl.when(~bad).then(translated), whys)


def typed(name: str, value: pl.Expr) -> pl.Expr:
    """The expression under the field's name and type."""
    return value.cast(SCHEMA[name]).alias(name)
