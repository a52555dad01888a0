"""Jobs as pages and programs see them: where each stands, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chainfusion.domain.errors import Text
from chainfusion.node.jobs import AGAIN, Job, Jobs, JobState, Stage

STATE_NAMES: dict[JobState, Text] = {
    JobState.WAITING: Text("Waiting", "等待"),
    JobState.UNDER_WAY: Text("Under way", "进行中"),
    JobState.DONE: Text("Done", "完成"),
    JobState.REFUSED: Text("Refused", "拒绝"),
    JobState.FAILED: Text("Failed", "出错"),
    JobState.CANCELLED: Text("Cancelled", "已取消"),
    JobState.INTERRUPTED: Text("Interrupted", "已中断"),
}
LISTED = 200


@dataclass(frozen=True)
class StageLine:
    """A stage of a job: "done", "now", "ahead" or "stopped"; what is counted in it, where it is the present one."""

    name: str
    title: Text
    stands: str
    done: int
    of: int
    unit: Text | None


@dataclass(frozen=True)
class JobView:
    """One job. `refusal` says what was refused and what to do, in both languages. `may_again`: it can be run again."""

    id: str
    kind: str
    title: Text
    account: str
    deal: str
    about: str
    state: JobState
    state_name: Text
    stages: tuple[StageLine, ...]
    stage: str
    done: int
    of: int
    per_cent: int | None
    added: datetime
    began: datetime | None
    ended: datetime | None
    is_open: bool
    stops: bool
    may_stop: bool
    may_again: bool
    refusal: tuple[Text, ...]
    code: str
    then: str


@dataclass(frozen=True)
class JobsView:
    """The institution's jobs, the newest first, and how many have not ended."""

    open: int
    jobs: tuple[JobView, ...]


def jobs_view(jobs: Jobs) -> JobsView:
    """The newest jobs."""
    return JobsView(jobs.open_count(), tuple(job_view(jobs, each) for each in jobs.newest(LISTED)))


def job_view(jobs: Jobs, job: Job) -> JobView:
    """One job, with its kind's stages."""
    kind = jobs.kind(job.kind)
    error = job.error
    said = (
        (Text(error.message("en"), error.message("zh")), Text(error.remedy("en"), error.remedy("zh"))) if error else ()
    )
    return JobView(
        id=job.id,
        kind=job.kind,
        title=kind.title if kind else Text(job.kind, job.kind),
        account=job.account,
        deal=job.deal,
        about=job.about,
        state=job.state,
        state_name=STATE_NAMES[job.state],
        stages=tuple(_stages(job, kind.stages)) if kind else (),
        stage=job.stage,
        done=job.done,
        of=job.of,
        per_cent=job.per_cent,
        added=job.added,
        began=job.began,
        ended=job.ended,
        is_open=job.is_open,
        stops=job.stops,
        may_stop=job.is_open and job.may_stop and not job.stops,
        may_again=job.state in AGAIN and kind is not None,
        refusal=said,
        code=error.code if error else "",
        then=job.then,
    )


def _stages(job: Job, stages: tuple[Stage, ...]) -> Iterator[StageLine]:
    names = [each.name for each in stages]
    at = names.index(job.stage) if job.stage in names else -1
    for place, stage in enumerate(stages):
        now = "now" if job.is_open else "done" if job.state is JobState.DONE else "stopped"
        stands = "done" if place < at or job.state is JobState.DONE else now if place == at else "ahead"
        counted = (job.done, job.of) if place == at else (0, 0)
        yield StageLine(stage.name, stage.title, stands, *counted, stage.unit)
