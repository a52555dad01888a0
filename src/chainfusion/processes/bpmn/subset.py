"""What of BPMN 2.0 can be imported: elements, what stands in them, and attributes with a value that changes nothing.

Everything else in BPMN's own namespace is refused. What only describes (documentation, text, groups, colours, other
tools' extensions) and what only declares (messages, data types: whoever uses them is refused) is passed over.
"""

from __future__ import annotations

from chainfusion.processes.bpmn.vocabulary import MODEL
from chainfusion.processes.bpmn.xml import Element

TASKS = frozenset(
    {
        "task", "userTask", "manualTask", "serviceTask", "scriptTask", "businessRuleTask", "sendTask", "receiveTask",
    }
)  # fmt: skip
RUNNING = frozenset({"callActivity", "subProcess"})
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway"})
PERFORMERS = frozenset({"performer", "humanPerformer", "potentialOwner"})
STEPS = TASKS | RUNNING | {"intermediateCatchEvent"}
NODES = STEPS | GATEWAYS | {"startEvent", "endEvent", "boundaryEvent"}

_TELLING = frozenset({"documentation", "extensionElements", "textAnnotation", "association", "group"})
_DECLARING = frozenset(
    {
        "category", "dataStore", "error", "escalation", "globalManualTask", "globalScriptTask", "globalTask",
        "globalUserTask", "globalBusinessRuleTask", "import", "interface", "itemDefinition", "message",
        "partnerEntity", "partnerRole", "resource", "signal",
    }
)  # fmt: skip
_AT_NODE = _TELLING | {"incoming", "outgoing"}
_AT_TASK = _AT_NODE | PERFORMERS | {"multiInstanceLoopCharacteristics"}
_IN_PROCESS = _TELLING | NODES | {"sequenceFlow", "laneSet"}
_TIMED = _AT_NODE | {"timerEventDefinition"}

HOLDS: dict[str, frozenset[str]] = {
    "definitions": _TELLING | _DECLARING | {"collaboration", "process"},
    "collaboration": _TELLING | {"participant"},
    "participant": _TELLING,
    "process": _IN_PROCESS,
    "subProcess": _IN_PROCESS | _AT_TASK,
    "laneSet": _TELLING | {"lane"},
    "childLaneSet": _TELLING | {"lane"},
    "lane": _TELLING | {"flowNodeRef", "childLaneSet"},
    "callActivity": _AT_TASK,
    "startEvent": _AT_NODE,
    "endEvent": _AT_NODE,
    "intermediateCatchEvent": _TIMED | {"conditionalEventDefinition"},
    "boundaryEvent": _TIMED,
    "timerEventDefinition": _TELLING | {"timeDuration"},
    "conditionalEventDefinition": _TELLING | {"condition"},
    "sequenceFlow": _TELLING | {"conditionExpression"},
    "multiInstanceLoopCharacteristics": _TELLING,
    **dict.fromkeys(TASKS, _AT_TASK),
    **dict.fromkeys(GATEWAYS, _AT_NODE),
    **dict.fromkeys(PERFORMERS, _TELLING | {"resourceRef"}),
}
"""What may stand in an element. Elements that are passed over are not looked into."""

_ONLY: dict[str, str] = {
    "cancelActivity": "true",
    "completionQuantity": "1",
    "isForCompensation": "false",
    "isSequential": "false",
    "parallelMultiple": "false",
    "startQuantity": "1",
    "triggeredByEvent": "false",
    "instantiate": "false",
}


def strange_children(element: Element) -> list[Element]:
    """What stands in an element and cannot be imported there."""
    allowed = HOLDS.get(element.name, frozenset())
    return [child for child in element.children if child.space == MODEL and child.name not in allowed]


def strange_attributes(element: Element) -> list[str]:
    """Attributes with values that would change what the element does."""
    return [name for name, only in _ONLY.items() if element.attributes.get(name, only) != only]


def defines_otherwise(event: Element) -> bool:
    """Whether an event is of a kind that is not imported."""
    return any(child.name.endswith("EventDefinition") for child in strange_children(event))
