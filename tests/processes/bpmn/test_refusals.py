"""What is outside the subset is refused by element, id and line, all of it; what is unsafe is not read at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.roles import Role
from chainfusion.processes import library
from chainfusion.processes.bpmn import is_xml, read_bpmn, write_bpmn
from chainfusion.processes.bpmn.refusals import BpmnRefused, NotBpmn
from chainfusion.processes.bpmn.xml import MAX_BYTES, MAX_DEPTH
from tests.processes.bpmn.drawings import ENDS, HEAD, a_file, a_process, flows, lanes


def faults(data: bytes, otherwise: Role | None = Role.TRUSTEE) -> list[tuple[str, str, int, str]]:
    """What is refused: element, id, line, why."""
    with pytest.raises(BpmnRefused) as caught:
        read_bpmn(data, {}, otherwise)
    told = [(each["element"], each["id"], each["line"], each["en"]) for each in caught.value.facts["faults"]]
    assert all(each["zh"] for each in caught.value.facts["faults"])
    assert caught.value.facts["count"] == len(told)
    assert told == sorted(told, key=lambda each: each[2])
    assert all(f"line {line}, {element} {xml}: {why}" in str(caught.value) for element, xml, line, why in told)
    return told


@pytest.mark.parametrize(
    ("drawn", "element", "xml", "why"),
    [
        ('<inclusiveGateway id="x"/>', "inclusiveGateway", "x", "not imported in process"),
        ('<eventBasedGateway id="x"/>', "eventBasedGateway", "x", "not imported in process"),
        ('<complexGateway id="x"/>', "complexGateway", "x", "not imported in process"),
        ('<intermediateThrowEvent id="x"/>', "intermediateThrowEvent", "x", "not imported in process"),
        ('<transaction id="x"/>', "transaction", "x", "not imported in process"),
        ('<adHocSubProcess id="x"/>', "adHocSubProcess", "x", "not imported in process"),
        ('<dataObject id="x"/>', "dataObject", "x", "not imported in process"),
        ('<startEvent id="x"/>', "startEvent", "x", "a second start"),
        ('<task id="a"/>', "task", "a", "an id of its own is needed"),
        ('<task name="x"/>', "task", "", "an id of its own is needed"),
        ('<endEvent id="x"><terminateEventDefinition/></endEvent>', "terminateEventDefinition", "", "in endEvent"),
        ('<task id="x"><standardLoopCharacteristics/></task>', "standardLoopCharacteristics", "", "in task"),
        ('<task id="x" isForCompensation="true"/>', "task", "x", "isForCompensation=true is not imported"),
        ('<subProcess id="x" triggeredByEvent="true"/>', "subProcess", "x", "triggeredByEvent=true"),
        ('<callActivity id="x" calledElement="z"/>', "callActivity", "x", "no process 'z' in the file"),
        ('<boundaryEvent id="x" attachedToRef="z"/>', "boundaryEvent", "x", "stands at no step: 'z'"),
        ('<boundaryEvent id="x" attachedToRef="a"/>', "boundaryEvent", "x", "a timer with a duration is needed"),
        ('<intermediateCatchEvent id="x"/>', "intermediateCatchEvent", "x", "one timer or one condition is needed"),
        ('<exclusiveGateway id="x" default="z"/>', "exclusiveGateway", "x", "its default is no flow"),
        ('<sequenceFlow id="x" sourceRef="a" targetRef="z"/>', "sequenceFlow", "x", "'z' is no node of this process"),
        ('<task id="x"><performer id="y" name="Notary"/></task>', "performer", "y", "'Notary' is named after no role"),
        (lanes(Notary="a"), "lane", "lane-0", "'Notary' is named after no role"),
    ],
)  # fmt: skip
def test_each_thing_outside_is_refused_where_it_stands(drawn: str, element: str, xml: str, why: str) -> None:
    data = a_file(a_process(ENDS + '<task id="a"/>\n' + flows("s>a", "a>e") + "\n" + drawn))
    told = faults(data)
    assert [each for each in told if each[:3] == (element, xml, 7) and why in each[3]]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("P5D", "is not of the form `5 business days of cn-interbank`"),
        ("5 business days of moon", "calendar"),
        ("x business days of cn-bank", "is not of the form"),
        ("5 business days of cn-bank after", "is not of the form"),
        ("3000 business days of cn-bank", "at most 2000 business days"),
        ("5 business days of cn-bank after a.date", "no step deposits a date a.date"),
    ],
)
def test_a_timer_says_business_days_of_a_calendar(said: str, why: str) -> None:
    event = f"<timerEventDefinition>\n<timeDuration>{said}</timeDuration></timerEventDefinition>"
    body = ENDS + f'<intermediateCatchEvent id="a">{event}</intermediateCatchEvent>' + flows("s>a", "a>e")
    ((_, _, line, told),) = faults(a_file(a_process(body)))
    assert why in told
    assert line in (4, 5)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("${approved}", "a word is missing"),
        ("pool.loans == 3", "'==' is none of is, is-not, at-least, at-most"),
        ("pool.loans at-least", "a word is missing"),
        ("pool.loans at-least many", "an integer is needed"),
        ("weather is fine", "weather is no fact"),
        ('deal.currency is "CNY', "a quotation mark is not closed"),
        ("deal.currency is CNY or USD", "words are left over"),
    ],
)
def test_a_condition_compares_a_fact(said: str, why: str) -> None:
    expression = f"<conditionExpression>{said}</conditionExpression>"
    flow = f'<sequenceFlow id="c" sourceRef="x" targetRef="a">{expression}</sequenceFlow>'
    body = ENDS + '<task id="a"/><exclusiveGateway id="x" default="f-2"/>' + flows("s>a", "a>x", "x>e")
    ((_, _, line, told),) = faults(a_file(a_process(body + "\n" + flow)))
    assert why in told
    assert line == 7


def test_a_definition_that_is_not_well_formed_is_refused_at_the_element() -> None:
    body = (
        ENDS + '<task id="a"/>\n<serviceTask id="b"/>\n<exclusiveGateway id="x"/>' + flows("s>a", "a>x", "x>b", "b>e")
    )
    told = faults(a_file(a_process(body)), None)
    assert [each[:3] for each in told] == [("task", "a", 4), ("serviceTask", "b", 5), ("exclusiveGateway", "x", 6)]
    assert "nobody acts" in told[0][3]


def test_a_step_in_the_lane_of_another_is_refused() -> None:
    owner = '<potentialOwner id="o" name="Law firm"/>'
    body = lanes(Trustee="a") + ENDS + f'<task id="a">{owner}</task>' + flows("s>a", "a>e")
    assert [each[3] for each in faults(a_file(a_process(body)))] == ["its lane is of none of its performers"]


def test_messages_between_pools_and_a_second_process_are_refused() -> None:
    collaboration = '<collaboration id="c"><messageFlow id="m" sourceRef="a" targetRef="b"/></collaboration>\n'
    first = a_process(ENDS + '<task id="a"/>' + flows("s>a", "a>e"))
    second = a_process(
        '<startEvent id="s2"/><task id="b"/><endEvent id="e2"/>' + flows("s2>b", "b>e2").replace("f-", "g-"), xml="q"
    )
    told = faults(a_file(first, second, before=collaboration))
    assert [(each[0], each[1]) for each in told] == [("messageFlow", "m"), ("process", "q")]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('checked="yes"', 'checked="true"', "checked is yes or no"),
        ('countersign="trustee"', 'countersign="notary"', "'notary' is none of"),
        ('checked="yes"', 'ckecked="yes"', "unknown attribute ckecked"),
        ("<cf:returns>pool</cf:returns>", "<cf:returns>wind-up</cf:returns>", "does not come before"),
        ("<cf:returns>pool</cf:returns>", "<cf:goes-back>pool</cf:goes-back>", "not known here"),
        ('kind="money"', 'kind="gold"', "'gold' is none of"),
        ('lowest="1"', 'lowest="1.5"', "lowest is a whole number"),
        ("document loan-tape by originator", "document loan-file", "'loan-file' is none of"),
        ("<cf:document>loan-tape</cf:document>", "<cf:document>tape</cf:document>", "'tape' is none of"),
        ('version="1"', 'version="0"', "versions count from 1"),
        ('<cf:choice>"ends"</cf:choice>', '<cf:choice>"ends</cf:choice>', "not quoted as JSON"),
        ("<bpmn:multiInstanceLoopCharacteristics", "<cf:many xmlns:cf='urn:z'", None),
    ],
)
def test_our_own_data_is_read_strictly(old: str, new: str, why: str | None) -> None:
    text = write_bpmn(library.definition("private-deal")).decode()
    assert old in text
    changed = text.replace(old, new).encode()
    if why is None:
        step = read_bpmn(changed).main.step("contract")
        assert step is not None
        assert step.quorum == "one"
        return
    assert any(why in each[3] for each in faults(changed))


# ------------------------------------------------------------------ attacks


BOMB = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
REMOTE = '<!DOCTYPE d SYSTEM "http://example.invalid/d.dtd">'


@pytest.mark.parametrize("declaration", [BOMB, OUTSIDE, REMOTE, "<!DOCTYPE definitions>"])
def test_document_types_are_refused_before_anything_is_expanded(declaration: str) -> None:
    text = HEAD.replace("?>\n", f"?>\n{declaration}", 1) + "</definitions>"
    with pytest.raises(NotBpmn) as caught:
        read_bpmn(text.encode())
    assert caught.value.facts["line"] == 2
    assert "DOCTYPE" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"<a/>", 1),
        (b"<definitions/>", 1),
        (HEAD.encode(), 3),
        (HEAD.encode() + b"<process id='p'></proces></definitions>", 3),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", 1),
        (b"<?xml version='1.0' encoding='gbk'?><a/>", 1),
        (b"<a>" * (MAX_DEPTH + 2), 1),
        (b" " * (MAX_BYTES + 1), 0),
        (HEAD.encode() + b"<process id='&nothing;'/></definitions>", 3),
    ],
)
def test_what_is_no_bpmn_is_refused_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(NotBpmn) as caught:
        read_bpmn(data)
    assert caught.value.facts["line"] == line
    assert caught.value.message("zh")


def test_too_many_elements_are_refused() -> None:
    with pytest.raises(NotBpmn, match="too many elements"):
        read_bpmn(HEAD.encode() + b"<a/>" * 100_001 + b"</definitions>")


def test_a_file_without_a_process_is_refused() -> None:
    assert [each[3] for each in faults(a_file())] == ["there is no process"]


def test_texts_are_told_from_drawings_by_their_content() -> None:
    assert is_xml(b"\xef\xbb\xbf\n <definitions/>")
    assert is_xml("<definitions/>".encode("utf-16"))
    assert not is_xml(library.text_of("private-deal"))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    text = write_bpmn(library.definition("private-deal")).decode()
    tokens = text.replace("<", "\0<").split("\0")
    at = data.draw(st.integers(1, len(tokens) - 1))
    change = data.draw(st.sampled_from(("drop", "twice", "swap")))
    other = data.draw(st.integers(1, len(tokens) - 1))
    if change == "drop":
        del tokens[at]
    elif change == "twice":
        tokens.insert(other, tokens[at])
    else:
        tokens[at], tokens[other] = tokens[other], tokens[at]
    try:
        read_bpmn("".join(tokens).encode())
    except ChainFusionError as refusal:
        assert refusal.code in ("NOT_BPMN", "BPMN_REFUSED")
