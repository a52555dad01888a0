"""Shapes of values in the document. A shape reads a node, writes a value back, and tells its JSON Schema.

One description for all three, so that what is read, what is written and what an editor completes cannot differ. Here
are lists and records; single values are in `scalars`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chainfusion.cashflow.text.located import Unfit, unfit
from chainfusion.cashflow.text.scalars import Context, Plain, Schema, Shape
from chainfusion.yamlfile import Node

MISSING, DEAL = object(), object()


@dataclass(frozen=True, slots=True)
class Many:
    """A list; one value stands for a list of one."""

    of: Shape

    def read(self, node: Node, context: Context) -> tuple[Any, ...]:
        """All of them; each that does not fit is told."""
        return tuple(_each(context, [(part, self.of) for part in node.parts()]))

    def write(self, value: tuple[Any, ...], context: Context) -> Plain:
        """One value alone, or a list."""
        found = [self.of.write(item, context) for item in value]
        return found[0] if len(found) == 1 and isinstance(found[0], str) else found

    def schema(self) -> Schema:
        """Either form."""
        return {"anyOf": [self.of.schema(), {"type": "array", "items": self.of.schema()}]}


def _each(context: Context, parts: list[tuple[Node, Shape]]) -> list[Any]:
    found, failed = [], False
    for node, shape in parts:
        try:
            found.append(shape.read(node, context))
        except Unfit as refusal:
            context.tell(refusal)
            failed = True
    if failed:
        raise Unfit
    return found


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a record: its name in the document, the field, its shape, its value where it is left out (DEAL: the
    deal's own day count)."""

    name: str
    field: str
    shape: Shape
    default: Any = MISSING
    says: str = ""

    def left_out(self, context: Context) -> Any:
        """The value where the key is left out; MISSING where it must not be."""
        return context.day_count if self.default is DEAL else self.default


@dataclass(frozen=True, slots=True)
class Record:
    """A map that becomes a record; `given` in `read`: fields that do not stand in the map, such as its id."""

    make: Callable[..., Any]
    keys: tuple[Key, ...]
    says: str = ""

    def read(self, node: Node, context: Context, **given: Any) -> Any:
        """The record; every key that does not fit is told."""
        items = node.items()
        known = {key.name: key for key in self.keys}
        failed = self._unknown(items, known, context)
        values = dict(given)
        for key in self.keys:
            try:
                values[key.field] = self._value(key, node, items, context)
            except Unfit as refusal:
                context.tell(refusal)
                failed = True
        if failed:
            raise Unfit
        try:
            return self.make(**values)
        except ValueError as error:
            raise unfit(node, str(error)) from None

    @staticmethod
    def _unknown(items: Mapping[str, Node], known: Mapping[str, Key], context: Context) -> bool:
        odd = [name for name in items if name not in known]
        for name in odd:
            near = ", ".join(sorted(known))
            context.tell(unfit(items[name], f"{name[:40]!r} is not among {near}"))
        return bool(odd)

    @staticmethod
    def _value(key: Key, node: Node, items: Mapping[str, Node], context: Context) -> Any:
        if key.name in items:
            return key.shape.read(items[key.name], context)
        if key.default is MISSING:
            raise unfit(node, f"{key.name} is missing")
        return key.left_out(context)

    def write(self, value: Any, context: Context) -> Plain:
        """The keys that differ from what they are where left out."""
        found: dict[str, Any] = {}
        for key in self.keys:
            held = getattr(value, key.field)
            if key.default is MISSING or held != key.left_out(context):
                found[key.name] = key.shape.write(held, context)
        return found

    def schema(self) -> Schema:
        """An object."""
        properties = {key.name: _described(key) for key in self.keys}
        needed = [key.name for key in self.keys if key.default is MISSING]
        found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if needed:
            found["required"] = needed
        return found | ({"description": self.says} if self.says else {})


def _described(key: Key) -> Schema:
    return key.shape.schema() | ({"description": key.says} if key.says else {})


@dataclass(frozen=True, slots=True)
class ById:
    """A map of records by id, in order."""

    of: Record
    field: str = "id"

    def read(self, node: Node, context: Context) -> tuple[Any, ...]:
        """All records."""
        found, failed = [], False
        for name, inner in node.items().items():
            try:
                found.append(self.of.read(inner, context, **{self.field: name}))
            except Unfit as refusal:
                context.tell(refusal)
                failed = True
        if failed:
            raise Unfit
        return tuple(found)

    def write(self, value: tuple[Any, ...], context: Context) -> Plain:
        """By id."""
        return {getattr(item, self.field): self.of.write(item, context) for item in value}

    def schema(self) -> Schema:
        """An object whose keys are names."""
        return {"type": "object", "patternProperties": {"^[A-Za-z][A-Za-z0-9_]{0,39}$": self.of.schema()},
                "additionalProperties": False}  # fmt: skip
