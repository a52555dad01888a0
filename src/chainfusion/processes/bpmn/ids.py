"""The XML ids of a process's elements."""

from __future__ import annotations

from chainfusion.domain.process.definition import END, START, Flow, Process
from chainfusion.domain.roles import Role
from chainfusion.processes.bpmn.vocabulary import xml_id


def lane_id(process: Process, lane: Role | None) -> str:
    """The XML id of a lane."""
    return xml_id("lane", process.id, lane.value if lane else "itself")


def node_id(process: Process, node: str) -> str:
    """The XML id of START, END, a step or a gateway."""
    if node in (START, END):
        return xml_id(node, process.id)
    return xml_id("step" if process.step(node) else "gateway", process.id, node)


def expiry_id(process: Process, step: str) -> str:
    """The XML id of the timer at a step's border."""
    return xml_id("expiry", process.id, step)


def flow_id(process: Process, flow: Flow) -> str:
    """The XML id of a flow."""
    return xml_id("flow", process.id, flow.source, flow.target)
