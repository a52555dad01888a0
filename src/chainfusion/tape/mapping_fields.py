"""The fields of a mapping: where each comes from and how it is read, or the line that does not say so."""

from __future__ import annotations

import re

from chainfusion.domain.loan import FIELD, LOAN_FIELDS, Kind, LoanField
from chainfusion.tape.mapping import (
    AS_OF,
    DERIVATIONS,
    MINOR,
    REQUIRED,
    UNITS,
    YEARS,
    Band,
    FieldRule,
    MappedField,
    Translation,
)
from chainfusion.tape.mapping_nodes import date_forms, decided, filled, keys_of, month_day, one_of, separator
from chainfusion.yamlfile import Node

_CURRENCY = re.compile(r"[A-Z]{3}")


def mapped_fields(node: Node, currency: Node, nulls: tuple[str, ...]) -> tuple[MappedField, ...]:
    """The rule of every canonical field that is mapped, in their order. Raises: BadMapping."""
    keys = keys_of(node, set(FIELD) - {"currency"})
    rules = {"currency": _currency(currency, nulls)}
    for field in LOAN_FIELDS:
        if field.name in keys:
            rules[field.name] = _field(field, keys[field.name], nulls)
    for name in REQUIRED:
        if name not in rules:
            raise node.refuse(f"the field {name} must be mapped")
    _refuse_circles(rules, keys)
    return tuple(MappedField(field.name, rules[field.name]) for field in LOAN_FIELDS if field.name in rules)


def _currency(node: Node, nulls: tuple[str, ...]) -> FieldRule:
    if isinstance(node.value, str):
        if not _CURRENCY.fullmatch(decided(node)):
            raise node.refuse("a currency has three capital letters (ISO 4217)")
        return FieldRule(constant=node.value)
    return _column_rule(FIELD["currency"], node, nulls)


_SOURCES = ("column", "first_of", "join", "constant", "derive")


def _field(field: LoanField, node: Node, nulls: tuple[str, ...]) -> FieldRule:
    if not isinstance(node.value, dict):
        return FieldRule(columns=_names(node), nulls=nulls, unit=_unit(field, None, node), dates=_no_dates(field, node))
    given = [key for key in _SOURCES if key in node.items()]
    if len(given) != 1:
        raise node.refuse(f"one of {', '.join(_SOURCES)} is needed")
    if given == ["constant"]:
        return FieldRule(constant=_constant(field, keys_of(node, {"constant"})["constant"]))
    return _derived_rule(field, node) if given == ["derive"] else _column_rule(field, node, nulls)


def _constant(field: LoanField, node: Node) -> str:
    text = filled(node)
    if field.kind not in (Kind.TEXT, Kind.CODE):
        raise node.refuse("a constant is for texts and codes")
    return one_of(node, field.codes) if field.codes else text


def _column_rule(field: LoanField, node: Node, nulls: tuple[str, ...]) -> FieldRule:
    number = {"unit", "decimal", "thousands", "strip", "round"} if _is_number(field) else set()
    dates = {"dates", "day"} if field.kind is Kind.DATE else set()
    keys = keys_of(node, {"column", "first_of", "join", "with", "nulls", "values", "otherwise"} | number | dates)
    if not {"column", "first_of", "join"} & keys.keys():
        raise node.refuse("a column is needed")
    if "join" in keys and field.kind is not Kind.TEXT:
        raise node.refuse("only texts can be joined")
    if field.kind is Kind.DATE and "dates" not in keys:
        raise node.refuse("a date needs 'dates': the forms it is written in")
    decimal = one_of(keys["decimal"], (".", ",")) if "decimal" in keys else "."
    return FieldRule(
        columns=_names(keys.get("column")),
        first_of=_names(keys.get("first_of")),
        join=_names(keys.get("join")),
        join_with=keys["with"].text() if "with" in keys else "/",
        unit=_unit(field, keys.get("unit"), node),
        decimal=decimal,
        thousands=separator(keys["thousands"], decimal) if "thousands" in keys else "",
        strip=keys["strip"].texts() if "strip" in keys else (),
        rounding=one_of(keys["round"], ("half-even",)) if "round" in keys else "",
        dates=date_forms(keys["dates"]) if "dates" in keys else (),
        day=month_day(keys),
        nulls=keys["nulls"].texts() if "nulls" in keys else nulls,
        values=_values(field, keys["values"]) if "values" in keys else (),
        otherwise=_code(field, keys["otherwise"]) if "otherwise" in keys else "",
    )


def _names(node: Node | None) -> tuple[str, ...]:
    """Column names; the readers trim headers, so these are trimmed too."""
    names = tuple(filled(part).strip() for part in node.parts()) if node else ()
    if node and not all(names):
        raise node.refuse("a column name is needed")
    return names


def _is_number(field: LoanField) -> bool:
    return field.kind in UNITS


def _no_dates(field: LoanField, node: Node) -> tuple[str, ...]:
    if field.kind is Kind.DATE:
        raise node.refuse("a date needs 'dates': the forms it is written in")
    return ()


def _unit(field: LoanField, given: Node | None, node: Node) -> str:
    units = tuple(UNITS.get(field.kind, ()))
    if field.kind is Kind.MONEY:
        units += (MINOR,)
    if field.kind is Kind.INTEGER:
        units += (YEARS,)
    if given is not None:
        return one_of(given, units)
    if field.kind is Kind.RATE:
        raise node.refuse(f"{field.name} needs 'unit': one of {', '.join(units)}")
    return units[0] if units else ""


def _values(field: LoanField, node: Node) -> tuple[Translation, ...]:
    return tuple(Translation(theirs, _code(field, ours)) for theirs, ours in sorted(node.items().items()))


def _code(field: LoanField, node: Node) -> str:
    return one_of(node, field.codes) if field.codes else node.text()


# ------------------------------------------------------------------ derived fields


def _derived_rule(field: LoanField, node: Node) -> FieldRule:
    keys = keys_of(node, {"derive", "of", "bands"}, needed={"derive"})
    name = one_of(keys["derive"], tuple(DERIVATIONS))
    count, kinds = DERIVATIONS[name]
    if field.kind not in kinds:
        raise node.refuse(f"{name} does not make a {field.kind.value}")
    of = keys["of"].texts() if "of" in keys else ()
    if len(of) != count:
        raise node.refuse(f"{name} is 'of' {count} fields")
    for place, (argument, wanted) in enumerate(zip(of, _arguments(name, field), strict=True)):
        if argument != AS_OF and argument not in FIELD:
            raise keys["of"].refuse(f"{argument[:40]!r} is no field")
        if (Kind.DATE if argument == AS_OF else FIELD[argument].kind) is not wanted:
            raise keys["of"].refuse(f"argument {place + 1} of {name} is a {wanted.value}; {argument} is none")
    return FieldRule(derive=name, of=of, bands=_bands(field, keys.get("bands"), node) if name == "bands" else ())


def _arguments(name: str, field: LoanField) -> tuple[Kind, ...]:
    return {
        "row_number": (),
        "months_between": (Kind.DATE, Kind.DATE),
        "days_between": (Kind.DATE, Kind.DATE),
        "difference": (field.kind, field.kind),
        "ratio": (Kind.MONEY, Kind.MONEY),
        "add_months": (Kind.DATE, Kind.INTEGER),
        "bands": (Kind.INTEGER,),
    }[name]


def _bands(field: LoanField, bands: Node | None, node: Node) -> tuple[Band, ...]:
    if bands is None:
        raise node.refuse("bands needs 'bands': the number from which each code holds")
    found = []
    for start, code in bands.items().items():
        if not re.fullmatch(r"-?[0-9]{1,9}", start):
            raise code.refuse(f"{start[:40]!r} is not a whole number")
        found.append(Band(int(start), _code(field, code)))
    return tuple(sorted(found, key=lambda band: band.start))


def _refuse_circles(rules: dict[str, FieldRule], nodes: dict[str, Node]) -> None:
    """Every derived field rests on mapped fields, and none on itself."""
    done = {name for name, rule in rules.items() if not rule.derive} | {AS_OF}
    left = {name: rule for name, rule in rules.items() if rule.derive}
    while left:
        ready = [name for name, rule in left.items() if done.issuperset(rule.of)]
        if not ready:
            name, rule = next(iter(left.items()))
            missing = [of for of in rule.of if of not in rules and of != AS_OF]
            raise nodes[name].refuse(f"{missing[0]} is not mapped" if missing else "it rests on itself")
        done.update(ready)
        for name in ready:
            del left[name]
