"""What the values of a mapping's YAML may be: one reader for each kind, refusing by line and path."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from datetime import date

from chainfusion.yamlfile import Node

_DIRECTIVES = re.compile(r"%(.)")
_KNOWN = set("YymdbBHMS")
MAX_INT = 2**63 - 1


def keys_of(node: Node, allowed: set[str], needed: AbstractSet[str] = frozenset()) -> dict[str, Node]:
    """A map's values by key; none but the `allowed`, and all that are `needed`. Raises: BadMapping."""
    items = node.items()
    for key, item in items.items():
        if key not in allowed:
            raise item.refuse(f"unknown key {key!r}; known are {', '.join(sorted(allowed))}")
    for key in sorted(needed - items.keys()):
        raise node.refuse(f"the key {key!r} is missing")
    return items


def one_of(node: Node, allowed: tuple[str, ...]) -> str:
    """A text of a closed list. Raises: BadMapping."""
    text = decided(node)
    if text not in allowed:
        raise node.refuse(f"{text[:40]!r} is none of {', '.join(map(repr, allowed))}")
    return text


def filled(node: Node) -> str:
    """A text that is not empty, and decided. Raises: BadMapping."""
    text = decided(node)
    if not text:
        raise node.refuse("a value is needed")
    return text


def decided(node: Node) -> str:
    """A text that `tape map` did not leave open. Raises: BadMapping."""
    if node.text() == "?":
        raise node.refuse("this was left open: decide and replace the ?")
    return node.text()


def whole(node: Node, low: int = -MAX_INT, high: int = MAX_INT) -> int:
    """A whole number within bounds. Raises: BadMapping."""
    text = node.text()
    if not re.fullmatch(r"-?[0-9]{1,19}", text) or not low <= int(text) <= high:
        raise node.refuse(f"{text[:40]!r} is not a whole number from {low} to {high}")
    return int(text)


def day_of(node: Node) -> date:
    """A date as YYYY-MM-DD. Raises: BadMapping."""
    try:
        return date.fromisoformat(decided(node))
    except ValueError:
        raise node.refuse(f"{node.text()[:40]!r} is not a date (YYYY-MM-DD)") from None


def date_forms(node: Node) -> tuple[str, ...]:
    """One to four date forms, each with a year and a month. Raises: BadMapping."""
    forms = tuple(decided(part) for part in node.parts())
    for form in forms:
        found = _DIRECTIVES.findall(form)
        if not set(found) <= _KNOWN or len(set(found)) != len(found):
            raise node.refuse(f"{form[:40]!r}: a date form uses each of %Y %y %m %b %B %d %H %M %S once at most")
        if not {"Y", "y"} & set(found) or not {"m", "b", "B"} & set(found):
            raise node.refuse(f"{form[:40]!r} names no year or no month")
    if not forms or len(forms) > 4:
        raise node.refuse("one to four date forms are needed")
    return forms


def separator(node: Node, default: str) -> str:
    """A mark that is no letter, digit, minus or the `default` (the decimal point), or nothing. Raises: BadMapping."""
    text = node.text()
    if len(text) > 1 or text.isalnum() or text in ("-", default):
        raise node.refuse(f"{text[:40]!r} is not a separator")
    return text


def month_day(keys: dict[str, Node]) -> str:
    """Which day of the month a form without a day means. Raises: BadMapping."""
    return one_of(keys["day"], ("first", "last")) if "day" in keys else "first"
