"""From a mapping's YAML to a `Mapping`: unknown keys, wrong units and impossible rules are refused by their line."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from chainfusion.domain.loan import FIELD, Kind, LoanField, days, minor_digits
from chainfusion.tape.csvfile import DELIMITERS
from chainfusion.tape.encoding import ENCODINGS
from chainfusion.tape.errors import BadMapping, TapeNotFound
from chainfusion.tape.mapping import (
    FORMAT,
    AsOf,
    Condition,
    Expected,
    FileForm,
    LatestRow,
    Mapping,
)
from chainfusion.tape.mapping_fields import mapped_fields
from chainfusion.tape.mapping_nodes import MAX_INT, date_forms, day_of, filled, keys_of, month_day, one_of, whole
from chainfusion.tape.rules import TOLERABLE
from chainfusion.yamlfile import Node, parse_yaml

_TOP = {"format", "originator", "source", "file", "as_of", "currency", "nulls", "fields", "rows", "tolerate", "expect"}


def load_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises: TapeNotFound, BadMapping with line and path."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TapeNotFound(name=str(path), why=error.strerror or "error") from None
    return parse_mapping(data)


def parse_mapping(data: bytes) -> Mapping:
    """The mapping in a YAML text. Raises: BadMapping with line and path."""
    root = parse_yaml(data, BadMapping)
    top = keys_of(root, _TOP, needed={"format", "originator", "as_of", "currency", "fields"})
    one_of(top["format"], (FORMAT,))
    nulls = top["nulls"].texts() if "nulls" in top else ("",)
    fields = mapped_fields(top["fields"], top["currency"], nulls)
    rows = keys_of(top["rows"], {"keep", "exclude", "latest"}) if "rows" in top else {}
    currency = next(f.rule.constant for f in fields if f.name == "currency")
    return Mapping(
        originator=filled(top["originator"]),
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


# ------------------------------------------------------------------ parts


def _file(node: Node) -> FileForm:
    keys = keys_of(node, {"kind", "encoding", "delimiter", "header_row", "sheet"})
    kind = one_of(keys["kind"], ("csv", "xlsx")) if "kind" in keys else "csv"
    return FileForm(
        kind=kind,
        encoding=one_of(keys["encoding"], ENCODINGS) if "encoding" in keys else "auto",
        delimiter=one_of(keys["delimiter"], DELIMITERS) if "delimiter" in keys else ",",
        header_row=whole(keys["header_row"], 1, 1000) if "header_row" in keys else 1,
        sheet=keys["sheet"].text() if "sheet" in keys else "",
    )


def _as_of(node: Node) -> AsOf:
    if isinstance(node.value, str):
        return AsOf(day=day_of(node))
    keys = keys_of(node, {"column", "dates", "day"}, needed={"column", "dates"})
    return AsOf(column=filled(keys["column"]), dates=date_forms(keys["dates"]), month_day=month_day(keys))


def _latest(node: Node) -> LatestRow:
    keys = keys_of(node, {"column", "dates", "day"}, needed={"column", "dates"})
    return LatestRow(filled(keys["column"]), date_forms(keys["dates"]), month_day(keys))


def _tolerate(node: Node | None) -> tuple[str, ...]:
    return tuple(one_of(part, tuple(sorted(TOLERABLE))) for part in node.parts()) if node else ()


def _expect(node: Node, currency: str) -> Expected:
    keys = keys_of(node, {"loans", "current_balance", "original_balance"})

    def money(name: str) -> int | None:
        return _money(keys[name], currency) if name in keys else None

    loans = whole(keys["loans"], 0) if "loans" in keys else None
    return Expected(loans, money("current_balance"), money("original_balance"))


def parse_amount(text: str, currency: str, path: str) -> int | None:
    """Minor units of a total that a person typed, None where nothing was. Raises: BadMapping."""
    return _money(Node(text, 0, path, BadMapping), currency) if text else None


def _money(node: Node, currency: str) -> int:
    """Minor units of an amount written in units; separators may be commas or underscores."""
    text = node.text().replace(",", "").replace("_", "")
    if not currency:
        raise node.refuse("an amount can be stated here when the currency is one for all, not a column")
    if not re.fullmatch(r"-?[0-9]{1,19}(?:\.[0-9]{1,9})?", text):
        raise node.refuse(f"{text[:40]!r} is not an amount")
    minor = Decimal(text).scaleb(minor_digits(currency))
    if minor != minor.to_integral_value() or abs(minor) > MAX_INT:
        raise node.refuse(f"{text[:40]!r} is not an amount of {currency}")
    return int(minor)


# ------------------------------------------------------------------ rows


def _conditions(node: Node | None, read: Callable[[Node], Condition]) -> tuple[Condition, ...]:
    return tuple(read(part) for part in node.parts()) if node else ()


def _column_condition(node: Node) -> Condition:
    keys = keys_of(node, {"column", "in", "not_in", "because"}, needed={"column", "because"})
    if ("in" in keys) == ("not_in" in keys):
        raise node.refuse("one of 'in' and 'not_in' is needed")
    holds = "in" if "in" in keys else "not-in"
    values = keys["in" if holds == "in" else "not_in"].texts()
    return Condition(holds, filled(keys["because"]), column=filled(keys["column"]), values=values)


def _condition(node: Node) -> Condition:
    if "field" not in node.items():
        return _column_condition(node)
    keys = keys_of(node, {"field", "missing", "in", "below", "above", "because"}, needed={"field", "because"})
    field = FIELD[one_of(keys["field"], tuple(FIELD))]
    given = [key for key in ("missing", "in", "below", "above") if key in keys]
    if len(given) != 1:
        raise node.refuse("one of 'missing', 'in', 'below' and 'above' is needed")
    holds, because = given[0], filled(keys["because"])
    if holds == "missing":
        one_of(keys["missing"], ("true",))
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
    return days(day_of(node)) if field.kind is Kind.DATE else whole(node)
