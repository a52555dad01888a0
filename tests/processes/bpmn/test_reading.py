"""Diagrams as analysts draw them in other tools, and what they mean as definitions."""

from __future__ import annotations

import pytest

from chainfusion.domain.calendar import newest
from chainfusion.domain.process.definition import (
    END,
    START,
    Condition,
    Deadline,
    Flow,
    GatewayKind,
    Holds,
    Need,
    Quorum,
    Requirement,
)
from chainfusion.domain.process.soundness import require_sound
from chainfusion.domain.roles import Role
from chainfusion.processes import library
from chainfusion.processes.bpmn import read_bpmn, write_bpmn
from tests.processes.bpmn.drawings import ENDS, a_file, a_process, flows, lanes


def test_lanes_are_roles_in_either_language_and_steps_are_named_after_their_names() -> None:
    body = (
        lanes(Trustee="a", 评级机构="b", lead_underwriter="c")
        + ENDS
        + '<task id="a" name="Draft the contract"/><userTask id="b" name="评级"/><manualTask id="c"/>'
        + flows("s>a", "a>b", "b>c", "c>e")
    )
    definition = require_sound(read_bpmn(a_file(a_process(body, name="Private placement"))))
    assert (definition.id, definition.version, definition.main.id) == ("small-deal", 1, "main")
    assert definition.main.name == "Private placement"
    steps = {step.id: (step.name, step.by) for step in definition.main.steps}
    assert steps == {
        "draft-the-contract": ("Draft the contract", (Role.TRUSTEE,)),
        "b": ("评级", (Role.RATING_AGENCY,)),
        "c": ("c", (Role.LEAD_UNDERWRITER,)),
    }


def test_names_of_lanes_are_mapped_where_the_file_has_its_own() -> None:
    body = lanes(Desk_4="a") + ENDS + '<task id="a"/><task id="b"/>' + flows("s>a", "a>b", "b>e")
    definition = read_bpmn(a_file(a_process(body)), {"Desk 4": Role.SERVICER}, Role.TRUSTEE)
    assert [step.by for step in definition.main.steps] == [(Role.SERVICER,), (Role.TRUSTEE,)]


def test_several_performers_act_together_and_several_instances_are_all_of_them() -> None:
    owners = "".join(f"<potentialOwner><resourceRef>r{n}</resourceRef></potentialOwner>" for n in (1, 2))
    several = '<multiInstanceLoopCharacteristics isSequential="false"/>'
    body = ENDS + f'<userTask id="a">{owners}{several}</userTask>' + flows("s>a", "a>e")
    resources = '<resource id="r1" name="Law firm"/><resource id="r2" name="受托机构"/>'
    (step,) = read_bpmn(a_file(a_process(body), before=resources)).main.steps
    assert (step.by, step.quorum) == ((Role.LAW_FIRM, Role.TRUSTEE), Quorum.ALL)


def test_undrawn_gateways_are_put_where_flows_meet_and_part() -> None:
    body = (
        ENDS
        + "".join(f'<task id="{name}"/>' for name in "abcd")
        + '<parallelGateway id="j"/>'
        + flows("s>a", "a>b", "a>c", "b>j", "c>j", "j>d", "d>e")
    )
    main = require_sound(read_bpmn(a_file(a_process(body)), {}, Role.TRUSTEE)).main
    assert [(gateway.id, gateway.kind) for gateway in main.gateways] == [
        ("j", GatewayKind.ALL), ("fork-a", GatewayKind.ALL),
    ]  # fmt: skip
    assert Flow("a", "fork-a", (), False) in main.flows
    loop = (
        ENDS
        + '<task id="a"/><exclusiveGateway id="x" default="f-2"/>'
        + flows("s>a", "a>x", "x>e")
        + condition("x", "a")
    )
    again = require_sound(read_bpmn(a_file(a_process(loop)), {}, Role.TRUSTEE)).main
    assert [(gateway.id, gateway.kind) for gateway in again.gateways] == [
        ("x", GatewayKind.ONE), ("met-a", GatewayKind.ONE),
    ]  # fmt: skip


def test_the_default_flow_is_the_last_resort_wherever_it_stands() -> None:
    body = ENDS + '<task id="a"/><exclusiveGateway id="x" default="f-0"/>' + flows("x>e", "s>x") + condition("x", "a")
    main = read_bpmn(
        a_file(
            a_process(body + flows("a>e").replace("f-0", "g")),
        ),
        {},
        Role.TRUSTEE,
    ).main
    assert main.out_of("x") == (
        Flow(
            "x",
            "a",
            (Condition("pool.loans", Holds.AT_LEAST, "100"), Condition("deal.currency", Holds.IS, "C N")),
            False,
        ),
        Flow("x", END, (), False),
    )


def test_timers_are_deadlines_expiries_and_waits() -> None:
    body = (
        ENDS
        + '<task id="a"/><task id="late"/>'
        + timer("boundaryEvent", "b", "5 business days of cn-interbank", 'attachedToRef="a"')
        + timer("intermediateCatchEvent", "wait", '-2 business days of "cn-bank"')
        + flows("s>a", "a>wait", "wait>e", "b>late", "late>e")
    )
    main = read_bpmn(a_file(a_process(body)), {}, Role.TRUSTEE).main
    assert [step.deadline for step in main.steps] == [
        Deadline(5, newest("cn-interbank"), ""), None, Deadline(-2, "cn-bank", ""),
    ]  # fmt: skip
    assert main.steps[2].by == ()
    assert [flow for flow in main.flows if flow.expired] == [Flow("a", "late", (), True)]


def test_a_condition_that_is_waited_for_is_what_a_step_requires() -> None:
    said = "<condition>document legal-opinion by law-firm and pool</condition>"
    waited = f"<conditionalEventDefinition>{said}</conditionalEventDefinition>"
    event = f'<intermediateCatchEvent id="w">{waited}</intermediateCatchEvent>'
    (step,) = read_bpmn(a_file(a_process(ENDS + event + flows("s>w", "w>e")))).main.steps
    assert step.requires == (
        Requirement(Need.DOCUMENT, "legal-opinion", Role.LAW_FIRM), Requirement(Need.POOL, "", None),
    )  # fmt: skip


def test_a_sub_process_is_run_whether_it_is_drawn_within_or_called() -> None:
    inner = '<startEvent id="is"/><task id="i"/><endEvent id="ie"/>' + flows("is>i", "i>ie").replace("f-", "if-")
    called = '<startEvent id="cs"/><task id="c"/><endEvent id="ce"/>' + flows("cs>c", "c>ce").replace("f-", "cf-")
    body = (
        lanes(Rating_agency="sub call")
        + ENDS
        + f'<subProcess id="sub" name="One rating">{inner}</subProcess><callActivity id="call" calledElement="q"/>'
        + flows("s>sub", "sub>call", "call>e")
    )
    two = a_process(body), a_process(lanes(Law_firm="c").replace("lane-", "other-") + called, xml="q", name="Opinion")
    definition = require_sound(read_bpmn(a_file(*two)))
    assert [step.process for step in definition.main.steps] == ["one-rating", "opinion"]
    assert [process.id for process in definition.inside] == ["opinion", "one-rating"]
    assert definition.inside[1].steps[0].by == (Role.RATING_AGENCY,)
    assert definition.inside[0].steps[0].by == (Role.LAW_FIRM,)


def test_several_end_events_are_the_one_end() -> None:
    body = (
        ENDS
        + '<endEvent id="e2"/><task id="a"/><task id="b"/><exclusiveGateway id="x" default="f-2"/>'
        + flows("s>a", "a>x", "x>e", "b>e2")
        + condition("x", "b")
    )
    main = require_sound(read_bpmn(a_file(a_process(body)), {}, Role.TRUSTEE)).main
    assert [flow.source for flow in main.into(END)] == ["b", "x"]


# ------------------------------------------------------------------ our own files, changed in other tools


def written() -> str:
    """The private deal as a file."""
    return write_bpmn(library.definition("private-deal")).decode()


def test_a_step_renamed_in_another_tool_keeps_its_other_name() -> None:
    renamed = written().replace('id="step_main_wind-up" name="Wind-up"', 'id="step_main_wind-up" name="Winding up"')
    chinese = written().replace('id="step_main_wind-up" name="Wind-up"', 'id="step_main_wind-up" name="终结"')
    steps = [read_bpmn(each.encode()).main.step("wind-up") for each in (renamed, chinese)]
    assert [(step.name, step.name_zh) for step in steps if step] == [("Winding up", "清算"), ("Wind-up", "终结")]


def test_a_step_moved_to_another_lane_is_taken_by_its_role() -> None:
    text = written()
    reference = "        <bpmn:flowNodeRef>step_main_wind-up</bpmn:flowNodeRef>\n"
    at = text.index("<bpmn:flowNodeRef>", text.index('id="lane_main_investor"'))
    moved = text[:at] + reference.strip() + text[at:].replace(reference, "", 1)
    assert text.index(reference.strip()) != text.index("lane_main_investor")
    step = read_bpmn(moved.encode()).main.step("wind-up")
    assert step is not None
    assert step.by == (Role.INVESTOR,)


def test_a_copied_step_has_an_id_of_its_own_and_the_same_data() -> None:
    text = written()
    begin = text.index('<bpmn:userTask id="step_main_wind-up"')
    task = text[begin : text.index("</bpmn:userTask>", begin) + len("</bpmn:userTask>")]
    copy = task.replace("step_main_wind-up", "Activity_0x1").replace('name="Wind-up"', 'name="Audit"')
    (ending,) = (flow for flow in library.definition("private-deal").main.flows if flow.ends)
    assert ending.source == "wind-up"
    text = text.replace(task, task + copy)
    text = text.replace('targetRef="end_main"', 'targetRef="Activity_0x1"').replace(
        "</bpmn:process>", '<bpmn:sequenceFlow id="n" sourceRef="Activity_0x1" targetRef="end_main"/></bpmn:process>'
    )
    text = text.replace(
        "<bpmn:flowNodeRef>step_main_wind-up</bpmn:flowNodeRef>",
        "<bpmn:flowNodeRef>step_main_wind-up</bpmn:flowNodeRef><bpmn:flowNodeRef>Activity_0x1</bpmn:flowNodeRef>",
    )
    main = require_sound(read_bpmn(text.encode())).main
    assert main.steps[-1].id == "audit"
    assert (main.steps[-1].name, main.steps[-1].name_zh, main.steps[-1].checked) == ("Audit", "清算", True)


def test_what_only_describes_is_passed_over() -> None:
    note = '<documentation>why</documentation><textAnnotation id="t"><text>x</text></textAnnotation>'
    other = '<extensionElements><z:colour xmlns:z="urn:z" of="x"/></extensionElements>'
    body = other + note + ENDS + f'<task id="a">{other}</task>' + flows("s>a", "a>e")
    assert read_bpmn(a_file(a_process(body), before='<message id="m"/>'), {}, Role.TRUSTEE).main.steps[0].id == "a"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_files_are_read_in_the_encodings_that_tools_write(encoding: str) -> None:
    body = ENDS + '<task id="a" name="Übertragung"/>' + flows("s>a", "a>e")
    text = a_file(a_process(body)).decode().replace("UTF-8", encoding.removesuffix("-sig"))
    (step,) = read_bpmn(text.encode(encoding), {}, Role.TRUSTEE).main.steps
    assert (step.name, step.id) == ("Übertragung", "bertragung")


def condition(source: str, target: str) -> str:
    """A flow with a condition of two parts."""
    said = 'pool.loans at-least 100 and deal.currency is "C N"'
    expression = f"<conditionExpression>{said}</conditionExpression>"
    return f'<sequenceFlow id="cond" sourceRef="{source}" targetRef="{target}">{expression}</sequenceFlow>'


def timer(kind: str, name: str, said: str, more: str = "") -> str:
    """An event with a timer."""
    duration = f"<timeDuration>{said}</timeDuration>"
    return f'<{kind} id="{name}" {more}><timerEventDefinition>{duration}</timerEventDefinition></{kind}>'


def test_a_start_leads_to_the_first_step() -> None:
    main = read_bpmn(a_file(a_process(ENDS + '<task id="a"/>' + flows("s>a", "a>e"))), {}, Role.TRUSTEE).main
    assert main.flows == (Flow(START, "a", (), False), Flow("a", END, (), False))
