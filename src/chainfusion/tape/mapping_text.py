"""A mapping as YAML: the text that `mapping_reader` reads as the very same mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from chainfusion.domain.loan import FIELD, Kind, day, minor_digits
from chainfusion.tape.mapping import FORMAT, AsOf, Condition, Expected, FieldRule, Mapping
from chainfusion.tape.mapping_writer import flow, quoted
from chainfusion.tape.propose import OPEN


def mapping_text(mapping: Mapping) -> str:
    """The YAML of a mapping. What is not decided yet (`?`) is written as it is, and refused where it is read."""
    nulls = _nulls(mapping)
    return "\n".join(_lines(mapping, nulls)) + "\n"


def _lines(mapping: Mapping, nulls: tuple[str, ...]) -> Iterator[str]:
    yield f"format: {FORMAT}"
    yield f"originator: {quoted(mapping.originator or OPEN)}"
    if mapping.source:
        yield f"source: {quoted(mapping.source)}"
    yield f"file: {flow(_file(mapping))}"
    yield f"as_of: {flow(_as_of(mapping.as_of))}"
    currency = mapping.rule("currency") or FieldRule(constant=OPEN)
    yield f"currency: {flow(currency.constant or _rule('currency', currency, nulls))}"
    yield f"nulls: {flow(nulls)}"
    yield "fields:"
    for mapped in mapping.fields:
        if mapped.name != "currency":
            yield f"  {mapped.name}: {flow(_rule(mapped.name, mapped.rule, nulls))}"
    yield from _rows(mapping)
    if mapping.tolerate:
        yield f"tolerate: {flow(mapping.tolerate)}"
    if mapping.expect != Expected():
        yield f"expect: {flow(_expect(mapping.expect, currency.constant))}"


def _nulls(mapping: Mapping) -> tuple[str, ...]:
    """What most columns write for nothing."""
    counts = Counter(mapped.rule.nulls for mapped in mapping.fields if _is_read(mapped.rule))
    return counts.most_common(1)[0][0] if counts else ("",)


def _is_read(rule: FieldRule) -> bool:
    return not rule.constant and not rule.derive


def _file(mapping: Mapping) -> dict[str, Any]:
    form = mapping.file
    parts: dict[str, Any] = {"kind": form.kind}
    if form.kind == "csv":
        parts |= {"encoding": form.encoding, "delimiter": form.delimiter}
    elif form.sheet:
        parts["sheet"] = form.sheet
    return parts | ({"header_row": str(form.header_row)} if form.header_row != 1 else {})


def _as_of(as_of: AsOf) -> str | dict[str, Any]:
    if as_of.column:
        return {"column": as_of.column, "dates": as_of.dates, "day": as_of.month_day}
    return OPEN if as_of.day is None else as_of.day.isoformat()


def _rule(name: str, rule: FieldRule, nulls: tuple[str, ...]) -> dict[str, Any]:
    if rule.constant:
        return {"constant": rule.constant}
    if rule.derive:
        bands = {str(band.start): band.code for band in rule.bands}
        return {"derive": rule.derive} | ({"of": rule.of} if rule.of else {}) | ({"bands": bands} if bands else {})
    parts = {"column": rule.columns, "first_of": rule.first_of, "join": rule.join, "unit": rule.unit,
             "thousands": rule.thousands, "strip": rule.strip, "round": rule.rounding,
             "values": {each.theirs: each.ours for each in rule.values}, "otherwise": rule.otherwise}  # fmt: skip
    told = {key: value for key, value in parts.items() if value}
    told |= {"with": rule.join_with} if rule.join_with != "/" else {}
    told |= {"decimal": rule.decimal} if rule.decimal != "." else {}
    told |= {"nulls": rule.nulls} if rule.nulls != nulls else {}
    if FIELD[name].kind is Kind.DATE:
        told |= {"dates": rule.dates or (OPEN,), "day": rule.day}
    return told


def _rows(mapping: Mapping) -> Iterator[str]:
    parts: dict[str, Any] = {
        "keep": [_condition(each) for each in mapping.keep],
        "exclude": [_condition(each) for each in mapping.exclude],
    }
    if mapping.latest:
        parts["latest"] = {"column": mapping.latest.column, "dates": mapping.latest.dates, "day": mapping.latest.day}
    if any(parts.values()):
        yield "rows:"
        yield from (f"  {key}: {flow(value)}" for key, value in parts.items() if value)


def _condition(condition: Condition) -> dict[str, Any]:
    because = {"because": condition.because}
    if condition.column:
        return {"column": condition.column, condition.holds.replace("-", "_"): condition.values} | because
    field = FIELD[condition.field]
    match condition.holds:
        case "missing":
            value: Any = "true"
        case "in":
            value = condition.values
        case _:
            value = day(condition.limit).isoformat() if field.kind is Kind.DATE else str(condition.limit)
    return {"field": condition.field, condition.holds: value} | because


def _expect(expect: Expected, currency: str) -> dict[str, Any]:
    def amount(minor: int) -> str:
        return f"{Decimal(minor).scaleb(-minor_digits(currency)):f}"

    told = {} if expect.loans is None else {"loans": str(expect.loans)}
    for name in ("current_balance", "original_balance"):
        stated = getattr(expect, name)
        told |= {} if stated is None else {name: amount(stated)}
    return told
