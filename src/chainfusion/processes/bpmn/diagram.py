"""The diagram of a file: a shape for every pool, lane and node, and an edge for every flow (BPMN DI)."""

from __future__ import annotations

from collections.abc import Iterator

from chainfusion.domain.process.definition import GatewayKind, Process
from chainfusion.processes.bpmn.ids import expiry_id, flow_id, lane_id, node_id
from chainfusion.processes.bpmn.layout import Box, Drawing, Point
from chainfusion.processes.bpmn.vocabulary import xml_id
from chainfusion.processes.bpmn.xml import Tag


def of_drawings(processes: tuple[Process, ...], drawings: dict[str, Drawing]) -> Tag:
    """One diagram with all processes, one pool under the other."""
    shapes = tuple(tag for process in processes for tag in _of_process(process, drawings[process.id]))
    plane = Tag("bpmndi:BPMNPlane", {"id": "plane", "bpmnElement": "collaboration"}, shapes)
    return Tag("bpmndi:BPMNDiagram", {"id": "diagram"}, (plane,))


def _of_process(process: Process, drawing: Drawing) -> Iterator[Tag]:
    yield _shape(xml_id("participant", process.id), drawing.pool, isHorizontal="true")
    for lane, box in drawing.lanes.items():
        yield _shape(lane_id(process, lane), box, isHorizontal="true")
    exclusive = {gateway.id for gateway in process.gateways if gateway.kind is GatewayKind.ONE}
    for node, box in drawing.nodes.items():
        yield _shape(node_id(process, node), box, isMarkerVisible="true" if node in exclusive else None)
    for step, box in drawing.expiries.items():
        yield _shape(expiry_id(process, step), box)
    for flow, way in drawing.flows.items():
        yield _edge(flow_id(process, flow), way)


def _shape(element: str, box: Box, **more: str | None) -> Tag:
    sizes = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    bounds = Tag("dc:Bounds", {name: str(size) for name, size in sizes.items()})
    return Tag("bpmndi:BPMNShape", {"id": f"shape_{element}", "bpmnElement": element, **more}, (bounds,))


def _edge(element: str, way: tuple[Point, ...]) -> Tag:
    points = tuple(Tag("di:waypoint", {"x": str(x), "y": str(y)}) for x, y in way)
    return Tag("bpmndi:BPMNEdge", {"id": f"edge_{element}", "bpmnElement": element}, points)
