"""YAML as deal terms need it: maps, lists and text, every one with its line and path; nothing that computes or repeats.

Every scalar stays the text that was written. Anchors, aliases, tags and duplicate keys are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from chainfusion.domain.terms.findings import Finding, refuse

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 16


class Unfit(Exception):
    """A value that does not fit, or a record one of whose values does not (then it is told already)."""

    def __init__(self, finding: Finding | None = None) -> None:
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document: text, a map by key, or a list. `line` counts from 1; `path` as in `tranches.A.size`."""

    value: str | dict[str, Node] | list[Node]
    line: int
    path: str

    def unfit(self, why: str, rule: str = "form") -> Unfit:
        """The refusal of this value."""
        return Unfit(Finding(rule, self.path, why, line=self.line))

    def text(self) -> str:
        """The value as text. Raises: Unfit."""
        if not isinstance(self.value, str):
            raise self.unfit("one value is needed here")
        return self.value

    def items(self) -> dict[str, Node]:
        """The value as a map. Raises: Unfit."""
        if not isinstance(self.value, dict):
            raise self.unfit("keys with values are needed here")
        return self.value

    def parts(self) -> list[Node]:
        """The value as a list; one text stands for a list of one. Raises: Unfit."""
        if isinstance(self.value, dict):
            raise self.unfit("a list is needed here")
        return [self] if isinstance(self.value, str) else self.value

    def lines(self) -> Iterator[tuple[str, int]]:
        """Path and line of this value and of all inside it."""
        yield self.path, self.line
        inner = self.value.values() if isinstance(self.value, dict) else self.value
        if not isinstance(inner, str):
            for node in inner:
                yield from node.lines()


def parse_yaml(data: bytes) -> Node:
    """The root of a document. Raises: BadTerms with one finding."""
    try:
        return _parsed(data)
    except Unfit as unfit:
        found = unfit.finding or Finding("form", "$", "the document cannot be read")
        refuse([found])
        raise


def _parsed(data: bytes) -> Node:
    if len(data) > MAX_BYTES:
        raise _at(0, f"more than {MAX_BYTES} bytes")
    try:
        return _document(yaml.parse(data.decode("utf-8-sig"), Loader=yaml.SafeLoader))
    except UnicodeDecodeError as error:
        raise _at(data[: error.start].count(b"\n") + 1, "not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _at(int(mark.line) + 1 if mark else 0, str(error.problem)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _at(0, str(error).splitlines()[0]) from None


def _at(line: int, why: str) -> Unfit:
    return Unfit(Finding("form", "$", why, line=line))


def _document(events: Iterator[yaml.Event]) -> Node:
    root = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise _at(_line(event), "a second document")
            root = _node(next(events), events, "$", 1)
    if root is None:
        raise _at(1, "the document is empty")
    return root


def _node(event: yaml.Event, events: Iterator[yaml.Event], path: str, depth: int) -> Node:
    here = Node("", _line(event), path)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise here.unfit("anchors and aliases are not used here")
    if getattr(event, "tag", None) is not None:
        raise here.unfit("tags are not used here")
    if depth > MAX_DEPTH:
        raise here.unfit("nested too deeply")
    if isinstance(event, yaml.MappingStartEvent):
        return Node(_map(events, path, depth), here.line, path)
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(_list(events, path, depth), here.line, path)
    return Node(str(getattr(event, "value", "")), here.line, path)


def _map(events: Iterator[yaml.Event], path: str, depth: int) -> dict[str, Node]:
    items: dict[str, Node] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        key = _node(event, events, path, depth + 1)
        name = key.text()
        if name in items:
            raise key.unfit(f"the key {name!r} appears twice")
        items[name] = _node(next(events), events, f"{path}.{name}" if path != "$" else name, depth + 1)
    return items


def _list(events: Iterator[yaml.Event], path: str, depth: int) -> list[Node]:
    items: list[Node] = []
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            break
        items.append(_node(event, events, f"{path}[{len(items)}]", depth + 1))
    return items


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 0
