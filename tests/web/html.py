"""Reading a page as a browser does: its elements, what they say, and whatever the security policy would refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})
ONE_LINE = " "


@dataclass
class Element:
    """A start tag."""

    tag: str
    attributes: dict[str, str | None]


@dataclass
class Page(HTMLParser):
    """All elements in order, all text, and tags that were never closed."""

    elements: list[Element] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)
    misnested: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, text: str) -> Page:
        """A page out of its source."""
        page = cls()
        page.feed(text)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags.pop() != tag:
            self.misnested.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """What the page says, spaces joined."""
        return ONE_LINE.join("".join(self.words).split())

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [
            each.attributes["href"] or "" for each in self.elements if each.tag == "a" and "href" in each.attributes
        ]

    @property
    def forbidden(self) -> list[str]:
        """Inline scripts, styles and handlers, and addresses elsewhere."""
        found = []
        for each in self.elements:
            names = set(each.attributes)
            found += [f"{each.tag} {name}" for name in names if name.startswith("on") or name == "style"]
            found += [each.tag] if each.tag == "style" or (each.tag == "script" and "src" not in names) else []
            for name in names & {"href", "src", "action"}:
                address = each.attributes[name] or ""
                found += [] if address.startswith(("/", "#")) and not address.startswith("//") else [address]
        return found
