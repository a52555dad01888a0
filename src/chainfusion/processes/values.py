"""The values of a process file: one reader for each kind, refusing by line and path."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from chainfusion.yamlfile import Node

E = TypeVar("E", bound=Enum)
T = TypeVar("T")
_WORDS = {"yes": True, "no": False}


def keys(node: Node, needed: str, allowed: str = "") -> dict[str, Node]:
    """A map's values by key: all that are `needed`, and of the others only those `allowed` (names with spaces)."""
    items, must, may = node.items(), needed.split(), allowed.split()
    for key, item in items.items():
        if key not in must + may:
            raise item.refuse(f"unknown key {key!r}; known are {', '.join(must + may)}")
    for key in must:
        if key not in items:
            raise node.refuse(f"the key {key!r} is missing")
    return items


def given(items: dict[str, Node], key: str, read: Callable[[Node], T], otherwise: T) -> T:
    """The value under a key, or another where it is not given."""
    return read(items[key]) if key in items else otherwise


def word(kind: type[E]) -> Callable[[Node], E]:
    """Reads a word of a closed list."""

    def read(node: Node) -> E:
        known = {str(member.value): member for member in kind}
        if node.text() not in known:
            raise node.refuse(f"{node.text()[:40]!r} is none of {', '.join(known)}")
        return known[node.text()]

    return read


def words(kind: type[E]) -> Callable[[Node], tuple[E, ...]]:
    """Reads one word or a list of them."""
    read = word(kind)
    return lambda node: tuple(read(part) for part in node.parts())


def integer(node: Node) -> int:
    """A whole number."""
    if not re.fullmatch(r"-?[0-9]{1,18}", node.text()):
        raise node.refuse(f"{node.text()[:40]!r} is not a whole number")
    return int(node.text())


def yes_or_no(node: Node) -> bool:
    """`yes` or `no`."""
    if node.text() not in _WORDS:
        raise node.refuse("yes or no is needed")
    return _WORDS[node.text()]
