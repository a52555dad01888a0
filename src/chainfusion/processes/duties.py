"""A calendar of duties: by when each party owes which step, and whether it was done in time. Pure; no clock of its own.

What was done is read off the acts, each of which carries on the ledger by when it was due and whether it came late;
what is reached, off what the deal waits for; what lies ahead, off the definition and the dates that steps deposited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chainfusion.contracts.process.view import AwaitedStep
from chainfusion.contracts.process.work import local_day, progress
from chainfusion.domain.calendar import OutsideCalendar, add_business_days, named
from chainfusion.domain.deal import Party, PartyStatus
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Definition, Quorum, Step
from chainfusion.domain.process.layout import back_flows, reached
from chainfusion.domain.process.records import MAIN, Act, ActKind, process_of
from chainfusion.domain.roles import Role


class DutyKind(StrEnum):
    """What is owed to a step: its work, a second person's look at it, or another party's signature under it."""

    ACT = "act"
    CHECK = "check"
    COUNTERSIGN = "countersign"


class DutyState(StrEnum):
    """How a duty stands. MISSED: its deadline passed, and the process went on without it."""

    ON_TIME = "done on time"
    LATE = "done late"
    DUE = "due"
    OVERDUE = "overdue"
    MISSED = "missed"
    NOT_DATED = "not yet dated"


DONE = (DutyState.ON_TIME, DutyState.LATE)
LATE = (DutyState.LATE, DutyState.OVERDUE, DutyState.MISSED)


@dataclass(frozen=True, slots=True)
class Duty:
    """What one institution owes one step of a deal.

    msp: None where nobody has taken the role yet. turn: which time it is, from 1, that the run
    comes to the step. shared: others owe it as well, and not all of them need to act. at, tx_id: when it was done, and
    by which transaction.
    """

    deal: str
    run: str
    step: str
    turn: int
    name: Text
    kind: DutyKind
    role: Role | None
    msp: str | None
    shared: bool
    due: date | None
    state: DutyState
    at: datetime | None
    tx_id: str | None


@dataclass(frozen=True, slots=True)
class Course:
    """All that a calendar is made from: a deal with its definition, its parties, what was done, what is awaited."""

    deal: str
    definition: Definition
    parties: tuple[Party, ...]
    acts: tuple[Act, ...]
    awaited: tuple[AwaitedStep, ...]


def duties(course: Course, now: datetime) -> tuple[Duty, ...]:
    """Every duty that has or had a date, and every one that is awaited: the earliest due first, those without a date
    last. A step that nobody takes is no duty. Days are those of the deadline's calendar (China's at UTC+8)."""
    made = _Calendar(course, now)
    found = [*made.past(), *made.present(), *made.ahead()]
    return tuple(sorted(found, key=lambda duty: duty.due or date.max))


class _Calendar:
    """A calendar under way."""

    def __init__(self, course: Course, now: datetime) -> None:
        self.course, self.now = course, now
        self.items: dict[tuple[str, str], list[str]] = {}
        for act in sorted(course.acts, key=lambda act: (act.at, act.tx_id)):
            seen = self.items.setdefault((act.run, act.step), [])
            if act.item not in seen:
                seen.append(act.item)

    # -------------------------------------------------------------- what was done

    def past(self) -> Iterator[Duty]:
        """Acts that ended an institution's work on a step with a deadline, and deadlines that passed without one."""
        for (run, name), items in self.items.items():
            step = process_of(self.course.definition, run).step(name)
            for turn, item in enumerate(items, 1):
                acts = [act for act in self.course.acts if (act.run, act.step, act.item) == (run, name, item)]
                if step is not None and step.deadline is not None and step.by:
                    yield from self._done(step, turn, acts)

    def _done(self, step: Step, turn: int, acts: list[Act]) -> Iterator[Duty]:
        last = ActKind.APPROVED if step.checked else ActKind.DONE
        finished = progress(step, acts).finished
        for act in acts:
            if act.kind is last and act.msp in finished:
                yield self._by_act(step, turn, act, DutyKind.CHECK if step.checked else DutyKind.ACT, act.msp)
            elif act.kind is ActKind.COUNTERSIGNED:
                yield self._by_act(step, turn, act, DutyKind.COUNTERSIGN, act.msp)
            elif act.kind is ActKind.COMPLETED and step.process is not None:
                for _, msp in self._owing(step.by, act.run):
                    yield self._by_act(step, turn, act, DutyKind.ACT, msp)
            elif act.kind is ActKind.EXPIRED:
                yield from self._missed(step, turn, act, finished)

    def _by_act(self, step: Step, turn: int, act: Act, kind: DutyKind, msp: str | None) -> Duty:
        state = DutyState.LATE if act.late else DutyState.ON_TIME
        role = act.role or next((role for role, each in self._owing(step.by, act.run) if each == msp), None)
        return Duty(self.course.deal, act.run, step.id, turn, _name(step), kind, role, msp, False, act.due,
                    state if act.due else DutyState.ON_TIME, act.at, act.tx_id)  # fmt: skip

    def _missed(self, step: Step, turn: int, act: Act, finished: frozenset[str]) -> Iterator[Duty]:
        owing = [(role, msp) for role, msp in self._owing(step.by, act.run) if msp not in finished]
        for role, msp in owing:
            yield Duty(self.course.deal, act.run, step.id, turn, _name(step), DutyKind.ACT, role, msp, len(owing) > 1,
                       act.due, DutyState.MISSED, act.at, act.tx_id)  # fmt: skip

    # -------------------------------------------------------------- what is awaited

    def present(self) -> Iterator[Duty]:
        """What institutions owe to the steps that are reached."""
        for found in self.course.awaited:
            step = process_of(self.course.definition, found.run).step(found.step)
            if step is None or not step.by:
                continue
            owing = [(DutyKind.ACT, msp, step.by) for msp in found.waits_for]
            owing += [(DutyKind.CHECK, msp, step.by) for msp in found.to_check]
            certifying = (step.countersign,) if step.countersign is not None else ()
            owing += [(DutyKind.COUNTERSIGN, msp, certifying) for msp in found.to_countersign]
            seen = self.items.get((found.run, found.step), [])
            turn = len(seen) + (found.item not in seen)
            for kind, msp, roles in owing:
                role = next((role for role, each in self._owing(roles, found.run) if each == msp), None)
                yield self._open(found.run, step, turn, kind, (role, msp), found.due, len(owing) > 1)

    # -------------------------------------------------------------- what lies ahead

    def ahead(self) -> Iterator[Duty]:
        """What is owed to the steps with a deadline that each run has still to come to, in one pass without loops."""
        for run in dict.fromkeys(found.run for found in self.course.awaited):
            process = process_of(self.course.definition, run)
            now = {found.step for found in self.course.awaited if found.run == run}
            coming = reached(process, now, but=back_flows(process)) - now
            for step in process.steps:
                if step.id in coming and step.deadline is not None and step.by:
                    yield from self._coming(run, step, coming | now)

    def _coming(self, run: str, step: Step, undone: frozenset[str] | set[str]) -> Iterator[Duty]:
        due = self._dated(run, step, undone)
        turn = len(self.items.get((run, step.id), [])) + 1
        owing: list[tuple[Role, str | None]] = [*self._owing(step.by, run)] or [(step.by[0], None)]
        for role, msp in owing:
            yield self._open(run, step, turn, DutyKind.ACT, (role, msp), due, len(owing) > 1)

    def _dated(self, run: str, step: Step, undone: frozenset[str] | set[str]) -> date | None:
        """The day that a deadline comes to before its step is reached: known if it counts from a date that another
        step deposited, and that step is not to be done again first."""
        deadline = step.deadline
        if deadline is None or not deadline.after or deadline.after.partition(".")[0] in undone:
            return None
        stated = self._figure(run, deadline.after)
        try:
            calendar = named(deadline.calendar)
            return None if stated is None else add_business_days(date.fromisoformat(stated), deadline.days, calendar)
        except OutsideCalendar:
            return None

    def _figure(self, run: str, name: str) -> str | None:
        step, _, field = name.partition(".")
        filled = [
            act
            for act in self.course.acts
            if (act.run, act.step) == (run, step) and act.kind in (ActKind.DONE, ActKind.APPROVED)
        ]
        latest = max(filled, key=lambda act: (act.at, act.tx_id), default=None)
        return next((each.value for each in latest.entries if each.field == field), None) if latest else None

    # -------------------------------------------------------------- who

    def _open(
        self,
        run: str,
        step: Step,
        turn: int,
        kind: DutyKind,
        who: tuple[Role | None, str | None],
        due: date | None,
        several: bool,
    ) -> Duty:
        calendar = step.deadline.calendar if step.deadline else ""
        state = DutyState.NOT_DATED
        if due is not None:
            state = DutyState.OVERDUE if local_day(self.now, calendar) > due else DutyState.DUE
        shared = several and kind is DutyKind.ACT and step.quorum is not Quorum.ALL
        shared |= several and kind is DutyKind.COUNTERSIGN
        return Duty(self.course.deal, run, step.id, turn, _name(step), kind, *who, shared, due, state, None, None)

    def _owing(self, roles: Iterable[Role], run: str) -> list[tuple[Role, str]]:
        """The institutions in these roles, each once; in the run of a sub-process, whose it is."""
        whose = "" if run == MAIN else run.rpartition("/")[2].split(":")[1]
        parties = [each for each in self.course.parties if each.status is PartyStatus.ACCEPTED]
        found = {each.msp: role for role in roles for each in reversed(parties) if each.role is role}
        own = [(role, msp) for msp, role in found.items() if msp == whose]
        return own or [(role, msp) for msp, role in sorted(found.items())]


def _name(step: Step) -> Text:
    return Text(step.name, step.name_zh)
