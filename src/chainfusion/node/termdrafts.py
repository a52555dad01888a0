"""A text on its way to be a deal's terms: examined as a whole before anything is signed.

What is signed is what was shown: the fingerprint of the examined text goes with it, and another text is refused.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from chainfusion.cashflow.text.difference import Change, differences
from chainfusion.cashflow.text.reader import lint_text, read_terms
from chainfusion.cashflow.text.writer import write_terms
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.loan import minor_digits
from chainfusion.domain.terms.findings import Finding
from chainfusion.domain.terms.formula import Literal, literal_text, parse
from chainfusion.domain.terms.private import commitment
from chainfusion.domain.terms.records import DealTerms
from chainfusion.ledger.evidence.opening import SALT_BYTES
from chainfusion.ledger.port import Receipt
from chainfusion.node import cashflows
from chainfusion.node.desk import Desk

MAX_BYTES = 1 << 20
"""Of a document; the longest real one has 40 kB."""


class TermsNotExamined(ChainFusionError):
    """Another text than the one that was examined and shown."""

    code = "TERMS_NOT_EXAMINED"
    says = Text("This is not the text that was checked: its fingerprint is {fingerprint}.",
                "该文本并非已检查的文本：其指纹为 {fingerprint}。")  # fmt: skip
    do = Text("Check the text again, read what it says, then sign.", "请重新检查文本，阅读后再签署。")


class TermsTooLong(ChainFusionError):
    """A document that is larger than any deal's terms."""

    code = "TERMS_TOO_LONG"
    says = Text("The document has {size} bytes; deal terms have at most {most}.",
                "文件有 {size} 字节，交易条款最多 {most} 字节。")  # fmt: skip
    do = Text("Give the deal's terms alone.", "请仅提供交易条款。")


class NotAValue(ChainFusionError):
    """A private term that is no single value."""

    code = "NOT_A_VALUE"
    says = Text("{value!r} is not one value in {currency}.", "{value!r} 不是单个数值（币种 {currency}）。")
    do = Text("Give a rate, a number, a date or an amount.", "请填写比率、数值、日期或金额。")


@dataclass(frozen=True)
class Sealed:
    """A private value, the salt that hides it, and the fingerprint that the terms hold."""

    value: str
    salt: str
    fingerprint: str


@dataclass(frozen=True)
class TextLine:
    """A line of the document with what was found in it."""

    number: int
    text: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Examined:
    """What a text says. `terms` is None where it has errors; `changes` against version `replaces`, the newest."""

    text: str
    lines: tuple[TextLine, ...]
    findings: tuple[Finding, ...]
    terms: DealTerms | None
    replaces: int | None
    changes: tuple[Change, ...]

    @property
    def errors(self) -> int:
        """Findings that keep the text from being registered."""
        return sum(each.severity == "error" for each in self.findings)


def examine(desk: Desk, deal: str, data: bytes) -> Examined:
    """Lints a text, reads it, and holds it against the newest version. Raises: UnknownDeal, TermsTooLong."""
    require(len(data) <= MAX_BYTES, TermsTooLong(size=len(data), most=MAX_BYTES))
    found = lint_text(data)
    terms = None if any(each.severity == "error" for each in found) else read_terms(data)
    every = cashflows.versions(desk, deal)
    newest = every[-1].record if every else None
    text = data.decode("utf-8", "replace")
    return Examined(
        text=text,
        lines=_lines(text, found),
        findings=found,
        terms=terms,
        replaces=newest.version if newest else None,
        changes=differences(newest.terms, terms) if newest and terms else (),
    )


def register(
    desk: Desk, deal: str, data: bytes, fingerprint: str, replaces: int, *, request: str | None = None
) -> Receipt:
    """Registers a text that was examined, after the version that it was held against (0 for none).

    Raises: BadTerms, TermsNotExamined, and as `cashflows.register_terms`.
    """
    terms = read_terms(data)
    require(terms.fingerprint() == fingerprint, TermsNotExamined(fingerprint=terms.fingerprint()))
    return cashflows.register_terms(desk, deal, terms, replaces=replaces, request=request)


def seal(text: str, currency: str) -> Sealed:
    """The fingerprint of a private value with a fresh salt. Raises: BadFormula, NotAValue."""
    digits = minor_digits(currency)
    tree = parse(text, digits)
    if not isinstance(tree, Literal) or tree.currency not in ("", currency):
        raise NotAValue(value=text[:80], currency=currency)
    salt = secrets.token_bytes(SALT_BYTES)
    return Sealed(literal_text(tree, digits), salt.hex(), commitment(tree.value, tree.kind, salt))


def newest_text(desk: Desk, deal: str) -> str:
    """The newest version as a document to begin the next one from; empty where there is none."""
    every = cashflows.versions(desk, deal)
    return write_terms(every[-1].record.terms).decode() if every else ""


def _lines(text: str, found: tuple[Finding, ...]) -> tuple[TextLine, ...]:
    """Every line; what was found beyond them, or of no line, stands at the first."""
    texts = text.splitlines() or [""]
    at: dict[int, list[Finding]] = {}
    for each in found:
        at.setdefault(each.line if 1 <= each.line <= len(texts) else 1, []).append(each)
    return tuple(TextLine(n, line, tuple(at.get(n, ()))) for n, line in enumerate(texts, 1))
