"""The YAML of deal terms: every value with its line and path, and findings where one does not fit."""

from __future__ import annotations

from collections.abc import Iterator

from chainfusion import yamlfile
from chainfusion.domain.terms.findings import Finding, refuse
from chainfusion.yamlfile import Node

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 16


class Unfit(Exception):
    """A value that does not fit, or a record one of whose values does not (then it is told already)."""

    def __init__(self, *, line: int = 0, path: str = "$", why: str = "", rule: str = "form") -> None:
        self.finding = Finding(rule, path, why, line=line) if why else None
        super().__init__(why)


def unfit(node: Node, why: str, rule: str = "form") -> Unfit:
    """The refusal of a value."""
    return Unfit(line=node.line, path=node.path, why=why, rule=rule)


def parse_yaml(data: bytes) -> Node:
    """The root of a document, whose refusals are `Unfit`. Raises: BadTerms with one finding."""
    try:
        return yamlfile.parse_yaml(data, Unfit, MAX_BYTES, MAX_DEPTH)
    except Unfit as refusal:
        refuse([refusal.finding or Finding("form", "$", "the document cannot be read")])
        raise


def lines_of(node: Node) -> Iterator[tuple[str, int]]:
    """Path and line of a value and of all inside it."""
    yield node.path, node.line
    inner = node.value.values() if isinstance(node.value, dict) else node.value
    if not isinstance(inner, str):
        for each in inner:
            yield from lines_of(each)
