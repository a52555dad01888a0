"""Single values of the document: text, names, formulas, amounts, dates, choices. And what every shape is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

from chainfusion.cashflow.text.located import Unfit, unfit
from chainfusion.domain.calendar import DayCount
from chainfusion.domain.errors import Text
from chainfusion.domain.terms.findings import Finding
from chainfusion.domain.terms.formula import Kind, Literal, literal_text, parse, unparse
from chainfusion.domain.terms.refusals import BadFormula
from chainfusion.domain.waterfall.opcodes import LARGEST
from chainfusion.yamlfile import Node

Plain = str | dict[str, Any] | list[Any]
Schema = dict[str, Any]


@dataclass(slots=True)
class Context:
    """What reading needs to know: the deal's currency and day count, and where findings are put."""

    currency: str
    digits: int
    day_count: DayCount = DayCount.ACT_365F
    findings: list[Finding] = field(default_factory=list)

    def tell(self, refusal: Unfit) -> None:
        """Keeps a finding; what was told inside is not told again."""
        if refusal.finding is not None:
            self.findings.append(refusal.finding)


class Shape(Protocol):
    """What a value looks like in the document."""

    def read(self, node: Node, context: Context, /) -> Any:
        """The value. Raises: Unfit."""

    def write(self, value: Any, context: Context, /) -> Plain:
        """The value as the document shows it."""

    def schema(self) -> Schema:
        """Its JSON Schema."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text."""

    limit: int = 400

    def read(self, node: Node, _context: Context) -> str:
        """One line."""
        text = node.text()
        if len(text) > self.limit or not text.isprintable() or text.strip() != text:
            raise unfit(node, f"one line of up to {self.limit} characters is needed")
        return text

    def write(self, value: str, _context: Context) -> Plain:
        """As it is."""
        return value

    def schema(self) -> Schema:
        """Text."""
        return {"type": ["string", "number"]}


@dataclass(frozen=True, slots=True)
class Word:
    """The name of something in the deal."""

    def read(self, node: Node, _context: Context) -> str:
        """A name; that it exists is linted."""
        text = node.text()
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,39}", text):
            raise unfit(node, f"{text[:40]!r} is not a name: a letter, then letters, digits and _")
        return text

    def write(self, value: str, _context: Context) -> Plain:
        """As it is."""
        return value

    def schema(self) -> Schema:
        """A pattern."""
        return {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,39}$"}


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in Chinese and English, or one that serves for both."""

    def read(self, node: Node, context: Context) -> Text:
        """`{zh: ..., en: ...}` or one text."""
        if isinstance(node.value, str):
            text = Line().read(node, context)
            return Text(text, text)
        items = node.items()
        if set(items) != {"zh", "en"}:
            raise unfit(node, "a text has zh and en, or is one text for both")
        return Text(Line().read(items["en"], context), Line().read(items["zh"], context))

    def write(self, value: Text, _context: Context) -> Plain:
        """One text where both are equal."""
        return value.en if value.en == value.zh else {"zh": value.zh, "en": value.en}

    def schema(self) -> Schema:
        """Either form."""
        both = {"zh": {"type": "string"}, "en": {"type": "string"}}
        form = {"type": "object", "properties": both, "required": ["zh", "en"], "additionalProperties": False}
        return {"anyOf": [{"type": ["string", "number"]}, form]}


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula; kept in its one spelling."""

    says: str = "a formula"

    def read(self, node: Node, context: Context) -> str:
        """The formula's one spelling."""
        try:
            return unparse(parse(node.text(), context.digits), context.digits)
        except BadFormula as error:
            raise unfit(node, f"{error.facts['formula']}: {error.facts['why']}", "formula") from None

    def write(self, value: str, _context: Context) -> Plain:
        """As it is."""
        return value

    def schema(self) -> Schema:
        """Text, or a plain number."""
        return {"type": ["string", "number"], "description": self.says}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in units of the deal's currency: 13,249,000,000.00, with or without its code."""

    def read(self, node: Node, context: Context) -> int:
        """Minor units."""
        text = node.text().removesuffix(context.currency).strip().replace(",", "").replace("_", "")
        if not re.fullmatch(r"[0-9]{1,16}(?:\.[0-9]{1,4})?", text):
            raise unfit(node, f"{node.text()[:40]!r} is not an amount of {context.currency}")
        minor = Decimal(text).scaleb(context.digits)
        if minor != minor.to_integral_value() or minor >= LARGEST:
            raise unfit(node, f"{node.text()[:40]!r} is not an amount of {context.currency} that fits")
        return int(minor)

    def write(self, value: int, context: Context) -> Plain:
        """With separators."""
        return literal_text(Literal(value, Kind.MONEY, ""), context.digits).strip()

    def schema(self) -> Schema:
        """Text or number."""
        return {"type": ["string", "number"], "description": "an amount in units of the deal's currency"}


@dataclass(frozen=True, slots=True)
class Number:
    """A literal of a kind: 2%, 12, 500_000 CNY."""

    kind: Kind | None = None

    def read(self, node: Node, context: Context) -> int:
        """Its value in units of its kind."""
        return self.literal(node, context).value

    def literal(self, node: Node, context: Context) -> Literal:
        """The literal. Raises: Unfit."""
        try:
            tree = parse(node.text(), context.digits)
        except BadFormula as error:
            raise unfit(node, f"{error.facts['formula']}: {error.facts['why']}", "formula") from None
        if isinstance(tree, Literal) and tree.kind is Kind.COUNT and self.kind is Kind.RATIO:
            tree = Literal(tree.value * 10**8, Kind.RATIO)
        if not isinstance(tree, Literal) or self.kind not in (None, tree.kind):
            raise unfit(node, f"a plain {self.kind.value if self.kind else 'number'} is needed")
        return tree

    def write(self, value: int, context: Context) -> Plain:
        """As the language writes it."""
        return literal_text(Literal(value, self.kind or Kind.COUNT, context.currency), context.digits)

    def schema(self) -> Schema:
        """Text or number."""
        return {"type": ["string", "number"]}


@dataclass(frozen=True, slots=True)
class Day:
    """A date."""

    def read(self, node: Node, _context: Context) -> date:
        """YYYY-MM-DD."""
        try:
            return date.fromisoformat(node.text())
        except ValueError:
            raise unfit(node, f"{node.text()[:20]!r} is not a date (YYYY-MM-DD)") from None

    def write(self, value: date, _context: Context) -> Plain:
        """ISO 8601."""
        return value.isoformat()

    def schema(self) -> Schema:
        """Text."""
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


@dataclass(frozen=True, slots=True)
class YesNo:
    """yes or no."""

    def read(self, node: Node, _context: Context) -> bool:
        """Also true and false."""
        found = {"yes": True, "no": False, "true": True, "false": False}.get(node.text())
        if found is None:
            raise unfit(node, "yes or no is needed")
        return found

    def write(self, value: bool, _context: Context) -> Plain:
        """yes or no."""
        return "yes" if value else "no"

    def schema(self) -> Schema:
        """A boolean to some readers of YAML, text to others."""
        return {"enum": [True, False, "yes", "no"]}


@dataclass(frozen=True, slots=True)
class Choice:
    """One member of an enumeration; blanks in the document stand for underscores."""

    of: type[Enum]

    def read(self, node: Node, _context: Context) -> Enum:
        """The member."""
        text = node.text()
        for member in self.of:
            if text in (member.value, str(member.value).replace("_", " ")):
                return member
        raise unfit(node, f"{text[:40]!r} is none of {', '.join(self._words())}")

    def write(self, value: Enum, _context: Context) -> Plain:
        """Its word."""
        return str(value.value).replace("_", " ")

    def _words(self) -> list[str]:
        return [str(member.value).replace("_", " ") for member in self.of]

    def schema(self) -> Schema:
        """An enumeration."""
        return {"enum": self._words()}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int = 0
    most: int = 10_000

    def read(self, node: Node, _context: Context) -> int:
        """A whole number within bounds."""
        text = node.text()
        if not re.fullmatch(r"-?[0-9]{1,9}", text) or not self.least <= int(text) <= self.most:
            raise unfit(node, f"a whole number from {self.least} to {self.most} is needed")
        return int(text)

    def write(self, value: int, _context: Context) -> Plain:
        """Digits."""
        return str(value)

    def schema(self) -> Schema:
        """An integer."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}
