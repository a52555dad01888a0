"""Shapes of a few parts of deal terms that are shorter in the document than as records."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from chainfusion.cashflow.text.located import unfit
from chainfusion.cashflow.text.scalars import Context, Day, Number, Plain, Schema, Word
from chainfusion.cashflow.text.shapes import Many, Record
from chainfusion.domain.calendar import Fixed, Offset, Switch, Unit
from chainfusion.domain.terms.formula import Kind, Literal, literal_text
from chainfusion.domain.terms.records import Act, By, Entry, Step, Table
from chainfusion.yamlfile import Node

_OFFSET = re.compile(r"(-?\d{1,4}) (days?|business days?|months?)")


@dataclass(frozen=True, slots=True)
class OffsetText:
    """`-5 business days`, `1 month`, `3 days`."""

    def read(self, node: Node, _context: Context) -> Offset:
        """The offset."""
        found = _OFFSET.fullmatch(node.text())
        if found is None:
            raise unfit(node, "an offset is such as -5 business days, 1 month or 3 days")
        return Offset(int(found[1]), Unit(found[2].rstrip("s").replace(" ", "_") + "s"))

    def write(self, value: Offset, _context: Context) -> Plain:
        """Count and unit."""
        return f"{value.count} {value.unit.value.replace('_', ' ')}"

    def schema(self) -> Schema:
        """A pattern."""
        return {"type": "string", "pattern": f"^{_OFFSET.pattern}$"}


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Dates of single periods: {1: 2018-01-26}."""

    def read(self, node: Node, context: Context) -> tuple[Fixed, ...]:
        """By period."""
        return tuple(Fixed(_whole(inner, name), Day().read(inner, context)) for name, inner in node.items().items())

    def write(self, value: tuple[Fixed, ...], _context: Context) -> Plain:
        """By period."""
        return {str(fixed.period): fixed.day.isoformat() for fixed in value}

    def schema(self) -> Schema:
        """An object by period."""
        return {"type": "object", "patternProperties": {"^[0-9]+$": Day().schema()}, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Switches:
    """The rule that gives the date once an event has happened: {perfection: daily}."""

    def read(self, node: Node, context: Context) -> tuple[Switch, ...]:
        """By event."""
        return tuple(Switch(name, Word().read(inner, context)) for name, inner in node.items().items())

    def write(self, value: tuple[Switch, ...], _context: Context) -> Plain:
        """By event."""
        return {switch.event: switch.rule for switch in value}

    def schema(self) -> Schema:
        """An object by event."""
        return {"type": "object", "additionalProperties": Word().schema()}


def _whole(node: Node, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", name):
        raise unfit(node, f"{name[:20]!r} is not a number")
    return int(name)


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table: `by`, a title, and rows from payment, year or date to a value, all of one kind."""

    of: Record

    def read(self, node: Node, context: Context, **given: Any) -> Table:
        """The table."""
        items = dict(node.items())
        rows = items.pop("rows", None)
        if rows is None:
            raise unfit(node, "rows is missing")
        head = self.of.read(replace(node, value=items), context, **given, kind=Kind.MONEY, entries=(Entry(1, 0),))
        literals = [(self._start(inner, name, head.by), Number().literal(inner, context))
                    for name, inner in rows.items().items()]  # fmt: skip
        kinds = {literal.kind for _, literal in literals}
        if len(kinds) != 1:
            raise unfit(rows, "all values of a table are of one kind")
        try:
            entries = tuple(Entry(n, found.value) for n, found in literals)
            return Table(head.id, head.title, head.by, kinds.pop(), entries)
        except ValueError as error:
            raise unfit(rows, str(error)) from None

    @staticmethod
    def _start(node: Node, name: str, by: By) -> int:
        if by is not By.DATE:
            return _whole(node, name)
        return Day().read(replace(node, value=name), Context("", 2)).toordinal()

    def write(self, value: Table, context: Context) -> Plain:
        """Head and rows."""
        rows = {self._place(e.start, value.by): self._cell(e.value, value.kind, context) for e in value.entries}
        head = self.of.write(value, context)
        return (head if isinstance(head, dict) else {}) | {"rows": rows}

    @staticmethod
    def _place(start: int, by: By) -> str:
        return literal_text(Literal(start, Kind.DATE)) if by is By.DATE else str(start)

    @staticmethod
    def _cell(value: int, kind: Kind, context: Context) -> str:
        return literal_text(Literal(value, kind, context.currency), context.digits)

    def schema(self) -> Schema:
        """An object with rows."""
        found = self.of.schema()
        rows = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
        return found | {
            "properties": found["properties"] | {"rows": rows},
            "required": [*found.get("required", []), "rows"],
        }


@dataclass(frozen=True, slots=True)
class PrivateShape:
    """A private term: its bounds, of one kind, and a fingerprint."""

    of: Record

    def read(self, node: Node, context: Context, **given: Any) -> Any:
        """The term."""
        items = dict(node.items())
        bounds = []
        for name in ("at_least", "at_most"):
            if name not in items:
                raise unfit(node, f"{name} is missing")
            bounds.append(Number().literal(items.pop(name), context))
        if bounds[0].kind is not bounds[1].kind:
            raise unfit(node, "both bounds are of one kind")
        values = {"kind": bounds[0].kind, "at_least": bounds[0].value, "at_most": bounds[1].value}
        return self.of.read(replace(node, value=items), context, **given, **values)

    def write(self, value: Any, context: Context) -> Plain:
        """Bounds in their kind."""
        bounds = {name: literal_text(Literal(getattr(value, name), value.kind, context.currency), context.digits)
                  for name in ("at_least", "at_most")}  # fmt: skip
        head = self.of.write(value, context)
        return (head if isinstance(head, dict) else {}) | bounds

    def schema(self) -> Schema:
        """An object with bounds."""
        found = self.of.schema()
        bound = {"type": ["string", "number"]}
        properties = found["properties"] | {"at_least": bound, "at_most": bound}
        return found | {"properties": properties, "required": [*found.get("required", []), "at_least", "at_most"]}


@dataclass(frozen=True, slots=True)
class StepShape:
    """A step: what it does and to whom is its first key (`interest: [A, B]`, `transfer: principal`)."""

    of: Record

    def read(self, node: Node, context: Context, **given: Any) -> Step:
        """The step."""
        items = dict(node.items())
        acts = [act for act in Act if act.value in items]
        if len(acts) != 1:
            raise unfit(node, f"a step has exactly one of {', '.join(act.value for act in Act)}")
        act = acts[0]
        verb = items.pop(act.value)
        to = Word().read(verb, context) if act is Act.TRANSFER else None
        payees = () if act in (Act.TRANSFER, Act.BUY) else Many(Word()).read(verb, context)
        if act is Act.BUY and verb.text() != "assets":
            raise unfit(verb, "what is bought is called assets")
        found: Step = self.of.read(replace(node, value=items), context, **given, act=act, payees=payees, to=to)
        return found

    def write(self, value: Step, context: Context) -> Plain:
        """What it does first."""
        what: Plain = "assets" if value.act is Act.BUY else Many(Word()).write(value.payees, context)
        if value.act is Act.TRANSFER:
            what = value.to or ""
        rest = self.of.write(value, context)
        return {value.act.value: what} | (rest if isinstance(rest, dict) else {})

    def schema(self) -> Schema:
        """One of the acts, and the other keys."""
        found = self.of.schema()
        names = Many(Word()).schema()
        acts = {act.value: {"const": "assets"} if act is Act.BUY else names for act in Act}
        one = [{"required": [act.value]} for act in Act]
        return found | {"properties": acts | found["properties"], "oneOf": one}
