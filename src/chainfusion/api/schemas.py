"""JSON Schema (2020-12) of records, by the types that they declare: what `domain.records` reads and writes.

One record, one schema under `#/components/schemas/`, so that an operation's arguments and answers are described where
OpenAPI looks for them.
"""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

Schema = dict[str, Any]
COMPONENTS, FAMILY = "#/components/schemas/", "ledger."
"""Names of records on the ledger begin so, apart from those of views."""

_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    bool: {"type": "boolean"},
    bytes: {"type": "string", "pattern": "^([0-9a-f]{2})*$", "description": "Lower-case hexadecimal."},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time", "description": "UTC with six digits of a second and Z."},
}


@dataclass
class Schemas:
    """Collects the records that are met, by name."""

    components: dict[str, Schema] = field(default_factory=dict)
    _kinds: dict[str, Any] = field(default_factory=dict)

    def of(self, kind: Any) -> Schema:
        """The schema of a declared type. Raises: TypeError where `domain.records` knows no such type."""
        origin, within = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(each) if each is not type(None) else {"type": "null"} for each in within]}
        if origin is tuple:
            return {"type": "array", "items": self.of(within[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(within[1])}
        if kind is Any:
            return {}
        if is_dataclass(kind):
            return {"$ref": COMPONENTS + self._record(kind)}
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"type": "string", "enum": [str(member.value) for member in kind]}
        if kind not in _SCALARS:
            raise TypeError(f"no schema of {kind}")
        return dict(_SCALARS[kind])

    def arguments(self, parameters: dict[str, Any]) -> Schema:
        """The schema of an operation's arguments: an object of exactly these."""
        return _object({name: self.of(kind) for name, kind in parameters.items()})

    def _record(self, kind: Any) -> str:
        name = self._name(kind)
        if name not in self.components:
            self.components[name] = {}  # where a record holds itself, the reference is there already
            hints = typing.get_type_hints(kind)
            said = (kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
            self.components[name] = _object({each.name: self.of(hints[each.name]) for each in fields(kind)}) | {
                "description": said
            }
        return name

    def _name(self, kind: Any) -> str:
        """The record's name; of two records of one name the second is told apart by its module."""
        short = f"{FAMILY}{kind.__name__}"
        if self._kinds.setdefault(short, kind) is kind:
            return short
        return f"{FAMILY}{kind.__module__.removeprefix('chainfusion.')}.{kind.__name__}"


def _object(properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
