"""The proof that a process is sound, or the way to where it goes wrong.

Soundness is that of workflow nets (van der Aalst 1998): from every state that can be reached the end can be reached;
when it is, no work is left anywhere; and every step can happen. Sought by walking all states of the reduced net. A
sub-process counts as one step of the process around it, which its own soundness allows (compositionality).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.process.definition import END, Definition, Process
from chainfusion.domain.process.net import Net, net_of
from chainfusion.domain.process.reduction import Fused, reduced

MAX_STATES = 200_000
Marking = frozenset[str]


@dataclass(frozen=True, slots=True)
class Unsound:
    """What is wrong, and the transitions after which it shows. `at`: the place, step or steps concerned."""

    what: str
    path: tuple[str, ...]
    at: tuple[str, ...]


WHAT = {
    "deadlock": Text("nothing can happen any more", "流程停滞，无法继续"),
    "no-end": Text("the end cannot be reached any more", "无法再到达终点"),
    "left-over": Text("the end is reached while work is left", "到达终点时仍有未完成的工作"),
    "twice": Text("the same work is begun twice at once", "同一工作被同时启动两次"),
    "dead": Text("these steps can never happen", "以下步骤永远不会发生"),
    "too-large": Text("it has too many states to be proven", "状态过多，无法证明"),
}


class DefinitionUnsound(ChainFusionError):
    """A process that can get stuck, end with work left, or has dead steps. `path` is the way there."""

    code = "DEFINITION_UNSOUND"
    says = Text("Process {process} is not sound: {why}: {at}. The way there: {way}.",
                "流程 {process} 不健全：{why_zh}：{at}。路径：{way}。")  # fmt: skip
    do = Text("Correct the gateways, flows and returns on this path.", "请更正该路径上的网关、连线与退回。")


def require_sound(definition: Definition) -> Definition:
    """The definition, whose form is known to be right. Raises: DefinitionUnsound."""
    for process in (definition.main, *definition.inside):
        found = unsoundness(process)
        if found is not None:
            raise DefinitionUnsound(
                process=process.id,
                what=found.what,
                why=WHAT[found.what].en,
                why_zh=WHAT[found.what].zh,
                at=", ".join(found.at) or "-",
                way=" → ".join(found.path) or "-",
                path=list(found.path),
            )
    return definition


def unsoundness(process: Process) -> Unsound | None:
    """What makes a well-formed process unsound; None where it is sound."""
    return unsound_net(net_of(process))


def unsound_net(net: Net) -> Unsound | None:
    """`unsoundness` of a net."""
    states = _States(reduced(net), frozenset({net.start}))
    found = states.explore()
    if found is not None:
        return found
    dead = {transition.name for transition in net.transitions} - states.fired
    alive = {transition.node for transition in net.transitions if transition.name not in dead}
    never = sorted({transition.node for transition in net.transitions} - alive | (dead - alive))
    return Unsound("dead", (), tuple(never)) if never else None


def unsound_from(net: Net, marking: Marking) -> Unsound | None:
    """What can go wrong in a net from these tokens on: None where, whatever happens, it can end, and ends clean."""
    return _States(reduced(net, marking), marking).explore()


class _States:
    """The states that a net can reach, breadth first, so that the way to a fault is a short one."""

    def __init__(self, transitions: tuple[Fused, ...], start: Marking) -> None:
        self.transitions = transitions
        self.start = start
        self.came: dict[Marking, tuple[Marking, Fused] | None] = {self.start: None}
        self.before: dict[Marking, list[Marking]] = {self.start: []}
        self.fired: set[str] = set()

    def explore(self) -> Unsound | None:
        ahead = deque([self.start])
        while ahead:
            state = ahead.popleft()
            enabled = [each for each in self.transitions if each.inputs <= state]
            if END in state and len(state) > 1:
                return Unsound("left-over", self._way(state), tuple(sorted(state - {END})))
            if not enabled and END not in state:
                return Unsound("deadlock", self._way(state), tuple(sorted(state)))
            for each in enabled:
                kept = state - each.inputs - each.clears
                if kept & each.outputs:
                    return Unsound("twice", (*self._way(state), *each.fires), tuple(sorted(kept & each.outputs)))
                self._reach(kept | each.outputs, state, each, ahead)
            if len(self.came) > MAX_STATES:
                return Unsound("too-large", (), ())
        return self._unable_to_end()

    def _reach(self, state: Marking, before: Marking, by: Fused, ahead: deque[Marking]) -> None:
        self.fired |= {*by.fires, *by.also}
        if state not in self.came:
            self.came[state] = (before, by)
            self.before[state] = []
            ahead.append(state)
        self.before[state].append(before)

    def _unable_to_end(self) -> Unsound | None:
        able, ahead = set[Marking](), [frozenset({END})]
        while ahead:
            state = ahead.pop()
            if state in self.came and state not in able:
                able.add(state)
                ahead += self.before[state]
        stuck = next((state for state in self.came if state not in able), None)
        return None if stuck is None else Unsound("no-end", self._way(stuck), tuple(sorted(stuck)))

    def _way(self, state: Marking) -> tuple[str, ...]:
        way: list[str] = []
        while (step := self.came[state]) is not None:
            state, by = step
            way = [*by.fires, *way]
        return tuple(way)
