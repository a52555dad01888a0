"""A deal's analyses as pages and programs see them: what can be asked, what was, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chainfusion.cashflow.inquiry.answer import Answer
from chainfusion.cashflow.inquiry.questions import QUESTIONS, question_of
from chainfusion.domain.errors import Text
from chainfusion.node.jobs import Jobs
from chainfusion.node.studies import Analyses, Analysis
from chainfusion.node.views.jobs import JobView, job_view
from chainfusion.node.views.terms import Given


@dataclass(frozen=True)
class WordAsked:
    """A word that a question takes, and what holds where nothing is said."""

    name: str
    title: Text
    hint: Text
    otherwise: str
    choices: tuple[str, ...]
    is_class: bool


@dataclass(frozen=True)
class QuestionView:
    """A question that can be asked."""

    name: str
    title: Text
    about: Text
    words: tuple[WordAsked, ...]


@dataclass(frozen=True)
class QuestionsView:
    """All of them."""

    questions: tuple[QuestionView, ...]


@dataclass(frozen=True)
class WordSaid:
    """A word that a question was asked with."""

    name: str
    title: Text
    value: str


@dataclass(frozen=True)
class AnalysisLine:
    """One analysis in a list: the job that makes it, and what it was asked."""

    job: JobView
    question: str
    title: Text
    version: int
    assumed: tuple[Given, ...]
    words: tuple[WordSaid, ...]
    asked: datetime


@dataclass(frozen=True)
class AnalysisView:
    """One analysis with its answer; None until its job is done."""

    deal: str
    line: AnalysisLine
    answer: Answer | None


@dataclass(frozen=True)
class AnalysesView:
    """A deal's analyses, the newest first."""

    deal: str
    analyses: tuple[AnalysisLine, ...]


def questions_view() -> QuestionsView:
    """What can be asked."""
    return QuestionsView(
        tuple(
            QuestionView(
                each.name,
                each.title,
                each.about,
                tuple(WordAsked(p.name, p.title, p.hint, p.otherwise, p.choices, p.is_class) for p in each.parameters),
            )
            for each in QUESTIONS.values()
        )
    )


def analyses_view(analyses: Analyses, deal: str) -> AnalysesView:
    """A deal's newest analyses."""
    return AnalysesView(deal, tuple(_line(analyses.jobs, each) for each in analyses.newest(deal)))


def analysis_view(analyses: Analyses, deal: str, job: str) -> AnalysisView:
    """One analysis. Raises: JobUnknown, NotAnAnalysis."""
    found = analyses.find(deal, job)
    return AnalysisView(deal, _line(analyses.jobs, found), found.answer)


def _line(jobs: Jobs, analysis: Analysis) -> AnalysisLine:
    asked = analysis.asked
    question = question_of(asked.question)
    return AnalysisLine(
        job=job_view(jobs, analysis.job),
        question=asked.question,
        title=question.title,
        version=asked.version,
        assumed=tuple(Given(name, word) for name, word in asked.assumed),
        words=tuple(WordSaid(p.name, p.title, word) for p in question.parameters if (word := asked.words.get(p.name))),
        asked=analysis.job.added,
    )
