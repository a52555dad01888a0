"""Random acts, lawful and not, by random people on random processes: the contract and the model agree on each."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.process.definition import Definition, Process, Quorum, Step, Weight
from chainfusion.domain.process.form import faults_of
from chainfusion.domain.process.records import MAIN
from chainfusion.domain.process.soundness import unsoundness
from chainfusion.domain.roles import Role
from tests.contracts.process.model import Model
from tests.contracts.process.office import Office, colleague
from tests.domain.process.drawn import mutants, sound_processes
from tests.domain.process.whole import definition_of
from tests.support.world import DEAL, desk, msp_of

ROLES = (Role.ORIGINATOR, Role.TRUSTEE, Role.INVESTOR)
ACTS = 50


@st.composite
def steps(draw: st.DrawFn, plain: Step) -> Step:
    """The step with roles, a quorum, a second person and a countersignature drawn."""
    by = tuple(draw(st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True)))
    quorum = draw(st.sampled_from(tuple(Quorum)))
    weights = tuple(Weight(role, draw(st.integers(1, 3))) for role in by) if quorum is Quorum.WEIGHT else ()
    most = sum(weight.weight for weight in weights) if weights else len(by)
    threshold = draw(st.integers(1, most)) if quorum in (Quorum.COUNT, Quorum.WEIGHT) else 0
    return replace(
        plain,
        by=by,
        quorum=quorum,
        threshold=threshold,
        weights=weights,
        checked=draw(st.booleans()),
        countersign=draw(st.sampled_from((None, None, Role.CUSTODIAN))),
    )


@st.composite
def processes(draw: st.DrawFn) -> Process:
    """Sound processes, with steps of every kind and conditions that hold or do not."""
    process = draw(st.one_of(sound_processes(depth=2), mutants(depth=2)))
    assume(not faults_of(definition_of(process)) and unsoundness(process) is None)
    flows = []
    for flow in process.flows:
        value = draw(st.sampled_from(("CNY", "USD"))) if flow.when else ""
        flows.append(replace(flow, when=tuple(replace(each, value=value) for each in flow.when)))
    return replace(process, steps=tuple(draw(steps(each)) for each in process.steps), flows=tuple(flows))


def agree(process: Process, data: st.DataObject, acts: int) -> int:
    """Plays `acts` random calls on both; returns how many were lawful."""
    office, model = Office().running(Definition("drawn", 1, process, (), ())), Model(process)
    lawful = 0
    for _ in range(acts):
        before = dict(office.ledger.state)
        expected, operation, caller, arguments = drawn_call(process, model, data)
        try:
            office.call(operation, caller, deal=DEAL, **arguments)
            done = True
        except ChainFusionError:
            done = False
            assert office.ledger.state == before
        assert done == expected, (operation, arguments)
        lawful += done
        assert set(office.awaited()) == model.awaited()
    found = office.call("process.awaited", desk(Role.INVESTOR), deal=DEAL)
    assert {each["step"] for each in found} == model.awaited()
    assert replayed(office).ledger.state == office.ledger.state
    return lawful


def replayed(office: Office) -> Office:
    """The same calls on a ledger of their own: each is answered, or refused, as it was."""
    again = Office(office.signed_genesis)
    for said in office.said:
        try:
            again.call(said.asked.operation, said.asked.caller, **said.asked.arguments)
            refusal = None
        except ChainFusionError as error:
            refusal = error
        assert type(refusal) is type(said.refusal)
        assert again.said[-1].writes == said.writes
    return again


def drawn_call(process: Process, model: Model, data: st.DataObject) -> tuple[bool, str, Any, dict[str, Any]]:
    """A call, and whether the model finds it lawful; most are on steps that are awaited, so that the deal moves."""
    awaited = [step for step in process.steps if step.id in model.awaited()]
    step = data.draw(st.sampled_from(awaited if awaited and data.draw(st.integers(0, 3)) else process.steps))
    role = data.draw(st.sampled_from((*step.by, *ROLES)))
    second = data.draw(st.booleans())
    caller = colleague(role) if second else desk(role)
    at = {"run": MAIN, "step": step.id}
    match data.draw(
        st.sampled_from(("act", "act", "check", "check", "countersign", "send_back", "advance", "advance"))
    ):
        case "act":
            return model.act(step, role, caller.name), "process.act", caller, at | {"msp": msp_of(role), "entries": ()}
        case "check":
            approve = data.draw(st.integers(0, 4)) > 0
            call = at | {"msp": msp_of(role), "approve": approve, "reason": None if approve else "not so"}
            return model.check(step, role, caller.name, approve), "process.check", caller, call
        case "countersign":
            role = data.draw(st.sampled_from((Role.CUSTODIAN, role)))
            call = at | {"msp": msp_of(role)}
            return model.countersign(step, role), "process.countersign", desk(role), call
        case "send_back":
            target = data.draw(st.sampled_from((*step.returns, *(each.id for each in process.steps))))
            call = at | {"msp": msp_of(role), "target": target, "reason": "once more"}
            return model.send_back(step, role, target), "process.send_back", caller, call
        case _:
            return model.advance(step), "process.advance", desk(Role.TRUSTEE), at


@settings(max_examples=110, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(processes(), st.data())
def test_contract_and_model_agree_on_five_thousand_acts(process: Process, data: st.DataObject) -> None:
    agree(process, data, ACTS)


@pytest.mark.soak
@settings(
    max_examples=int(os.environ.get("PROCESS_SOAK", "2200")), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(processes(), st.data())
def test_contract_and_model_agree_on_a_hundred_thousand_acts(process: Process, data: st.DataObject) -> None:
    agree(process, data, ACTS)
