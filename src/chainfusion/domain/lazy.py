"""What a record works out of its own fields, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 - named like the decorator that it stands for
    """`functools.cached_property` without its lock, which Python 3.12 dropped too: a ledger pays it for every property.

    Two threads may both work a value out; records are frozen, so both find the same.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, record: None, owner: type) -> Self: ...

    @overload
    def __get__(self, record: object, owner: type) -> T: ...

    def __get__(self, record: object | None, owner: type) -> Self | T:
        if record is None:
            return self
        value = vars(record)[self._name] = self._make(record)
        return value
