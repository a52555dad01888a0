"""Moves a process on: which places give up a token and which get one. Pure; where tokens are kept is the caller's.

Steps move tokens when they are done, and gateways pass them on at once; but a gateway that waits for several branches
fires only when a step behind it is taken. So those who finish parallel branches at the same moment touch no place in
common, and a ledger has nothing to refuse. What can be seen is the same as if every gateway fired at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chainfusion.domain.process.definition import Flow, Gateway, GatewayKind, Process
from chainfusion.domain.process.net import Firing, Transition, net_of

Has = Callable[[str], bool]
"""Whether a place holds a token."""
Choose = Callable[[Gateway], Flow]
"""The flow that a `one` gateway takes, by the deal's facts."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Places that give up a token, places that get one. A place that does both has its token renewed: work that comes
    back to where it was is work anew."""

    taken: frozenset[str] = frozenset()
    put: frozenset[str] = frozenset()

    def then(self, taken: frozenset[str], put: frozenset[str]) -> Moves:
        """These moves, followed by others."""
        return Moves(self.taken | (taken - self.put), (self.put - taken) | put)

    def has(self, before: Has) -> Has:
        """Where tokens are after these moves."""
        return lambda place: place in self.put or (place not in self.taken and before(place))


class Run:
    """A process at work: the questions that a contract asks before and after an act."""

    def __init__(self, process: Process, choose: Choose) -> None:
        self.process = process
        self._choose = choose
        self._gateways = {gateway.id: gateway for gateway in process.gateways}
        net = net_of(process)
        self._start = net.start
        self.transitions = net.transitions
        self._transitions = {transition.name: transition for transition in net.transitions}

    def begun(self) -> Moves:
        """The moves of a process that begins."""
        return self._settled(Moves(put=frozenset({self._start})), self._start)

    def carried(self, place: str) -> frozenset[str]:
        """Where a token comes to stand that is put on a place from outside: behind the gateways that let it pass."""
        return self._settled(Moves(put=frozenset({place})), place).put

    def reached(self, step: str, has: Has) -> Moves | None:
        """What brings a token before a step: no moves where it stands there; None where the step is not reached."""
        (arrival,) = self.process.into(step)
        return self._bring(arrival, Moves(), has, frozenset())

    def done(self, step: str, has: Has) -> Moves | None:
        """The moves of a step that is done; None where it is not reached."""
        return self._fired(self._transitions[step], has)

    def expired(self, step: str, has: Has) -> Moves | None:
        """The moves of a step whose deadline has passed; None where it is not reached, or no flow is there for it."""
        found = (t for t in self._transitions.values() if t.node == step and t.firing is Firing.EXPIRED)
        return next((self._fired(transition, has) for transition in found), None)

    def returned(self, step: str, target: str, has: Has) -> Moves | None:
        """The moves of a return to an earlier step; None where the step is not reached, or may not return there."""
        transition = self._transitions.get(f"{step}<{target}")
        return None if transition is None else self._fired(transition, has)

    def awaited(self, has: Has) -> Iterator[str]:
        """The steps that are reached, in the definition's order."""
        return (step.id for step in self.process.steps if self.reached(step.id, has) is not None)

    def ended(self, has: Has) -> bool:
        """Whether the process has come to its end."""
        return any(self._bring(flow, Moves(), has, frozenset()) is not None for flow in self.process.flows if flow.ends)

    # -------------------------------------------------------------- how tokens move

    def _fired(self, transition: Transition, has: Has) -> Moves | None:
        moves = self.reached(transition.node, has)
        if moves is None:
            return None
        cleared = frozenset(place for place in transition.clears if moves.has(has)(place))
        moves = moves.then(transition.inputs | cleared, frozenset())
        for place in sorted(transition.outputs):
            moves = self._settled(moves.then(frozenset(), frozenset({place})), place)
        return moves

    def _settled(self, moves: Moves, place: str) -> Moves:
        """The moves, after the token on `place` has passed every gateway that waits for nothing else."""
        flow = next((flow for flow in self.process.flows if flow.place == place and not flow.ends), None)
        gateway = self._gateways.get(flow.target) if flow is not None else None
        if gateway is None or self._waits(gateway):
            return moves
        out = self._out_of(gateway)
        moves = moves.then(frozenset({place}), frozenset(each.place for each in out))
        for each in out:
            moves = self._settled(moves, each.place)
        return moves

    def _bring(self, flow: Flow, moves: Moves, has: Has, under_way: frozenset[str]) -> Moves | None:
        """The moves, after what brings a token onto `flow`; None where nothing does."""
        if moves.has(has)(flow.place):
            return moves
        gateway = self._gateways.get(flow.source)
        if gateway is None or gateway.id in under_way or flow not in self._out_of(gateway):
            return None
        under_way |= {gateway.id}
        if gateway.kind is GatewayKind.ALL:
            return self._joined(gateway, flow, moves, has, under_way)
        return next(
            (
                found.then(frozenset({source.place}), frozenset({flow.place}))
                for source in self.process.into(gateway.id)
                if (found := self._bring(source, moves, has, under_way)) is not None
            ),
            None,
        )

    def _joined(self, gateway: Gateway, flow: Flow, moves: Moves, has: Has, under_way: frozenset[str]) -> Moves | None:
        into = self.process.into(gateway.id)
        for source in into:
            found = self._bring(source, moves, has, under_way)
            if found is None:
                return None
            moves = found
        out = self.process.out_of(gateway.id)
        moves = moves.then(frozenset(each.place for each in into), frozenset(each.place for each in out))
        for each in out:
            moves = moves if each is flow else self._settled(moves, each.place)
        return moves

    def _out_of(self, gateway: Gateway) -> tuple[Flow, ...]:
        """The flows that a gateway takes when it fires now."""
        out = self.process.out_of(gateway.id)
        return out if gateway.kind is GatewayKind.ALL or len(out) == 1 else (self._choose(gateway),)

    def _waits(self, gateway: Gateway) -> bool:
        return gateway.kind is GatewayKind.ALL and len(self.process.into(gateway.id)) > 1
