"""Carries work that is under way from one version of a process over to another.

A token stays where it stands: on the flow between two nodes, which the other version must have as well. What is behind
it there may differ. It is then proven that the other version can end from where the tokens are, whatever happens, and
that it ends with no work left; a version that is sound from its start need not be sound from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from chainfusion.domain.errors import Text
from chainfusion.domain.process.definition import Need, Process
from chainfusion.domain.process.net import net_of
from chainfusion.domain.process.run import Choose, Run
from chainfusion.domain.process.soundness import WHAT, unsound_from

T = TypeVar("T")

NO_PLACE = Text("work stands where that version has no flow", "有工作所处的位置在该版本中没有对应的连线")
STARVED = Text("what these figures are needed for could never be done", "以下数据不会再填报，而后续步骤需要")
TWICE = Text("two pieces of work would become one", "两项工作将合并为一项")


@dataclass(frozen=True, slots=True)
class Stuck:
    """Why work cannot be carried over. `at`: the places or steps concerned."""

    why: Text
    at: tuple[str, ...]


def carried(marking: Mapping[str, T], after: Process, choose: Choose) -> dict[str, T] | Stuck:
    """The tokens as they stand in the other version, or why they cannot."""
    places = {flow.place for flow in after.flows}
    gone = tuple(sorted(marking.keys() - places))
    if gone:
        return Stuck(NO_PLACE, gone)
    run, found = Run(after, choose), dict[str, T]()
    for place in sorted(marking):
        for stands in sorted(run.carried(place)):
            if stands in found:
                return Stuck(TWICE, (stands,))
            found[stands] = marking[place]
    fault = unsound_from(net_of(after), frozenset(found))
    return found if fault is None else Stuck(WHAT[fault.what], fault.at or fault.path)


def starved(process: Process, places: Iterable[str], has: Callable[[str], bool]) -> tuple[str, ...]:
    """The figures, `step.field`, that a step ahead waits for and which nothing before it deposits any more.

    `has` tells whether a figure is there already. A step that would have deposited one may lie behind the tokens.
    """
    begin = {flow.target for flow in process.flows if flow.place in {*places}}
    ahead, found = _ahead(process, begin, ""), set[str]()
    for step in process.steps:
        if step.id not in ahead:
            continue
        needed = {each.of for each in step.requires if each.need is Need.FIGURE}
        if not step.by and step.deadline is not None and step.deadline.after:
            needed.add(step.deadline.after)
        before = _ahead(process, begin, step.id)
        found |= {each for each in needed if not has(each) and each.partition(".")[0] not in before - {step.id}}
    return tuple(sorted(found))


def _ahead(process: Process, begin: Iterable[str], undone: str) -> frozenset[str]:
    """The nodes that work can come to from `begin` while the step `undone`, if it is one, is not done."""
    returns = {step.id: step.returns for step in process.steps}
    seen, ahead = set[str](), [*begin]
    while ahead:
        node = ahead.pop()
        if node not in seen:
            seen.add(node)
            ahead += returns.get(node, ())
            ahead += [flow.target for flow in process.out_of(node) if node != undone or flow.expired]
    return frozenset(seen)
