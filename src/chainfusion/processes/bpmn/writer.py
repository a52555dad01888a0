"""A definition as BPMN 2.0 XML with its diagram. The same definition always gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator

from chainfusion.domain.process.definition import (
    END,
    START,
    Definition,
    Flow,
    Gateway,
    GatewayKind,
    Process,
    Quorum,
    Step,
)
from chainfusion.domain.process.form import require_well_formed
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.processes.bpmn import extension, phrases
from chainfusion.processes.bpmn.diagram import of_drawings
from chainfusion.processes.bpmn.ids import expiry_id, flow_id, lane_id, node_id
from chainfusion.processes.bpmn.layout import APART, Drawing, drawn, is_event
from chainfusion.processes.bpmn.vocabulary import OURS, PREFIXES, xml_id
from chainfusion.processes.bpmn.xml import Tag, dump


def write_bpmn(definition: Definition, lang: str = "en") -> bytes:
    """The file of a definition, with the names in `lang` ("en" or "zh") on the diagram, both in the file.

    Raises: DefinitionRefused for one that is not well formed.
    """
    require_well_formed(definition)
    processes, top = (definition.main, *definition.inside), 0
    drawings: dict[str, Drawing] = {}
    for process in processes:
        drawings[process.id] = drawn(process, top)
        top += drawings[process.id].pool.height + APART
    title = _named(definition.main.name, definition.main.name_zh, lang)
    names = {"id": xml_id("definition", definition.id), "name": title}
    space = {**PREFIXES, "xmlns:cf": OURS, "targetNamespace": f"urn:chainfusion:process:{definition.id}"}
    root = Tag(
        "bpmn:definitions",
        {**space, **names, "exporter": "Chain Fusion"},
        (
            *_resources(processes, lang),
            Tag("bpmn:collaboration", {"id": "collaboration"}, tuple(_participant(each, lang) for each in processes)),
            *(_Writing(definition, each, drawings[each.id], lang).process() for each in processes),
            of_drawings(processes, drawings),
        ),
    )
    return dump(root)


def _named(en: str, zh: str, lang: str) -> str:
    return zh if lang == "zh" else en


def _participant(process: Process, lang: str) -> Tag:
    ids = {"id": xml_id("participant", process.id), "processRef": xml_id("process", process.id)}
    return Tag("bpmn:participant", {**ids, "name": _named(process.name, process.name_zh, lang)})


def _resources(processes: tuple[Process, ...], lang: str) -> Iterator[Tag]:
    """The roles of steps that several roles take; a step of one role stands in its lane, and that is enough."""
    named = {role for process in processes for step in process.steps if len(step.by) > 1 for role in step.by}
    for role in Role:
        if role in named:
            yield Tag(
                "bpmn:resource", {"id": xml_id("resource", role.value), "name": ROLE_NAMES[role].filled(lang, {})}
            )


class _Writing:
    """One process under way."""

    def __init__(self, definition: Definition, process: Process, drawing: Drawing, lang: str) -> None:
        self.definition, self.at, self.drawing, self.lang = definition, process, drawing, lang
        self.expiring = {flow.source for flow in process.flows if flow.expired}

    def process(self) -> Tag:
        main = self.at is self.definition.main
        own = Tag("cf:process", {}, (extension.names(self.at.name, self.at.name_zh),))
        extensions = (*((extension.of_definition(self.definition),) if main else ()), own)
        return Tag(
            "bpmn:process",
            {"id": xml_id("process", self.at.id), "name": self._named(self.at), "isExecutable": "false"},
            (
                Tag("bpmn:extensionElements", {}, extensions),
                Tag("bpmn:laneSet", {"id": xml_id("lanes", self.at.id)}, tuple(self._lanes())),
                Tag("bpmn:startEvent", {"id": node_id(self.at, START), "name": "Start"}, self._flows_at(START)),
                *(self._step(step) for step in self.at.steps),
                *(self._expiry(step) for step in self.at.steps if step.id in self.expiring),
                *(self._gateway(gateway) for gateway in self.at.gateways),
                Tag("bpmn:endEvent", {"id": node_id(self.at, END), "name": "End"}, self._flows_at(END)),
                *(self._flow(flow) for flow in self.at.flows),
            ),
        )

    def _named(self, what: Process | Step) -> str:
        return _named(what.name, what.name_zh, self.lang)

    def _lanes(self) -> Iterator[Tag]:
        for lane, members in self.drawing.members.items():
            name = ROLE_NAMES[lane].filled(self.lang, {}) if lane else _named("Of itself", "自动", self.lang)
            inside = [node_id(self.at, node) for node in members]
            inside += [expiry_id(self.at, node) for node in members if node in self.expiring]
            references = tuple(Tag("bpmn:flowNodeRef", {}, text=node) for node in inside)
            yield Tag("bpmn:lane", {"id": lane_id(self.at, lane), "name": name}, references)

    def _flows_at(self, node: str) -> tuple[Tag, ...]:
        """Every flow in and out of a node; the one out of an expiry belongs to its timer."""
        into = (Tag("bpmn:incoming", {}, text=flow_id(self.at, flow)) for flow in self.at.into(node))
        out = (flow for flow in self.at.out_of(node) if not flow.expired)
        return (*into, *(Tag("bpmn:outgoing", {}, text=flow_id(self.at, flow)) for flow in out))

    # -------------------------------------------------------------- nodes

    def _step(self, step: Step) -> Tag:
        attributes: dict[str, str | None] = {"id": node_id(self.at, step.id), "name": self._named(step)}
        waiting = is_event(self.at, step)
        own = extension.of_step(step, is_event=waiting, expires=step.id in self.expiring)
        inside = (Tag("bpmn:extensionElements", {}, (own,)), *self._flows_at(step.id))
        if waiting:
            return Tag("bpmn:intermediateCatchEvent", attributes, (*inside, self._waiting(step)))
        inside += (*self._performers(step), *self._several(step))
        if step.process is None:
            return Tag("bpmn:userTask" if step.by else "bpmn:receiveTask", attributes, inside)
        return Tag("bpmn:callActivity", {**attributes, "calledElement": xml_id("process", step.process)}, inside)

    def _waiting(self, step: Step) -> Tag:
        """What a step that is done of itself waits for: its day, or what it requires."""
        if step.deadline is not None:
            return _timer(xml_id("timer", self.at.id, step.id), phrases.of_deadline(step.deadline))
        said = _expression("bpmn:condition", phrases.of_requirements(step.requires))
        return Tag("bpmn:conditionalEventDefinition", {"id": xml_id("condition", self.at.id, step.id)}, (said,))

    def _performers(self, step: Step) -> Iterator[Tag]:
        if len(step.by) < 2:
            return
        for number, role in enumerate(step.by, 1):
            reference = Tag("bpmn:resourceRef", {}, text=xml_id("resource", role.value))
            yield Tag("bpmn:potentialOwner", {"id": xml_id("owner", self.at.id, step.id, str(number))}, (reference,))

    def _several(self, step: Step) -> Iterator[Tag]:
        if step.quorum is not Quorum.ONE:
            yield Tag("bpmn:multiInstanceLoopCharacteristics", {"id": xml_id("several", self.at.id, step.id)})

    def _expiry(self, step: Step) -> Tag:
        assert step.deadline is not None, "a flow for an expiry needs a deadline"
        (flow,) = (flow for flow in self.at.out_of(step.id) if flow.expired)
        timer = _timer(xml_id("timer", self.at.id, step.id), phrases.of_deadline(step.deadline))
        leaves = Tag("bpmn:outgoing", {}, text=flow_id(self.at, flow))
        attached: dict[str, str | None] = {
            "id": expiry_id(self.at, step.id),
            "attachedToRef": node_id(self.at, step.id),
        }
        return Tag("bpmn:boundaryEvent", attached, (leaves, timer))

    def _gateway(self, gateway: Gateway) -> Tag:
        one, out = gateway.kind is GatewayKind.ONE, self.at.out_of(gateway.id)
        attributes = {
            "id": node_id(self.at, gateway.id),
            "name": gateway.id if one and len(out) > 1 else None,
            "gatewayDirection": _direction(len(self.at.into(gateway.id)), len(out)),
            "default": flow_id(self.at, out[-1]) if one and len(out) > 1 else None,
        }
        kind = "bpmn:exclusiveGateway" if one else "bpmn:parallelGateway"
        return Tag(kind, attributes, self._flows_at(gateway.id))

    def _flow(self, flow: Flow) -> Tag:
        source = expiry_id(self.at, flow.source) if flow.expired else node_id(self.at, flow.source)
        said = phrases.of_conditions(flow.when)
        return Tag(
            "bpmn:sequenceFlow",
            {
                "id": flow_id(self.at, flow),
                "name": said,
                "sourceRef": source,
                "targetRef": node_id(self.at, flow.target),
            },
            (_expression("bpmn:conditionExpression", said),) if said else (),
        )


def _direction(into: int, out: int) -> str:
    if into > 1:
        return "Mixed" if out > 1 else "Converging"
    return "Diverging"


def _timer(xml: str, said: str) -> Tag:
    return Tag("bpmn:timerEventDefinition", {"id": xml}, (_expression("bpmn:timeDuration", said),))


def _expression(name: str, said: str) -> Tag:
    return Tag(name, {"xsi:type": "bpmn:tFormalExpression"}, text=said)
