"""Reading a document: `read_terms` gives the terms or all located errors, `lint_text` every finding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from chainfusion.cashflow.text.document import TERMS, without_format
from chainfusion.cashflow.text.located import Unfit, lines_of, parse_yaml
from chainfusion.cashflow.text.scalars import Choice, Context
from chainfusion.domain.calendar import DayCount
from chainfusion.domain.loan import minor_digits
from chainfusion.domain.terms.findings import Finding, refuse
from chainfusion.domain.terms.lint import lint
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.terms.refusals import BadTerms
from chainfusion.yamlfile import Node


def load_terms(path: Path) -> DealTerms:
    """The terms in a file. Raises: BadTerms, OSError."""
    return read_terms(path.read_bytes())


def read_terms(data: bytes) -> DealTerms:
    """The terms of a document. Raises: BadTerms with every finding, each with its line and path."""
    root = parse_yaml(data)
    terms, findings = _read(root)
    if terms is not None:
        findings = _located(lint(terms), root)
    refuse(findings)
    if terms is None:
        raise BadTerms(count=1, line=root.line, path="$", why="the document cannot be read", findings=[])
    return terms


def lint_text(data: bytes) -> tuple[Finding, ...]:
    """Every finding about a document, warnings too, in order of line."""
    try:
        root = parse_yaml(data)
    except BadTerms as error:
        return tuple(Finding(f["rule"], f["path"], f["why"], line=f["line"]) for f in error.facts["findings"])
    terms, findings = _read(root)
    found = findings if terms is None else _located(lint(terms), root)
    return tuple(sorted(found, key=lambda f: f.line))


def _read(root: Node) -> tuple[DealTerms | None, list[Finding]]:
    context = _context(root)
    try:
        return TERMS.read(without_format(root, context), context), context.findings
    except Unfit as refusal:
        context.tell(refusal)
        return None, context.findings


def _context(root: Node) -> Context:
    """What the document says of itself that its other values are read by; errors in it are told where it is read."""
    items = root.value if isinstance(root.value, dict) else {}
    currency, context = items.get("currency"), Context("CNY", 2)
    if currency is not None and isinstance(currency.value, str) and len(currency.value) == 3:
        context = Context(currency.value, minor_digits(currency.value))
    if "day_count" in items:
        try:
            context.day_count = DayCount(Choice(DayCount).read(items["day_count"], context))
        except Unfit:
            return context
    return context


def _located(findings: tuple[Finding, ...], root: Node) -> list[Finding]:
    lines = dict(lines_of(root))
    return [replace(f, line=_line(f.path, lines)) for f in findings]


def _line(path: str, lines: dict[str, int]) -> int:
    while path and path not in lines:
        path = path.rpartition(".")[0]
    return lines.get(path, 1)
