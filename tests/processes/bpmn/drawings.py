"""Small files as other tools write them."""

from __future__ import annotations

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" name="Small deal" targetNamespace="x">\n'
)


def a_file(*processes: str, before: str = "") -> bytes:
    """A file of these processes; the body of the first begins on line 4."""
    return (HEAD + before + "\n".join(processes) + "\n</definitions>\n").encode()


def a_process(body: str, *, xml: str = "p", name: str = "") -> str:
    """A process, its body on lines of its own."""
    return f'<process id="{xml}" name="{name}">\n{body}\n</process>'


def flows(*pairs: str) -> str:
    """Flows such as `a>b`, a line each."""
    return "\n".join(
        f'<sequenceFlow id="f-{number}" sourceRef="{source}" targetRef="{target}"/>'
        for number, (source, target) in enumerate(pair.split(">") for pair in pairs)
    )


ENDS = '<startEvent id="s"/><endEvent id="e"/>'


def lanes(**members: str) -> str:
    """Lanes by name with the ids of their members, parted by spaces."""
    told = "".join(
        f'<lane id="lane-{number}" name="{name.replace("_", " ")}">'
        + "".join(f"<flowNodeRef>{node}</flowNodeRef>" for node in nodes.split())
        + "</lane>"
        for number, (name, nodes) in enumerate(members.items())
    )
    return f'<laneSet id="ls">{told}</laneSet>'
