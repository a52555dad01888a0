"""The definitions that come with the program: sound, complete, in both languages; and their mutants, judged twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chainfusion.domain.process.definition import Condition, Definition, Flow, Gateway, GatewayKind, Holds, Process
from chainfusion.domain.process.form import faults_of
from chainfusion.domain.process.net import net_of
from chainfusion.domain.process.soundness import require_sound, unsoundness
from chainfusion.domain.roles import Role
from chainfusion.processes import library
from chainfusion.processes.refusals import UnknownProcess
from tests.domain.process.search import is_sound, shows
from tests.domain.process.whole import definition_of

NAMES = ("exchange-special-plan", "interbank-credit-abs", "private-deal")


def test_the_library_has_the_three_definitions() -> None:
    assert library.names() == NAMES


def test_an_unknown_name_tells_what_there_is() -> None:
    with pytest.raises(UnknownProcess, match="private-deal"):
        library.text_of("../secrets")


@pytest.mark.parametrize("name", NAMES)
def test_each_is_sound(name: str) -> None:
    assert require_sound(library.definition(name)).id == name


@pytest.mark.parametrize("name", NAMES)
def test_each_step_has_a_name_in_both_languages(name: str) -> None:
    for process in processes(library.definition(name)):
        for step in process.steps:
            assert re.search("[\u4e00-\u9fff]", step.name_zh), step.id
            assert step.name.isascii(), step.id


def test_the_interbank_deal_has_the_two_gates_and_both_clocks_before_its_issue() -> None:
    steps = {step.id: step for step in library.definition("interbank-credit-abs").main.steps}
    asked = {each.of for each in steps["filing"].requires}
    assert {"registration.number", "product-code.code"} <= asked
    clocks = [steps[name].deadline for name in ("filing-clock", "disclosure-clock")]
    assert [clock.days for clock in clocks if clock] == [5, 5]
    assert [clock.calendar.split("@")[0] for clock in clocks if clock] == ["cn-bank", "cn-interbank"]


def test_the_nine_roles_of_an_interbank_deal_all_act() -> None:
    definition = library.definition("interbank-credit-abs")
    acting = {role for process in processes(definition) for step in process.steps for role in step.by}
    assert acting == set(Role) - {Role.INVESTOR, Role.REGULATOR, Role.REPRESENTATIVE}


@pytest.mark.parametrize("name", NAMES)
def test_mutants_are_judged_as_a_search_of_all_states_judges_them(name: str) -> None:
    judged = {True: 0, False: 0}
    for process in processes(library.definition(name)):
        for mutant in mutants(process):
            if faults_of(definition_of(mutant)):
                continue
            net, found = net_of(mutant), unsoundness(mutant)
            assert (found is None) == is_sound(net)
            assert found is None or shows(net, found)
            judged[found is None] += 1
    assert judged[True] > 3
    assert judged[False] > 1


def processes(definition: Definition) -> tuple[Process, ...]:
    """The main process, and those inside."""
    return definition.main, *definition.inside


def mutants(process: Process) -> Iterator[Process]:
    """Each step removed, each gateway made the other kind, arcs into gateways redirected to a few other gateways."""
    for step in process.steps:
        yield without(process, step.id)
    for gateway in process.gateways:
        yield of_other_kind(process, gateway)
    gateways = [gateway.id for gateway in process.gateways]
    for number, flow in enumerate(process.flows):
        for target in gateways[number % 3 :: 3]:
            if flow.target in gateways and target != flow.target:
                flows = tuple(replace(flow, target=target) if each is flow else each for each in process.flows)
                yield replace(process, flows=flows)


def without(process: Process, step: str) -> Process:
    """The process without a step: what led to it leads to what followed."""
    (arrival,) = process.into(step)
    following = [flow for flow in process.out_of(step) if not flow.expired]
    flows = [flow for flow in process.flows if step not in (flow.source, flow.target)]
    flows += [Flow(arrival.source, each.target, arrival.when, arrival.expired) for each in following]
    others = (each for each in process.steps if each.id != step)
    steps = tuple(replace(each, returns=tuple(r for r in each.returns if r != step)) for each in others)
    return replace(process, steps=steps, flows=tuple(flows))


def of_other_kind(process: Process, gateway: Gateway) -> Process:
    """The process with one gateway of the other kind, its flows with conditions where that kind needs them."""
    kind = GatewayKind.ONE if gateway.kind is GatewayKind.ALL else GatewayKind.ALL
    out = process.out_of(gateway.id)
    flows = []
    for flow in process.flows:
        needed = kind is GatewayKind.ONE and flow in out[:-1]
        conditions = (Condition("deal.currency", Holds.IS, "CNY"),) if needed else ()
        flows.append(replace(flow, when=conditions) if flow in out else flow)
    gateways = tuple(replace(each, kind=kind) if each == gateway else each for each in process.gateways)
    return replace(process, gateways=gateways, flows=tuple(flows))
