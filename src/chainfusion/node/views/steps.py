"""A deal's process as it stands, step by step, and what awaits the reader's institution across all deals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chainfusion.contracts.process.refusals import NoProcess
from chainfusion.contracts.process.view import AwaitedStep
from chainfusion.contracts.process.work import local_day
from chainfusion.domain.deal import DealState
from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES, DocumentKind
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Definition, Need, Process, Requirement, Step
from chainfusion.domain.process.layout import back_flows, columns, reached
from chainfusion.domain.process.records import MAIN, Act, DealProcess, Proposed, process_of
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import ROLE_NAMES
from chainfusion.node import processes
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.deals import DealName, Deals
from chainfusion.node.views.facts import Institution


class Stand(StrEnum):
    """How a step of the diagram stands; `BACK` was done and is awaited again."""

    DONE = "done"
    NOW = "now"
    BACK = "back"
    TODO = "todo"


class Duty(StrEnum):
    """What an institution owes a step."""

    ACT = "act"
    CHECK = "check"
    COUNTERSIGN = "countersign"


@dataclass(frozen=True)
class StepBox:
    """One step of the diagram."""

    id: str
    name: Text
    who: Text
    stand: Stand


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


@dataclass(frozen=True)
class ActLine:
    """A signed act with its step's and its institution's names."""

    name: Text
    institution: Institution
    act: Act


@dataclass(frozen=True)
class ProcessView:
    """A deal's process: the diagram in columns, what is awaited, and every act, the newest first."""

    deal: str
    height: int
    name: Text
    process: str
    version: int
    ended: datetime | None
    columns: tuple[tuple[StepBox, ...], ...]
    awaited: tuple[WaitLine, ...]
    acts: tuple[ActLine, ...]


@dataclass(frozen=True)
class InboxView:
    """What awaits the reader's institution, the most pressing first, and what others are awaited for."""

    height: int
    mine: tuple[WaitLine, ...]
    others: tuple[WaitLine, ...]


@dataclass(frozen=True)
class Steps:
    """Reads processes."""

    desk: Desk
    acts: Acts
    deals: Deals

    def view(self, deal: str, height: int) -> ProcessView:
        """A deal's process. Raises: UnknownDeal, NoProcess."""
        record, definition = self._running(deal)
        done = from_json(tuple[Act, ...], self.desk.session.query("process.acts", deal=deal))
        awaited = () if record.ended else self._awaited(deal)
        return ProcessView(
            deal=deal,
            height=height,
            name=Text(definition.main.name, definition.main.name_zh),
            process=record.process,
            version=record.version,
            ended=record.ended,
            columns=_columns(definition.main, done, awaited),
            awaited=tuple(self._line(self._name(deal), definition, step) for step in awaited),
            acts=tuple(
                ActLine(_step_name(definition, act), self.acts.institution(act.msp), act)
                for act in sorted(done, key=lambda act: (act.at, act.tx_id), reverse=True)
            ),
        )

    def inbox(self, height: int) -> InboxView:
        """All deals' awaited steps."""
        lines = [line for deal in self.deals.names() for line in self._lines(deal)]
        lines.sort(key=lambda line: (line.due or date.max, line.since))
        mine = tuple(line for line in lines if line.mine is not None)
        return InboxView(height, mine, tuple(line for line in lines if line.mine is None))

    def _lines(self, deal: DealName) -> list[WaitLine]:
        if self.desk.session.query("deal.show", deal=deal.id)["deal"]["state"] == DealState.CANCELLED:
            return []
        try:
            record, definition = self._running(deal.id)
        except NoProcess:
            return []
        awaited = () if record.ended else self._awaited(deal.id)
        return [self._line(deal, definition, step) for step in awaited]

    def _running(self, deal: str) -> tuple[DealProcess, Definition]:
        session = self.desk.session
        record = from_json(DealProcess, session.query("process.show", deal=deal))
        shown = session.query("process-definition.show", process=record.process, version=record.version)
        return record, from_json(Proposed, shown).definition

    def _awaited(self, deal: str) -> tuple[AwaitedStep, ...]:
        return processes.awaited(self.desk.session, deal)

    def _name(self, deal: str) -> DealName:
        return next(name for name in self.deals.names() if name.id == deal)

    def _line(self, deal: DealName, definition: Definition, found: AwaitedStep) -> WaitLine:
        process = process_of(definition, found.run)
        step = process.step(found.step)
        assert step is not None, "the contract names steps of its definition"
        institutions = (*found.waits_for, *found.to_check, *found.to_countersign)
        calendar = step.deadline.calendar if step.deadline else ""
        today = local_day(self.desk.session.clock(), calendar)
        return WaitLine(
            deal=deal,
            run=found.run,
            step=found.step,
            name=Text(step.name, step.name_zh),
            within=None if process is definition.main else Text(process.name, process.name_zh),
            since=found.since,
            due=found.due,
            overdue=found.due is not None and bool(step.by) and today > found.due,
            waits_for=tuple(self.acts.institution(msp) for msp in dict.fromkeys(institutions)),
            mine=self._duty(found),
            lacks=tuple(map(_named, found.missing)),
            fields=tuple(Text(field.name, field.name_zh) for field in step.template),
        )

    def _duty(self, found: AwaitedStep) -> Duty | None:
        for duty, institutions in (
            (Duty.ACT, found.waits_for),
            (Duty.CHECK, found.to_check),
            (Duty.COUNTERSIGN, found.to_countersign),
        ):
            if self.desk.msp in institutions:
                return duty
        return None


def _step_name(definition: Definition, act: Act) -> Text:
    step = process_of(definition, act.run).step(act.step)
    return Text(step.name, step.name_zh) if step else Text(act.step, act.step)


def _named(requirement: Requirement) -> Text:
    match requirement.need:
        case Need.DOCUMENT:
            return DOCUMENT_KIND_NAMES[DocumentKind(requirement.of)]
        case Need.POOL:
            return Text("Registered pool", "已登记的资产池")
        case Need.TERMS:
            return Text("Deal terms in force", "已生效的交易条款")
        case _:
            return Text(f"Figure {requirement.of}", f"数据 {requirement.of}")


# ------------------------------------------------------------------ the diagram


def _columns(main: Process, done: tuple[Act, ...], awaited: tuple[AwaitedStep, ...]) -> tuple[tuple[StepBox, ...], ...]:
    """The steps of the main process from left to right: each one column after the last that leads to it."""
    now = {step.step for step in awaited if step.run == MAIN}
    acted = {act.step for act in done if act.run == MAIN} | {
        act.run.split("/")[1].partition(":")[0] for act in done if "/" in act.run
    }
    ahead = reached(main, now, but=back_flows(main))
    place = columns(main)
    boxes: dict[int, list[StepBox]] = {}
    for step in main.steps:
        boxes.setdefault(place[step.id], []).append(_box(step, now, ahead, acted))
    return tuple(tuple(boxes[number]) for number in sorted(boxes))


def _box(step: Step, now: set[str], ahead: frozenset[str], acted: set[str]) -> StepBox:
    if step.id in now:
        stand = Stand.NOW
    elif step.id in acted:
        stand = Stand.BACK if step.id in ahead else Stand.DONE
    else:
        stand = Stand.TODO
    names = [ROLE_NAMES[role] for role in step.by] or [Text("of itself", "自动")]
    who = Text(" · ".join(name.en for name in names[:2]), "、".join(name.zh for name in names[:2]))
    return StepBox(step.id, Text(step.name, step.name_zh), who, stand)
