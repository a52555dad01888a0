"""Typed records to and from JSON values, by the types that a dataclass declares.

One place for the idea: contract arguments, ledger state, evidence and manifests are frozen dataclasses, and this is
how they become bytes. Reading is strict: a missing, unknown or mistyped field is refused with its path. Bytes are
lower-case hexadecimal, dates and UTC times ISO 8601, enumerations their value, tuples arrays.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, TypeVar

from chainfusion.domain.canonical import canonical, parse_canonical
from chainfusion.domain.errors import ChainFusionError, Text

T = TypeVar("T")
Reader = Callable[[Any], Any]
Writer = Callable[[Any], Any]


class BadRecord(ChainFusionError):
    """A JSON value that does not fit the record that it should be."""

    code = "BAD_RECORD"
    says = Text("{path}: {why}.", "{path}：{why}。")
    do = Text("Send every field of the record, each of its type.", "请按类型填写全部字段。")


def to_json(record: Any) -> Any:
    """The JSON value of a record (a dataclass, or a container of them)."""
    return _plain(record)


def from_json(kind: type[T], value: Any, path: str = "$") -> T:
    """The record of type `kind` that `value` holds.

    Raises: BadRecord with the path of the first field that does not fit.
    """
    declared: Any = kind
    try:
        return typing.cast(T, _reader(declared)(value))
    except _Misfit as misfit:
        raise BadRecord(path=path + "".join(reversed(misfit.steps)), why=misfit.why) from None


def to_bytes(record: Any) -> bytes:
    """Canonical bytes of a record."""
    return canonical(to_json(record))


def from_bytes(kind: type[T], data: bytes) -> T:
    """The record in canonical bytes. Raises: NotCanonical, BadRecord."""
    return from_json(kind, parse_canonical(data))


@lru_cache(maxsize=1024)
def utc_text(moment: datetime) -> str:
    """ISO 8601 with six digits of a second and Z, the form in which times are signed."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def utc_time(text: str) -> datetime:
    """The time of `utc_text`. Raises: ValueError."""
    moment = datetime.fromisoformat(text)
    if utc_text(moment) != text:
        raise ValueError("not in the form 2026-01-31T08:00:00.000000Z")
    return moment


# ------------------------------------------------------------------ writing

_PLAIN = frozenset({str, int, bool, type(None)})


def _plain(value: Any) -> Any:
    kind: Any = type(value)
    return value if kind in _PLAIN else _writer(kind)(value)


@cache
def _writer(kind: Any) -> Writer:
    if is_dataclass(kind):
        return _record_writer(kind)
    if issubclass(kind, Enum):
        return lambda v: v.value
    if issubclass(kind, bytes):
        return lambda v: v.hex()
    if issubclass(kind, datetime):
        return utc_text
    if issubclass(kind, date):
        return lambda v: v.isoformat()
    if issubclass(kind, (tuple, list)):
        return lambda v: [_plain(item) for item in v]
    if issubclass(kind, dict):
        return lambda v: {str(k.value) if isinstance(k, Enum) else k: _plain(item) for k, item in v.items()}
    return lambda v: v


def _record_writer(kind: Any) -> Writer:
    names = tuple(f.name for f in fields(kind))
    values: Callable[[Any], Iterable[Any]]
    values = attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, name) for name in names)

    def write(record: Any) -> dict[str, Any]:
        found = dict(zip(names, values(record), strict=True))
        for name, value in found.items():
            kind: Any = type(value)
            if kind not in _PLAIN:
                found[name] = _writer(kind)(value)
        return found

    return write


# ------------------------------------------------------------------ reading


class _Misfit(Exception):
    """What does not fit, and the steps that lead to it from inside out: a path is written for refusals only."""

    def __init__(self, why: str) -> None:
        self.why = why
        self.steps: list[str] = []

    def at(self, step: str) -> _Misfit:
        self.steps.append(step)
        return self


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
        return lambda value: value
    if is_dataclass(kind):
        return _record_reader(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _text_reader(_member_of(kind), f"one of {', '.join(str(m.value) for m in kind)}")
    return _SCALARS[kind]


def _record_reader(kind: Any) -> Reader:
    hints = typing.get_type_hints(kind)
    names = frozenset(f.name for f in fields(kind))
    readers: tuple[tuple[str, Any, Reader], ...] = ()  # name, its type where that is plain, how it is read

    def read(value: Any) -> Any:
        nonlocal readers
        if not isinstance(value, dict):
            raise _Misfit(f"an object is needed, not {type(value).__name__}")
        if value.keys() != names:
            odd = sorted(names ^ value.keys())[0]
            raise _Misfit("missing" if odd in names else "unknown field").at(f".{odd}")
        if not readers:  # at the first reading, since a record may hold its own kind; set whole, since threads share it
            plain = {name: hint if hint in _PLAIN else None for name, hint in hints.items()}
            readers = tuple((name, plain[name], _reader(hints[name])) for name in sorted(names))
        found = {}
        name = ""
        try:
            # by the names of the class and not by those that came: they are the very strings that its fields look for
            for name, plain_type, read_item in readers:
                item = value[name]
                found[name] = item if type(item) is plain_type else read_item(item)
        except _Misfit as misfit:
            raise misfit.at(f".{name}") from None
        try:
            return kind(**found)
        except ValueError as error:
            raise _Misfit(str(error)) from None

    return read


def _optional_reader(kind: Any) -> Reader:
    inner = [_reader(arg) for arg in typing.get_args(kind) if arg is not type(None)]
    if len(inner) != 1:
        raise TypeError(f"a record field may be a type or None, not {kind}")
    read = inner[0]
    return lambda value: None if value is None else read(value)


def _tuple_reader(item_kind: Any) -> Reader:
    read_item = _reader(item_kind)

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise _Misfit(f"an array is needed, not {type(value).__name__}")
        found: list[Any] = []
        try:
            for item in value:
                found.append(read_item(item))  # a loop, since its length tells where it stopped
        except _Misfit as misfit:
            raise misfit.at(f"[{len(found)}]") from None
        return tuple(found)

    return read


def _dict_reader(key_kind: Any, item_kind: Any) -> Reader:
    read_key, read_item = _reader(key_kind), _reader(item_kind)

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Misfit(f"an object is needed, not {type(value).__name__}")
        found = {}
        step = ""
        try:
            for key, item in value.items():
                step = ""
                typed_key = read_key(key)
                step = f".{key}"
                found[typed_key] = read_item(item)
        except _Misfit as misfit:
            raise (misfit.at(step) if step else misfit) from None
        return found

    return read


def _plain_reader(kind: type) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise _Misfit(f"{kind.__name__} is needed, not {type(value).__name__}")
        return value

    return read


def _text_reader(parse: Callable[[str], Any], form: str) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise _Misfit(f"text is needed, not {type(value).__name__}")
        try:
            return parse(value)
        except ValueError:
            raise _Misfit(f"{value[:60]!r} is not {form}") from None

    return read


def _member_of(kind: type[Enum]) -> Callable[[str], Any]:
    members = {member.value: member for member in kind}
    return lambda text: members[text] if text in members else kind(text)


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
