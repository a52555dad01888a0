"""A search of all states, as plainly as it can be written: what the proof is held to."""

from __future__ import annotations

from chainfusion.domain.process.definition import END
from chainfusion.domain.process.net import Net, Transition
from chainfusion.domain.process.soundness import Unsound

State = frozenset[str]
FINAL: State = frozenset({END})


def enabled(net: Net, state: State) -> list[Transition]:
    """What can fire."""
    return [each for each in net.transitions if each.inputs <= state]


def after(state: State, fired: Transition) -> State | None:
    """The state after a transition; None where a place would hold two tokens."""
    kept = (state - fired.inputs) - fired.clears
    return None if kept & fired.outputs else kept | fired.outputs


def is_sound(net: Net) -> bool:
    """Walks every state of the whole net."""
    fired = set[str]()
    return ends_clean(net, frozenset({net.start}), fired) and fired == {each.name for each in net.transitions}


def ends_clean(net: Net, state: State, fired: set[str] | None = None) -> bool:
    """Whether the end, and nothing but it, can be reached from wherever the net can come to; `fired` takes the names of
    all transitions that can happen."""
    following: dict[State, set[State]] = {}
    ahead = [state]
    while ahead:
        here = ahead.pop()
        if here in following:
            continue
        following[here] = set()
        for each in enabled(net, here):
            reached = after(here, each)
            if reached is None or (END in reached and reached != FINAL):
                return False
            if fired is not None:
                fired.add(each.name)
            following[here].add(reached)
            ahead.append(reached)
    able = {FINAL} & following.keys()
    while grown := {here for here, next_ in following.items() if next_ & able} - able:
        able |= grown
    return able == following.keys()


def shows(net: Net, found: Unsound) -> bool:
    """Whether the path of a judgment can be walked on the whole net, and shows what was said."""
    state = frozenset({net.start})
    by_name = {each.name: each for each in net.transitions}
    for name in found.path:
        fired = by_name[name]
        reached = after(state, fired) if fired.inputs <= state else state
        if reached is None:
            return found.what == "twice"
        if not fired.inputs <= state:
            return False
        state = reached
    match found.what:
        case "deadlock":
            return not enabled(net, state) and state != FINAL
        case "left-over":
            return END in state and state != FINAL
        case "no-end":
            return FINAL not in _reachable(net, state)
        case "dead":
            everything = _reachable(net, frozenset({net.start}))
            alive = {each.node for seen in everything for each in enabled(net, seen)}
            names = {each.name for seen in everything for each in enabled(net, seen)}
            return not names & {*found.at} and all(at not in alive or at in by_name for at in found.at)
    return False


def _reachable(net: Net, state: State) -> set[State]:
    seen, ahead = {state}, [state]
    while ahead:
        here = ahead.pop()
        for each in enabled(net, here):
            reached = after(here, each)
            if reached is not None and reached not in seen:
                seen.add(reached)
                ahead.append(reached)
    return seen
