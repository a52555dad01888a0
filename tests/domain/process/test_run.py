"""A process run with tokens that wait before its joins, held to one whose gateways all fire at once."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chainfusion.domain.process.definition import Flow, Gateway, Process
from chainfusion.domain.process.form import faults_of
from chainfusion.domain.process.net import Firing, Net, net_of
from chainfusion.domain.process.run import Choose, Moves, Run
from chainfusion.domain.process.soundness import unsoundness
from tests.domain.process.drawn import mutants, sound_processes
from tests.domain.process.search import FINAL, State, after, enabled
from tests.domain.process.test_soundness import forked
from tests.domain.process.whole import definition_of


class Board:
    """Tokens as a ledger would keep them."""

    def __init__(self, process: Process, choose: Choose) -> None:
        self.run = Run(process, choose)
        self.tokens: frozenset[str] = frozenset()
        self.move(self.run.begun())

    def has(self, place: str) -> bool:
        return place in self.tokens

    def move(self, moves: Moves | None) -> None:
        assert moves is not None
        assert moves.taken <= self.tokens
        assert not moves.put & (self.tokens - moves.taken)
        self.tokens = (self.tokens - moves.taken) | moves.put


def passed(net: Net, state: State, chosen: dict[str, str]) -> State:
    """The state when every gateway has fired that can."""
    while True:
        ready = [t for t in enabled(net, state) if t.firing is Firing.PASSED and _is_chosen(t.node, t.outputs, chosen)]
        if not ready:
            return state
        reached = after(state, ready[0])
        assert reached is not None
        state = reached


def _is_chosen(node: str, outputs: frozenset[str], chosen: dict[str, str]) -> bool:
    return node not in chosen or outputs == {chosen[node]}


def choices(process: Process, pick: list[int]) -> tuple[Choose, dict[str, str]]:
    """The same choice for both: of each gateway of one flow, by `pick`."""
    flows: dict[str, Flow] = {}
    for number, gateway in enumerate(process.gateways):
        out = process.out_of(gateway.id)
        flows[gateway.id] = out[pick[number % len(pick)] % len(out)]

    def choose(gateway: Gateway) -> Flow:
        return flows[gateway.id]

    return choose, {g.id: flows[g.id].place for g in process.gateways if g.kind == "one"}


@settings(max_examples=400, deadline=None)
@given(st.one_of(sound_processes(), mutants()), st.lists(st.integers(0, 2), min_size=1, max_size=6), st.data())
def test_what_can_be_seen_is_as_if_every_gateway_fired_at_once(
    process: Process, pick: list[int], data: st.DataObject
) -> None:
    assume(not faults_of(definition_of(process)))
    assume(unsoundness(process) is None)
    net, (choose, chosen) = net_of(process), choices(process, pick)
    board, state = Board(process, choose), passed(net, frozenset({net.start}), chosen)
    for _ in range(12):
        awaited = set(board.run.awaited(board.has))
        acts = [t for t in enabled(net, state) if t.firing is not Firing.PASSED]
        assert awaited == {t.node for t in acts}
        assert board.run.ended(board.has) == (state == FINAL)
        if not acts:
            break
        act = data.draw(st.sampled_from(sorted(acts, key=lambda t: t.name)))
        _take(board, act.name, act.node, act.firing)
        reached = after(state, act)
        assert reached is not None
        state = passed(net, reached, chosen)


def _take(board: Board, name: str, node: str, firing: Firing) -> None:
    if firing is Firing.RETURNED:
        board.move(board.run.returned(node, name.split("<")[1], board.has))
    else:
        board.move(board.run.done(node, board.has))


def test_branches_that_finish_at_once_share_no_place() -> None:
    process = forked(*(f"s{number}" for number in range(64)))
    board = Board(process, lambda gateway: process.out_of(gateway.id)[0])
    moved = [board.run.done(f"s{number}", board.has) for number in range(64)]
    touched = [moves.taken | moves.put for moves in moved if moves is not None]
    assert len(touched) == 64
    assert len(frozenset[str]().union(*touched)) == sum(map(len, touched))


def test_a_step_that_is_not_reached_moves_nothing() -> None:
    process = forked("a", "b")
    board = Board(process, lambda gateway: process.out_of(gateway.id)[0])
    board.move(board.run.done("a", board.has))
    assert board.run.done("a", board.has) is None
    assert board.run.expired("b", board.has) is None
    assert board.run.returned("b", "a", board.has) is None
    assert not board.run.ended(board.has)
    board.move(board.run.done("b", board.has))
    assert board.run.ended(board.has)
