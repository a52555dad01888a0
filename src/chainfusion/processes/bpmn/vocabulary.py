"""Namespaces and ids of our diagrams, and what other tools' ids, names and roles mean to a definition."""

from __future__ import annotations

import re

from chainfusion.domain.process.form import MAX_ID
from chainfusion.domain.roles import ROLE_NAMES, Role

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
PREFIXES = {
    "xmlns:bpmn": MODEL,
    "xmlns:bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "xmlns:dc": "http://www.omg.org/spec/DD/20100524/DC",
    "xmlns:di": "http://www.omg.org/spec/DD/20100524/DI",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
OURS = "urn:chainfusion:process:1"
"""The namespace of what BPMN has no word for; its elements stand in extensionElements."""

_OWN_ID = re.compile(r"[a-z]+(?:_[a-z0-9-]+)*_([a-z0-9]+(?:-[a-z0-9]+)*)")
_OTHER = re.compile(r"[^a-z0-9]+")


def xml_id(kind: str, *parts: str) -> str:
    """The id of an element of ours; the last part is the definition's own id for it."""
    return "_".join((kind, *parts))


def own_id(xml: str, kind: str) -> str | None:
    """The definition's id in an XML id of ours; None for another tool's."""
    found = _OWN_ID.fullmatch(xml) if xml.startswith(f"{kind}_") else None
    return found.group(1) if found else None


def slug(*texts: str) -> str:
    """An id of lower-case letters, digits and hyphens from the first text that has any; else "node"."""
    for text in texts:
        if found := _OTHER.sub("-", text.lower()).strip("-")[:MAX_ID].strip("-"):
            return found
    return "node"


def apart(wanted: str, taken: set[str]) -> str:
    """`wanted`, or with a number where it is taken; taken from then on."""
    name, number = wanted, 2
    while name in taken:
        name = f"{wanted[: MAX_ID - 5]}-{number}"
        number += 1
    taken.add(name)
    return name


_ROLES = {slug(text) or text: role for role, names in ROLE_NAMES.items() for text in (role.value, names.en)} | {
    names.zh: role for role, names in ROLE_NAMES.items()
}


def role_named(text: str) -> Role | None:
    """The role that a lane or a resource is named after, in English or Chinese; None for another word."""
    return _ROLES.get(text.strip()) or _ROLES.get(slug(text))
