"""Canonical bytes of records straight from their fields: what ledgers do for every transaction, several times.

`encoded(record)` is `trusted_canonical(to_json(record))`, made in one pass and made once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

from chainfusion.domain.canonical import NotCanonical, trusted_canonical
from chainfusion.domain.records import utc_text

Writer = Callable[[Any], str]
_KEPT = " canonical"
"""Where a record keeps its bytes: no name that a field could have."""


def encoded(value: Any) -> bytes:
    """Canonical bytes of a record that this program built; a frozen record keeps them with it.

    A contract writes a record, emits it and returns it: one value, one text.

    Raises: NotCanonical for what JSON cannot hold.
    """
    kind: Any = type(value)
    if not _keeps_bytes(kind):
        return _bytes(value)
    kept = vars(value)
    data: bytes | None = kept.get(_KEPT)
    if data is None:
        data = kept[_KEPT] = _bytes(value)
    return data


def _bytes(value: Any) -> bytes:
    try:
        return _text(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(why=str(error)) from None


@cache
def _keeps_bytes(kind: Any) -> bool:
    frozen = is_dataclass(kind) and vars(kind)["__dataclass_params__"].frozen
    return frozen and "__slots__" not in vars(kind)


def _text(value: Any) -> str:
    return _writers[type(value)](value)


class _Writers(dict[Any, Writer]):
    """A type's writer, found once."""

    def __missing__(self, kind: Any) -> Writer:
        writer = self[kind] = _writer(kind)
        return writer


_writers = _Writers()


def _writer(kind: Any) -> Writer:
    if is_dataclass(kind):
        return _record_writer(kind)
    if issubclass(kind, Enum):
        return lambda member: _text(member._value_)
    for base, writer in _WRITERS:
        if issubclass(kind, base):
            return writer
    return lambda value: trusted_canonical(value).decode()


def _record_writer(kind: Any) -> Writer:
    names = sorted(field.name for field in fields(kind))
    form = "{" + ",".join(f'"{name}":%s' for name in names) + "}"
    values: Callable[[Any], Iterable[Any]]
    values = attrgetter(*names) if len(names) > 1 else lambda record: [getattr(record, name) for name in names]
    return lambda record: form % tuple([_writers[type(value)](value) for value in values(record)])


def _object(value: dict[Any, Any]) -> str:
    named = {str(key.value) if isinstance(key, Enum) else key: item for key, item in value.items()}
    if not all(isinstance(name, str) for name in named):
        raise NotCanonical(why="a key that is not text")
    return "{" + ",".join([f"{encode_basestring(name)}:{_text(named[name])}" for name in sorted(named)]) + "}"


def _array(value: Iterable[Any]) -> str:
    return "[" + ",".join([_writers[type(item)](item) for item in value]) + "]"


_WRITERS: tuple[tuple[type, Writer], ...] = (
    (str, encode_basestring),
    (bool, lambda value: "true" if value else "false"),
    (int, int.__repr__),
    (type(None), lambda _: "null"),
    (bytes, lambda value: f'"{value.hex()}"'),
    (datetime, lambda value: f'"{utc_text(value)}"'),
    (date, lambda value: f'"{value.isoformat()}"'),
    (tuple, _array),
    (list, _array),
    (dict, _object),
)
