"""One step of a process file: who does it, how many, with what, by when, and where it may send work back to."""

from __future__ import annotations

from chainfusion.domain.calendar import newest
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.process.definition import (
    Deadline,
    Field,
    FieldKind,
    Need,
    Quorum,
    Requirement,
    Step,
    Weight,
)
from chainfusion.domain.roles import Role
from chainfusion.processes.values import given, integer, keys, word, words, yes_or_no
from chainfusion.yamlfile import Node

STEP_KEYS = (
    "step name name-zh",
    "by quorum checked countersign requires fill within escalate returns runs expired",
)


def read_step(items: dict[str, Node]) -> Step:
    """The step in a map of STEP_KEYS. Raises: BadProcessFile."""
    quorum, threshold, weights = _quorum(items["quorum"]) if "quorum" in items else (Quorum.ONE, 0, ())
    return Step(
        id=items["step"].text(),
        name=items["name"].text(),
        name_zh=items["name-zh"].text(),
        by=given(items, "by", words(Role), ()),
        quorum=quorum,
        threshold=threshold,
        weights=weights,
        checked=given(items, "checked", yes_or_no, False),
        countersign=given(items, "countersign", word(Role), None),
        requires=given(items, "requires", _requirements, ()),
        template=given(items, "fill", _fields, ()),
        deadline=given(items, "within", _deadline, None),
        escalate=given(items, "escalate", word(Role), None),
        returns=given(items, "returns", lambda node: tuple(part.text() for part in node.parts()), ()),
        process=given(items, "runs", Node.text, None),
    )


def _quorum(node: Node) -> tuple[Quorum, int, tuple[Weight, ...]]:
    """`one`, `all`, `{count: 2}`, or `{weight: 3, of: {investor: 1, trustee: 2}}`."""
    if isinstance(node.value, str):
        found = word(Quorum)(node)
        if found in (Quorum.COUNT, Quorum.WEIGHT):
            raise node.refuse(f"{found.value} needs a number")
        return found, 0, ()
    if "count" in node.items():
        return Quorum.COUNT, integer(keys(node, "count")["count"]), ()
    items = keys(node, "weight of")
    weights = tuple(_weight(name, each) for name, each in items["of"].items().items())
    return Quorum.WEIGHT, integer(items["weight"]), weights


def _weight(name: str, node: Node) -> Weight:
    return Weight(word(Role)(Node(name, node.line, node.path, node.refusal)), integer(node))


def _requirements(node: Node) -> tuple[Requirement, ...]:
    return tuple(_requirement(part) for part in node.parts())


def _requirement(node: Node) -> Requirement:
    """`pool`, `terms`, `{document: kind, by: role}` or `{figure: step.field}`."""
    if isinstance(node.value, str):
        need = word(Need)(node)
        if need in (Need.DOCUMENT, Need.FIGURE):
            raise node.refuse(f"which {need.value}?")
        return Requirement(need, "", None)
    if "document" in node.items():
        items = keys(node, "document", "by")
        kind = word(DocumentKind)(items["document"])
        return Requirement(Need.DOCUMENT, kind.value, given(items, "by", word(Role), None))
    return Requirement(Need.FIGURE, keys(node, "figure")["figure"].text(), None)


def _fields(node: Node) -> tuple[Field, ...]:
    return tuple(_field(part) for part in node.parts())


def _field(node: Node) -> Field:
    items = keys(node, "field name name-zh kind", "optional choices lowest highest")
    return Field(
        id=items["field"].text(),
        name=items["name"].text(),
        name_zh=items["name-zh"].text(),
        kind=word(FieldKind)(items["kind"]),
        optional=given(items, "optional", yes_or_no, False),
        choices=given(items, "choices", lambda each: tuple(part.text() for part in each.parts()), ()),
        lowest=given(items, "lowest", integer, None),
        highest=given(items, "highest", integer, None),
    )


def _deadline(node: Node) -> Deadline:
    """`{days: 5, calendar: cn-interbank, after: step.field}`; a calendar without a version is the newest known."""
    items = keys(node, "days calendar", "after")
    calendar = items["calendar"].text()
    versioned = "@" in calendar or "&" in calendar
    return Deadline(
        days=integer(items["days"]),
        calendar=calendar if versioned else newest(calendar),
        after=given(items, "after", Node.text, ""),
    )
