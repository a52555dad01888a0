"""The proof of soundness, held to a search of every state that knows nothing of reductions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from chainfusion.domain.process.definition import END, START, Gateway, GatewayKind, Process
from chainfusion.domain.process.form import faults_of
from chainfusion.domain.process.net import Net, net_of
from chainfusion.domain.process.reduction import reduced
from chainfusion.domain.process.soundness import unsoundness
from tests.domain.process.drawn import a_flow, a_step, chain, mutants, sound_processes
from tests.domain.process.search import is_sound, shows
from tests.domain.process.whole import definition_of

ALL, ONE = GatewayKind.ALL, GatewayKind.ONE


def forked(*branches: str, fork: GatewayKind = ALL, join: GatewayKind = ALL) -> Process:
    """START, a fork, one step a branch, a join, END."""
    conditions = fork is ONE
    flows = [a_flow(START, "fork"), a_flow("join", END)]
    flows += [a_flow("fork", name, when=conditions and name != branches[-1]) for name in branches]
    flows += [a_flow(name, "join") for name in branches]
    gateways = (Gateway("fork", fork), Gateway("join", join))
    return Process("p", "p", "p", tuple(map(a_step, branches)), gateways, tuple(flows))


@settings(max_examples=300, deadline=None)
@given(sound_processes())
def test_processes_built_of_blocks_are_sound(process: Process) -> None:
    assert faults_of(definition_of(process)) == ()
    assert unsoundness(process) is None


@settings(max_examples=1000, deadline=None)
@given(mutants())
def test_mutants_are_judged_as_a_search_of_all_states_judges_them(process: Process) -> None:
    assume(not faults_of(definition_of(process)))
    net = net_of(process)
    found = unsoundness(process)
    assert (found is None) == is_sound(net)
    if found is not None:
        assert shows(net, found)


def test_a_chain_is_sound() -> None:
    assert unsoundness(chain("a", "b", "c")) is None


def test_branches_that_fork_and_never_meet_leave_work_behind() -> None:
    found = unsoundness(forked("a", "b", join=ONE))
    assert found is not None
    assert found.what in ("left-over", "twice")
    assert shows(net_of(forked("a", "b", join=ONE)), found)


def test_a_choice_that_a_join_waits_for_is_a_deadlock_with_the_way_there() -> None:
    found = unsoundness(forked("a", "b", fork=ONE))
    assert found is not None
    assert found.what == "deadlock"
    assert found.path == ("start>fork>a", "a") or found.path == ("start>fork>b", "b")


def test_sixty_four_parallel_branches_are_proven_without_walking_their_orders() -> None:
    process = forked(*(f"s{number}" for number in range(64)))
    assert len(reduced(net_of(process))) <= 2
    assert unsoundness(process) is None


def test_a_return_behind_a_join_leaves_the_other_branch_as_it_was() -> None:
    process = forked("a", "b")
    check = a_step("check", returns=("a",))
    flows = tuple(replace(flow, target="check") if flow.source == "join" else flow for flow in process.flows)
    process = replace(process, steps=(*process.steps, check), flows=(*flows, a_flow("check", END)))
    assert faults_of(definition_of(process)) == ()
    (back,) = (each for each in net_of(process).transitions if each.name == "check<a")
    assert back.outputs == {"fork>a", "b>join"}
    assert unsoundness(process) is None


def test_a_return_to_before_the_fork_takes_both_branches_again() -> None:
    process = forked("a", "b")
    first, check = a_step("first"), a_step("check", returns=("first",))
    flows = [replace(flow, target="first") if flow.source == START else flow for flow in process.flows]
    flows = [replace(flow, target="check") if flow.source == "join" else flow for flow in flows]
    flows += [a_flow("first", "fork"), a_flow("check", END)]
    process = replace(process, steps=(first, *process.steps, check), flows=tuple(flows))
    assert unsoundness(process) is None


def test_a_return_from_one_branch_to_before_the_fork_voids_the_other() -> None:
    process = forked("a", "b")
    steps = (a_step("first"), a_step("a", returns=("first",)), a_step("b"))
    flows = [replace(flow, target="first") if flow.source == START else flow for flow in process.flows]
    process = replace(process, steps=steps, flows=(*flows, a_flow("first", "fork")))
    (back,) = (each for each in net_of(process).transitions if each.name == "a<first")
    assert {"fork>b", "b>join"} <= back.clears
    assert unsoundness(process) is None


def test_a_step_that_no_token_reaches_is_dead() -> None:
    process = chain("a", "b")
    island = (a_step("c"), a_step("d"))
    flows = (*process.flows, a_flow("c", "d"), a_flow("d", "c"))
    found = unsoundness(replace(process, steps=(*process.steps, *island), flows=flows))
    assert found is not None
    assert (found.what, found.at) == ("dead", ("c", "d"))


def test_a_loop_without_a_way_out_cannot_end() -> None:
    gateway = Gateway("g", ONE)
    flows = (
        a_flow(START, "g"),
        a_flow("g", "a"),
        a_flow("a", "g"),
        a_flow("b", END),
        a_flow("b2", "b"),
        a_flow("b", "b2"),
    )
    process = Process("p", "p", "p", (a_step("a"), a_step("b"), a_step("b2")), (gateway,), flows)
    found = unsoundness(process)
    assert found is not None
    assert found.what == "no-end"


@pytest.mark.parametrize("kind", [ALL, ONE])
def test_reduction_keeps_the_start_and_the_end(kind: GatewayKind) -> None:
    net: Net = net_of(forked("a", "b", fork=kind, join=kind))
    small = reduced(net)
    assert any(net.start in each.inputs for each in small)
    assert any(END in each.outputs for each in small)
