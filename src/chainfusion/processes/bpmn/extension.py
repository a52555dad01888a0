"""What BPMN has no word for, in elements of our own namespace: written, and read back.

<cf:step checked="yes" countersign="custodian" escalate="trustee">
  <cf:names en="Trustee report published" zh="披露受托机构报告"/>
  <cf:quorum>count 2</cf:quorum>
  <cf:requires>document trustee-report by trustee</cf:requires>
  <cf:fill field="paid" kind="money" lowest="0"><cf:names .../><cf:choice>...</cf:choice></cf:fill>
  <cf:within>-3 business days of cn-interbank@2025-11-04 after dates.payment-day</cf:within>
  <cf:returns>distribution</cf:returns>
</cf:step>
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import (
    Deadline,
    Definition,
    Field,
    FieldKind,
    Quorum,
    Requirement,
    Step,
    Weight,
)
from chainfusion.domain.roles import Role
from chainfusion.processes.bpmn import phrases
from chainfusion.processes.bpmn.phrases import BadPhrase
from chainfusion.processes.bpmn.vocabulary import OURS
from chainfusion.processes.bpmn.xml import Element, Tag

E = TypeVar("E", bound=Enum)
T = TypeVar("T")
Tell = Callable[[Element, Text], None]
"""Takes note of a fault of an element."""


# ------------------------------------------------------------------ writing


def of_definition(definition: Definition) -> Tag:
    """On the main process: which version of what it is, and its index of documents."""
    told: dict[str, str | None] = {"process": definition.id, "version": str(definition.version)}
    return Tag("cf:definition", told, tuple(Tag("cf:document", {}, text=kind.value) for kind in definition.documents))


def names(en: str, zh: str) -> Tag:
    """A name in both languages; the element's own name is one of them."""
    return Tag("cf:names", {"en": en, "zh": zh})


def of_step(step: Step, *, is_event: bool, expires: bool) -> Tag:
    """On a step; what the diagram shows is not said twice: what an event waits for, and the timer at the border."""
    attributes = {
        "itself": None if step.by or is_event else "yes",
        "checked": "yes" if step.checked else None,
        "countersign": step.countersign.value if step.countersign else None,
        "escalate": step.escalate.value if step.escalate else None,
    }
    inside = [names(step.name, step.name_zh)]
    if step.quorum in (Quorum.COUNT, Quorum.WEIGHT):
        inside.append(Tag("cf:quorum", {}, text=phrases.of_quorum(step.quorum, step.threshold, step.weights)))
    if not is_event or step.deadline is not None:
        inside += [Tag("cf:requires", {}, text=phrases.of_requirement(each)) for each in step.requires]
    inside += map(_fill, step.template)
    if step.deadline and not is_event and not expires:
        inside.append(Tag("cf:within", {}, text=phrases.of_deadline(step.deadline)))
    inside += [Tag("cf:returns", {}, text=target) for target in step.returns]
    return Tag("cf:step", attributes, tuple(inside))


def _fill(field: Field) -> Tag:
    attributes = {
        "field": field.id,
        "kind": field.kind.value,
        "optional": "yes" if field.optional else None,
        "lowest": None if field.lowest is None else str(field.lowest),
        "highest": None if field.highest is None else str(field.highest),
    }
    choices = (
        Tag("cf:choice", {}, text=json.dumps(choice, ensure_ascii=not choice.isprintable())) for choice in field.choices
    )
    return Tag("cf:fill", attributes, (names(field.name, field.name_zh), *choices))


# ------------------------------------------------------------------ reading


@dataclass(frozen=True, slots=True)
class Names:
    """A name in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What definition a main process is of."""

    process: str
    version: int
    documents: tuple[DocumentKind, ...]


@dataclass(frozen=True, slots=True)
class Extra:
    """What is said of a step beside the diagram. quorum: one that counts or weighs."""

    names: Names | None = None
    itself: bool = False
    checked: bool = False
    countersign: Role | None = None
    escalate: Role | None = None
    quorum: tuple[Quorum, int, tuple[Weight, ...]] | None = None
    requires: tuple[Requirement, ...] = ()
    template: tuple[Field, ...] = ()
    deadline: Deadline | None = None
    returns: tuple[str, ...] = ()


def read_names(element: Element, tell: Tell) -> Names:
    """A node's name in both languages: an element renamed in another tool is taken by its new name."""
    said = element.attributes.get("name", "").strip()
    own = _ours(element, "step", tell) or _ours(element, "process", tell)
    kept = _names_in(own, tell) if own else None
    if kept is None or not said:
        return kept or Names(said, said)
    if said in (kept.en, kept.zh):
        return kept
    return Names(kept.en, said) if re.search("[\u4e00-\u9fff]", said) else Names(said, kept.zh)


def read_identity(process: Element, tell: Tell) -> Identity | None:
    """The definition that a process says it is the main process of."""
    own = _ours(process, "definition", tell)
    if own is None:
        return None
    reading = _Reading(own, tell, {"process", "version"}, {"document"})
    documents = (reading.word(child.text, DocumentKind) for child in reading.each("document"))
    return Identity(
        process=own.attributes.get("process", ""),
        version=reading.integer("version") or 0,
        documents=tuple(kind for kind in documents if kind is not None),
    )


def is_ours(process: Element) -> bool:
    """Whether a process was written by this program."""
    return any(child.space == OURS for holder in process.within("extensionElements") for child in holder.children)


def read_extra(element: Element, tell: Tell) -> Extra:
    """What our namespace says of a step."""
    own = _ours(element, "step", tell)
    if own is None:
        return Extra()
    reading = _Reading(
        own,
        tell,
        {"itself", "checked", "countersign", "escalate"},
        {"names", "quorum", "requires", "fill", "within", "returns"},
    )
    return Extra(
        names=_names_in(own, tell),
        itself=reading.yes("itself"),
        checked=reading.yes("checked"),
        countersign=reading.word(own.attributes.get("countersign"), Role),
        escalate=reading.word(own.attributes.get("escalate"), Role),
        quorum=next(iter(reading.phrases("quorum", phrases.quorum)), None),
        requires=tuple(reading.phrases("requires", phrases.requirement)),
        template=tuple(_field(child, tell) for child in reading.each("fill")),
        deadline=next(iter(reading.phrases("within", phrases.deadline)), None),
        returns=tuple(child.text.strip() for child in reading.each("returns")),
    )


def _ours(element: Element, name: str, tell: Tell) -> Element | None:
    """The element of that name among an element's extensions; a second one is a fault."""
    found = [
        child
        for holder in element.within("extensionElements")
        for child in holder.children
        if child.space == OURS and child.name == name
    ]
    if len(found) > 1:
        tell(found[1], Text("is said twice", "重复"))
    return found[0] if found else None


def _names_in(own: Element, tell: Tell) -> Names | None:
    found = next(own.within("names"), None)
    if found is None:
        return None
    _Reading(found, tell, {"en", "zh"}, set())
    return Names(found.attributes.get("en", ""), found.attributes.get("zh", ""))


def _field(fill: Element, tell: Tell) -> Field:
    reading = _Reading(fill, tell, {"field", "kind", "optional", "lowest", "highest"}, {"names", "choice"})
    told = _names_in(fill, tell) or Names("", "")
    return Field(
        id=fill.attributes.get("field", ""),
        name=told.en,
        name_zh=told.zh,
        kind=reading.word(fill.attributes.get("kind", ""), FieldKind) or FieldKind.TEXT,
        optional=reading.yes("optional"),
        choices=tuple(reading.phrases("choice", _choice)),
        lowest=reading.integer("lowest"),
        highest=reading.integer("highest"),
    )


def _choice(text: str) -> str:
    """A choice in JSON's quotes, or as it is typed."""
    try:
        return str(json.loads(text)) if text.startswith('"') else text
    except ValueError:
        raise BadPhrase("not quoted as JSON", "引号内须符合 JSON") from None


@dataclass(frozen=True, slots=True)
class _Reading:
    """An element of ours under way: what it may hold, and its values. A fault is told and read as nothing."""

    own: Element
    tell: Tell
    attributes: set[str]
    children: set[str]

    def __post_init__(self) -> None:
        for name in self.own.attributes.keys() - self.attributes:
            self.tell(self.own, Text(f"unknown attribute {name}", f"未知属性 {name}"))
        for child in self.own.children:
            if child.space != OURS or child.name not in self.children:
                self.tell(child, Text("not known here", "此处不可用"))

    def each(self, name: str) -> Iterator[Element]:
        return self.own.within(name)

    def phrases(self, name: str, read: Callable[[str], T]) -> Iterator[T]:
        for child in self.each(name):
            try:
                yield read(child.text.strip())
            except BadPhrase as fault:
                self.tell(child, fault.why)

    def word(self, text: str | None, kind: type[E]) -> E | None:
        known = {str(member.value): member for member in kind}
        if text is not None and text.strip() not in known:
            listed = ", ".join(known)
            self.tell(self.own, Text(f"{text[:40]!r} is none of {listed}", f"{text[:40]!r} 不在可选范围：{listed}"))
        return known.get((text or "").strip())

    def yes(self, name: str) -> bool:
        said = self.own.attributes.get(name, "no")
        if said not in ("yes", "no"):
            self.tell(self.own, Text(f"{name} is yes or no", f"{name} 须为 yes 或 no"))
        return said == "yes"

    def integer(self, name: str) -> int | None:
        said = self.own.attributes.get(name)
        if said is not None and not re.fullmatch(r"-?[0-9]{1,19}", said):
            self.tell(self.own, Text(f"{name} is a whole number", f"{name} 须为整数"))
            return None
        return None if said is None else int(said)
