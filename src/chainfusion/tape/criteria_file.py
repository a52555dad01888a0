"""Reads a criteria file: a small YAML, strict, every refusal with its line.

    name: Auto loans
    currency: USD
    eligibility:
      - id: performing
        title: {en: Not more than 30 days past due, zh: 逾期不超过 30 天}
        field: days_past_due
        op: "<="
        value: 30
    concentration:
      - id: single-region
        title: {en: Largest state, zh: 最大单一地区占比}
        share_of_largest: region
        at_most: 20%

Rates and shares are written as 6.5% or 0.065, amounts in the currency's major unit (12,500.00 is 12500), dates as
2026-01-31. docs/spec/pool-commitment.md describes every key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from chainfusion.domain.criteria import Concentration, Condition, Criteria, Eligibility, Measure, Operator, Unit
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.loan import FIELD, Kind, days, minor_digits
from chainfusion.tape.errors import BadMapping
from chainfusion.yamlfile import Node, parse_yaml

T = TypeVar("T")

AUTO_LOAN = Path(__file__).with_name("criteria") / "auto-loan.yaml"
"""Criteria as auto loan pools have them, carried with the program."""

_UNITS = {Kind.RATE: Unit.RATE, Kind.MONEY: Unit.MONEY, Kind.DATE: Unit.DATE, Kind.INTEGER: Unit.NUMBER}
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_CONDITION = frozenset({"field", "op", "value", "unstated"})


class BadCriteria(ChainFusionError):
    """A criteria file that does not say what a pool must meet."""

    code = "BAD_CRITERIA"
    says = Text("Criteria, line {line}, {path}: {why}.", "标准文件第 {line} 行，{path}：{why}。")
    do = Text(
        "docs/spec/pool-commitment.md describes the file; auto-loan.yaml is an example.",
        "格式见 docs/spec/pool-commitment.md，示例见 auto-loan.yaml。",
    )


def load_criteria(path: Path) -> Criteria:
    """The criteria in a file. Raises: BadCriteria."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadCriteria(line=0, path=path.name, why=error.strerror or "it cannot be read") from None
    return parse_criteria(data)


def parse_criteria(data: bytes) -> Criteria:
    """The criteria in a file's bytes. Raises: BadCriteria."""
    try:
        return _criteria(parse_yaml(data, BadMapping))
    except BadMapping as error:
        raise BadCriteria(**error.facts) from None


def _criteria(root: Node) -> Criteria:
    items = _keys(root, {"name", "currency"}, {"eligibility", "concentration"})
    currency = items["currency"].text()
    eligibility = tuple(_eligibility(part, currency) for part in _list(items, "eligibility"))
    concentration = tuple(_concentration(part, currency) for part in _list(items, "concentration"))
    return _built(root, lambda: Criteria(items["name"].text(), currency, eligibility, concentration))


def _eligibility(node: Node, currency: str) -> Eligibility:
    items = _keys(node, {"id", "field", "op", "value"}, {"title", "unstated"})
    condition = _condition(node, {key: items[key] for key in items if key in _CONDITION}, currency)
    return _built(node, lambda: Eligibility(items["id"].text(), _title(items), condition))


def _concentration(node: Node, currency: str) -> Concentration:
    measures = {measure.value for measure in Measure}
    items = _keys(node, {"id"}, {"title", "count", "at_most", "at_least", *measures})
    measure = Measure(_only(node, items, measures))
    bound = _only(node, items, {"at_most", "at_least"})
    subject = items[measure.value]
    condition = field = None
    if measure is Measure.SHARE_WHERE:
        condition = _condition(subject, _keys(subject, {"field", "op", "value"}, {"unstated"}), currency)
    else:
        field = subject.text()
    return _built(
        node,
        lambda: Concentration(
            id=items["id"].text(),
            title=_title(items),
            measure=measure,
            at_most=bound == "at_most",
            limit=_number(items[bound], _limit_unit(measure, field), currency),
            field=field,
            count=_number(items["count"], Unit.NUMBER, currency) if "count" in items else 1,
            condition=condition,
        ),
    )


def _condition(node: Node, items: dict[str, Node], currency: str) -> Condition:
    name = items["field"].text()
    if name not in FIELD:
        raise items["field"].refuse(f"a loan has no field {name!r}")
    if items["op"].text() not in {operator.value for operator in Operator}:
        raise items["op"].refuse(f"an operator is one of {', '.join(Operator)}")
    values = items["value"].parts()
    unit = _UNITS.get(FIELD[name].kind)
    numbers = () if unit is None else tuple(_number(value, unit, currency) for value in values)
    texts = tuple(_code(value, name) for value in values) if unit is None else ()
    operator, unstated = Operator(items["op"].text()), _unstated(items)
    return _built(node, lambda: Condition(name, operator, numbers, texts, unstated))


# ------------------------------------------------------------------ values


def _limit_unit(measure: Measure, field: str | None) -> Unit:
    if measure in (Measure.LARGEST_SHARE, Measure.SHARE_WHERE):
        return Unit.SHARE
    return _UNITS.get(FIELD[field].kind, Unit.NUMBER) if field in FIELD else Unit.NUMBER


def _number(node: Node, unit: Unit, currency: str) -> int:
    """A whole number of the unit's smallest part: ppm, minor units, days, or one."""
    text = node.text()
    if unit is Unit.DATE:
        return _day(node, text)
    percent = text.endswith("%") and unit in (Unit.SHARE, Unit.RATE)
    plain = text.removesuffix("%") if percent else text
    if _NUMBER.fullmatch(plain) is None:
        raise node.refuse(f"{text[:40]!r} is not a number")
    digits = {Unit.NUMBER: 0, Unit.MONEY: minor_digits(currency)}.get(unit, 4 if percent else 6)
    scaled: Fraction = Fraction(plain) * 10**digits
    if scaled.denominator != 1:
        raise node.refuse(f"{text} has more than {digits} decimals")
    return scaled.numerator


def _day(node: Node, text: str) -> int:
    try:
        return days(date.fromisoformat(text))
    except ValueError:
        raise node.refuse(f"{text[:40]!r} is not a date (2026-01-31)") from None


def _code(node: Node, field: str) -> str:
    text, codes = node.text(), FIELD[field].codes
    if codes and text not in codes:
        raise node.refuse(f"{field} is one of {', '.join(codes)}")
    return text


def _unstated(items: dict[str, Node]) -> bool:
    if "unstated" not in items:
        return False
    if items["unstated"].text() not in ("passes", "fails"):
        raise items["unstated"].refuse("a loan that does not state the field passes or fails")
    return items["unstated"].text() == "passes"


def _title(items: dict[str, Node]) -> Text:
    if "title" not in items:
        return Text(items["id"].text(), items["id"].text())
    title = _keys(items["title"], {"en", "zh"}, set())
    return Text(title["en"].text(), title["zh"].text())


# ------------------------------------------------------------------ shape


def _keys(node: Node, needed: set[str], allowed: set[str]) -> dict[str, Node]:
    items = node.items()
    for name, item in items.items():
        if name not in needed | allowed:
            raise item.refuse("this key is not known here")
    for name in sorted(needed - items.keys()):
        raise node.refuse(f"{name} is missing")
    return items


def _only(node: Node, items: dict[str, Node], names: set[str]) -> str:
    found = sorted(names & items.keys())
    if len(found) != 1:
        raise node.refuse(f"exactly one of {', '.join(sorted(names))} is needed")
    return found[0]


def _list(items: dict[str, Node], name: str) -> list[Node]:
    return items[name].parts() if name in items else []


def _built(node: Node, make: Callable[[], T]) -> T:
    try:
        return make()
    except ValueError as error:
        raise node.refuse(str(error)) from None
