"""YAML as a mapping needs it: plain maps, lists and text, every one with its line; nothing that computes or repeats.

Anchors, aliases and tags are refused (they make bombs and surprises), and so are duplicate keys. Every scalar stays
the text that was written: `NO` is Norway and not false, `007` keeps its zeros, a date is a date only where one belongs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from chainfusion.tape.errors import BadMapping

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12


@dataclass(frozen=True)
class Node:
    """A value of the file: text, a map by key, or a list. `line` counts from 1; `path` as in `fields.loan_id`."""

    value: str | dict[str, Node] | list[Node]
    line: int
    path: str

    def refuse(self, why: str) -> BadMapping:
        """The refusal of this value."""
        return BadMapping(line=self.line, path=self.path, why=why)

    def text(self) -> str:
        """The value as text. Raises: BadMapping."""
        if not isinstance(self.value, str):
            raise self.refuse("one value is needed here")
        return self.value

    def items(self) -> dict[str, Node]:
        """The value as a map. Raises: BadMapping."""
        if not isinstance(self.value, dict):
            raise self.refuse("keys with values are needed here")
        return self.value

    def parts(self) -> list[Node]:
        """The value as a list; one text stands for a list of one. Raises: BadMapping."""
        if isinstance(self.value, dict):
            raise self.refuse("a list is needed here")
        return [self] if isinstance(self.value, str) else self.value

    def texts(self) -> tuple[str, ...]:
        """The value as a list of texts. Raises: BadMapping."""
        return tuple(part.text() for part in self.parts())


def parse_yaml(data: bytes) -> Node:
    """The root of a YAML file. Raises: BadMapping."""
    if len(data) > MAX_BYTES:
        raise BadMapping(line=0, path="$", why=f"more than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadMapping(line=data[: error.start].count(b"\n") + 1, path="$", why="not UTF-8") from None
    try:
        return _document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadMapping(line=int(mark.line) + 1 if mark else 0, path="$", why=str(error.problem)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise BadMapping(line=0, path="$", why=str(error).splitlines()[0]) from None


def _document(events: Iterator[yaml.Event]) -> Node:
    root = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise BadMapping(line=_line(event), path="$", why="a second document")
            root = _node(next(events), events, "$", 1)
    if root is None:
        raise BadMapping(line=1, path="$", why="the file is empty")
    return root


def _node(event: yaml.Event, events: Iterator[yaml.Event], path: str, depth: int) -> Node:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise BadMapping(line=line, path=path, why="anchors and aliases are not used here")
    if getattr(event, "tag", None) is not None:
        raise BadMapping(line=line, path=path, why="tags are not used here")
    if depth > MAX_DEPTH:
        raise BadMapping(line=line, path=path, why="nested too deeply")
    if isinstance(event, yaml.MappingStartEvent):
        return Node(_map(events, path, depth), line, path)
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(_list(events, path, depth), line, path)
    return Node(str(getattr(event, "value", "")), line, path)


def _map(events: Iterator[yaml.Event], path: str, depth: int) -> dict[str, Node]:
    items: dict[str, Node] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        key = _node(event, events, path, depth + 1)
        name = key.text()
        if name in items:
            raise key.refuse(f"the key {name!r} appears twice")
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
