"""What a process means: a Petri net with one token for every piece of work under way.

A place is a flow, holding a token or none; a step or a gateway is one transition, or several where it has a choice. The
nets are workflow nets (van der Aalst, "The Application of Petri Nets to Workflow Management", 1998) with cancellation
as in YAWL's reset nets: a return to an earlier step takes away every token that the step's work had led to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from chainfusion.domain.process.definition import END, START, Flow, Gateway, GatewayKind, Process, Step


class Firing(StrEnum):
    """Why a transition moves tokens."""

    DONE = "done"
    EXPIRED = "expired"
    RETURNED = "returned"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Transition:
    """Takes a token from each of `inputs`, empties `clears`, and then puts a token into each of `outputs`.

    name: `node`; `node>target` when a deadline has passed; `source>node>target` for a choice; `node<target` for a
    return.
    """

    name: str
    node: str
    firing: Firing
    inputs: frozenset[str]
    outputs: frozenset[str]
    clears: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Net:
    """The transitions of a process, and the place that holds a token at its start. It ends with one in END alone."""

    transitions: tuple[Transition, ...]
    start: str


def net_of(process: Process) -> Net:
    """The net of a well-formed process (`domain.process.form`)."""
    steps = [t for step in process.steps for t in _of_step(process, step)]
    gateways = [t for gateway in process.gateways for t in _of_gateway(process, gateway)]
    return Net((*steps, *gateways), process.out_of(START)[0].place)


def _of_step(process: Process, step: Step) -> Iterable[Transition]:
    (arrival,) = process.into(step.id)
    inputs = frozenset({arrival.place})
    for flow in process.out_of(step.id):
        name = f"{step.id}>{flow.target}" if flow.expired else step.id
        firing = Firing.EXPIRED if flow.expired else Firing.DONE
        yield Transition(name, step.id, firing, inputs, frozenset({flow.place}))
    for target in step.returns:
        yield _return(process, step.id, target, arrival)


def _of_gateway(process: Process, gateway: Gateway) -> Iterable[Transition]:
    into, out = process.into(gateway.id), process.out_of(gateway.id)
    if gateway.kind is GatewayKind.ALL:
        yield _passing(gateway.id, gateway, into, out)
        return
    for source in into:
        for target in out:
            yield _passing(f"{source.source}>{gateway.id}>{target.target}", gateway, (source,), (target,))


def _passing(name: str, gateway: Gateway, into: Iterable[Flow], out: Iterable[Flow]) -> Transition:
    taken, put = frozenset(flow.place for flow in into), frozenset(flow.place for flow in out)
    return Transition(name, gateway.id, Firing.PASSED, taken, put)


# ------------------------------------------------------------------ returns


def _return(process: Process, step: str, target: str, arrival: Flow) -> Transition:
    """From `step`, before it is done, back to `target`.

    What had followed from the target's work is void. Where its branch had met others since, their work stands: the
    joins get back the tokens of the branches that the target does not lead to.
    """
    (again,) = process.into(target)
    behind = forward(process, target, step)
    void = {flow.place for flow in process.flows if flow.source in behind}
    between = behind & _backward(process, step, target)
    stands = {
        flow.place
        for gateway in process.gateways
        if gateway.kind is GatewayKind.ALL and gateway.id in between
        for flow in process.into(gateway.id)
        if flow.source not in behind
    }
    return Transition(
        name=f"{step}<{target}",
        node=step,
        firing=Firing.RETURNED,
        inputs=frozenset({arrival.place}),
        outputs=frozenset({again.place, *stands}),
        clears=frozenset(void - {arrival.place}),
    )


def forward(process: Process, target: str, step: str) -> frozenset[str]:
    """`target` and every node that its work leads to without passing `step`."""
    return _walk(target, step, lambda node: [flow.target for flow in process.out_of(node)])


def _backward(process: Process, step: str, target: str) -> frozenset[str]:
    """`step` and every node that leads to it without passing `target`."""
    return _walk(step, target, lambda node: [flow.source for flow in process.into(node)])


def _walk(begin: str, barrier: str, following: Callable[[str], list[str]]) -> frozenset[str]:
    seen, ahead = {begin}, [begin]
    while ahead:
        for node in following(ahead.pop()):
            if node not in seen and node not in (barrier, START, END):
                seen.add(node)
                ahead.append(node)
    return frozenset(seen)
