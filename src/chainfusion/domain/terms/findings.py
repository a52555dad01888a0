"""A finding of the linter, and the refusal that carries findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chainfusion.domain.terms.refusals import BadTerms


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `severity`: error or warning; `line` of the document, 0 where there is none."""

    rule: str
    path: str
    why: str
    severity: str = "error"
    line: int = 0


def refuse(findings: Iterable[Finding]) -> None:
    """Raises: BadTerms with the errors among findings, where there are any."""
    errors = [f for f in findings if f.severity == "error"]
    if errors:
        first = errors[0]
        facts = [{"rule": f.rule, "path": f.path, "line": f.line, "why": f.why} for f in errors]
        raise BadTerms(count=len(errors), line=first.line, path=first.path, why=first.why, findings=facts)
