"""A question that is asked of a deal: what it is called, which words it takes, and how it is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chainfusion.cashflow.analytics.study import Study
from chainfusion.cashflow.assumptions.scenario import Scenario
from chainfusion.cashflow.inquiry.answer import Table
from chainfusion.cashflow.inquiry.words import Given
from chainfusion.domain.errors import Text
from chainfusion.domain.terms.records import DealTerms

Progress = Callable[[int, int], None]


def no_progress(done: int, of: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Case:
    """What a question is asked of: a study, and the base scenario that its run assumes."""

    study: Study
    base: Scenario
    progress: Progress = no_progress

    @property
    def terms(self) -> DealTerms:
        """The deal's terms."""
        return self.study.deal.terms


Work = Callable[[Case], tuple[Table, ...]]
"""What is left to do once the words are read. Raises: BadAnalysis, NoSolution, and as projecting and running do."""
Reader = Callable[[Given, DealTerms], Work]
"""Reads the words, all of them, before anything is computed. Raises: BadInquiry."""


@dataclass(frozen=True)
class Parameter:
    """A word that a question takes. `otherwise`: what holds where nothing is said; `choices`: where it is one of few;
    `is_class`: where it is one of the deal's classes."""

    name: str
    title: Text
    hint: Text
    otherwise: str = ""
    choices: tuple[str, ...] = ()
    is_class: bool = False


@dataclass(frozen=True)
class Question:
    """A question by its name. `about` says in a sentence what the answer tells."""

    name: str
    title: Text
    about: Text
    parameters: tuple[Parameter, ...]
    read: Reader

    def given(self, words: Mapping[str, str | None]) -> Given:
        """The words with what holds where nothing is said; others are not looked at."""
        said = {p.name: (words.get(p.name) or "").strip() or p.otherwise for p in self.parameters}
        return Given(said, {p.name: p.title for p in self.parameters})
