"""Typed records to and from JSON values, by the types that a dataclass declares.

One place for the idea: contract arguments, ledger state, evidence and manifests are frozen dataclasses, and this is
how they become bytes. Reading is strict: a missing, unknown or mistyped field is refused with its path. Bytes are
lower-case hexadecimal, dates and UTC times ISO 8601, enumerations their value, tuples arrays.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from chainfusion.domain.canonical import canonical, parse_canonical
from chainfusion.domain.errors import ChainFusionError, Text

T = TypeVar("T")
Reader = Callable[[Any, str], Any]
Writer = Callable[[Any], Any]


class BadRecord(ChainFusionError):
    """A JSON value that does not fit the record that it should be."""

    code = "BAD_RECORD"
    says = Text("{path}: {why}.", "{path}：{why}。")
    do = Text("Send every field of the record, each of its type.", "请按类型填写全部字段。")


def to_json(record: Any) -> Any:
    """The JSON value of a record (a dataclass, or a container of them)."""
    kind: Any = type(record)
    return _writer(kind)(record)


def from_json(kind: type[T], value: Any, path: str = "$") -> T:
    """The record of type `kind` that `value` holds.

    Raises: BadRecord with the path of the first field that does not fit.
    """
    declared: Any = kind
    return typing.cast(T, _reader(declared)(value, path))


def to_bytes(record: Any) -> bytes:
    """Canonical bytes of a record."""
    return canonical(to_json(record))


def from_bytes(kind: type[T], data: bytes) -> T:
    """The record in canonical bytes. Raises: NotCanonical, BadRecord."""
    return from_json(kind, parse_canonical(data))


def utc_text(moment: datetime) -> str:
    """ISO 8601 with six digits of a second and Z, the form in which times are signed."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def utc_time(text: str) -> datetime:
    """The time of `utc_text`. Raises: ValueError."""
    moment = datetime.fromisoformat(text)
    if utc_text(moment) != text:
        raise ValueError("not in the form 2026-01-31T08:00:00.000000Z")
    return moment


# ------------------------------------------------------------------ writing


@cache
def _writer(kind: Any) -> Writer:
    if is_dataclass(kind):
        return _record_writer
    if isinstance(kind, type):
        if issubclass(kind, Enum):
            return lambda v: v.value
        if issubclass(kind, bytes):
            return lambda v: v.hex()
        if issubclass(kind, datetime):
            return utc_text
        if issubclass(kind, date):
            return lambda v: v.isoformat()
        if issubclass(kind, (tuple, list)):
            return lambda v: [to_json(item) for item in v]
        if issubclass(kind, dict):
            return lambda v: {str(k.value) if isinstance(k, Enum) else k: to_json(item) for k, item in v.items()}
    return lambda v: v


def _record_writer(record: Any) -> dict[str, Any]:
    kind: Any = type(record)
    return {name: to_json(getattr(record, name)) for name in _names(kind)}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


# ------------------------------------------------------------------ reading


@cache
def _reader(kind: Any) -> Reader:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _optional_reader(kind)
    if origin is tuple:
        return _tuple_reader(typing.get_args(kind)[0])
    if origin is dict:
        return _dict_reader(*typing.get_args(kind))
    if kind is Any:
        return lambda value, path: value
    if is_dataclass(kind):
        return _record_reader(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _text_reader(kind, f"one of {', '.join(str(m.value) for m in kind)}")
    return _SCALARS[kind]


def _record_reader(kind: Any) -> Reader:
    hints = typing.get_type_hints(kind)
    names = frozenset(hints[f.name] and f.name for f in fields(kind))
    readers: dict[str, Reader] = {}

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise BadRecord(path=path, why=f"an object is needed, not {type(value).__name__}")
        if value.keys() != names:
            odd = sorted(names ^ value.keys())[0]
            raise BadRecord(path=f"{path}.{odd}", why="missing" if odd in names else "unknown field")
        if not readers:
            readers.update((name, _reader(hints[name])) for name in names)
        try:
            return kind(**{name: readers[name](item, f"{path}.{name}") for name, item in value.items()})
        except ValueError as error:
            raise BadRecord(path=path, why=str(error)) from None

    return read


def _optional_reader(kind: Any) -> Reader:
    inner = [_reader(arg) for arg in typing.get_args(kind) if arg is not type(None)]
    if len(inner) != 1:
        raise TypeError(f"a record field may be a type or None, not {kind}")
    return lambda value, path: None if value is None else inner[0](value, path)


def _tuple_reader(item_kind: Any) -> Reader:
    read_item = _reader(item_kind)

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise BadRecord(path=path, why=f"an array is needed, not {type(value).__name__}")
        return tuple(read_item(item, f"{path}[{i}]") for i, item in enumerate(value))

    return read


def _dict_reader(key_kind: Any, item_kind: Any) -> Reader:
    read_key, read_item = _reader(key_kind), _reader(item_kind)

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise BadRecord(path=path, why=f"an object is needed, not {type(value).__name__}")
        return {read_key(k, path): read_item(item, f"{path}.{k}") for k, item in value.items()}

    return read


def _plain_reader(kind: type) -> Reader:
    def read(value: Any, path: str) -> Any:
        if type(value) is not kind:
            raise BadRecord(path=path, why=f"{kind.__name__} is needed, not {type(value).__name__}")
        return value

    return read


def _text_reader(parse: Callable[[str], Any], form: str) -> Reader:
    def read(value: Any, path: str) -> Any:
        if not isinstance(value, str):
            raise BadRecord(path=path, why=f"text is needed, not {type(value).__name__}")
        try:
            return parse(value)
        except (ValueError, OverflowError):  # a time at the calendar's edge overflows
            raise BadRecord(path=path, why=f"{value[:60]!r} is not {form}") from None

    return read


def _hex(text: str) -> bytes:
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError("not lower-case hexadecimal")
    return data


def _date(text: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError("not YYYY-MM-DD")
    return day


_SCALARS: dict[Any, Reader] = {
    str: _plain_reader(str),
    int: _plain_reader(int),
    bool: _plain_reader(bool),
    bytes: _text_reader(_hex, "lower-case hexadecimal"),
    date: _text_reader(_date, "a date (YYYY-MM-DD)"),
    datetime: _text_reader(utc_time, "a UTC time (2026-01-31T08:00:00.000000Z)"),
}
