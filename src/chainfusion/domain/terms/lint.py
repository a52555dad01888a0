"""Whether deal terms make sense: every finding, with the path of what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chainfusion.domain.terms.formula import unparse
from chainfusion.domain.terms.kinds import Typing
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.terms.refusals import BadFormula, BadTerms
from chainfusion.domain.terms.uses import uses


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `severity`: error or warning; `line` of the document, 0 where there is none."""

    rule: str
    path: str
    why: str
    severity: str = "error"
    line: int = 0


def lint(terms: DealTerms) -> tuple[Finding, ...]:
    """All findings."""
    return tuple(_formulas(terms))


def refuse_nonsense(terms: DealTerms) -> None:
    """Raises: BadTerms with all errors, where there are any."""
    refuse(lint(terms))


def refuse(findings: Iterable[Finding]) -> None:
    """Raises: BadTerms with the errors among findings, where there are any."""
    errors = [f for f in findings if f.severity == "error"]
    if errors:
        first = errors[0]
        facts = [{"rule": f.rule, "path": f.path, "line": f.line, "why": f.why} for f in errors]
        raise BadTerms(count=len(errors), line=first.line, path=first.path, why=first.why, findings=facts)


def _formulas(terms: DealTerms) -> Iterator[Finding]:
    typing = Typing(terms)
    for use in uses(terms):
        try:
            if use.kind is None:
                typing.of(typing.tree(use.formula))
            else:
                typing.require(use.formula, use.kind)
            if unparse(typing.tree(use.formula), terms.digits) != use.formula:
                yield Finding("spelling", use.path, f"not in its one spelling: {use.formula}")
        except BadFormula as error:
            yield Finding("formula", use.path, f"{error.facts['formula']}: {error.facts['why']}")
