"""Questions about a deal's cash: asked of its loans, of a tape or of published collections, at once or as a job.

A job is found again by everybody of the institution, with its answer; what it was asked is in its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from chainfusion.cashflow.deal.assumed import Assumed, from_query
from chainfusion.cashflow.deal.published import read_collections
from chainfusion.cashflow.deal.study import study_of_loans, study_of_table
from chainfusion.cashflow.inquiry.answer import Answer
from chainfusion.cashflow.inquiry.inquiry import Case
from chainfusion.cashflow.inquiry.questions import Inquiry, inquiry
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import from_json, to_json
from chainfusion.domain.terms.records import DealTerms
from chainfusion.node import cashflows
from chainfusion.node.cashflows import DealPool
from chainfusion.node.desk import Desk
from chainfusion.node.jobs import ITSELF, Job, Jobs, JobState, Kind, Stage, Work
from chainfusion.vault.chunks import Progress, no_progress

KIND = "analysis"


class NotAnAnalysis(ChainFusionError):
    """A job that is another work than an analysis of this deal."""

    code = "NOT_AN_ANALYSIS"
    says = Text("{job} is no analysis of deal {deal}.", "{job} 不是项目 {deal} 的分析。")
    do = Text("Look at the deal's analyses.", "请查看该项目的分析列表。")


# ------------------------------------------------------------------ what is asked of


def of_deal(desk: Desk, deal: str, told: Assumed, version: int | None = None, progress: Progress = no_progress) -> Case:
    """A deal's registered terms on the loans of its pool. Raises: as `cashflows.project`."""
    terms = cashflows.show(desk, deal, version).record.terms
    return of_pool(deal, terms, cashflows.pool_of_deal(desk, deal, progress), told)


def of_pool(deal: str, terms: DealTerms, pool: DealPool, told: Assumed, progress: Progress = no_progress) -> Case:
    """Terms on loans that were opened already. Raises: CutOffDiffers, and as `study_of_loans`."""
    cashflows.require_cut_off(deal, terms, pool)
    return Case(study_of_loans(terms, pool.loans, told), told.scenario(), progress)


def of_tape(terms: DealTerms, loans: pl.DataFrame, told: Assumed, progress: Progress = no_progress) -> Case:
    """Terms on a tape that was read at their cut-off date. Raises: NothingToProject, and as `study_of_loans`."""
    pool, _ = cashflows.going(terms.id, loans, terms.dates.cut_off)
    return Case(study_of_loans(terms, pool, told), told.scenario(), progress)


def of_published(terms: DealTerms, file: Path, told: Assumed, progress: Progress = no_progress) -> Case:
    """Terms on collections that were published. Raises: BadCollectionsFile, and as `study_of_table`."""
    return Case(study_of_table(terms, read_collections(file, terms), told), told.scenario(), progress)


# ------------------------------------------------------------------ as jobs


@dataclass(frozen=True)
class Asked:
    """A question as it was asked of a deal: a version of the terms, assumptions as an address has them, and words."""

    version: int
    assumed: tuple[tuple[str, str], ...]
    question: str
    words: dict[str, str]

    @property
    def told(self) -> Assumed:
        """The assumptions. Raises: BadScenario."""
        return from_query(self.assumed)


@dataclass(frozen=True)
class Analysis:
    """An analysis of a deal: the job that makes it, what was asked, and the answer once it is there."""

    job: Job
    asked: Asked
    answer: Answer | None


@dataclass(frozen=True)
class Analyses:
    """An institution's analyses, each a job of `jobs`."""

    jobs: Jobs

    @classmethod
    def of(cls, jobs: Jobs) -> Analyses:
        """Makes the work known to the jobs."""
        made = cls(jobs)
        stages = (
            Stage("opening", Text("Open the loans", "打开贷款"), Text("loans", "笔")),
            Stage("computing", Text("Compute", "计算"), Text("steps", "步")),
        )
        jobs.offer(Kind(KIND, Text("Analyse the cash flow", "现金流分析"), stages, made._run, is_large=True))
        return made

    def start(self, desk: Desk, account: str, deal: str, asked: Asked, *, request: str | None = None) -> Job:
        """Starts an analysis; all of its words are read before. A repeat of `request` gives the first job.

        Raises: UnknownDeal, TermsUnknown, UnknownQuestion, BadInquiry, BadScenario, TooManyJobs.
        """
        found = self._inquiry(desk, deal, asked)
        asked.told.scenario()
        return self.jobs.start(KIND, account, desk, deal=deal, about=found.question.title.en, request=request,
                               arguments=to_json(asked), then=f"/deals/{quote(deal)}/analysis/{ITSELF}")  # fmt: skip

    def find(self, deal: str, job: str) -> Analysis:
        """One analysis of a deal. Raises: JobUnknown, NotAnAnalysis."""
        found = self.jobs.find(job)
        require(found.kind == KIND and found.deal == deal, NotAnAnalysis(job=job, deal=deal))
        return _analysis(found)

    def newest(self, deal: str, limit: int = 50) -> list[Analysis]:
        """A deal's analyses, the newest first."""
        return [_analysis(job) for job in self.jobs.newest(limit, deal=deal) if job.kind == KIND]

    def _inquiry(self, desk: Desk, deal: str, asked: Asked) -> Inquiry:
        return inquiry(asked.question, asked.words, cashflows.show(desk, deal, asked.version).record.terms)

    def _run(self, work: Work) -> Any:
        asked, deal = _asked(work.arguments), work.job.deal
        found = self._inquiry(work.desk, deal, asked)
        work.at("opening")
        pool = cashflows.pool_of_deal(work.desk, deal, lambda done, of: work.tell(done, of or 0))
        work.at("computing")
        terms = cashflows.show(work.desk, deal, asked.version).record.terms
        return to_json(found.answer(of_pool(deal, terms, pool, asked.told, lambda done, of: work.tell(done, of or 0))))


def _asked(arguments: Mapping[str, Any]) -> Asked:
    return Asked(
        arguments["version"],
        tuple((name, word) for name, word in arguments["assumed"]),
        arguments["question"],
        dict(arguments["words"]),
    )


def _analysis(job: Job) -> Analysis:
    answer = from_json(Answer, job.result) if job.state is JobState.DONE else None
    return Analysis(job, _asked(job.arguments), answer)
