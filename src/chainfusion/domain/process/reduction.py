"""Makes a net smaller without changing whether it is sound, so that parallel branches do not multiply its states.

The rules are Murata's ("Petri Nets: Properties, Analysis and Applications", 1989, fusion of series and parallel places
and transitions), each applied only between places that the same returns empty. What is fused keeps the transitions it
stands for, in an order in which they can fire, so that a path through the small net is one through the whole net.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chainfusion.domain.process.definition import END
from chainfusion.domain.process.net import Net, Transition


@dataclass(frozen=True, slots=True)
class Fused:
    """A transition of the small net. fires: the names that it stands for, in order; also: names that can fire wherever
    this one can, but need not."""

    inputs: frozenset[str]
    outputs: frozenset[str]
    clears: frozenset[str]
    fires: tuple[str, ...]
    also: frozenset[str] = frozenset()


def reduced(net: Net, marked: frozenset[str] = frozenset()) -> tuple[Fused, ...]:
    """The small net's transitions; its start is the net's. The places of `marked`, which hold tokens, stay as well."""
    fused = [_whole(transition) for transition in net.transitions]
    keep = frozenset({net.start, END}) | marked
    while (smaller := _smaller(fused, keep)) is not None:
        fused = smaller
    return tuple(fused)


def _whole(transition: Transition) -> Fused:
    return Fused(transition.inputs, transition.outputs, transition.clears, (transition.name,))


def _smaller(fused: list[Fused], keep: frozenset[str]) -> list[Fused] | None:
    for rule in (_same_transitions, _series_places, _parallel_places, _series_transitions):
        found = rule(fused, keep)
        if found is not None:
            return found
    return None


def _same_transitions(fused: list[Fused], keep: frozenset[str]) -> list[Fused] | None:  # noqa: ARG001 - one shape of rule
    """Of two transitions between the same places one is enough."""
    seen: dict[tuple[frozenset[str], ...], int] = {}
    for place, each in enumerate(fused):
        first = seen.setdefault((each.inputs, each.outputs, each.clears), place)
        if first != place:
            rest = [*fused[:place], *fused[place + 1 :]]
            rest[first] = replace(rest[first], also=rest[first].also | each.also | {*each.fires})
            return rest
    return None


def _series_places(fused: list[Fused], keep: frozenset[str]) -> list[Fused] | None:
    """A transition from one place to one other, which is all that becomes of a token there, fires at once."""
    takers, cleared = _takers(fused), _cleared_by(fused)
    for each in fused:
        if len(each.inputs) != 1 or len(each.outputs) != 1 or each.clears:
            continue
        (place,), (after,) = each.inputs, each.outputs
        alone = len(takers[place]) == 1 and place != after and place not in keep
        makers = [other for other in fused if place in other.outputs]
        if alone and makers and cleared[place] == cleared[after] and not any(after in m.outputs for m in makers):
            return [
                _then(other, place, each) if place in other.outputs else other for other in fused if other is not each
            ]
    return None


def _parallel_places(fused: list[Fused], keep: frozenset[str]) -> list[Fused] | None:
    """Of two places that the same transitions fill, take from and empty, one is enough."""
    neighbours: dict[tuple[frozenset[int], ...], str] = {}
    for place in sorted({p for each in fused for p in each.inputs | each.outputs} - keep):
        sides = tuple(
            frozenset(i for i, each in enumerate(fused) if place in getattr(each, side))
            for side in ("inputs", "outputs", "clears")
        )
        if neighbours.setdefault(sides, place) != place:
            return [_without(each, place) for each in fused]
    return None


def _series_transitions(fused: list[Fused], keep: frozenset[str]) -> list[Fused] | None:
    """A transition that only waits for one other is a part of it."""
    takers, cleared = _takers(fused), _cleared_by(fused)
    for each in fused:
        if len(each.inputs) != 1 or each.clears:
            continue
        (place,) = each.inputs
        makers = [other for other in fused if place in other.outputs]
        same = all(cleared[place] == cleared[output] for output in each.outputs)
        if len(takers[place]) == len(makers) == 1 and makers[0] is not each and place not in keep and same:
            (maker,) = makers
            if not maker.outputs & each.outputs:
                return [_then(maker, place, each) if other is maker else other for other in fused if other is not each]
    return None


def _then(maker: Fused, place: str, each: Fused) -> Fused:
    """`maker`, after which `each` fires at once from `place`."""
    return Fused(
        inputs=maker.inputs,
        outputs=(maker.outputs - {place}) | each.outputs,
        clears=maker.clears,
        fires=(*maker.fires, *each.fires),
        also=maker.also | each.also,
    )


def _without(each: Fused, place: str) -> Fused:
    return replace(each, inputs=each.inputs - {place}, outputs=each.outputs - {place}, clears=each.clears - {place})


def _takers(fused: Iterable[Fused]) -> dict[str, list[Fused]]:
    found: dict[str, list[Fused]] = defaultdict(list)
    for each in fused:
        for place in each.inputs:
            found[place].append(each)
    return found


def _cleared_by(fused: Iterable[Fused]) -> dict[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = defaultdict(frozenset)
    for number, each in enumerate(fused):
        for place in each.clears:
            found[place] |= {number}
    return found
