"""YAML as people write our files: plain maps, lists and text, each with its line; nothing that computes or repeats.

Anchors, aliases and tags are refused (they make bombs and surprises), and so are duplicate keys. Every scalar stays
the text that was written: `NO` is Norway and not false, `007` keeps its zeros, a date is a date only where one belongs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12

Refusal = Callable[..., Exception]
"""Makes the refusal of a kind of file from `line` (0 for the whole file), `path` and `why`."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file: text, a map by key, or a list. `line` counts from 1; `path` as in `fields.loan_id`."""

    value: str | dict[str, Node] | list[Node]
    line: int
    path: str
    refusal: Refusal = field(repr=False, compare=False)

    def refuse(self, why: str) -> Exception:
        """The refusal of this value."""
        return self.refusal(line=self.line, path=self.path, why=why)

    def text(self) -> str:
        """The value as text. Raises: the refusal."""
        if not isinstance(self.value, str):
            raise self.refuse("one value is needed here")
        return self.value

    def items(self) -> dict[str, Node]:
        """The value as a map. Raises: the refusal."""
        if not isinstance(self.value, dict):
            raise self.refuse("keys with values are needed here")
        return self.value

    def parts(self) -> list[Node]:
        """The value as a list; one text stands for a list of one. Raises: the refusal."""
        if isinstance(self.value, dict):
            raise self.refuse("a list is needed here")
        return [self] if isinstance(self.value, str) else self.value

    def texts(self) -> tuple[str, ...]:
        """The value as a list of texts. Raises: the refusal."""
        return tuple(part.text() for part in self.parts())


def parse_yaml(data: bytes, refusal: Refusal, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Node:
    """The root of a YAML file. Raises: what `refusal` makes, for a file that is too large or deep, or no such YAML."""
    if len(data) > max_bytes:
        raise refusal(line=0, path="$", why=f"more than {max_bytes} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal(line=data[: error.start].count(b"\n") + 1, path="$", why="not UTF-8") from None
    try:
        return _Reading(yaml.parse(text, Loader=yaml.SafeLoader), refusal, max_depth).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise refusal(line=int(mark.line) + 1 if mark else 0, path="$", why=str(error.problem)) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise refusal(line=0, path="$", why=str(error).splitlines()[0]) from None


class _Reading:
    """The events of a file under way to nodes."""

    def __init__(self, events: Iterator[yaml.Event], refusal: Refusal, max_depth: int) -> None:
        self.events, self.refusal, self.max_depth = events, refusal, max_depth

    def document(self) -> Node:
        root = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self.refusal(line=_line(event), path="$", why="a second document")
                root = self._node(next(self.events), "$", 1)
        if root is None:
            raise self.refusal(line=1, path="$", why="the file is empty")
        return root

    def _node(self, event: yaml.Event, path: str, depth: int) -> Node:
        here = Node("", _line(event), path, self.refusal)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise here.refuse("anchors and aliases are not used here")
        if getattr(event, "tag", None) is not None:
            raise here.refuse("tags are not used here")
        if depth > self.max_depth:
            raise here.refuse("nested too deeply")
        if isinstance(event, yaml.MappingStartEvent):
            return Node(self._map(path, depth), here.line, path, self.refusal)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._list(path, depth), here.line, path, self.refusal)
        return Node(str(getattr(event, "value", "")), here.line, path, self.refusal)

    def _map(self, path: str, depth: int) -> dict[str, Node]:
        items: dict[str, Node] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, path, depth + 1)
            name = key.text()
            if name in items:
                raise key.refuse(f"the key {name!r} appears twice")
            items[name] = self._node(next(self.events), f"{path}.{name}" if path != "$" else name, depth + 1)
        return items

    def _list(self, path: str, depth: int) -> list[Node]:
        items: list[Node] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, f"{path}[{len(items)}]", depth + 1))
        return items


def _line(event: yaml.Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 0
