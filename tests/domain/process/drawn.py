"""Processes drawn at random for tests: sound ones built from blocks, and mutants of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import strategies as st

from chainfusion.domain.process.definition import (
    END,
    START,
    Condition,
    Flow,
    Gateway,
    GatewayKind,
    Holds,
    Process,
    Quorum,
    Step,
)
from chainfusion.domain.roles import Role


def a_step(name: str, **changed: object) -> Step:
    """A step that an originator takes, with nothing else to it."""
    plain = Step(name, name, name, (Role.ORIGINATOR,), Quorum.ONE, 0, (), False, None, (), (), None, None, (), None)
    return replace(plain, **changed)  # type: ignore[arg-type]


def a_flow(source: str, target: str, *, when: bool = False, expired: bool = False) -> Flow:
    """A flow, with a condition where `when`."""
    condition = Condition("deal.currency", Holds.IS, "CNY")
    return Flow(source, target, (condition,) if when else (), expired)


def chain(*names: str) -> Process:
    """Steps one after the other."""
    nodes = (START, *names, END)
    flows = tuple(a_flow(a, b) for a, b in pairwise(nodes))
    return Process("drawn", "drawn", "drawn", tuple(map(a_step, names)), (), flows)


class Drawing:
    """Blocks under way: sequences, parallel branches, choices and loops, nested."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.steps: list[Step] = []
        self.gateways: list[Gateway] = []
        self.flows: list[Flow] = []

    def block(self, depth: int) -> tuple[str, str]:
        """Adds a block; returns its first and last node."""
        kind = self.draw(st.sampled_from(("step", "step", "sequence", "all", "one", "loop"))) if depth else "step"
        if kind == "step":
            self.steps.append(a_step(f"s{len(self.steps)}"))
            return self.steps[-1].id, self.steps[-1].id
        if kind == "sequence":
            first, last = self.block(depth - 1), self.block(depth - 1)
            self.flows.append(a_flow(first[1], last[0]))
            return first[0], last[1]
        if kind == "loop":
            return self._loop(depth)
        return self._branches(GatewayKind(kind), depth)

    def _branches(self, kind: GatewayKind, depth: int) -> tuple[str, str]:
        fork, join = self._gateway(kind), self._gateway(kind)
        count = self.draw(st.integers(2, 3))
        for number in range(count):
            first, last = self.block(depth - 1)
            self.flows += [a_flow(fork, first, when=kind is GatewayKind.ONE and number < count - 1), a_flow(last, join)]
        return fork, join

    def _loop(self, depth: int) -> tuple[str, str]:
        enter, leave = self._gateway(GatewayKind.ONE), self._gateway(GatewayKind.ONE)
        first, last = self.block(depth - 1)
        again = a_step(f"s{len(self.steps)}")
        self.steps.append(again)
        self.flows += [a_flow(enter, first), a_flow(last, leave), a_flow(leave, again.id, when=True)]
        self.flows.append(a_flow(again.id, enter))
        return enter, leave

    def _gateway(self, kind: GatewayKind) -> str:
        self.gateways.append(Gateway(f"g{len(self.gateways)}", kind))
        return self.gateways[-1].id


@st.composite
def sound_processes(draw: st.DrawFn, depth: int = 3) -> Process:
    """Processes that are sound by the way they are built."""
    drawing = Drawing(draw)
    first, last = drawing.block(depth)
    flows = (a_flow(START, first), *drawing.flows, a_flow(last, END))
    return Process("drawn", "drawn", "drawn", tuple(drawing.steps), tuple(drawing.gateways), flows)


@st.composite
def mutants(draw: st.DrawFn, depth: int = 3) -> Process:
    """Processes of which a gateway changed its kind, an arc leads elsewhere, or a step may send work back."""
    process = draw(sound_processes(depth=depth))
    for _ in range(draw(st.integers(1, 3))):
        process = draw(st.sampled_from((_other_gateway, _other_target, _with_return)))(draw, process)
    return process


def _other_gateway(draw: st.DrawFn, process: Process) -> Process:
    if not process.gateways:
        return process
    odd = draw(st.sampled_from(process.gateways))
    other = GatewayKind.ONE if odd.kind is GatewayKind.ALL else GatewayKind.ALL
    return replace(process, gateways=tuple(replace(g, kind=other) if g == odd else g for g in process.gateways))


def _other_target(draw: st.DrawFn, process: Process) -> Process:
    into_gateways = [flow for flow in process.flows if flow.target not in {step.id for step in process.steps}]
    gateways = [gateway.id for gateway in process.gateways]
    if not gateways:
        return process
    moved, target = draw(st.sampled_from(into_gateways)), draw(st.sampled_from(gateways))
    flows = tuple(replace(flow, target=target) if flow == moved else flow for flow in process.flows)
    return replace(process, flows=tuple(dict.fromkeys(flows)))


def _with_return(draw: st.DrawFn, process: Process) -> Process:
    step, target = draw(st.sampled_from(process.steps)), draw(st.sampled_from(process.steps))
    changed = replace(step, returns=tuple(dict.fromkeys((*step.returns, target.id))))
    return replace(process, steps=tuple(changed if each == step else each for each in process.steps))
