"""One process of a file: its nodes and flows, and the gateways that BPMN leaves undrawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import END, START, Deadline, Flow, Gateway, GatewayKind, Process
from chainfusion.domain.roles import Role
from chainfusion.processes.bpmn import phrases
from chainfusion.processes.bpmn.activities import Activities
from chainfusion.processes.bpmn.extension import read_names
from chainfusion.processes.bpmn.notes import Notes
from chainfusion.processes.bpmn.performers import Performers, lanes_in
from chainfusion.processes.bpmn.subset import GATEWAYS, NODES, STEPS, strange_children
from chainfusion.processes.bpmn.vocabulary import MODEL, apart, own_id, slug
from chainfusion.processes.bpmn.xml import Element

_KINDS = {"exclusiveGateway": GatewayKind.ONE, "parallelGateway": GatewayKind.ALL}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process of a file is read with. processes: the definition's names of processes, by XML id; path: where
    the process stands in the definition; around: who acts in the sub-process that it is, where it is drawn in one."""

    notes: Notes
    performers: Performers
    processes: dict[str, str]
    path: str
    around: tuple[Role, ...]


class Graph:
    """A process under way."""

    def __init__(self, element: Element, around: Surroundings) -> None:
        self.element, self.notes, self.path, self._around = element, around.notes, around.path, around
        self._flows: list[tuple[Flow, Element]] = []
        self._taken: set[str] = {START, END}
        self._names: dict[str, str] = {}
        self._expiries: dict[str, str] = {}
        self.roles: dict[str, tuple[Role, ...]] = {}
        """Who acts in each sub-process that is drawn within this one, by XML id."""

    def process(self) -> Process:
        """The process, with faults told to the notes."""
        self.notes.at[self.path] = self.element
        self.notes.inspect(self.element)
        self._name_nodes()
        deadlines = self._read_expiries()
        lanes = lanes_in(self.element, self.notes)
        reading = Activities(self.notes, self._around.performers, self._around.processes, lanes, self._around.around)
        steps = []
        for element in self._drawn(STEPS):
            name = self._names[element.id]
            steps.append(reading.step(element, name, deadlines.get(name)))
            self.notes.at[f"{self.path}.steps.{name}"] = element
            self.roles[element.id] = steps[-1].by
        gateways = [self._gateway(element) for element in self._drawn(GATEWAYS)]
        self._read_flows()
        gateways += self._met(step.id for step in steps)
        gateways += self._forked(step.id for step in steps)
        for flow, element in self._flows:
            self.notes.at[f"{self.path}.flows.{flow.source}>{flow.target}"] = element
        name = self._around.processes[self.element.id]
        names = read_names(self.element, self.notes.tell)
        flows = tuple(flow for flow, _ in self._flows)
        return Process(name, names.en or name, names.zh or name, tuple(steps), tuple(gateways), flows)

    def _drawn(self, names: Iterable[str]) -> list[Element]:
        return [each for each in self.element.children if each.space == MODEL and each.name in names]

    # -------------------------------------------------------------- nodes

    def _name_nodes(self) -> None:
        """Ours keep their ids; others are named after their names, or their XML ids."""
        self._only_one_start()
        named = self._drawn(STEPS | GATEWAYS)
        for element in named:
            own = own_id(element.id, "gateway" if element.name in GATEWAYS else "step")
            if own is not None and own not in self._taken:
                self._names[element.id] = apart(own, self._taken)
        for element in named:
            if element.id not in self._names:
                wanted = slug(element.attributes.get("name", ""), element.id)
                self._names[element.id] = apart(wanted, self._taken)
        for element in self._drawn(("startEvent", "endEvent")):
            self._names[element.id] = START if element.name == "startEvent" else END
        for element in self._drawn(NODES):
            self.notes.inspect(element)

    def _only_one_start(self) -> None:
        starts = self._drawn(("startEvent",))
        for element in starts[1:]:
            self.notes.tell(element, Text("a second start", "第二个开始事件"))
        if not starts:
            self.notes.tell(self.element, Text("there is no start event", "没有开始事件"))
        if not self._drawn(("endEvent",)):
            self.notes.tell(self.element, Text("there is no end event", "没有结束事件"))

    def _gateway(self, element: Element) -> Gateway:
        name = self._names[element.id]
        self.notes.at[f"{self.path}.gateways.{name}"] = element
        return Gateway(name, _KINDS[element.name])

    def _read_expiries(self) -> dict[str, Deadline]:
        """The deadlines of steps with a timer at their border."""
        found: dict[str, Deadline] = {}
        steps = {element.id for element in self._drawn(STEPS)}
        for element in self._drawn(("boundaryEvent",)):
            xml = element.attributes.get("attachedToRef", "").rpartition(":")[2]
            self._expiries[element.id] = self._names.get(xml, "")
            if xml not in steps:
                self.notes.tell(element, Text(f"it stands at no step: {xml!r}", f"未附着于任何步骤：{xml!r}"))
            elif self._names[xml] in found:
                self.notes.tell(element, Text("a second timer at the step", "同一步骤的第二个定时器"))
            else:
                deadline = self.notes.timed(element)
                found |= {} if deadline is None else {self._names[xml]: deadline}
        return found

    # -------------------------------------------------------------- flows

    def _read_flows(self) -> None:
        last = {gateway.attributes.get("default", "") for gateway in self._drawn(("exclusiveGateway",))} - {""}
        flows = self._drawn(("sequenceFlow",))
        known = {element.id for element in flows}
        for gateway in self._drawn(("exclusiveGateway",)):
            if gateway.attributes.get("default", "") not in known | {""}:
                self.notes.tell(gateway, Text("its default is no flow", "默认连线不存在"))
        for element in flows:
            self.notes.inspect(element)
            flow = self._flow(element, element.id in last)
            if flow is not None:
                self._flows.append((flow, element))
        for flow, element in [each for each in self._flows if each[1].id in last]:
            self._put_last(flow, element)

    def _flow(self, element: Element, is_default: bool) -> Flow | None:
        source, target = (element.attributes.get(name, "").rpartition(":")[2] for name in ("sourceRef", "targetRef"))
        nodes = self._names | self._expiries
        missing = [end for end in (source, target) if end not in nodes]
        refused = {each.id for each in strange_children(self.element)}
        for end in {*missing} - refused:
            self.notes.tell(element, Text(f"{end!r} is no node of this process", f"{end!r} 不是本流程的节点"))
        if missing:
            return None
        said = next(element.within("conditionExpression"), None)
        if said is not None and is_default:
            self.notes.tell(element, Text("a default flow has no condition", "默认连线不得带条件"))
        when = () if said is None else self.notes.phrase(said, phrases.conditions) or ()
        return Flow(nodes[source], nodes[target], when, source in self._expiries)

    def _put_last(self, flow: Flow, element: Element) -> None:
        """Moves the default flow of a gateway behind its others: the last resort is asked last."""
        after = max(n for n, (each, _) in enumerate(self._flows) if each.source == flow.source)
        at = self._flows.index((flow, element))
        if at != after:
            del self._flows[at]
            self._flows.insert(after, (flow, element))

    # -------------------------------------------------------------- gateways that are not drawn

    def _met(self, steps: Iterable[str]) -> list[Gateway]:
        """A gateway before each step that several flows reach: in BPMN each arrival is taken for itself."""
        return [self._between(step, GatewayKind.ONE) for step in steps if len(self._ends(step, of_source=False)) > 1]

    def _forked(self, steps: Iterable[str]) -> list[Gateway]:
        """A gateway behind each step with several flows out: in BPMN all of them are taken."""
        return [self._between(step, GatewayKind.ALL) for step in steps if len(self._ends(step, of_source=True)) > 1]

    def _ends(self, step: str, *, of_source: bool) -> list[int]:
        return [
            number
            for number, (flow, _) in enumerate(self._flows)
            if (flow.source == step and not flow.expired if of_source else flow.target == step)
        ]

    def _between(self, step: str, kind: GatewayKind) -> Gateway:
        behind = kind is GatewayKind.ALL
        gateway = apart(f"{'fork' if behind else 'met'}-{step}"[:40].rstrip("-"), self._taken)
        for number in self._ends(step, of_source=behind):
            flow, element = self._flows[number]
            moved = replace(flow, source=gateway) if behind else replace(flow, target=gateway)
            self._flows[number] = (moved, element)
        flow = Flow(step, gateway, (), False) if behind else Flow(gateway, step, (), False)
        self._flows.append((flow, self.element))
        return Gateway(gateway, kind)
