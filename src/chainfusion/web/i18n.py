"""The pages' languages: English text is the key, Chinese stands in `locales/zh/*.po`, a file an area."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")


@cache
def chinese() -> dict[str, str]:
    """English to Chinese."""
    told: dict[str, str] = {}
    for area in sorted(files("chainfusion.web").joinpath("locales/zh").iterdir(), key=lambda each: each.name):
        with area.open("rb") as stream:
            catalog = read_po(stream, locale="zh_CN")
        told |= {str(m.id): str(m.string) for m in catalog if m.id and m.string}
    return told


def translator(lang: str) -> Callable[..., str]:
    """A function from an English text to the text in `lang`, with `{name}` filled from keyword arguments."""
    table = chinese() if lang == "zh" else {}

    def translate(text: str, **facts: object) -> str:
        told = table.get(text, text)
        return told.format(**facts) if facts else told

    return translate


def preferred(asked: str | None, cookie: str | None, header: str) -> str:
    """The language of a request: what was asked, else remembered, else the first that the browser accepts."""
    for choice in (asked, cookie):
        if choice in LANGUAGES:
            return str(choice)
    for each in header.lower().split(","):
        tag = each.split(";")[0].strip()[:2]
        if tag in LANGUAGES:
            return tag
    return "zh" if not header else "en"
