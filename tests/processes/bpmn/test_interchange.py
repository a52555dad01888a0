"""The diagrams of the BPMN Model Interchange Working Group: each is imported, or refused where it stands and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainfusion.domain.process.soundness import require_sound
from chainfusion.domain.roles import Role
from chainfusion.processes.bpmn import read_bpmn, write_bpmn
from chainfusion.processes.bpmn.refusals import BpmnRefused

FOLDER = Path(__file__).resolve().parents[3] / "../shared/data/reference/bpmn"
LANES = {f"Lane {number}": Role.TRUSTEE for number in (1, 2, 3)}
ROLES = LANES | {"": Role.SERVICER, "Approver": Role.ORIGINATOR, "Team Assistant": Role.TRUSTEE}
OUTSIDE = {
    "A.2.0": {("exclusiveGateway", 23)},
    "A.2.1": {("ioSpecification", 14), ("conditionExpression", 127), ("conditionExpression", 171)},
    "A.3.0": {("subProcess", 11), ("boundaryEvent", 15), ("messageEventDefinition", 17)},
    "A.4.0": {("process", 22), ("messageFlow", 97), ("messageFlow", 98)},
    "A.4.1": {("messageFlow", 13), ("messageFlow", 14), ("process", 64)},
    "B.1.0": {
        ("timerEventDefinition", 22), ("process", 46), ("dataObject", 68), ("messageEventDefinition", 71),
        ("callActivity", 73), ("subProcess", 104), ("ioSpecification", 141), ("dataInputAssociation", 151),
        ("dataOutputAssociation", 155), ("terminateEventDefinition", 162), ("dataStoreReference", 165),
    },
    "B.2.0": {
        ("inclusiveGateway", 104), ("standardLoopCharacteristics", 144), ("intermediateThrowEvent", 152),
        ("signalEventDefinition", 79), ("multiInstanceLoopCharacteristics", 19),
    },
    "C.1.0": {
        ("messageFlow", 35), ("messageEventDefinition", 118), ("eventBasedGateway", 206), ("process", 366),
        ("conditionExpression", 616), ("conditionExpression", 636),
    },
    "C.1.1": {
        ("ioSpecification", 38), ("dataOutputAssociation", 54), ("conditionExpression", 298), ("dataObject", 384),
        ("dataObjectReference", 391),
    },
}  # fmt: skip
"""By file: what is refused of it, by element and line (of the longer ones, one of each kind)."""


def the_file(name: str) -> bytes:
    """A file of the group."""
    path = FOLDER / f"{name}.bpmn"
    if not path.is_file():
        pytest.skip("the interchange files are not here")
    return path.read_bytes()


def test_the_simplest_is_imported_sound_and_written_again() -> None:
    definition = require_sound(read_bpmn(the_file("A.1.0"), {}, Role.ORIGINATOR))
    assert (definition.id, [step.id for step in definition.main.steps]) == ("a-1-0", ["task-1", "task-2", "task-3"])
    assert read_bpmn(write_bpmn(definition)) == definition


@pytest.mark.parametrize("name", OUTSIDE)
def test_each_other_is_refused_where_it_stands(name: str) -> None:
    data = the_file(name)
    with pytest.raises(BpmnRefused) as caught:
        read_bpmn(data, ROLES, Role.ORIGINATOR)
    told = {(each["element"], each["line"]) for each in caught.value.facts["faults"]}
    assert told >= OUTSIDE[name]
    lines = data.splitlines()
    for element, line in told:
        assert element.encode() in lines[line - 1], (element, line)


def test_what_is_refused_only_for_its_conditions_is_imported_with_them() -> None:
    text = the_file("A.2.0").decode()
    flows = [line for line in text.splitlines() if "sequenceFlow sourceRef=" in line and "_35fe57a7" in line]
    (gateway,) = {part for line in flows for part in line.split('"') if part.startswith("_35fe57a7")}
    leaving = [line for line in flows if f'sourceRef="{gateway}"' in line]
    said = "<semantic:conditionExpression>pool.loans at-least 1</semantic:conditionExpression>"
    for line in leaving[:-1]:
        text = text.replace(line, line.replace("/>", f">{said}</semantic:sequenceFlow>"))
    definition = require_sound(read_bpmn(text.encode(), {}, Role.ORIGINATOR))
    assert len(definition.main.out_of("gateway-split-flow")) == len(leaving)
