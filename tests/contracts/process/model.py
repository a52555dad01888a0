"""A reference model of a running process, as simple as it can be: the whole net fires at once, acts lie in lists."""

from __future__ import annotations

from dataclasses import dataclass, field

from chainfusion.domain.process.definition import END, Process, Quorum, Step
from chainfusion.domain.process.net import Firing, Transition, net_of
from chainfusion.domain.roles import Role
from tests.domain.process.search import State, after, enabled
from tests.support.world import msp_of


@dataclass
class Item:
    """What was done on a step since it was reached: who made it, and who has finished."""

    makers: dict[str, str] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)


class Model:
    """Says of each call whether it is lawful, and what the deal waits for. One institution plays each role."""

    def __init__(self, process: Process, currency: str = "CNY") -> None:
        self.process, self.currency = process, currency
        self.net = net_of(process)
        self.state: State = self._passed(frozenset({self.net.start}))
        self.items = {name: Item() for name in self.awaited()}

    def awaited(self) -> set[str]:
        return {each.node for each in self._acts()}

    def ended(self) -> bool:
        return END in self.state

    def act(self, step: Step, role: Role, person: str) -> bool:
        item = self.items.get(step.id)
        if item is None or role not in step.by or role in item.finished or role in item.makers:
            return False
        if step.checked:
            item.makers[role] = person
        else:
            self._finish(step, role)
        return True

    def check(self, step: Step, role: Role, person: str, approve: bool) -> bool:
        item = self.items.get(step.id)
        if item is None or role not in step.by or item.makers.get(role, person) == person:
            return False
        del item.makers[role]
        if approve:
            self._finish(step, role)
        return True

    def countersign(self, step: Step, role: Role) -> bool:
        item = self.items.get(step.id)
        if item is None or step.countersign != role or not self._enough(step, item):
            return False
        self._fire(step.id)
        return True

    def send_back(self, step: Step, role: Role, target: str) -> bool:
        if step.id not in self.items or role not in step.by or target not in step.returns:
            return False
        self._fire(f"{step.id}<{target}")
        return True

    def advance(self, step: Step) -> bool:
        item = self.items.get(step.id)
        if item is None or step.countersign is not None or not self._enough(step, item):
            return False
        self._fire(step.id)
        return True

    # -------------------------------------------------------------- the net

    def _finish(self, step: Step, role: Role) -> None:
        self.items[step.id].finished.add(role)
        if step.quorum is Quorum.ONE and step.countersign is None:
            self._fire(step.id)

    def _enough(self, step: Step, item: Item) -> bool:
        match step.quorum:
            case Quorum.ONE:
                return bool(item.finished)
            case Quorum.ALL:
                return item.finished == set(step.by)
            case Quorum.COUNT:
                return len(item.finished) >= step.threshold
            case _:
                return sum(each.weight for each in step.weights if each.role in item.finished) >= step.threshold

    def _fire(self, name: str) -> None:
        fired = next(each for each in self.net.transitions if each.name == name)
        reached = after(self.state, fired)
        assert reached is not None
        self.state = self._passed(reached)
        kept = {step: item for step, item in self.items.items() if step != fired.node and not self._void(fired, step)}
        self.items = {name: kept.get(name, Item()) for name in self.awaited()}

    def _void(self, fired: Transition, step: str) -> bool:
        (arrival,) = self.process.into(step)
        return arrival.place in fired.clears

    def _passed(self, state: State) -> State:
        while ready := [
            each for each in enabled(self.net, state) if each.firing is Firing.PASSED and self._takes(each)
        ]:
            reached = after(state, ready[0])
            assert reached is not None
            state = reached
        return state

    def _takes(self, fired: Transition) -> bool:
        out = self.process.out_of(fired.node)
        if all(not flow.when for flow in out):
            return True
        lawful = (flow for flow in out[:-1] if all(each.value == self.currency for each in flow.when))
        return fired.outputs == {next(lawful, out[-1]).place}

    def _acts(self) -> list[Transition]:
        return [each for each in enabled(self.net, self.state) if each.firing is Firing.DONE]


def institution(role: Role) -> str:
    """The one that plays a role."""
    return msp_of(role)
