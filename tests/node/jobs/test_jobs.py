"""Jobs: run beside the pages, counted, stopped, kept, found again after the process died, run again."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.node.desk import Desk
from chainfusion.node.jobs import Jobs, JobState, Kind, Stage, Work
from chainfusion.node.jobs.job import JobEnded, JobNotYours, JobPastStopping, JobsElsewhere, JobUnknown, TooManyJobs
from chainfusion.node.jobs.runner import MOST_OPEN
from chainfusion.node.session import RequestReused

NO_DESK: Any = None
SOON = 20.0


class Refused(ChainFusionError):
    code = "TEST_REFUSED"
    says = Text("Refused: {why}.", "拒绝：{why}。")


class Gate:
    """Work that goes on when told."""

    def __init__(self) -> None:
        self.begun, self.go = Event(), Event()

    def run(self, work: Work) -> Any:
        work.at("first", 0, 10)
        self.begun.set()
        assert self.go.wait(SOON)
        work.at("second", 10, 10)
        return {"sum": work.arguments["a"] + 1}


def refuse(work: Work) -> Any:
    raise Refused(why=work.job.about)


def fail(work: Work) -> Any:
    raise RuntimeError("a fault of the program")


STAGES = (Stage("first", Text("First", "第一步")), Stage("second", Text("Second", "第二步")))


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def jobs(tmp_path: Path, gate: Gate) -> Iterator[Jobs]:
    made = offering(Jobs(tmp_path), gate)
    yield made
    gate.go.set()
    made.close()


def offering(made: Jobs, gate: Gate) -> Jobs:
    for name, run in (("gate", gate.run), ("refuse", refuse), ("fail", fail), ("keys", keys)):
        made.offer(Kind(name, Text(name, name), STAGES, run))
    return made


def keys(work: Work) -> Any:
    return {"desk": work.desk is not None}


def test_a_job_counts_ends_and_keeps_its_result(jobs: Jobs, gate: Gate) -> None:
    job = jobs.start("gate", "lin", NO_DESK, deal="D", about="a tape", arguments={"a": 41}, then="/there")
    assert gate.begun.wait(SOON)
    under_way = jobs.find(job.id)
    assert (under_way.state, under_way.stage, under_way.per_cent) == (JobState.UNDER_WAY, "first", 0)
    assert (jobs.open_count(), jobs.open_count("lin"), jobs.open_count("wang")) == (1, 1, 0)
    assert jobs.open_of("D", "gate") == under_way
    gate.go.set()
    ended = jobs.awaited(job.id, SOON)
    assert (ended.state, ended.result, ended.stage) == (JobState.DONE, {"sum": 42}, "second")
    assert ended.began is not None and ended.ended is not None and ended.added <= ended.began <= ended.ended
    assert jobs.open_count() == 0 and jobs.open_of("D", "gate") is None


def test_a_refusal_is_kept_as_it_was_typed(jobs: Jobs) -> None:
    ended = jobs.awaited(jobs.start("refuse", "lin", NO_DESK, about="the file").id, SOON)
    assert ended.state is JobState.REFUSED
    assert ended.error is not None and ended.error.message("zh") == "拒绝：the file。"


def test_a_fault_of_the_program_tells_no_inner_words(jobs: Jobs) -> None:
    ended = jobs.awaited(jobs.start("fail", "lin", NO_DESK).id, SOON)
    assert ended.state is JobState.FAILED
    assert ended.refusal == {"code": "JOB_FAILED", "facts": {}}


def test_the_same_request_starts_once(jobs: Jobs, gate: Gate) -> None:
    first = jobs.start("gate", "lin", NO_DESK, arguments={"a": 1}, request="r")
    assert jobs.start("gate", "lin", NO_DESK, arguments={"a": 1}, request="r").id == first.id
    assert jobs.start("gate", "wang", NO_DESK, arguments={"a": 1}, request="r").id != first.id
    with pytest.raises(RequestReused):
        jobs.start("gate", "lin", NO_DESK, arguments={"a": 2}, request="r")


def test_a_waiting_job_is_cancelled_at_once_and_one_under_way_at_its_next_count(jobs: Jobs, gate: Gate) -> None:
    running = [jobs.start("gate", "lin", NO_DESK, arguments={"a": n}) for n in range(3)]
    assert gate.begun.wait(SOON)
    first, _, waiting = running  # for two threads
    assert jobs.cancel(waiting.id, "lin").state is JobState.CANCELLED
    assert jobs.cancel(first.id, "lin").stops
    gate.go.set()
    assert jobs.awaited(first.id, SOON).state is JobState.CANCELLED
    assert jobs.find(first.id).result is None
    with pytest.raises(JobEnded):
        jobs.cancel(first.id, "lin")


def test_work_that_must_not_be_left_half_done_is_not_cancelled(jobs: Jobs) -> None:
    reached, go = Event(), Event()

    def registering(work: Work) -> Any:
        work.past_stopping("second")
        reached.set()
        assert go.wait(SOON)
        work.at("second", 1, 1)
        return "registered"

    jobs.offer(Kind("registering", Text("r", "r"), STAGES, registering))
    job = jobs.start("registering", "lin", NO_DESK)
    assert reached.wait(SOON)
    with pytest.raises(JobPastStopping):
        jobs.cancel(job.id, "lin")
    go.set()
    assert jobs.awaited(job.id, SOON).result == "registered"


def test_nobody_else_ends_a_job_or_runs_it_again(jobs: Jobs, gate: Gate) -> None:
    job = jobs.start("gate", "lin", NO_DESK, arguments={"a": 1})
    for asked in (lambda: jobs.cancel(job.id, "wang"), lambda: jobs.again(job.id, "wang", NO_DESK)):
        with pytest.raises(JobNotYours):
            asked()
    assert jobs.newest()[0].id == job.id  # which all of the institution see


def test_a_job_that_ended_badly_is_run_again_once(jobs: Jobs) -> None:
    ended = jobs.awaited(jobs.start("refuse", "lin", NO_DESK, about="x").id, SOON)
    again = jobs.again(ended.id, "lin", NO_DESK)
    assert again.id != ended.id and (again.kind, again.about) == (ended.kind, ended.about)
    assert jobs.again(ended.id, "lin", NO_DESK).id == again.id


def test_a_job_that_is_done_is_not_run_again(jobs: Jobs, gate: Gate) -> None:
    gate.go.set()
    done = jobs.awaited(jobs.start("gate", "lin", NO_DESK, arguments={"a": 1}).id, SOON)
    with pytest.raises(JobEnded):
        jobs.again(done.id, "lin", NO_DESK)


def test_one_person_does_not_fill_the_queue(jobs: Jobs, gate: Gate) -> None:
    for number in range(MOST_OPEN):
        jobs.start("gate", "lin", NO_DESK, arguments={"a": number})
    with pytest.raises(TooManyJobs):
        jobs.start("gate", "lin", NO_DESK, arguments={"a": -1})
    assert jobs.start("gate", "wang", NO_DESK, arguments={"a": 0}).state is JobState.WAITING


def test_an_unknown_job_is_refused(jobs: Jobs) -> None:
    with pytest.raises(JobUnknown):
        jobs.find("0" * 32)


def test_the_file_is_its_owner_s_and_holds_no_desk(jobs: Jobs, tmp_path: Path) -> None:
    desk = Desk(NO_DESK, NO_DESK, lambda: pytest.fail("nobody opens a key"))
    ended = jobs.awaited(jobs.start("keys", "lin", desk).id, SOON)
    assert ended.result == {"desk": True}
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    assert b"Desk" not in (tmp_path / "jobs.db").read_bytes()


def test_two_processes_do_not_run_the_same_jobs(jobs: Jobs, tmp_path: Path, gate: Gate) -> None:
    job = jobs.start("gate", "lin", NO_DESK, arguments={"a": 1})
    assert gate.begun.wait(SOON)
    second = offering(Jobs(tmp_path), gate)
    with pytest.raises(JobsElsewhere):
        second.start("gate", "lin", NO_DESK)
    assert second.find(job.id).state is JobState.UNDER_WAY  # which it reads, and does not call interrupted
    second.close()


DIES = """
    import sys, threading, time
    from pathlib import Path
    from chainfusion.node.jobs import Jobs, Kind
    jobs = Jobs(Path(sys.argv[1]))
    under_way = threading.Event()

    def run(work):
        work.at("first", 3, 10)
        under_way.set()
        time.sleep(60)

    from chainfusion.domain.errors import Text
    jobs.offer(Kind("gate", Text("g", "g"), (), run))
    for number in range(3):
        jobs.start("gate", "lin", None, arguments={"a": number}, request=str(number))
    under_way.wait()
    print("begun", flush=True)
    time.sleep(60)
"""


def test_what_was_under_way_when_the_process_was_killed_is_interrupted_and_runs_again(tmp_path: Path) -> None:
    program = [sys.executable, "-c", textwrap.dedent(DIES), str(tmp_path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        assert process.stdout is not None and process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGKILL)
    gate = Gate()
    gate.go.set()
    jobs = offering(Jobs(tmp_path), gate)
    found = jobs.newest()
    assert [job.state for job in found] == [JobState.INTERRUPTED] * 3
    assert all(job.ended for job in found) and jobs.open_count() == 0
    again = [jobs.again(job.id, "lin", NO_DESK) for job in found]
    assert [jobs.awaited(job.id, SOON).result for job in again] == [{"sum": 3}, {"sum": 2}, {"sum": 1}]
    jobs.close()


def test_jobs_without_a_home_live_in_memory(gate: Gate) -> None:
    gate.go.set()
    jobs = offering(Jobs(None), gate)
    assert jobs.awaited(jobs.start("gate", "lin", NO_DESK, arguments={"a": 1}).id, SOON).result == {"sum": 2}
    jobs.close()
