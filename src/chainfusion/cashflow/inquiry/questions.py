"""The questions there are, in the order in which people meet them, and how one is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainfusion.cashflow.inquiry.answer import Answer
from chainfusion.cashflow.inquiry.chances import SIMULATION
from chainfusion.cashflow.inquiry.inquiry import Case, Question, Work
from chainfusion.cashflow.inquiry.strength import BREAK_EVEN, COUPON, SENSITIVITY, SIZE, STRESS
from chainfusion.cashflow.inquiry.worth import ENHANCEMENT, VALUE
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.terms.records import DealTerms

QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (VALUE, ENHANCEMENT, STRESS, BREAK_EVEN, SENSITIVITY, SIZE, COUPON, SIMULATION)
}


class UnknownQuestion(ChainFusionError):
    """A question that nobody here answers."""

    code = "UNKNOWN_QUESTION"
    says = Text("There is no analysis {name!r}.", "没有名为 {name!r} 的分析。")
    do = Text("Choose one of: {known}.", "可选：{known}。")

    def remedy(self, lang: str = "en") -> str:
        """What there is."""
        return self.do.filled(lang, {"known": ", ".join(QUESTIONS)})


@dataclass(frozen=True)
class Inquiry:
    """A question whose words were read; `answer` computes."""

    question: Question
    asked: dict[str, str]
    work: Work

    def answer(self, case: Case) -> Answer:
        """The tables. Raises: BadAnalysis, NoSolution, and what projecting and running raise."""
        tables = self.work(case)
        terms = case.terms
        return Answer(self.question.name, self.question.title, terms.fingerprint(), terms.currency, self.asked, tables)


def inquiry(name: str, words: Mapping[str, str | None], terms: DealTerms) -> Inquiry:
    """Reads a question, before anything is computed. Raises: UnknownQuestion, BadInquiry."""
    question = question_of(name)
    given = question.given(words)
    return Inquiry(question, dict(given.words), question.read(given, terms))


def question_of(name: str) -> Question:
    """A question by its name. Raises: UnknownQuestion."""
    require(name in QUESTIONS, UnknownQuestion(name=name[:40]))
    return QUESTIONS[name]
