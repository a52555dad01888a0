"""Columns of a drawn process: each node to the right of what leads to it, loops aside."""

from __future__ import annotations

from hypothesis import given

from chainfusion.domain.process.definition import START, Gateway, GatewayKind, Process
from chainfusion.domain.process.layout import back_flows, columns, reached
from tests.domain.process.drawn import a_flow, a_step, chain, sound_processes


def test_a_chain_has_a_column_for_each_step() -> None:
    assert columns(chain("a", "b", "c")) == {START: 0, "a": 1, "b": 2, "c": 3}


def test_a_gateway_takes_a_column_of_its_own_where_it_is_drawn() -> None:
    process = looping()
    assert columns(process) == {START: 0, "enter": 0, "work": 1, "leave": 1, "again": 2}
    assert columns(process, of_gateways=True) == {START: 0, "enter": 1, "work": 2, "leave": 3, "again": 4}


def test_what_closes_a_loop_leads_back() -> None:
    assert [flow.place for flow in back_flows(looping())] == ["again>enter"]
    assert back_flows(chain("a", "b")) == frozenset()


def test_what_lies_behind_a_step_is_reached_without_going_round_again() -> None:
    process = looping()
    assert reached(process, {"leave"}) == {"again", "enter", "work", "leave"}
    assert reached(process, {"leave"}, but=back_flows(process)) == {"again"}


@given(sound_processes())
def test_every_flow_that_does_not_lead_back_leads_to_the_right(process: Process) -> None:
    place, back = columns(process, of_gateways=True), back_flows(process)
    for flow in process.flows:
        if not flow.ends and flow not in back:
            assert place[flow.source] < place[flow.target]


def looping() -> Process:
    """work, and again while something holds."""
    flows = (
        a_flow(START, "enter"), a_flow("enter", "work"), a_flow("work", "leave"), a_flow("leave", "again", when=True),
        a_flow("again", "enter"), a_flow("leave", "end"),
    )  # fmt: skip
    gateways = Gateway("enter", GatewayKind.ONE), Gateway("leave", GatewayKind.ONE)
    return Process("drawn", "drawn", "drawn", (a_step("work"), a_step("again")), gateways, flows)
