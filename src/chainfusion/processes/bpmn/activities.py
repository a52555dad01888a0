"""Activities and waiting events of a file as steps."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Deadline, Quorum, Requirement, Step, Weight
from chainfusion.domain.roles import Role
from chainfusion.processes.bpmn import phrases
from chainfusion.processes.bpmn.extension import Extra, read_extra, read_names
from chainfusion.processes.bpmn.notes import Notes
from chainfusion.processes.bpmn.performers import Performers
from chainfusion.processes.bpmn.subset import RUNNING, defines_otherwise
from chainfusion.processes.bpmn.xml import Element


@dataclass(frozen=True, slots=True)
class Activities:
    """Reads the steps of one process. processes: names of processes by XML id; lanes: by the XML id of a node; around:
    who acts in the sub-process that the steps are drawn in."""

    notes: Notes
    performers: Performers
    processes: dict[str, str]
    lanes: dict[str, Element]
    around: tuple[Role, ...]

    def step(self, element: Element, name: str, expires: Deadline | None) -> Step:
        """The step of an element. expires: the deadline at its border, if it has one."""
        extra, names = read_extra(element, self.notes.tell), read_names(element, self.notes.tell)
        quorum, threshold, weights = self._quorum(element, extra)
        deadline, requires = self._waits(element, extra, expires)
        return Step(
            id=name,
            name=names.en or name,
            name_zh=names.zh or name,
            by=self._by(element, extra),
            quorum=quorum,
            threshold=threshold,
            weights=weights,
            checked=extra.checked,
            countersign=extra.countersign,
            requires=requires,
            template=extra.template,
            deadline=deadline,
            escalate=extra.escalate,
            returns=extra.returns,
            process=self._runs(element),
        )

    def _by(self, element: Element, extra: Extra) -> tuple[Role, ...]:
        if extra.itself or element.name == "intermediateCatchEvent":
            return ()
        return self.performers.of_step(element, self.lanes.get(element.id), self.around, self.notes)

    def _quorum(self, element: Element, extra: Extra) -> tuple[Quorum, int, tuple[Weight, ...]]:
        """All of several instances, unless it is told how many; one where a step is not drawn as several."""
        several = next(element.within("multiInstanceLoopCharacteristics"), None)
        if several is not None:
            self.notes.inspect(several)
            return extra.quorum or (Quorum.ALL, 0, ())
        if extra.quorum is not None:
            why = Text("a quorum of several needs the marker of several instances", "多方会签须带多实例标记")
            self.notes.tell(element, why)
        return Quorum.ONE, 0, ()

    def _waits(
        self, element: Element, extra: Extra, expires: Deadline | None
    ) -> tuple[Deadline | None, tuple[Requirement, ...]]:
        """The deadline and the requirements, from the diagram where they are drawn, else from our extension."""
        if element.name == "intermediateCatchEvent":
            return self._event(element, extra)
        if expires is not None and extra.deadline is not None:
            self.notes.tell(element, Text("a deadline is told beside its timer", "期限与定时器重复"))
        return expires or extra.deadline, extra.requires

    def _event(self, element: Element, extra: Extra) -> tuple[Deadline | None, tuple[Requirement, ...]]:
        timers = list(element.within("timerEventDefinition"))
        conditions = list(element.within("conditionalEventDefinition"))
        if defines_otherwise(element):
            return None, ()
        if len(timers) + len(conditions) != 1:
            self.notes.tell(element, Text("one timer or one condition is needed", "须有且仅有一个定时器或条件"))
            return None, ()
        if timers:
            return self.notes.timed(element), extra.requires
        self.notes.inspect(conditions[0])
        said = next(conditions[0].within("condition"), conditions[0])
        return None, self.notes.phrase(said, phrases.requirements) or ()

    def _runs(self, element: Element) -> str | None:
        if element.name not in RUNNING:
            return None
        xml = called_by(element)
        if xml not in self.processes:
            self.notes.tell(element, Text(f"there is no process {xml!r} in the file", f"文件中没有流程 {xml!r}"))
        return self.processes.get(xml, xml)


def called_by(call: Element) -> str:
    """The XML id of the process that a call activity runs, or that a sub-process is."""
    return call.id if call.name == "subProcess" else call.attributes.get("calledElement", "").rpartition(":")[2]
