"""What a verification found: a tree of steps, what is proven and what is not, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.ledger.evidence.certificates import CertificateRefused
from chainfusion.ledger.evidence.signatures import SignatureRefused


class VerificationFailed(ChainFusionError):
    """The one refusal of the verifier: the step that did not hold, and why."""

    code = "VERIFICATION_FAILED"
    says = Text("{why}", "{why_zh}")
    do = Text("{remedy}", "{remedy_zh}")


class Status(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAIL = "fail"
    NOT_CHECKED = "not-checked"


@dataclass(frozen=True)
class Step:
    """One thing that was checked, and the things that it rests on."""

    id: str
    name: Text
    status: Status
    detail: Text
    children: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The step and those below it as JSON values."""
        return {
            "id": self.id,
            "name": text_json(self.name),
            "status": self.status.value,
            "detail": text_json(self.detail),
            "children": [child.to_json() for child in self.children],
        }

    def walk(self) -> Iterator[Step]:
        """This step and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Verdict:
    """The answer. `facts` are JSON values: what the evidence states, as far as it was reached."""

    steps: tuple[Step, ...]
    title: Text
    refusal: VerificationFailed | None
    proves: tuple[Text, ...]
    does_not_prove: tuple[Text, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything that was to be checked holds."""
        return self.refusal is None

    def headline(self, lang: str = "en") -> str:
        """One sentence: what is proven, or why nothing is."""
        return self.title.filled(lang, {})

    def remedy(self, lang: str = "en") -> str:
        """What to do where it failed; empty where it did not."""
        return self.refusal.remedy(lang) if self.refusal else ""

    def step(self, step_id: str) -> Step:
        """A step by its id. Raises: KeyError."""
        found = {step.id: step for root in self.steps for step in root.walk()}
        return found[step_id]

    def to_json(self) -> dict[str, Any]:
        """The whole verdict as JSON values."""
        return {
            "ok": self.ok,
            "headline": text_json(self.title),
            "refusal": self.refusal.to_json() if self.refusal else None,
            "proves": [text_json(text) for text in self.proves],
            "does_not_prove": [text_json(text) for text in self.does_not_prove],
            "facts": self.facts,
            "steps": [step.to_json() for step in self.steps],
        }


def text_json(text: Text) -> dict[str, str]:
    """A sentence in both languages as JSON."""
    return {"en": text.en, "zh": text.zh}


def tell(template: Text, **facts: Any) -> Text:
    """A sentence with its facts put in; a fact that is itself a `Text` is put in by language."""
    return Text(
        template.filled("en", {name: _said(fact, "en") for name, fact in facts.items()}),
        template.filled("zh", {name: _said(fact, "zh") for name, fact in facts.items()}),
    )


def _said(fact: Any, lang: str) -> str:
    if isinstance(fact, Text):
        return fact.filled(lang, {})
    if isinstance(fact, datetime):
        return f"{fact:%Y-%m-%d %H:%M:%S} UTC"
    return printable(str(fact))


def printable(text: str) -> str:
    """The text with control and direction characters written out.

    A file that one verifies is a stranger's: it must not move the cursor, clear the line above or turn text around.
    """
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


# ------------------------------------------------------------------ recording

FOR_SIGNERS = (CertificateRefused, SignatureRefused)
"""Refusals whose remedy speaks to who signs, not to who verifies."""
_ASK_AGAIN = Text(
    "Do not rely on the evidence; ask whoever gave it to you for a new export.",
    "请勿采信该存证，并向提供方索取重新导出的存证。",
)


@dataclass
class Recorder:
    """Collects the steps of one verification as they end."""

    names: dict[str, Text]
    ended: dict[str, tuple[Status, Text]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def step(self, step_id: str) -> Iterator[None]:
        """Runs one check; any typed refusal inside ends the verification. Raises: VerificationFailed."""
        try:
            yield
        except ChainFusionError as error:
            detail = Text(printable(error.message("en")), printable(error.message("zh")))
            self.ended[step_id] = (Status.FAIL, detail)
            remedy = _ASK_AGAIN if isinstance(error, FOR_SIGNERS) else Text(error.remedy("en"), error.remedy("zh"))
            raise VerificationFailed(
                step=step_id,
                cause=error.code,
                why=detail.en,
                why_zh=detail.zh,
                remedy=remedy.en,
                remedy_zh=remedy.zh,
            ) from error
        self.ended.setdefault(step_id, (Status.OK, Text("", "")))

    def note(self, step_id: str, detail: Text, status: Status = Status.OK) -> None:
        """Says more of a step that holds, or that one was not made."""
        self.ended[step_id] = (status, detail)

    def tree(self, shape: Shape) -> Step:
        """The steps in the shape that people read them in; what was not reached is not checked."""
        step_id, below = shape
        status, detail = self.ended.get(step_id, (Status.NOT_CHECKED, Text("", "")))
        return Step(step_id, self.names[step_id], status, detail, tuple(self.tree(each) for each in below))


Shape = tuple[str, tuple[Any, ...]]
"""A step's id and the shapes of those below it."""
