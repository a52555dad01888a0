"""Where jobs are kept: `<home>/jobs.db`, its owner's alone. Records of work and its results; never a key."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any

from chainfusion.domain.errors import require
from chainfusion.node.home import FileDamaged
from chainfusion.node.jobs.job import NEXT, OPEN, Job, JobState
from chainfusion.node.private import ensure_file
from chainfusion.node.session import RequestReused

FILE = "jobs.db"
VERSION = 1
KEPT_DAYS = 90
_SCHEMA = """
CREATE TABLE job (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
  deal TEXT NOT NULL, about TEXT NOT NULL, arguments TEXT NOT NULL, request TEXT NOT NULL, "then" TEXT NOT NULL,
  added TEXT NOT NULL, state TEXT NOT NULL, stage TEXT NOT NULL, done INTEGER NOT NULL, "of" INTEGER NOT NULL,
  stops INTEGER NOT NULL, may_stop INTEGER NOT NULL, began TEXT, ended TEXT, result TEXT, refusal TEXT,
  UNIQUE (account, request)) STRICT;
CREATE INDEX job_by_state ON job (state);
"""
_FIXED = ("id", "kind", "account", "deal", "about", "arguments", "request", "then", "added")
_MOVING = ("state", "stage", "done", "of", "stops", "may_stop", "began", "ended", "result", "refusal")
_COLUMNS = (*_FIXED, *_MOVING)
_JSON, _TIMES = frozenset({"arguments", "result", "refusal"}), frozenset({"added", "began", "ended"})
_SELECT = """SELECT id, kind, account, deal, about, arguments, request, "then", added,
  state, stage, done, "of", stops, may_stop, began, ended, result, refusal FROM job """
_INSERT = """INSERT INTO job (id, kind, account, deal, about, arguments, request, "then", added,
  state, stage, done, "of", stops, may_stop, began, ended, result, refusal)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, request) DO NOTHING"""
_UPDATE = """UPDATE job SET state = ?, stage = ?, done = ?, "of" = ?, stops = ?, may_stop = ?, began = ?, ended = ?,
  result = ?, refusal = ? WHERE id = ?"""
_INTERRUPT = "UPDATE job SET state = ?, ended = ? WHERE state IN (SELECT value FROM json_each(?))"
_NEWEST = """WHERE state IN (SELECT value FROM json_each(?1)) AND (?2 = '' OR deal = ?2) AND (?3 = '' OR account = ?3)
  ORDER BY number DESC LIMIT ?4"""
_COUNT = "SELECT count(*) FROM job WHERE state IN (SELECT value FROM json_each(?1)) AND (?2 = '' OR account = ?2)"
_OPEN = json.dumps(sorted(OPEN))


class JobStore:
    """The file, or a store in memory where `path` is None. Used by any number of threads."""

    def __init__(self, path: Path | None) -> None:
        self._lock = RLock()
        self._claim = None if path is None else _claimed(path)
        if path is not None:
            ensure_file(path)
        self._connection = sqlite3.connect(
            str(path) if path else ":memory:", isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(str(path))
        except sqlite3.DatabaseError as error:
            self.close()
            raise FileDamaged(path=str(path), why=str(error)) from None

    @property
    def runs(self) -> bool:
        """Whether this process is the one that runs the jobs."""
        return self._claim != -1

    def _prepare(self, path: str) -> None:
        for setting in ("busy_timeout = 5000", "journal_mode = WAL", "synchronous = NORMAL"):
            self._connection.execute(f"PRAGMA {setting}")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        require(version in (0, VERSION), FileDamaged(path=path, why=f"version {version} is not known"))
        if version == 0:
            self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")

    # ------------------------------------------------------------------ writing

    def add(self, job: Job) -> Job:
        """Keeps a new job; the first one of the same account and request where there is one.

        Raises: RequestReused where that one was another.
        """
        with self._lock:
            self._change(_INSERT, *(_kept(name, getattr(job, name)) for name in _COLUMNS))
            (first,) = self._jobs("WHERE account = ? AND request = ?", job.account, job.request)
        same = (first.kind, first.deal, dict(first.arguments)) == (job.kind, job.deal, dict(job.arguments))
        require(same, RequestReused(request=job.request, operation=first.kind))
        return first

    def move(self, job: str, state: JobState, **facts: Any) -> bool:
        """Moves a job on, with other facts of it; tells whether its state allowed that."""
        return self._update(job, lambda found: state in NEXT.get(found.state, ()), {"state": state} | facts)

    def note(self, job: str, **facts: Any) -> bool:
        """Keeps facts of a job that has not ended; tells whether it had not."""
        return self._update(job, lambda found: found.is_open, facts)

    def _update(self, job: str, allowed: Callable[[Job], bool], facts: dict[str, Any]) -> bool:
        with self._lock:
            found = self.find(job)
            if found is None or not allowed(found):
                return False
            after = replace(found, **facts)
            self._change(_UPDATE, *(_kept(name, getattr(after, name)) for name in _MOVING), job)
            return True

    def interrupt(self, now: datetime) -> int:
        """Ends what a process before this one left open, and removes what is old; how many were left open."""
        ended = self._change(_INTERRUPT, JobState.INTERRUPTED, _kept("ended", now), _OPEN)
        self._change("DELETE FROM job WHERE ended < ?", _kept("ended", now - timedelta(days=KEPT_DAYS)))
        return ended

    # ------------------------------------------------------------------ reading

    def find(self, job: str) -> Job | None:
        """A job by its id."""
        return next(iter(self._jobs("WHERE id = ?", job)), None)

    def newest(self, limit: int, *, deal: str = "", account: str = "", states: Collection[JobState] = ()) -> list[Job]:
        """Jobs, the newest first."""
        wanted = json.dumps(sorted(states or JobState))
        return self._jobs(_NEWEST, wanted, deal, account, limit)

    def count_open(self, account: str = "") -> int:
        """How many have not ended."""
        with self._lock:
            return int(self._connection.execute(_COUNT, (_OPEN, account)).fetchone()[0])

    def close(self) -> None:
        """Closes the file; another process may run the jobs now."""
        with self._lock:
            self._connection.close()
            if self._claim is not None and self._claim >= 0:
                os.close(self._claim)
                self._claim = -1

    def _jobs(self, rest: str, *values: object) -> list[Job]:
        with self._lock:
            return [_job(row) for row in self._connection.execute(_SELECT + rest, values)]

    def _change(self, statement: str, *values: object) -> int:
        with self._lock:
            return self._connection.execute(statement, values).rowcount


def _claimed(path: Path) -> int:
    """A lock that lasts as long as this process: -1 where another holds it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    claim = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(claim)
        return -1
    return claim


def _kept(name: str, value: Any) -> Any:
    if name in _JSON:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
    if name in _TIMES:
        return None if value is None else value.astimezone(UTC).isoformat()
    return int(value) if isinstance(value, bool) else value


def _job(row: tuple[Any, ...]) -> Job:
    facts: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    for name in _JSON:
        facts[name] = None if facts[name] is None else json.loads(facts[name])
    for name in _TIMES:
        facts[name] = None if facts[name] is None else datetime.fromisoformat(facts[name])
    facts |= {"state": JobState(facts["state"]), "stops": bool(facts["stops"]), "may_stop": bool(facts["may_stop"])}
    return Job(**facts)
