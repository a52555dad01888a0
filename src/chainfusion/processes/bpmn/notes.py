"""What is wrong with a diagram, taken note of on the way, and where everything of a definition came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Deadline
from chainfusion.processes.bpmn import phrases
from chainfusion.processes.bpmn.phrases import BadPhrase
from chainfusion.processes.bpmn.refusals import Fault, refused
from chainfusion.processes.bpmn.subset import defines_otherwise, strange_attributes, strange_children
from chainfusion.processes.bpmn.xml import Element

T = TypeVar("T")


@dataclass
class Notes:
    """Faults of a file. at: the element of each path of the definition (`main.steps.pricing`)."""

    faults: list[Fault] = field(default_factory=list)
    at: dict[str, Element] = field(default_factory=dict)

    def tell(self, element: Element, why: Text) -> None:
        """Takes note of a fault."""
        fault = Fault(element.name, element.id, element.line, why)
        if fault not in self.faults:
            self.faults.append(fault)

    def tell_at(self, path: str, why: Text) -> None:
        """Takes note of a fault of the definition's form, at the element that the path came from."""
        parts = path.split(".")
        while parts and ".".join(parts) not in self.at:
            parts.pop()
        element = self.at[".".join(parts) or next(iter(self.at))]
        self.tell(element, Text(f"{path}: {why.en}", f"{path}：{why.zh}"))

    def inspect(self, element: Element) -> None:
        """Takes note of what cannot be imported in an element and right below it."""
        for child in strange_children(element):
            self.tell(child, Text(f"not imported in {element.name}", f"{element.name} 中不支持该元素"))
        for name in strange_attributes(element):
            said = f"{name}={element.attributes[name]}"
            self.tell(element, Text(f"{said} is not imported", f"不支持 {said}"))

    def phrase(self, said: Element, read: Callable[[str], T]) -> T | None:
        """What an element's text says; None, and a note, where it says nothing that is known."""
        try:
            return read(said.text.strip())
        except BadPhrase as fault:
            self.tell(said, fault.why)
            return None

    def timed(self, event: Element) -> Deadline | None:
        """The deadline of an event's timer."""
        timer = next(event.within("timerEventDefinition"), event)
        said = next(timer.within("timeDuration"), None)
        if timer is not event:
            self.inspect(timer)
        if said is None and not defines_otherwise(event):
            self.tell(event, Text("a timer with a duration is needed", "须为带期限的定时器"))
        return None if said is None else self.phrase(said, phrases.deadline)

    def refuse(self) -> None:
        """Raises: BpmnRefused where there are faults."""
        if self.faults:
            raise refused(self.faults)
