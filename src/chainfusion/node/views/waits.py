"""What deals wait for: as everybody may know it, and as one institution reads it at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from chainfusion.contracts.process.view import AwaitedStep
from chainfusion.contracts.process.work import BEIJING
from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES, DocumentKind
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Definition, Need, Requirement
from chainfusion.domain.process.records import process_of
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution


class Duty(StrEnum):
    """What an institution owes a step."""

    ACT = "act"
    CHECK = "check"
    COUNTERSIGN = "countersign"


@dataclass(frozen=True)
class DealName:
    """A deal by its id and its names."""

    id: str
    name: Text


@dataclass(frozen=True)
class Wait:
    """A step that is reached, as it is for everybody. `passes`: when its day is over, for who is to act by then."""

    run: str
    step: str
    name: Text
    within: Text | None
    since: datetime
    due: date | None
    passes: datetime | None
    waits_for: tuple[Institution, ...]
    to_act: tuple[str, ...]
    to_check: tuple[str, ...]
    to_countersign: tuple[str, ...]
    lacks: tuple[Text, ...]
    fields: tuple[Text, ...]


@dataclass(frozen=True)
class WaitLine:
    """A step that is reached: what it is, of which run, whom it waits for, and what lacks.

    mine: what the reader's institution owes it, if anything. lacks: inputs that are not on the ledger.
    """

    deal: DealName
    run: str
    step: str
    name: Text
    within: Text | None
    since: datetime
    due: date | None
    overdue: bool
    waits_for: tuple[Institution, ...]
    mine: Duty | None
    lacks: tuple[Text, ...]
    fields: tuple[Text, ...]


def day_passes(due: date, calendar: str) -> datetime:
    """The moment at which a day is over where its calendar is kept."""
    midnight = datetime.combine(due + timedelta(days=1), time.min, UTC)
    return midnight - BEIJING if calendar.startswith("cn-") else midnight


def wait_of(definition: Definition, found: AwaitedStep, acts: Acts) -> Wait:
    """What the contract says of a step that is reached, with names."""
    process = process_of(definition, found.run)
    step = process.step(found.step)
    assert step is not None, "the contract names steps of its definition"
    institutions = (*found.waits_for, *found.to_check, *found.to_countersign)
    calendar = step.deadline.calendar if step.deadline else ""
    return Wait(
        run=found.run,
        step=found.step,
        name=Text(step.name, step.name_zh),
        within=None if process is definition.main else Text(process.name, process.name_zh),
        since=found.since,
        due=found.due,
        passes=day_passes(found.due, calendar) if found.due and step.by else None,
        waits_for=tuple(acts.institution(msp) for msp in dict.fromkeys(institutions)),
        to_act=found.waits_for,
        to_check=found.to_check,
        to_countersign=found.to_countersign,
        lacks=tuple(map(need_name, found.missing)),
        fields=tuple(Text(field.name, field.name_zh) for field in step.template),
    )


def line_of(deal: DealName, wait: Wait, msp: str, now: datetime) -> WaitLine:
    """A wait as an institution reads it now."""
    return WaitLine(
        deal=deal,
        run=wait.run,
        step=wait.step,
        name=wait.name,
        within=wait.within,
        since=wait.since,
        due=wait.due,
        overdue=wait.passes is not None and now >= wait.passes,
        waits_for=wait.waits_for,
        mine=_duty(wait, msp),
        lacks=wait.lacks,
        fields=wait.fields,
    )


def _duty(wait: Wait, msp: str) -> Duty | None:
    for duty, institutions in (
        (Duty.ACT, wait.to_act),
        (Duty.CHECK, wait.to_check),
        (Duty.COUNTERSIGN, wait.to_countersign),
    ):
        if msp in institutions:
            return duty
    return None


def need_name(requirement: Requirement) -> Text:
    """What a step requires, as people call it."""
    match requirement.need:
        case Need.DOCUMENT:
            return DOCUMENT_KIND_NAMES[DocumentKind(requirement.of)]
        case Need.POOL:
            return Text("Registered pool", "已登记的资产池")
        case Need.TERMS:
            return Text("Deal terms in force", "已生效的交易条款")
        case _:
            return Text(f"Figure {requirement.of}", f"数据 {requirement.of}")
