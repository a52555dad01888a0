"""How far a work item is: what each institution has done, whether enough have, and by when it was to be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chainfusion.contracts.deal.state import parties
from chainfusion.contracts.framework import Context
from chainfusion.contracts.process.needs import figure
from chainfusion.domain.calendar import add_business_days, named
from chainfusion.domain.deal import PartyStatus
from chainfusion.domain.process.definition import Quorum, Step
from chainfusion.domain.process.records import Act, ActKind, Token
from chainfusion.domain.roles import Role

BEIJING = timedelta(hours=8)


@dataclass(frozen=True)
class Progress:
    """Where a work item stands. working: an act awaits a second person of the institution; finished: nothing is
    outstanding there; countersigned: by whom."""

    working: frozenset[str]
    finished: frozenset[str]
    countersigned: frozenset[str]


def progress(step: Step, acts: Iterable[Act]) -> Progress:
    """What the acts on a work item, each institution's in their order, amount to."""
    stands: dict[str, ActKind] = {}
    countersigned = set()
    for act in acts:
        if act.kind is ActKind.COUNTERSIGNED:
            countersigned.add(act.msp)
        elif act.kind in (ActKind.DONE, ActKind.APPROVED, ActKind.REJECTED):
            stands[act.msp] = act.kind
    last = ActKind.APPROVED if step.checked else ActKind.DONE
    return Progress(
        working=frozenset(msp for msp, kind in stands.items() if step.checked and kind is ActKind.DONE),
        finished=frozenset(msp for msp, kind in stands.items() if kind is last),
        countersigned=frozenset(countersigned),
    )


def is_complete(ctx: Context, deal: str, step: Step, done: Progress) -> bool:
    """Whether enough institutions have finished, and the certifying party has signed where one must."""
    return has_quorum(ctx, deal, step, done.finished) and (step.countersign is None or bool(done.countersigned))


def has_quorum(ctx: Context, deal: str, step: Step, finished: frozenset[str]) -> bool:
    """Whether as many of the deal's institutions in the acting roles have finished as the step needs."""
    if step.quorum is Quorum.ONE:
        return bool(finished)
    roles = roles_of_parties(ctx, deal, step.by)
    match step.quorum:
        case Quorum.ALL:
            return bool(roles) and finished >= roles.keys()
        case Quorum.COUNT:
            return len(finished & roles.keys()) >= step.threshold
        case _:
            weights = {each.role: each.weight for each in step.weights}
            counted = (max(weights.get(role, 0) for role in roles[msp]) for msp in finished & roles.keys())
            return sum(counted) >= step.threshold


def roles_of_parties(ctx: Context, deal: str, among: tuple[Role, ...]) -> dict[str, set[Role]]:
    """The institutions that have accepted one of these roles in the deal, with which of them."""
    found: dict[str, set[Role]] = {}
    for party in parties.all(ctx, deal):
        if party.status is PartyStatus.ACCEPTED and party.role in among:
            found.setdefault(party.msp, set()).add(party.role)
    return found


# ------------------------------------------------------------------ deadlines


def due_day(ctx: Context, deal: str, run: str, step: Step, item: Token) -> date | None:
    """The day by which a work item is to be done; None where there is no deadline, or its start is not known yet.

    Raises: OutsideCalendar, UnknownCalendar.
    """
    deadline = step.deadline
    if deadline is None:
        return None
    calendar = named(deadline.calendar)
    start = local_day(item.since, deadline.calendar)
    if deadline.after:
        stated = figure(ctx, deal, run, deadline.after)
        if stated is None:
            return None
        start = date.fromisoformat(stated)
    return add_business_days(start, deadline.days, calendar)


def acting_roles(ctx: Context, step: Step, due: date | None) -> tuple[Role, ...]:
    """The roles of which an institution may act now: once the deadline has passed, the one that it escalates to too."""
    escalated = step.escalate is not None and has_passed(ctx, step, due)
    return (*step.by, step.escalate) if step.escalate is not None and escalated else step.by


def local_day(moment: datetime, calendar: str) -> date:
    """The day on which a moment falls where the calendar is kept: China's at UTC+8, others at UTC."""
    return (moment + BEIJING).date() if calendar.startswith("cn-") else moment.date()


def has_come(ctx: Context, step: Step, due: date | None) -> bool:
    """Whether this transaction comes on the day that a step waits for, or after it."""
    return due is not None and step.deadline is not None and local_day(ctx.timestamp, step.deadline.calendar) >= due


def has_passed(ctx: Context, step: Step, due: date | None) -> bool:
    """Whether this transaction comes after the day by which the step was to be done."""
    return due is not None and step.deadline is not None and local_day(ctx.timestamp, step.deadline.calendar) > due
