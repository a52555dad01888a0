"""A deal's process as it stands, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chainfusion.contracts.process.refusals import NoProcess
from chainfusion.contracts.process.view import AwaitedStep
from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Definition, Process, Step
from chainfusion.domain.process.layout import back_flows, columns, reached
from chainfusion.domain.process.records import MAIN, Act, DealProcess, Proposed, process_of
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import ROLE_NAMES
from chainfusion.node import processes
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution
from chainfusion.node.views.waits import DealName, Wait, WaitLine, line_of, wait_of


class Stand(StrEnum):
    """How a step of the diagram stands; `BACK` was done and is awaited again."""

    DONE = "done"
    NOW = "now"
    BACK = "back"
    TODO = "todo"


@dataclass(frozen=True)
class StepBox:
    """One step of the diagram."""

    id: str
    name: Text
    who: Text
    stand: Stand


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
class Steps:
    """Reads processes."""

    desk: Desk
    acts: Acts
    _definitions: dict[tuple[str, int], Definition] = field(default_factory=dict)
    """A version's text never changes."""

    def view(self, deal: DealName, height: int) -> ProcessView:
        """A deal's process. Raises: UnknownDeal, NoProcess."""
        record, definition = self._running(deal.id)
        session = self.desk.session
        done = from_json(tuple[Act, ...], session.query("process.acts", deal=deal.id))
        awaited = () if record.ended else processes.awaited(session, deal.id)
        waits = (wait_of(definition, step, self.acts) for step in awaited)
        return ProcessView(
            deal=deal.id,
            height=height,
            name=Text(definition.main.name, definition.main.name_zh),
            process=record.process,
            version=record.version,
            ended=record.ended,
            columns=_columns(definition.main, done, awaited),
            awaited=tuple(line_of(deal, wait, session.msp, session.clock()) for wait in waits),
            acts=tuple(
                ActLine(_step_name(definition, act), self.acts.institution(act.msp), act)
                for act in sorted(done, key=lambda act: (act.at, act.tx_id), reverse=True)
            ),
        )

    def waits(self, deal: str) -> tuple[Wait, ...]:
        """What a deal waits for, as everybody may know it; nothing where no process runs."""
        try:
            record, definition = self._running(deal)
        except NoProcess:
            return ()
        awaited = () if record.ended else processes.awaited(self.desk.session, deal)
        return tuple(wait_of(definition, step, self.acts) for step in awaited)

    def _running(self, deal: str) -> tuple[DealProcess, Definition]:
        record = from_json(DealProcess, self.desk.session.query("process.show", deal=deal))
        key = (record.process, record.version)
        if key not in self._definitions:
            shown = self.desk.session.query("process-definition.show", process=record.process, version=record.version)
            self._definitions[key] = from_json(Proposed, shown).definition
        return record, self._definitions[key]


def _step_name(definition: Definition, act: Act) -> Text:
    step = process_of(definition, act.run).step(act.step)
    return Text(step.name, step.name_zh) if step else Text(act.step, act.step)


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
