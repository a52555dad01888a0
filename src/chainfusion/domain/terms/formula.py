"""The language of amounts and conditions: read into a typed tree, never evaluated as a program.

    min(2% * A.balance, rest)
    max(pool.defaulted + earlier(pool.defaulted) + earlier(principal.lent) - earlier(income.h.paid), 0 CNY)
    lifetime(pool.defaulted) / pool.initial > default_limit and not servicer_default

Numbers have a kind: `500_000.00 CNY` is money, `4.65%`, `25bp` and `0.5` are ratios, `12` is a count, `2026-01-26` a
date. Money is held in minor units, a ratio in units of 1e-8, a date as its ordinal. Precedence, loosest first: or;
and; not; comparison (one only); + and -; * and /; the sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from chainfusion.domain.terms.refusals import BadFormula

MAX_LENGTH, MAX_DEPTH = 1000, 24


class Kind(StrEnum):
    """What a value is."""

    MONEY = "money"
    RATIO = "ratio"
    COUNT = "count"
    TRUTH = "truth"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Literal:
    """A number: minor units, 1e-8, a count, or a date's ordinal. `currency` of money only."""

    value: int
    kind: Kind
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A value of the deal, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or a function, and what it is applied to."""

    op: str
    args: tuple[Tree, ...]


Tree = Literal | Name | Apply

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
FUNCTIONS = {
    "min": (2, 20),
    "max": (2, 20),
    "if": (3, 3),
    "ratio": (3, 3),
    "yearly": (2, 2),
    "earlier": (1, 1),
    "lifetime": (1, 1),
    "previous": (1, 1),
    "recent": (2, 2),
    "down": (1, 1),
    "up": (1, 1),
    "half_up": (1, 1),
    "half_even": (1, 1),
}
"""Functions, with the fewest and the most arguments they take."""
WORDS = frozenset({"and", "or", "not", "true", "false"})
_TOKEN = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d{2}-\d{2})|(?P<number>\d[\d_]*(?:\.\d+)?)\s*(?P<unit>%|bp\b|[A-Z]{3}\b)?"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)|(?P<op><=|>=|==|!=|[-+*/()<>,]))"
)
_LEVELS: tuple[tuple[str, ...], ...] = (("or",), ("and",), COMPARISONS, ("+", "-"), ("*", "/"))


@lru_cache(maxsize=4096)
def parse(text: str, digits: int = 2) -> Tree:
    """The tree of a formula; `digits` are the currency's decimals. Raises: BadFormula."""
    if len(text) > MAX_LENGTH:
        raise BadFormula(formula=text[:60], why=f"more than {MAX_LENGTH} characters")
    return _Parser(text, digits).whole()


class _Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str, digits: int) -> None:
        self.text, self.digits, self.at = text, digits, 0
        self.tokens = list(self._tokens())

    def refuse(self, why: str) -> BadFormula:
        return BadFormula(formula=self.text[:120], why=why)

    def _tokens(self) -> Iterator[tuple[str, str, str]]:
        place, end = 0, len(self.text.rstrip())
        while place < end:
            found = _TOKEN.match(self.text, place)
            if found is None:
                raise self.refuse(f"{self.text[place : place + 12].strip()!r} is not understood")
            place = found.end()
            kind = str(found.lastgroup if found.lastgroup != "unit" else "number")
            yield kind, found[kind], found["unit"] or ""

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> tuple[str, str, str]:
        if self.at >= len(self.tokens):
            raise self.refuse("it ends too early")
        token = self.tokens[self.at]
        if wanted and token[1] != wanted:
            raise self.refuse(f"{wanted!r} is needed before {token[1]!r}")
        self.at += 1
        return token

    def whole(self) -> Tree:
        tree = self.level(0, 0)
        if self.peek():
            raise self.refuse(f"{self.peek()!r} does not belong here")
        return tree

    def level(self, number: int, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise self.refuse("nested too deeply")
        if number == len(_LEVELS):
            return self.sign(depth)
        if number == 2 and self.peek() == "not":
            self.take()
            return Apply("not", (self.level(2, depth + 1),))
        left = self.level(number + 1, depth)
        while self.peek() in _LEVELS[number]:
            op = self.take()[1]
            left = Apply(op, (left, self.level(number + 1, depth)))
            if number == 2:
                break
        return left

    def sign(self, depth: int) -> Tree:
        if self.peek() == "-":
            self.take()
            inner = self.sign(depth + 1) if depth <= MAX_DEPTH else self.level(0, depth)
            return Literal(-inner.value, inner.kind, inner.currency) if isinstance(inner, Literal) else _negated(inner)
        return self.atom(depth)

    def atom(self, depth: int) -> Tree:
        kind, text, unit = self.take()
        if kind == "number":
            return self.number(text, unit)
        if kind == "date":
            return self.day(text)
        if text == "(":
            tree = self.level(0, depth + 1)
            self.take(")")
            return tree
        if kind != "name":
            raise self.refuse(f"a value is needed in place of {text!r}")
        if text in ("true", "false"):
            return Literal(int(text == "true"), Kind.TRUTH)
        return self.call(text, depth) if self.peek() == "(" else self.name(text)

    def name(self, text: str) -> Name:
        if text in WORDS or text in FUNCTIONS:
            raise self.refuse(f"{text!r} is a word of the language, not a value")
        return Name(text)

    def call(self, name: str, depth: int) -> Apply:
        if name not in FUNCTIONS:
            raise self.refuse(f"there is no function {name!r}")
        self.take("(")
        args = [self.level(0, depth + 1)]
        while self.peek() == ",":
            self.take()
            args.append(self.level(0, depth + 1))
        self.take(")")
        least, most = FUNCTIONS[name]
        if not least <= len(args) <= most:
            raise self.refuse(f"{name} takes {least if least == most else f'{least} to {most}'} values")
        return Apply(name, tuple(args))

    def day(self, text: str) -> Literal:
        try:
            return Literal(date.fromisoformat(text).toordinal(), Kind.DATE)
        except ValueError:
            raise self.refuse(f"{text} is no date") from None

    def number(self, text: str, unit: str) -> Literal:
        value = Decimal(text.replace("_", ""))
        if unit.isalpha() and unit != "bp":
            return Literal(self.scaled(value, self.digits, unit), Kind.MONEY, unit)
        if unit or "." in text:
            return Literal(self.scaled(value, {"%": 6, "bp": 4}.get(unit, 8), unit), Kind.RATIO)
        return Literal(self.scaled(value, 0, unit), Kind.COUNT)

    def scaled(self, value: Decimal, digits: int, unit: str) -> int:
        whole = value.scaleb(digits)
        if whole != whole.to_integral_value() or whole >= 2**50:
            raise self.refuse(f"{value}{unit} has too many digits")
        return int(whole)


def _negated(tree: Tree) -> Apply:
    return Apply("neg", (tree,))


# ------------------------------------------------------------------ writing

_TIGHT = {op: level for level, ops in enumerate(_LEVELS) for op in ops} | {"not": 2, "neg": 5}


def unparse(tree: Tree, digits: int = 2) -> str:
    """The one spelling of a tree: `parse(unparse(tree)) == tree`."""
    return _text(tree, digits, 0)


def _text(tree: Tree, digits: int, level: int) -> str:
    if isinstance(tree, Literal):
        text = literal_text(tree, digits)
        return f"({text})" if tree.value < 0 and level > 3 else text
    if isinstance(tree, Name):
        return tree.name
    if tree.op in FUNCTIONS:
        return f"{tree.op}({', '.join(_text(arg, digits, 0) for arg in tree.args)})"
    own = _TIGHT[tree.op]
    if tree.op == "neg":
        inner = tree.args[0]
        operand = _text(inner, digits, 6)
        text = f"-({operand})" if isinstance(inner, Literal) and not operand.startswith("(") else f"-{operand}"
    elif tree.op == "not":
        text = f"not {_text(tree.args[0], digits, 2)}"
    else:
        left = own + 1 if own == 2 else own
        text = f"{_text(tree.args[0], digits, left)} {tree.op} {_text(tree.args[1], digits, own + 1)}"
    return f"({text})" if own < level else text


def literal_text(literal: Literal, digits: int = 2) -> str:
    """A number as the language writes it."""
    if literal.kind is Kind.MONEY:
        return f"{_decimal(literal.value, digits, digits)} {literal.currency}"
    if literal.kind is Kind.RATIO:
        return f"{_decimal(literal.value, 6, 0)}%"
    if literal.kind is Kind.DATE:
        return date.fromordinal(literal.value).isoformat()
    if literal.kind is Kind.TRUTH:
        return "true" if literal.value else "false"
    return str(literal.value)


def _decimal(value: int, digits: int, least: int) -> str:
    whole, part = divmod(abs(value), 10**digits)
    tail = str(part).zfill(digits) if digits else ""
    while len(tail) > least and tail.endswith("0"):
        tail = tail[:-1]
    return f"{'-' if value < 0 else ''}{whole:_}" + (f".{tail}" if tail else "")


def names_in(tree: Tree) -> Iterator[str]:
    """Every name that a tree mentions, in order, with repeats."""
    if isinstance(tree, Name):
        yield tree.name
    elif isinstance(tree, Apply):
        for arg in tree.args:
            yield from names_in(arg)
