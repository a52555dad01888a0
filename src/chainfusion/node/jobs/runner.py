"""Runs jobs: two threads for what is short, one for what fills the machine; stopped when asked, ended as typed.

What a job signs, it signs with the key of the person's session: when that ends, the key is gone and the work is
refused at its next signature. The key is in the desk, in memory alone.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from threading import Condition, Thread
from typing import Any

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.node.desk import Desk
from chainfusion.node.jobs.job import (
    AGAIN,
    Job,
    JobEnded,
    JobFailed,
    JobNotYours,
    JobPastStopping,
    JobsElsewhere,
    JobState,
    JobUnknown,
    Stage,
    TooManyJobs,
)
from chainfusion.node.jobs.store import FILE, KEPT_DAYS, JobStore

log = logging.getLogger(__name__)
ITSELF = "{job}"
MOST_OPEN = 20
"""Jobs that one person may have waiting and under way."""
TOLD_EVERY = 0.2
"""Seconds between two notes of a count."""
SHORT_THREADS = 2


class _Stopped(Exception):
    """The end of a job was asked for, and it has come to where it can end."""


@dataclass(frozen=True)
class Kind:
    """A kind of work. `run` does it and gives its result, a JSON value of some kilobytes at most.

    Run again, it must lead to the same end: what it records carries request ids from its arguments. `is_large` work
    runs one at a time.
    """

    name: str
    title: Text
    stages: tuple[Stage, ...]
    run: Callable[[Work], Any]
    is_large: bool = False


class Work:
    """A job under way, as its kind sees it."""

    def __init__(self, job: Job, desk: Desk, jobs: Jobs) -> None:
        self.job, self.desk, self._jobs = job, desk, jobs
        self._told = 0.0

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What it is run with."""
        return self.job.arguments

    def at(self, stage: str, done: int = 0, of: int = 0) -> None:
        """The work has come to a stage; it ends here where that was asked for."""
        self._note(stage=stage, done=done, of=of)

    def tell(self, done: int, of: int) -> None:
        """So many of so many are done in this stage; it ends here where that was asked for."""
        if done >= of or time.monotonic() - self._told >= TOLD_EVERY:
            self._note(done=done, of=of)

    def past_stopping(self, stage: str) -> None:
        """From here on the work is completed: what it does now must not be left half done."""
        self._note(stage=stage, done=0, of=0, may_stop=False)

    def _note(self, **facts: Any) -> None:
        if self._jobs.noted(self.job.id, **facts):
            raise _Stopped
        self._told = time.monotonic()


@dataclass(frozen=True)
class _Task:
    job: Job
    desk: Desk


class Jobs:
    """An institution's jobs: started by its people, seen by all of them. One for a running node; thread-safe."""

    def __init__(self, folder: Path | None, clock: Callable[[], datetime] | None = None) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self._store = JobStore(None if folder is None else folder / FILE)
        self._kinds: dict[str, Kind] = {}
        self._queues: dict[bool, SimpleQueue[_Task | None]] = {False: SimpleQueue(), True: SimpleQueue()}
        self._changed = Condition()
        self._threads: list[Thread] = []
        self._is_closed = False
        if self._store.runs:
            self._store.interrupt(self._clock())

    def offer(self, kind: Kind) -> None:
        """Makes a kind of work known."""
        self._kinds[kind.name] = kind

    def kind(self, name: str) -> Kind | None:
        """A kind by its name; None for one of another version of the program."""
        return self._kinds.get(name)

    # ------------------------------------------------------------------ what people ask

    def start(
        self,
        kind: str,
        account: str,
        desk: Desk,
        *,
        deal: str = "",
        about: str = "",
        arguments: Mapping[str, Any] | None = None,
        request: str | None = None,
        then: str = "",
    ) -> Job:
        """Starts work as a person; a repeat of `request` gives the first job. In `then` ITSELF stands for its id.

        Raises: TooManyJobs, RequestReused, JobsElsewhere.
        """
        require(self._store.runs, JobsElsewhere())
        id_ = secrets.token_hex(16)
        made = Job(
            id=id_,
            kind=self._kinds[kind].name,
            account=account,
            deal=deal,
            about=about,
            arguments=dict(arguments or {}),
            request=request or secrets.token_hex(16),
            then=then.replace(ITSELF, id_),
            added=self._clock(),
        )
        with self._changed:
            open_now = self._store.count_open(account)
            kept = self._store.add(made)
            if kept.id == made.id:
                if open_now >= MOST_OPEN:
                    self._store.move(made.id, JobState.CANCELLED, ended=self._clock())
                    raise TooManyJobs(account=account, count=open_now)
                self._begin_threads()
                self._queues[self._kinds[kind].is_large].put(_Task(kept, desk))
        return kept

    def again(self, job: str, account: str, desk: Desk, request: str | None = None) -> Job:
        """Runs a job again that ended without its result, as a new job with the same arguments.

        Raises: JobUnknown, JobNotYours, JobEnded, and as `start`.
        """
        old = self._mine(job, account)
        require(old.state in AGAIN and old.kind in self._kinds, JobEnded(state=old.state.value))
        return self.start(old.kind, account, desk, deal=old.deal, about=old.about, arguments=old.arguments,
                          request=request or f"again:{old.id}", then=old.then)  # fmt: skip

    def cancel(self, job: str, account: str) -> Job:
        """Ends a job that waits; asks one under way to end at its next count.

        Raises: JobUnknown, JobNotYours, JobEnded, JobPastStopping.
        """
        old = self._mine(job, account)
        require(old.is_open, JobEnded(state=old.state.value))
        require(old.may_stop, JobPastStopping())
        with self._changed:
            waits = old.state is JobState.WAITING
            if not (waits and self._store.move(job, JobState.CANCELLED, ended=self._clock())):
                self._store.note(job, stops=True)
            self._changed.notify_all()
        return self.find(job)

    def find(self, job: str) -> Job:
        """Raises: JobUnknown."""
        found = self._store.find(job)
        if found is None:
            raise JobUnknown(job=job[:40], days=KEPT_DAYS)
        return found

    def newest(self, limit: int = 100, *, deal: str = "", account: str = "") -> list[Job]:
        """The institution's jobs, the newest first; of one deal or one person where named."""
        return self._store.newest(limit, deal=deal, account=account)

    def open_of(self, deal: str, kind: str) -> Job | None:
        """A job of a kind that has not ended, in a deal."""
        open_now = self._store.newest(MOST_OPEN * 10, deal=deal, states=(JobState.WAITING, JobState.UNDER_WAY))
        return next((each for each in open_now if each.kind == kind), None)

    def open_count(self, account: str = "") -> int:
        """How many have not ended."""
        return self._store.count_open(account)

    def awaited(self, job: str, seconds: float) -> Job:
        """The job once it has ended, or as it stands after so many seconds. Raises: JobUnknown."""
        end = time.monotonic() + seconds
        with self._changed:
            while (found := self.find(job)).is_open and (left := end - time.monotonic()) > 0:
                self._changed.wait(min(left, 0.5))
        return found

    def close(self) -> None:
        """Takes no more work; what is under way is interrupted when the process ends, or the next one begins."""
        with self._changed:
            self._is_closed = True
            for queue in self._queues.values():
                for _ in range(SHORT_THREADS):
                    queue.put(None)
            self._store.close()

    def _mine(self, job: str, account: str) -> Job:
        found = self.find(job)
        require(found.account == account, JobNotYours(account=found.account))
        return found

    # ------------------------------------------------------------------ within

    def noted(self, job: str, **facts: Any) -> bool:
        """Keeps how far a job is; tells whether it is to end here."""
        with self._changed:
            found = None if self._is_closed else self._store.find(job)
            stops = found is None or not found.is_open or (found.stops and found.may_stop)
            if not stops:
                self._store.note(job, **facts)
                self._changed.notify_all()
            return stops

    def _begin_threads(self) -> None:
        if not self._threads:
            for number, is_large in enumerate([*[False] * SHORT_THREADS, True]):
                thread = Thread(target=self._serve, args=(is_large,), name=f"job-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, is_large: bool) -> None:
        while (task := self._queues[is_large].get()) is not None:
            try:
                if self._moved(task.job.id, JobState.UNDER_WAY, began=self._clock()):
                    self._run(task)
            except Exception:
                log.exception("job %s cannot be kept", task.job.id)
            del task  # with the desk that it held

    def _run(self, task: _Task) -> None:
        kind = self._kinds[task.job.kind]
        job = replace(task.job, state=JobState.UNDER_WAY)
        try:
            result = kind.run(Work(job, task.desk, self))
        except _Stopped:
            self._ended(job, JobState.CANCELLED)
        except ChainFusionError as error:
            self._ended(job, JobState.REFUSED, refusal=error.to_json())
        except Exception:
            log.exception("job %s (%s) failed", job.id, kind.name)
            self._ended(job, JobState.FAILED, refusal=JobFailed().to_json())
        else:
            self._ended(job, JobState.DONE, result=result)

    def _ended(self, job: Job, state: JobState, **facts: Any) -> None:
        self._moved(job.id, state, ended=self._clock(), **facts)

    def _moved(self, job: str, state: JobState, **facts: Any) -> bool:
        with self._changed:
            moved = not self._is_closed and self._store.move(job, state, **facts)
            self._changed.notify_all()
        return moved
