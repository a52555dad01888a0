"""Process definitions in the browser: proposed from the library, a text or a diagram, voted on, drawn, refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from chainfusion.domain.process.definition import GatewayKind
from chainfusion.processes import library
from chainfusion.processes.bpmn import read_bpmn, write_bpmn
from tests.support.consortium import BY_MSP, Consortium
from tests.web.conftest import Asked
from tests.web.test_consortium import speaking
from tests.web.test_pages import LANGUAGES, page

HERE = "/processes"
PRIVATE = library.definition("private-deal")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    """A consortium without a process."""
    made = Consortium(tmp_path_factory.mktemp("processes"))
    yield made
    made.ledger.close()


def act(asked: Asked, what: str, **said: Any) -> httpx.Response:
    files = said.pop("files", None)
    return asked.post(f"{HERE}/{what}", data=said, files=files)


def listed(asked: Asked) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["process"], row["version"]): row for row in asked.get(f"{HERE}.json").json()["definitions"]}


def adopt(own: Consortium, process: str, version: int) -> None:
    """The others vote until it is adopted."""
    for msp in BY_MSP:
        asked = speaking(own, msp)
        if listed(asked)[process, version]["may_vote"]:
            said = {"process": process, "version": version, "approve": "yes", "request": f"{process}{version}{msp}"}
            assert [act(asked, "vote", **said).status_code for _ in range(2)] == [303, 303]


def adopted(own: Consortium) -> None:
    """The private deal's process is there, whichever tests have run before in this process."""
    if ("private-deal", 1) not in listed(speaking(own, "YunjinMSP")):
        own.adopt(PRIVATE)


def test_one_of_the_library_is_proposed_once_and_adopted_by_votes(own: Consortium) -> None:
    asked = speaking(own, "YunjinMSP")
    assert 'value="private-deal"' in asked.get(HERE).text
    answers = [act(asked, "propose", library="private-deal", request="first") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    row = listed(asked)["private-deal", 1]
    assert (row["state"], [each["msp"] for each in row["yes"]], row["may_vote"]) == ("proposed", ["YunjinMSP"], False)
    adopt(own, "private-deal", 1)
    row = listed(asked)["private-deal", 1]
    assert (row["state"], row["no"]) == ("adopted", [])
    assert 'value="private-deal"' not in asked.get(HERE).text, "it is offered no more"
    assert asked.get(f"{HERE}.json").json() == asked.get("/api/v1/processes").json()
    assert "private-deal,1," in asked.get(f"{HERE}.csv").text
    for lang in LANGUAGES:
        found = page(asked, HERE, lang)
        assert row["name"][lang] in found.text
        assert f"/ledger/transactions/{row['proposed']['tx_id']}" in "".join(found.links)


def test_a_version_is_downloaded_as_a_diagram_and_read_again(own: Consortium) -> None:
    asked = speaking(own, "YunjinMSP")
    adopted(own)
    for lang in LANGUAGES:
        answer = asked.get(f"{HERE}/private-deal/1.bpmn?lang={lang}")
        assert answer.content == write_bpmn(PRIVATE, lang)
        assert read_bpmn(answer.content) == PRIVATE
    assert asked.get(f"{HERE}/private-deal/9.bpmn").status_code == 404
    assert asked.get(f"{HERE}/private-deal/x.bpmn").status_code == 422


def test_a_file_is_proposed_whether_a_text_or_a_diagram(own: Consortium) -> None:
    asked = speaking(own, "WangchaoMSP")
    text = library.text_of("interbank-credit-abs")
    assert act(asked, "propose", files={"file": ("a.yaml", text)}).status_code == 303
    diagram = write_bpmn(library.definition("exchange-special-plan"))
    assert act(asked, "propose", role="trustee", files={"file": ("a.bpmn", diagram)}).status_code == 303
    assert {name for name, _ in listed(asked)} >= {"interbank-credit-abs", "exchange-special-plan"}
    again = act(asked, "propose", files={"file": ("a.yaml", text)})
    assert (again.status_code, "DEFINITION_EXISTS" in again.text) == (409, True)


def test_a_vote_is_cast_once_and_not_on_what_is_decided(own: Consortium) -> None:
    asked = speaking(own, "YunjinMSP")
    adopted(own)
    if ("interbank-credit-abs", 1) not in listed(asked):
        act(speaking(own, "WangchaoMSP"), "propose", library="interbank-credit-abs")
    said = {"process": "interbank-credit-abs", "version": 1, "approve": "no"}
    assert act(asked, "vote", **said).status_code == 303
    assert act(asked, "vote", **said).status_code == 409
    assert [each["msp"] for each in listed(asked)["interbank-credit-abs", 1]["no"]] == ["YunjinMSP"]
    assert act(asked, "vote", process="private-deal", version=1, approve="no").status_code == 409


@pytest.mark.parametrize(
    ("what", "said", "code"),
    [
        ("propose", {"library": "luck"}, "FORM_REFUSED"),
        ("propose", {}, "FORM_REFUSED"),
        ("propose", {"files": {"file": ("a.yaml", b"id: [")}}, "BAD_PROCESS_FILE"),
        ("propose", {"files": {"file": ("a.bpmn", b"<definitions/>")}}, "NOT_BPMN"),
        ("vote", {"process": "private-deal", "version": "x", "approve": "yes"}, "FORM_REFUSED"),
        ("vote", {"process": "private-deal", "version": 1, "approve": "maybe"}, "FORM_REFUSED"),
        ("luck", {}, "FORM_REFUSED"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    own: Consortium, what: str, said: dict[str, Any], code: str
) -> None:
    before = own.ledger.height()
    answer = act(speaking(own, "YunjinMSP"), what, **said)
    assert answer.status_code == 422, answer.status_code
    assert code in answer.text
    assert own.ledger.height() == before


def test_an_unsound_definition_is_refused_with_a_path_that_shows_it(own: Consortium) -> None:
    gateways = tuple(replace(each, kind=GatewayKind.ALL) for each in PRIVATE.main.gateways)
    flows = tuple(replace(each, when=(), expired=False) for each in PRIVATE.main.flows)
    stuck = replace(PRIVATE, version=2, main=replace(PRIVATE.main, gateways=gateways, flows=flows))
    before = own.ledger.height()
    answer = act(speaking(own, "YunjinMSP"), "propose", files={"file": ("a.bpmn", write_bpmn(stuck))})
    assert (answer.status_code, "DEFINITION_UNSOUND" in answer.text) == (422, True)
    assert own.ledger.height() == before


def test_who_is_no_representative_reads_and_does_nothing(trustee: Asked) -> None:
    assert "<form" not in trustee.get(HERE).text.partition("<main")[2].partition("</main>")[0]
    assert act(trustee, "propose", library="private-deal").status_code == 403
