"""XML as it is safe to read from strangers, and as we write it.

Read with expat: a document type declaration is refused as soon as it is met, so there are no entities to expand and
nothing outside the file to fetch; size, depth and number of elements are bounded. Every element knows its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from chainfusion.processes.bpmn.refusals import NotBpmn

MAX_BYTES = 4 << 20
MAX_DEPTH = 40
MAX_ELEMENTS = 100_000
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class Element:
    """An element under way from a file. `space` is its namespace; attributes of a namespace are `space name`."""

    space: str
    name: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    @property
    def id(self) -> str:
        """Its id, or ""."""
        return self.attributes.get("id", "")

    def within(self, name: str) -> Iterator[Element]:
        """The children of that name in the element's own namespace."""
        return (child for child in self.children if child.name == name and child.space == self.space)


def is_xml(data: bytes) -> bool:
    """Whether a file is XML rather than one of our texts: it begins with a tag."""
    for mark in _MARKS:
        data = data.removeprefix(mark)
    return data.lstrip(b" \t\r\n\0")[:1] == b"<"


def parse(data: bytes) -> Element:
    """The root of a file. Raises: NotBpmn with the line, for what is not well formed, not safe, or too large."""
    if len(data) > MAX_BYTES:
        raise _refused(0, f"more than {MAX_BYTES} bytes", f"超过 {MAX_BYTES} 字节")
    return _Reading().root(data)


def _refused(line: int, why: str, why_zh: str) -> NotBpmn:
    return NotBpmn(line=line, why=why, why_zh=why_zh)


class _Reading:
    """The events of a file under way to a tree."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._document = Element("", "", {}, 0)
        self._open = [self._document]
        self._count = 0

    def root(self, data: bytes) -> Element:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            raise _refused(error.lineno, expat.ErrorString(error.code), "XML 格式有误") from None
        except (LookupError, ValueError):
            raise _refused(1, "an encoding that is not known", "未知的编码") from None
        return self._document.children[0]

    def _doctype(self, *_: object) -> None:
        raise self._at("a DOCTYPE is not read", "不接受 DOCTYPE")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise self._at("too deep or too many elements", "嵌套过深或元素过多")
        space, _, local = name.rpartition(" ")
        element = Element(space, local, attributes, self._parser.CurrentLineNumber)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _characters(self, text: str) -> None:
        self._open[-1].text += text

    def _at(self, why: str, why_zh: str) -> NotBpmn:
        return _refused(self._parser.CurrentLineNumber, why, why_zh)


# ------------------------------------------------------------------ writing


@dataclass(frozen=True, slots=True)
class Tag:
    """An element to write, with a prefixed name; an attribute that is "" or None is left out."""

    name: str
    attributes: dict[str, str | None]
    inside: tuple[Tag, ...] = ()
    text: str = ""

    def lines(self, indent: str = "") -> Iterator[str]:
        """Its XML, a line for each tag."""
        attributes = "".join(f" {key}={quoteattr(value)}" for key, value in self.attributes.items() if value)
        if self.text:
            yield f"{indent}<{self.name}{attributes}>{escape(self.text)}</{self.name}>"
        elif not self.inside:
            yield f"{indent}<{self.name}{attributes}/>"
        else:
            yield f"{indent}<{self.name}{attributes}>"
            for tag in self.inside:
                yield from tag.lines(indent + "  ")
            yield f"{indent}</{self.name}>"


def dump(root: Tag) -> bytes:
    """A file of UTF-8 with a declaration."""
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *root.lines(), ""]).encode()
