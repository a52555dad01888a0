"""From a mapping's YAML to a `Mapping`: unknown keys, wrong units and impossible rules are refused by their line."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

from chainfusion.domain.loan import FIELD, LOAN_FIELDS, Kind, LoanField, days, minor_digits
from chainfusion.tape.csvfile import DELIMITERS
from chainfusion.tape.encoding import ENCODINGS
from chainfusion.tape.errors import TapeNotFound
from chainfusion.tape.mapping import (
    AS_OF,
    DERIVATIONS,
    FORMAT,
    MINOR,
    REQUIRED,
    UNITS,
    YEARS,
    AsOf,
    Band,
    Condition,
    Expected,
    FieldRule,
    FileForm,
    LatestRow,
    MappedField,
    Mapping,
    Translation,
)
from chainfusion.tape.rules import TOLERABLE
from chainfusion.tape.yamlfile import Node, parse_yaml

_TOP = {"format", "originator", "source", "file", "as_of", "currency", "nulls", "fields", "rows", "tolerate", "expect"}
_DIRECTIVES = re.compile(r"%(.)")
_KNOWN = set("YymdbBHMS")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MAX_INT = 2**63 - 1


def load_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises: TapeNotFound, BadMapping with line and path."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TapeNotFound(name=str(path), why=error.strerror or "error") from None
    return parse_mapping(data)


def parse_mapping(data: bytes) -> Mapping:
    """The mapping in a YAML text. Raises: BadMapping with line and path."""
    root = parse_yaml(data)
    top = _keys(root, _TOP, needed={"format", "originator", "as_of", "currency", "fields"})
    _one_of(top["format"], (FORMAT,))
    nulls = top["nulls"].texts() if "nulls" in top else ("",)
    fields = _fields(top["fields"], top["currency"], nulls)
    rows = _keys(top["rows"], {"keep", "exclude", "latest"}) if "rows" in top else {}
    currency = next(f.rule.constant for f in fields if f.name == "currency")
    return Mapping(
        originator=_filled(top["originator"]),
        source=top["source"].text() if "source" in top else "",
        file=_file(top["file"]) if "file" in top else FileForm(),
        as_of=_as_of(top["as_of"]),
        fields=fields,
        keep=_conditions(rows.get("keep"), _column_condition),
        exclude=_conditions(rows.get("exclude"), _condition),
        latest=_latest(rows["latest"]) if "latest" in rows else None,
        tolerate=_tolerate(top.get("tolerate")),
        expect=_expect(top["expect"], currency) if "expect" in top else Expected(),
    )


# ------------------------------------------------------------------ small readers


def _keys(node: Node, allowed: set[str], needed: set[str] = frozenset()) -> dict[str, Node]:  # type: ignore[assignment]
    items = node.items()
    for key, item in items.items():
        if key not in allowed:
            raise item.refuse(f"unknown key {key!r}; known are {', '.join(sorted(allowed))}")
    for key in sorted(needed - items.keys()):
        raise node.refuse(f"the key {key!r} is missing")
    return items


def _one_of(node: Node, allowed: tuple[str, ...]) -> str:
    text = _decided(node)
    if text not in allowed:
        raise node.refuse(f"{text[:40]!r} is none of {', '.join(map(repr, allowed))}")
    return text


def _filled(node: Node) -> str:
    text = _decided(node)
    if not text:
        raise node.refuse("a value is needed")
    return text


def _decided(node: Node) -> str:
    if node.text() == "?":
        raise node.refuse("this was left open: decide and replace the ?")
    return node.text()


def _integer(node: Node, low: int = -_MAX_INT, high: int = _MAX_INT) -> int:
    text = node.text()
    if not re.fullmatch(r"-?[0-9]{1,19}", text) or not low <= int(text) <= high:
        raise node.refuse(f"{text[:40]!r} is not a whole number from {low} to {high}")
    return int(text)


def _day(node: Node) -> date:
    try:
        return date.fromisoformat(_decided(node))
    except ValueError:
        raise node.refuse(f"{node.text()[:40]!r} is not a date (YYYY-MM-DD)") from None


def _dates(node: Node) -> tuple[str, ...]:
    forms = tuple(_decided(part) for part in node.parts())
    for form in forms:
        found = _DIRECTIVES.findall(form)
        if not set(found) <= _KNOWN or len(set(found)) != len(found):
            raise node.refuse(f"{form[:40]!r}: a date form uses each of %Y %y %m %b %B %d %H %M %S once at most")
        if not {"Y", "y"} & set(found) or not {"m", "b", "B"} & set(found):
            raise node.refuse(f"{form[:40]!r} names no year or no month")
    if not forms or len(forms) > 4:
        raise node.refuse("one to four date forms are needed")
    return forms


def _one_character(node: Node, default: str) -> str:
    text = node.text()
    if len(text) > 1 or text.isalnum() or text in ("-", default):
        raise node.refuse(f"{text[:40]!r} is not a separator")
    return text


# ------------------------------------------------------------------ parts


def _file(node: Node) -> FileForm:
    keys = _keys(node, {"kind", "encoding", "delimiter", "header_row", "sheet"})
    kind = _one_of(keys["kind"], ("csv", "xlsx")) if "kind" in keys else "csv"
    return FileForm(
        kind=kind,
        encoding=_one_of(keys["encoding"], ENCODINGS) if "encoding" in keys else "auto",
        delimiter=_one_of(keys["delimiter"], DELIMITERS) if "delimiter" in keys else ",",
        header_row=_integer(keys["header_row"], 1, 1000) if "header_row" in keys else 1,
        sheet=keys["sheet"].text() if "sheet" in keys else "",
    )


def _as_of(node: Node) -> AsOf:
    if isinstance(node.value, str):
        return AsOf(day=_day(node))
    keys = _keys(node, {"column", "dates", "day"}, needed={"column", "dates"})
    return AsOf(column=_filled(keys["column"]), dates=_dates(keys["dates"]), month_day=_month_day(keys))


def _month_day(keys: dict[str, Node]) -> str:
    return _one_of(keys["day"], ("first", "last")) if "day" in keys else "first"


def _latest(node: Node) -> LatestRow:
    keys = _keys(node, {"column", "dates", "day"}, needed={"column", "dates"})
    return LatestRow(_filled(keys["column"]), _dates(keys["dates"]), _month_day(keys))


def _tolerate(node: Node | None) -> tuple[str, ...]:
    return tuple(_one_of(part, tuple(sorted(TOLERABLE))) for part in node.parts()) if node else ()


def _expect(node: Node, currency: str) -> Expected:
    keys = _keys(node, {"loans", "current_balance", "original_balance"})

    def money(name: str) -> int | None:
        return _money(keys[name], currency) if name in keys else None

    loans = _integer(keys["loans"], 0) if "loans" in keys else None
    return Expected(loans, money("current_balance"), money("original_balance"))


def _money(node: Node, currency: str) -> int:
    """Minor units of an amount written in units; separators may be commas or underscores."""
    text = node.text().replace(",", "").replace("_", "")
    if not currency:
        raise node.refuse("an amount can be stated here when the currency is one for all, not a column")
    if not re.fullmatch(r"-?[0-9]{1,19}(?:\.[0-9]{1,9})?", text):
        raise node.refuse(f"{text[:40]!r} is not an amount")
    minor = Decimal(text).scaleb(minor_digits(currency))
    if minor != minor.to_integral_value() or abs(minor) > _MAX_INT:
        raise node.refuse(f"{text[:40]!r} is not an amount of {currency}")
    return int(minor)


# ------------------------------------------------------------------ rows


def _conditions(node: Node | None, read: Callable[[Node], Condition]) -> tuple[Condition, ...]:
    return tuple(read(part) for part in node.parts()) if node else ()


def _column_condition(node: Node) -> Condition:
    keys = _keys(node, {"column", "in", "not_in", "because"}, needed={"column", "because"})
    if ("in" in keys) == ("not_in" in keys):
        raise node.refuse("one of 'in' and 'not_in' is needed")
    holds = "in" if "in" in keys else "not-in"
    values = keys["in" if holds == "in" else "not_in"].texts()
    return Condition(holds, _filled(keys["because"]), column=_filled(keys["column"]), values=values)


def _condition(node: Node) -> Condition:
    if "field" not in node.items():
        return _column_condition(node)
    keys = _keys(node, {"field", "missing", "in", "below", "above", "because"}, needed={"field", "because"})
    field = FIELD[_one_of(keys["field"], tuple(FIELD))]
    given = [key for key in ("missing", "in", "below", "above") if key in keys]
    if len(given) != 1:
        raise node.refuse("one of 'missing', 'in', 'below' and 'above' is needed")
    holds, because = given[0], _filled(keys["because"])
    if holds == "missing":
        _one_of(keys["missing"], ("true",))
        return Condition(holds, because, field=field.name)
    if holds == "in":
        return Condition(holds, because, field=field.name, values=_texts_of(field, keys["in"]))
    return Condition(holds, because, field=field.name, limit=_limit(field, keys[holds]))


def _texts_of(field: LoanField, node: Node) -> tuple[str, ...]:
    if field.kind not in (Kind.TEXT, Kind.CODE):
        raise node.refuse(f"'in' is for texts and codes; {field.name} is a {field.kind.value}")
    return node.texts()


def _limit(field: LoanField, node: Node) -> int:
    if field.kind in (Kind.TEXT, Kind.CODE):
        raise node.refuse(f"{field.name} has no order")
    return days(_day(node)) if field.kind is Kind.DATE else _integer(node)


# ------------------------------------------------------------------ fields


def _fields(node: Node, currency: Node, nulls: tuple[str, ...]) -> tuple[MappedField, ...]:
    keys = _keys(node, set(FIELD) - {"currency"})
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
        if not _CURRENCY.fullmatch(_decided(node)):
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
        return FieldRule(constant=_constant(field, _keys(node, {"constant"})["constant"]))
    return _derived_rule(field, node) if given == ["derive"] else _column_rule(field, node, nulls)


def _constant(field: LoanField, node: Node) -> str:
    text = _filled(node)
    if field.kind not in (Kind.TEXT, Kind.CODE):
        raise node.refuse("a constant is for texts and codes")
    return _one_of(node, field.codes) if field.codes else text


def _column_rule(field: LoanField, node: Node, nulls: tuple[str, ...]) -> FieldRule:
    number = {"unit", "decimal", "thousands", "strip", "round"} if _is_number(field) else set()
    dates = {"dates", "day"} if field.kind is Kind.DATE else set()
    keys = _keys(node, {"column", "first_of", "join", "with", "nulls", "values", "otherwise"} | number | dates)
    if not {"column", "first_of", "join"} & keys.keys():
        raise node.refuse("a column is needed")
    if "join" in keys and field.kind is not Kind.TEXT:
        raise node.refuse("only texts can be joined")
    if field.kind is Kind.DATE and "dates" not in keys:
        raise node.refuse("a date needs 'dates': the forms it is written in")
    decimal = _one_of(keys["decimal"], (".", ",")) if "decimal" in keys else "."
    return FieldRule(
        columns=_names(keys.get("column")),
        first_of=_names(keys.get("first_of")),
        join=_names(keys.get("join")),
        join_with=keys["with"].text() if "with" in keys else "/",
        unit=_unit(field, keys.get("unit"), node),
        decimal=decimal,
        thousands=_one_character(keys["thousands"], decimal) if "thousands" in keys else "",
        strip=keys["strip"].texts() if "strip" in keys else (),
        rounding=_one_of(keys["round"], ("half-even",)) if "round" in keys else "",
        dates=_dates(keys["dates"]) if "dates" in keys else (),
        day=_month_day(keys),
        nulls=keys["nulls"].texts() if "nulls" in keys else nulls,
        values=_values(field, keys["values"]) if "values" in keys else (),
        otherwise=_code(field, keys["otherwise"]) if "otherwise" in keys else "",
    )


def _names(node: Node | None) -> tuple[str, ...]:
    """Column names; the readers trim headers, so these are trimmed too."""
    names = tuple(_filled(part).strip() for part in node.parts()) if node else ()
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
        return _one_of(given, units)
    if field.kind is Kind.RATE:
        raise node.refuse(f"{field.name} needs 'unit': one of {', '.join(units)}")
    return units[0] if units else ""


def _values(field: LoanField, node: Node) -> tuple[Translation, ...]:
    return tuple(Translation(theirs, _code(field, ours)) for theirs, ours in sorted(node.items().items()))


def _code(field: LoanField, node: Node) -> str:
    return _one_of(node, field.codes) if field.codes else node.text()


# ------------------------------------------------------------------ derived fields


def _derived_rule(field: LoanField, node: Node) -> FieldRule:
    keys = _keys(node, {"derive", "of", "bands"}, needed={"derive"})
    name = _one_of(keys["derive"], tuple(DERIVATIONS))
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
