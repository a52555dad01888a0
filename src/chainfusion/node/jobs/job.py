"""A job: work that takes longer than a page, its progress, and how it ended.

    waiting -> under way -> done | refused | failed | cancelled
    waiting -> cancelled
    waiting, under way -> interrupted      when the process ended first

An ended job stays as it is. One that was cancelled, interrupted, refused or failed may be run again, as a new job.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chainfusion.domain.errors import ChainFusionError, Text, error_from_json


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    UNDER_WAY = "under-way"
    DONE = "done"
    REFUSED = "refused"
    """Ended with a typed refusal, which is kept."""
    FAILED = "failed"
    """Ended by an error of the program itself."""
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The process ended first."""


NEXT: Mapping[JobState, frozenset[JobState]] = {
    JobState.WAITING: frozenset({JobState.UNDER_WAY, JobState.CANCELLED, JobState.INTERRUPTED}),
    JobState.UNDER_WAY: frozenset(
        {JobState.DONE, JobState.REFUSED, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED}
    ),
}
"""What may follow a state; nothing follows those that are not here."""
OPEN = frozenset(NEXT)
"""States of jobs that have not ended."""
AGAIN = frozenset({JobState.REFUSED, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED})
"""States from which a job may be run again."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a kind of work, and what is counted in it (loans, rows, bytes); None: nothing is."""

    name: str
    title: Text
    unit: Text | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One job. Times are UTC.

    `account` started it; `deal` and `about` (a file's name, a version) tell what it is about. `stage` is a name of the
    kind's stages, empty before the first; `done` of `of` are counted in it, `of` 0 where nothing is. `stops` tells that
    its end was asked for; `may_stop` that asking still helps. `arguments` are what it is run with, now and again:
    never a key. `result` is what it gave, `refusal` code and facts. `then` is the address that its result is seen at.
    """

    id: str
    kind: str
    account: str
    deal: str
    about: str
    arguments: Mapping[str, Any]
    request: str
    then: str
    added: datetime
    state: JobState = JobState.WAITING
    stage: str = ""
    done: int = 0
    of: int = 0
    stops: bool = False
    may_stop: bool = True
    began: datetime | None = None
    ended: datetime | None = None
    result: Any = None
    refusal: Mapping[str, Any] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

    @property
    def error(self) -> ChainFusionError | None:
        """The refusal that it ended with."""
        return None if self.refusal is None else error_from_json(dict(self.refusal))

    @property
    def per_cent(self) -> int | None:
        """How far the stage is, 0 to 100; None where nothing is counted."""
        return min(100, 100 * self.done // self.of) if self.of > 0 else None


class JobUnknown(ChainFusionError):
    """A job that this node does not have."""

    code = "JOB_UNKNOWN"
    says = Text("There is no job {job}.", "没有任务 {job}。")
    do = Text(
        "Look at the list of jobs; old ones are removed after {days} days.",
        "请查看任务列表；超过 {days} 天的任务会被移除。",
    )


class JobNotYours(ChainFusionError):
    """Somebody else's job."""

    code = "JOB_NOT_YOURS"
    says = Text("The job was started by {account}; nobody else ends it or runs it again.",
                "该任务由 {account} 发起，其他人不能终止或重新运行。")  # fmt: skip
    do = Text("Ask {account}, or start your own.", "请联系 {account}，或自行发起任务。")


class JobEnded(ChainFusionError):
    """Something asked of a job that its state does not allow."""

    code = "JOB_ENDED"
    says = Text("The job is {state}; this cannot be asked of it now.", "任务状态为 {state}，不能执行该操作。")
    do = Text("Open the job's page to see where it stands.", "请打开任务页面查看其状态。")


class JobPastStopping(ChainFusionError):
    """A job that has begun what is not left half done."""

    code = "JOB_PAST_STOPPING"
    says = Text("The job is registering; it is completed, not stopped.", "任务正在登记，将继续完成，不能中止。")
    do = Text("Wait until it is done.", "请等待其完成。")


class TooManyJobs(ChainFusionError):
    """More work than one person may have waiting."""

    code = "TOO_MANY_JOBS"
    says = Text(
        "{account} has {count} jobs under way or waiting already.", "{account} 已有 {count} 个进行中或等待中的任务。"
    )
    do = Text("Wait for one to end, or cancel one.", "请等待其中一个结束，或取消一个。")


class JobsElsewhere(ChainFusionError):
    """Another process runs this home's jobs."""

    code = "JOBS_ELSEWHERE"
    says = Text("Another process of this node runs its jobs.", "本节点的任务由另一进程运行。")
    do = Text("Use the workspace that is being served, or end it first.", "请使用正在提供服务的工作台，或先将其停止。")


class JobFailed(ChainFusionError):
    """Work that ended by an error of the program."""

    code = "JOB_FAILED"
    says = Text("The work stopped at an error of the program; nothing half done was kept.",
                "任务因程序错误而停止；未保留未完成的结果。")  # fmt: skip
    do = Text("Run it again; the node's log has the details.", "请重新运行；详情见节点日志。")
