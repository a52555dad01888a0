"""The store's state machine against a model: whatever is asked in whatever order, and with restarts between."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from chainfusion.node.jobs.job import NEXT, OPEN, Job, JobState
from chainfusion.node.jobs.store import FILE, KEPT_DAYS, JobStore

START = datetime(2026, 1, 1, tzinfo=UTC)


class Stored(RuleBasedStateMachine):
    """The file beside a dictionary."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store, self.model, self.now = JobStore(self.folder / FILE), dict[str, Job](), START
        self.made = 0

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @rule(target=jobs, account=st.sampled_from("ab"), request=st.integers(0, 5), about=st.text(max_size=4))
    def add(self, account: str, request: int, about: str) -> str:
        self.now += timedelta(seconds=1)
        self.made += 1
        made = Job(f"{self.made:032d}", "kind", account, "D", about, {"n": 1}, str(request), "/", self.now)
        kept = self.store.add(made)
        first = next(
            (each for each in self.model.values() if (each.account, each.request) == (account, made.request)), made
        )
        assert kept == first
        self.model[first.id] = first
        return first.id

    @rule(
        job=jobs,
        state=st.sampled_from(JobState),
        result=st.none() | st.dictionaries(st.text(max_size=3), st.integers()),
    )
    def move(self, job: str, state: JobState, result: object) -> None:
        if job not in self.model:
            return
        before = self.model[job]
        allowed = state in NEXT.get(before.state, ())
        assert self.store.move(job, state, result=result) is allowed
        if allowed:
            self.model[job] = replace(before, state=state, result=result)

    @rule(job=jobs, done=st.integers(0, 10))
    def note(self, job: str, done: int) -> None:
        if job not in self.model:
            return
        before = self.model[job]
        assert self.store.note(job, done=done, of=10) is (before.state in OPEN)
        if before.state in OPEN:
            self.model[job] = replace(before, done=done, of=10)

    @rule(days=st.integers(0, KEPT_DAYS))
    def restart(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.store.close()
        self.store = JobStore(self.folder / FILE)
        assert self.store.runs
        ended = [job for job in self.model.values() if job.is_open]
        assert self.store.interrupt(self.now) == len(ended)
        self.model |= {job.id: replace(job, state=JobState.INTERRUPTED, ended=self.now) for job in ended}
        oldest = self.now - timedelta(days=KEPT_DAYS)
        self.model = {k: job for k, job in self.model.items() if job.ended is None or job.ended >= oldest}

    @invariant()
    def tells_what_the_model_tells(self) -> None:
        assert {job.id: job for job in self.store.newest(1000)} == self.model
        assert self.store.count_open() == sum(job.is_open for job in self.model.values())
        assert [job.id for job in self.store.newest(1000, account="a")] == [
            job.id for job in reversed(self.model.values()) if job.account == "a"
        ]


TestStored = Stored.TestCase
TestStored.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
