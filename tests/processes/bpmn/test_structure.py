"""What is written is what BPMN tools expect: ids, references, a complete diagram; judged here and by bpmn.io's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings

from chainfusion.domain.process.definition import Definition
from chainfusion.processes import library
from chainfusion.processes.bpmn import write_bpmn
from chainfusion.processes.bpmn.layout import Box, drawn
from chainfusion.processes.bpmn.xml import Element, parse
from tests.processes.bpmn.dressed import definitions

REFERENCES = ("sourceRef", "targetRef", "attachedToRef", "calledElement", "processRef", "bpmnElement", "default")
POINTING = ("incoming", "outgoing", "flowNodeRef", "resourceRef")
DRAWN = {
    "participant", "lane", "startEvent", "endEvent", "userTask", "receiveTask", "callActivity",
    "intermediateCatchEvent", "boundaryEvent", "exclusiveGateway", "parallelGateway", "sequenceFlow",
}  # fmt: skip


def every(element: Element) -> Iterator[Element]:
    """An element and all within it."""
    yield element
    for child in element.children:
        yield from every(child)


def judged(written: bytes) -> None:
    """Ids are unique, references resolve, flows are named by both their ends, and all that can be drawn is, once."""
    elements = list(every(parse(written)))
    ids = Counter(each.id for each in elements if each.id)
    assert max(ids.values()) == 1
    for each in elements:
        assert all(each.attributes[name] in ids for name in REFERENCES if name in each.attributes), each
        assert each.name not in POINTING or each.text in ids, each
    told = {name: {(e.text, n.id) for n in elements for e in n.within(name)} for name in ("incoming", "outgoing")}
    flows = [each for each in elements if each.name == "sequenceFlow"]
    assert told["outgoing"] == {(flow.id, flow.attributes["sourceRef"]) for flow in flows}
    assert told["incoming"] == {(flow.id, flow.attributes["targetRef"]) for flow in flows}
    shown = Counter(each.attributes["bpmnElement"] for each in elements if each.name in ("BPMNShape", "BPMNEdge"))
    assert shown == Counter(each.id for each in elements if each.name in DRAWN)


@pytest.mark.parametrize("name", library.names())
def test_the_library_is_written_as_tools_expect(name: str) -> None:
    judged(write_bpmn(library.definition(name)))


@settings(max_examples=60, deadline=None)
@given(definitions())
def test_random_definitions_are_written_as_tools_expect(definition: Definition) -> None:
    judged(write_bpmn(definition))
    for process in (definition.main, *definition.inside):
        boxes = drawn(process, 0).nodes.values()
        assert not any(overlap(a, b) for a, b in combinations(boxes, 2))


@settings(max_examples=60, deadline=None)
@given(definitions())
def test_no_flow_is_drawn_through_a_node(definition: Definition) -> None:
    drawing = drawn(definition.main, 0)
    for flow, way in drawing.flows.items():
        assert all(x == to_x or y == to_y for (x, y), (to_x, to_y) in pairwise(way)), "at right angles"
        ends = {flow.source, flow.target}
        for node, box in drawing.nodes.items():
            crossed = any(crosses(a, b, box) for a, b in pairwise(way))
            assert node in ends or not crossed, (flow, node)


@settings(max_examples=30, deadline=None)
@given(definitions())
def test_everything_stands_in_its_lane(definition: Definition) -> None:
    drawing = drawn(definition.main, 0)
    for lane, members in drawing.members.items():
        for node in members:
            box, around = drawing.nodes[node], drawing.lanes[lane]
            assert around.x < box.x
            assert box.x + box.width < around.x + around.width
            assert around.y < box.y
            assert box.y + box.height < around.y + around.height


@pytest.mark.parametrize("name", library.names())
def test_bpmn_io_reads_and_lints_what_is_written(name: str) -> None:
    bpmn_io = pytest.importorskip("bpmn_io", reason="bpmn-io is not installed")
    lint = pytest.importorskip("bpmn_io.lint")
    resolver = pytest.importorskip("bpmn_io.lint.resolver")
    written = write_bpmn(library.definition(name)).decode()
    report = bpmn_io.check(written)
    assert (report.errors, report.warnings) == ([], [])
    root = bpmn_io.BpmnModdle().from_xml(written).root_element
    linter = lint.Linter(config={"extends": "bpmnlint:all"}, resolver=resolver.NodeResolver())
    assert linter.lint(root) == {}


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes have a point in common."""
    return a.x <= b.x + b.width and b.x <= a.x + a.width and a.y <= b.y + b.height and b.y <= a.y + a.height


def crosses(start: tuple[int, int], end: tuple[int, int], box: Box) -> bool:
    """Whether a line along an axis has a point in common with a box."""
    (x, to_x), (y, to_y) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return overlap(Box(x, y, to_x - x, to_y - y), box)
