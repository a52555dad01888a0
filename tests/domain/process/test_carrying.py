"""Work carried over to another version of its process: it either can always end there, or is not carried."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from chainfusion.domain.process.carrying import NO_PLACE, TWICE, Stuck, carried
from chainfusion.domain.process.definition import END, START, Flow, Gateway, GatewayKind, Process
from chainfusion.domain.process.form import faults_of
from chainfusion.domain.process.net import net_of
from tests.domain.process.drawn import a_flow, a_step, chain, mutants, sound_processes
from tests.domain.process.search import after, enabled, ends_clean
from tests.domain.process.whole import definition_of


def first_flow(process: Process, gateway: Gateway) -> Flow:
    return process.out_of(gateway.id)[0]


@settings(max_examples=400, deadline=None)
@given(sound_processes(), st.data())
def test_work_is_carried_only_to_where_it_can_always_end(before: Process, data: st.DataObject) -> None:
    other = data.draw(st.one_of(mutants(), st.just(before), sound_processes()))
    assume(not faults_of(definition_of(other)))
    net, state = net_of(before), frozenset({net_of(before).start})
    for _ in range(data.draw(st.integers(0, 12))):
        ready = enabled(net, state)
        if not ready:
            break
        reached = after(state, data.draw(st.sampled_from(ready)))
        assert reached is not None
        state = reached
    found = carried(dict.fromkeys(state, "work"), other, lambda gateway: first_flow(other, gateway))
    if isinstance(found, Stuck):
        event("refused")
        assert found.at
    else:
        event("carried")
        assert len(found) >= 1
        assert ends_clean(net_of(other), frozenset(found))


@settings(max_examples=200, deadline=None)
@given(sound_processes(), st.data())
def test_work_is_carried_to_the_same_process_from_wherever_it_is(process: Process, data: st.DataObject) -> None:
    net, state = net_of(process), frozenset({net_of(process).start})
    for _ in range(data.draw(st.integers(0, 12))):
        ready = enabled(net, state)
        if ready:
            state = after(state, data.draw(st.sampled_from(ready))) or state
    found = carried({place: place for place in state}, process, lambda gateway: first_flow(process, gateway))
    assert not isinstance(found, Stuck)
    assert {*found.values()} == state


def test_a_step_put_in_ahead_is_taken() -> None:
    found = carried({"a>b": 1}, chain("a", "b", "new", "c"), lambda gateway: gateway)  # type: ignore[arg-type,return-value]
    assert found == {"a>b": 1}


def test_work_before_a_step_that_is_gone_is_refused() -> None:
    assert carried({"b>c": 1}, chain("a", "c"), first_flow_of_none) == Stuck(NO_PLACE, ("b>c",))


def first_flow_of_none(gateway: Gateway) -> Flow:
    raise AssertionError(gateway)


def forked(kind: GatewayKind) -> Process:
    flows = [a_flow(START, "fork"), a_flow("fork", "a"), a_flow("fork", "b"), a_flow("a", "join"), a_flow("b", "join")]
    gateways = (Gateway("fork", GatewayKind.ALL), Gateway("join", kind))
    return Process("p", "p", "p", (a_step("a"), a_step("b")), gateways, (*flows, a_flow("join", END)))


def test_a_join_that_waits_no_more_would_end_with_work_left() -> None:
    found = carried({"a>join": 1, "fork>b": 2}, forked(GatewayKind.ONE), lambda _: a_flow("join", END))
    assert isinstance(found, Stuck)
    assert "b" in str(found.at)


def test_two_pieces_of_work_do_not_become_one() -> None:
    found = carried({"a>join": 1, "b>join": 2}, forked(GatewayKind.ONE), lambda _: a_flow("join", END))
    assert found == Stuck(TWICE, (END,))


def test_a_join_that_lacks_a_branch_which_nobody_began_is_a_deadlock() -> None:
    whole = forked(GatewayKind.ALL)
    grown = replace(
        whole,
        steps=(*whole.steps, a_step("c")),
        flows=(*whole.flows, a_flow("fork", "c"), a_flow("c", "join")),
    )
    found = carried({"fork>a": 1, "fork>b": 2}, grown, first_flow_of_none)
    assert isinstance(found, Stuck)
    assert found.why.en == "nothing can happen any more"
    assert carried({"start>fork": 1}, grown, first_flow_of_none) == {"fork>a": 1, "fork>b": 1, "fork>c": 1}
