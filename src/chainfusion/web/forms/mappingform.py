"""A mapping as a form: a line a field, from which column, how it is read; and the mapping out of what was filled in.

What the form has no box for (computed fields, joined columns, rows that are left out) stays as the mapping says it;
the mapping's own text edits that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from chainfusion.domain.errors import Text, require
from chainfusion.domain.loan import LOAN_FIELDS, Kind, LoanField, minor_digits
from chainfusion.domain.text import whole_number
from chainfusion.node.tapes.records import Column, Guess, Seen
from chainfusion.tape.errors import BadMapping
from chainfusion.tape.mapping import (
    MINOR,
    REQUIRED,
    UNITS,
    YEARS,
    AsOf,
    Expected,
    FieldRule,
    MappedField,
    Mapping,
    Translation,
)
from chainfusion.tape.mapping_reader import parse_amount
from chainfusion.tape.propose import OPEN
from chainfusion.tape.synonyms import AS_OF, CODES, plain
from chainfusion.web.forms.submission import Filled

NONE, KEEP, CONSTANT, COLUMN = "none", "keep", "constant", "column:"
FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%Y-%m", "%Y/%m",
         "%m/%Y", "%b-%Y", "%Y年%m月%d日", "%Y年%m月", "%Y-%m-%d %H:%M:%S")  # fmt: skip
UNIT_NAMES: dict[str, Text] = {
    "units": Text("units (yuan, dollars)", "元"),
    "thousands": Text("thousands", "千元"),
    "ten-thousands": Text("ten thousands", "万元"),
    "millions": Text("millions", "百万元"),
    MINOR: Text("minor units (fen, cents)", "分"),
    "fraction": Text("fraction (0.0435)", "小数（0.0435）"),
    "percent": Text("per cent (4.35)", "百分数（4.35）"),
    "basis-points": Text("basis points (435)", "基点（435）"),
    "count": Text("number", "数值"),
    "months": Text("months", "月"),
    "days": Text("days", "天"),
    YEARS: Text("years", "年"),
}


@dataclass(frozen=True)
class Line:
    """A field's line in the form. `choice` is NONE, KEEP, CONSTANT or COLUMN with the column's name behind it."""

    field: LoanField
    needed: bool
    choice: str
    kept: str
    constant: str
    units: tuple[str, ...]
    unit: str
    dates: str
    day: str
    translations: tuple[Translation, ...]
    samples: tuple[str, ...]
    guess: Guess | None


@dataclass(frozen=True)
class MappingForm:
    """All of the form, as it is shown."""

    lines: tuple[Line, ...]
    originator: str
    currency: str
    currency_choice: str
    as_of: str
    as_of_choice: str
    as_of_dates: str
    as_of_samples: tuple[str, ...]
    expect: Expected
    rows: tuple[str, ...]


def form_of(mapping: Mapping, seen: Seen, currency: str) -> MappingForm:
    """The form that shows a mapping."""
    columns = {each.name: each for each in seen.columns}
    rule = mapping.rule("currency") or FieldRule(constant=currency)
    as_of = mapping.as_of
    told = columns.get(as_of.column)
    return MappingForm(
        lines=tuple(_line(field, mapping, columns, seen) for field in LOAN_FIELDS if field.name != "currency"),
        originator="" if mapping.originator == OPEN else mapping.originator,
        currency=currency if rule.constant in ("", OPEN) else rule.constant,
        currency_choice=_choice(rule, columns) if _choice(rule, columns) != NONE else CONSTANT,
        as_of=as_of.day.isoformat() if as_of.day else "",
        as_of_choice=COLUMN + as_of.column if told else CONSTANT,
        as_of_dates=", ".join(each for each in as_of.dates if each != OPEN),
        as_of_samples=told.samples if told else (),
        expect=mapping.expect,
        rows=tuple(_row_rules(mapping)),
    )


def _line(field: LoanField, mapping: Mapping, columns: dict[str, Column], seen: Seen) -> Line:
    rule = mapping.rule(field.name)
    choice = NONE if rule is None else _choice(rule, columns)
    column = columns.get(choice.removeprefix(COLUMN))
    units = tuple(UNITS.get(field.kind, ())) + {Kind.MONEY: (MINOR,), Kind.INTEGER: (YEARS,)}.get(field.kind, ())
    guesses = [each for each in seen.guesses if each.field == field.name]
    return Line(
        field=field,
        needed=field.name in REQUIRED,
        choice=choice,
        kept=_kept(rule) if rule else "",
        constant=rule.constant if rule else "",
        units=units if len(units) > 1 else (),
        unit="" if rule is None or rule.unit == OPEN else rule.unit,
        dates=", ".join(each for each in rule.dates if each != OPEN) if rule else "",
        day=rule.day if rule else "first",
        translations=_translations(field, rule, column),
        samples=column.samples if column else (),
        guess=next((each for each in guesses if not column or each.column == column.name), None),
    )


def _choice(rule: FieldRule, columns: dict[str, Column]) -> str:
    if rule.constant:
        return CONSTANT
    there = next((name for name in rule.columns if name in columns), None)
    if there is None or rule.sources or rule.derive:
        return KEEP if rule.derive or rule.sources or rule.columns else NONE
    return COLUMN + there


def _kept(rule: FieldRule) -> str:
    """A rule that the form has no boxes for, in short."""
    if rule.derive:
        return f"{rule.derive}({', '.join(rule.of)})"
    return " + ".join(rule.join) or " / ".join(rule.first_of or rule.columns)


def _translations(field: LoanField, rule: FieldRule | None, column: Column | None) -> tuple[Translation, ...]:
    """What each of the column's texts becomes, where the field is a code of ours."""
    if not field.codes or column is None:
        return ()
    told = {each.theirs: each.ours for each in rule.values} if rule else {}
    known = CODES.get(field.name, {})
    otherwise = (rule.otherwise if rule else "") or OPEN
    texts = dict.fromkeys((*column.codes, *told))
    return tuple(
        Translation(each, told.get(each) or (each if each in field.codes else known.get(plain(each), otherwise)))
        for each in texts
    )


def _row_rules(mapping: Mapping) -> Iterator[str]:
    if mapping.latest:
        yield f"latest: {mapping.latest.column}"
    for word, conditions in (("keep", mapping.keep), ("exclude", mapping.exclude)):
        yield from (f"{word}: {each.column or each.field} ({each.because})" for each in conditions)


# ------------------------------------------------------------------ back


def mapping_of(form: Filled, base: Mapping, seen: Seen) -> Mapping:
    """The mapping that a form says; what was left open stands in it as `?`, which its reader refuses where it is.

    Raises: BadMapping for a total that is no amount.
    """
    nulls = next((each.rule.nulls for each in base.fields if each.rule.columns), ("",))
    rules = ((field, _rule_of(form, field, base, seen, nulls)) for field in LOAN_FIELDS)
    return replace(
        base,
        originator=form.text("originator") or OPEN,
        as_of=_as_of_of(form, base),
        fields=tuple(MappedField(field.name, rule) for field, rule in rules if rule is not None),
        expect=_expected(form),
    )


def _rule_of(form: Filled, field: LoanField, base: Mapping, seen: Seen, nulls: tuple[str, ...]) -> FieldRule | None:
    name, before = field.name, base.rule(field.name)
    choice = form.text(f"from.{name}")
    if choice == KEEP:
        return before
    if choice == CONSTANT:
        return FieldRule(constant=form.text(f"constant.{name}") or OPEN)
    column = next((each for each in seen.columns if COLUMN + each.name == choice), None)
    if column is None:
        return FieldRule(constant=OPEN) if name == "currency" else None
    reads_it = before is not None and column.name in before.columns and not before.constant
    rule = before if reads_it and before else FieldRule(columns=(column.name,), nulls=nulls)
    if field.kind in UNITS:
        units = UNITS[field.kind]
        rule = replace(
            rule, unit=form.text(f"unit.{name}") or (next(iter(units)) if field.kind is not Kind.RATE else OPEN)
        )
        marks = _number_marks(column) if not reads_it else (rule.thousands, rule.strip)
        rule = replace(rule, thousands=marks[0], strip=marks[1])
    if field.kind is Kind.DATE:
        day = form.text(f"day.{name}") or rule.day
        rule = replace(rule, dates=_forms(form.text(f"dates.{name}")), day=day)
    if field.codes:
        rule = replace(rule, values=_values_of(form, field, column))
    return rule


def _number_marks(column: Column) -> tuple[str, tuple[str, ...]]:
    """Grouping and per cent signs, as the column's own values show them."""
    grouped = any(re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?%?", each) for each in column.samples)
    return "," if grouped else "", ("%",) if any(each.endswith("%") for each in column.samples) else ()


def _values_of(form: Filled, field: LoanField, column: Column) -> tuple[Translation, ...]:
    given = dict(zip(form.all(f"theirs.{field.name}"), form.all(f"ours.{field.name}"), strict=False))
    told = {each.theirs: each.ours for each in _translations(field, None, column)}
    merged = told | {theirs: ours or OPEN for theirs, ours in given.items() if theirs in told or not column.codes}
    kept = {theirs: ours for theirs, ours in merged.items() if theirs != ours}
    return tuple(Translation(*pair) for pair in sorted(kept.items()))


def _forms(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in re.split("[,;，；]", text) if each.strip()) or (OPEN,)


def _as_of_of(form: Filled, base: Mapping) -> AsOf:
    choice = form.text(f"from.{AS_OF}")
    if choice.startswith(COLUMN):
        day = base.as_of.month_day if base.as_of.column else "first"
        return AsOf(column=choice.removeprefix(COLUMN), dates=_forms(form.text(f"dates.{AS_OF}")), month_day=day)
    try:
        return AsOf(day=date.fromisoformat(form.text(AS_OF)))
    except ValueError:
        return AsOf()


def _expected(form: Filled) -> Expected:
    currency = form.text("constant.currency") if form.text("from.currency") == CONSTANT else ""
    told = form.text("expect.loans").replace(",", "")
    loans = whole_number(told, 11)
    not_whole = BadMapping(line=0, path="expect.loans", why=f"{told[:40]!r} is not a whole number")
    require(not told or loans is not None, not_whole)
    return Expected(
        loans=loans,
        current_balance=parse_amount(form.text("expect.current_balance"), currency, "expect.current_balance"),
        original_balance=parse_amount(form.text("expect.original_balance"), currency, "expect.original_balance"),
    )


def shown_amount(minor: int | None, currency: str) -> str:
    """A stated total as it is typed."""
    return "" if minor is None else f"{Decimal(minor).scaleb(-minor_digits(currency)):f}"


def field_of(refusal: BadMapping) -> str:
    """Which line of the form a refusal is about: "fields.rate_ppm.unit" is about rate_ppm."""
    parts = str(refusal.facts["path"]).split(".")
    if parts[0] != "fields":
        return parts[0]
    lacking = re.search(r"the field (\w+) must", str(refusal.facts["why"]))
    return parts[1] if len(parts) > 1 else lacking.group(1) if lacking else "fields"
