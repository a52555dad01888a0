"""An answer: tables whose columns say what their figures are, so that a page, a command and a file show them alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chainfusion.domain.errors import Text

Row = tuple[Any, ...]


class Form(StrEnum):
    """What a column holds; each value may be None."""

    TEXT = "text"
    MONEY = "money"
    """Whole minor units of the answer's currency."""
    SHARE = "share"
    """A fraction of one, told in per cent."""
    NUMBER = "number"
    COUNT = "count"
    DATE = "date"
    """ISO 8601."""
    FLAG = "flag"


@dataclass(frozen=True)
class Column:
    """A column by its name in files, what people call it, and what it holds."""

    name: str
    title: Text
    form: Form


@dataclass(frozen=True)
class Table:
    """Rows in the order of the columns; JSON values."""

    name: str
    title: Text
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def records(self) -> list[dict[str, Any]]:
        """A row as names and values."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Answer:
    """What was asked, in which words, of which terms; and what came of it."""

    question: str
    title: Text
    terms: str
    """Fingerprint of the terms."""
    currency: str
    asked: dict[str, str]
    tables: tuple[Table, ...]


def text(name: str, en: str, zh: str) -> Column:
    """A column of words."""
    return Column(name, Text(en, zh), Form.TEXT)


def money(name: str, en: str, zh: str) -> Column:
    """A column of amounts."""
    return Column(name, Text(en, zh), Form.MONEY)


def share(name: str, en: str, zh: str) -> Column:
    """A column of fractions of one."""
    return Column(name, Text(en, zh), Form.SHARE)


def number(name: str, en: str, zh: str) -> Column:
    """A column of figures."""
    return Column(name, Text(en, zh), Form.NUMBER)


def count(name: str, en: str, zh: str) -> Column:
    """A column of whole numbers."""
    return Column(name, Text(en, zh), Form.COUNT)


def day(name: str, en: str, zh: str) -> Column:
    """A column of dates."""
    return Column(name, Text(en, zh), Form.DATE)


def flag(name: str, en: str, zh: str) -> Column:
    """A column of yes and no."""
    return Column(name, Text(en, zh), Form.FLAG)


CLASS = text("class", "Class", "档次")
"""The class of notes that a row is about."""
