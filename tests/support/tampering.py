"""Small knives: one change to an evidence file, and what both verifiers, ours and the second, make of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chainfusion.domain.canonical import canonical
from chainfusion.verify import Status, Verdict, verify
from tests.evidence import second_verifier

Change = Callable[[dict[str, Any]], Any]


def edited(evidence: bytes, change: Change) -> bytes:
    """The file with its JSON changed, in canonical form again."""
    value = json.loads(evidence)
    change(value)
    return canonical(value)


def assert_refused(
    evidence: bytes,
    trust: bytes,
    at_step: str,
    *,
    document: bytes | None = None,
    cause: str | None = None,
    **expectations: Any,
) -> Verdict:
    """Asserts that a verification fails at this step (for this cause), tells why in both languages, proves nothing."""
    verdict = verify(evidence, trust, None if document is None else io.BytesIO(document), **expectations)
    assert not verdict.ok, verdict.headline()
    assert expectations or not second_verifier.verify(evidence, trust, document)
    assert verdict.refusal is not None
    assert verdict.refusal.facts["step"] == at_step, verdict.refusal.facts
    assert cause is None or verdict.refusal.facts["cause"] == cause, verdict.refusal.facts
    assert verdict.step(at_step).status is Status.FAIL
    assert verdict.proves == ()
    for lang in ("en", "zh"):
        assert verdict.headline(lang)
        assert verdict.remedy(lang)
        assert "{" not in verdict.headline(lang) + verdict.remedy(lang)
    _assert_printable(verdict)
    json.dumps(verdict.to_json())
    return verdict


def assert_accepted(
    evidence: bytes, trust: bytes, document: bytes | None = None, at: datetime | None = None, **expectations: Any
) -> Verdict:
    """Asserts that a verification holds."""
    verdict = verify(evidence, trust, None if document is None else io.BytesIO(document), at=at, **expectations)
    assert verdict.ok, verdict.refusal
    _assert_printable(verdict)
    assert second_verifier.verify(evidence, trust, document)
    json.dumps(verdict.to_json())
    return verdict


def _assert_printable(verdict: Verdict) -> None:
    steps = [step for root in verdict.steps for step in root.walk()]
    texts = [verdict.title, *verdict.proves, *verdict.does_not_prove, *(step.detail for step in steps)]
    assert all(text.en.isprintable() and text.zh.isprintable() for text in texts)


def swap(holder: Any, first: Any, second: Any) -> None:
    """Exchanges two entries."""
    holder[first], holder[second] = holder[second], holder[first]


def flipped(text: str) -> str:
    """Hexadecimal text with its first byte changed."""
    return f"{int(text[:2], 16) ^ 1:02x}{text[2:]}"
