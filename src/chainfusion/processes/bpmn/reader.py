"""BPMN 2.0 XML to a definition. What cannot be imported is refused, all of it at once, by element, id and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Definition, Process
from chainfusion.domain.process.form import faults_of
from chainfusion.domain.process.records import MAIN
from chainfusion.domain.roles import Role
from chainfusion.processes.bpmn.activities import called_by
from chainfusion.processes.bpmn.extension import Identity, is_ours, read_identity
from chainfusion.processes.bpmn.graph import Graph, Surroundings
from chainfusion.processes.bpmn.notes import Notes
from chainfusion.processes.bpmn.performers import Performers
from chainfusion.processes.bpmn.refusals import NotBpmn
from chainfusion.processes.bpmn.subset import NODES
from chainfusion.processes.bpmn.vocabulary import MODEL, apart, own_id, slug
from chainfusion.processes.bpmn.xml import Element, parse


def read_bpmn(data: bytes, roles: Mapping[str, Role] | None = None, otherwise: Role | None = None) -> Definition:
    """The definition in a file.

    roles: what the file's own names of lanes and resources stand for. otherwise: who takes the steps of which the
    diagram tells no role. Raises: NotBpmn, BpmnRefused.
    """
    root = parse(data)
    if (root.space, root.name) != (MODEL, "definitions"):
        raise NotBpmn(
            line=root.line, why="the root is not BPMN's `definitions`", why_zh="根元素不是 BPMN 的 definitions"
        )
    reading = _Reading(root, Notes(), Performers(root, roles or {}, otherwise))
    definition = reading.definition()
    if not reading.notes.faults:
        for fault in faults_of(definition):
            reading.notes.tell_at(fault.at, fault.why)
    reading.notes.refuse()
    return definition


@dataclass
class _Reading:
    """A file under way."""

    root: Element
    notes: Notes
    performers: Performers
    names: dict[str, str] = field(default_factory=dict)
    """The definition's names of processes, by the XML ids of processes and of embedded sub-processes."""
    around: dict[str, tuple[Role, ...]] = field(default_factory=dict)
    """Who acts in each sub-process that is drawn within another, by XML id."""
    identity: Identity | None = None

    def definition(self) -> Definition:
        self._identify()
        self.notes.inspect(self.root)
        for collaboration in self.root.within("collaboration"):
            self.notes.inspect(collaboration)
        main, *others = self._name(self._processes())
        first = self._process(main, "main")
        inside = tuple(self._process(each, f"inside.{self.names[each.id]}") for each in others)
        found = self.identity or Identity(_title(self.root, main), 1, ())
        return Definition(found.process, found.version, first, inside, found.documents)

    def _identify(self) -> None:
        """Raises: BpmnRefused unless every process, node and flow has an id of its own."""
        seen: set[str] = set()
        for element in _identified(self.root):
            if not element.id or element.id in seen:
                self.notes.tell(element, Text("an id of its own is needed", "须有唯一编号"))
            seen.add(element.id)
        self.notes.refuse()

    # -------------------------------------------------------------- processes

    def _processes(self) -> list[Element]:
        """The main process first, then those that its steps run, then sub-processes that are drawn within others."""
        found = list(self.root.within("process"))
        if not found:
            self.notes.tell(self.root, Text("there is no process", "没有流程"))
            self.notes.refuse()
        main = self._main(found)
        others = [each for each in found if each is not main]
        called = {called_by(call) for each in found for call in _calls(each)}
        for each in others:
            if each.id not in called and not is_ours(each):
                self.notes.tell(each, Text("no step runs this second process", "没有步骤运行此流程"))
        return [main, *others, *(inner for each in found for inner in _embedded(each))]

    def _main(self, found: list[Element]) -> Element:
        """The one that says so; else the first that none of them runs."""
        for each in found:
            identity = read_identity(each, self.notes.tell)
            if identity is not None:
                self.identity = identity
                return each
        called = {called_by(call) for each in found for call in _calls(each)}
        return next((each for each in found if each.id not in called), found[0])

    def _name(self, processes: list[Element]) -> list[Element]:
        """Names every process: ours keep their names, another tool's main process is `main`."""
        taken: set[str] = set()
        for each in processes:
            if (own := own_id(each.id, "process")) is not None:
                self.names[each.id] = apart(own, taken)
        for number, each in enumerate(processes):
            if each.id not in self.names:
                wanted = MAIN if number == 0 else slug(each.attributes.get("name", ""), each.id)
                self.names[each.id] = apart(wanted, taken)
        return processes

    def _process(self, element: Element, path: str) -> Process:
        around = self.around.get(element.id, ())
        graph = Graph(element, Surroundings(self.notes, self.performers, self.names, path, around))
        process = graph.process()
        self.around |= graph.roles
        return process


def _calls(process: Element) -> Iterator[Element]:
    yield from process.within("callActivity")
    for inner in process.within("subProcess"):
        yield from _calls(inner)


def _embedded(process: Element) -> Iterator[Element]:
    for inner in process.within("subProcess"):
        yield inner
        yield from _embedded(inner)


def _identified(holder: Element) -> Iterator[Element]:
    for name in (*sorted(NODES), "sequenceFlow", "process"):
        for element in holder.within(name):
            yield element
            yield from _identified(element)


def _title(root: Element, main: Element) -> str:
    named = (element.attributes.get("name", "") for element in (root, main))
    return slug(*named, root.id, main.id)
