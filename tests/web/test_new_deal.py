"""A deal opened in the browser: its parties asked, answering, replaced; its process started; closed or cancelled."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chainfusion.domain.roles import Role
from chainfusion.processes import library, products
from tests.support.consortium import BY_MSP, Consortium
from tests.web.conftest import Asked, workspace_of
from tests.web.test_pages import LANGUAGES, page

PARTIES = [f"{role.value}={each.msp}" for each in BY_MSP.values() for role in each.roles]
GIVEN: dict[str, Any] = {
    "name": "Harbour 1", "name_zh": "港湾一号", "product": "auto-loans", "currency": "CNY", "party": PARTIES,
}  # fmt: skip


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    """A consortium without a deal."""
    made = Consortium(tmp_path_factory.mktemp("deals"))
    made.adopt(library.definition("private-deal"))
    yield made
    made.ledger.close()


@pytest.fixture
def bank(own: Consortium) -> Asked:
    """The originator's workspace."""
    return workspace_of(own, Role.ORIGINATOR)


def opened(bank: Asked, deal: str, **changes: Any) -> httpx.Response:
    return bank.post("/new-deal", data=GIVEN | {"id": deal, "request": f"open-{deal}"} | changes)


def act(asked: Asked, deal: str, what: str, **said: Any) -> httpx.Response:
    return asked.post(f"/deals/{deal}/parties/{what}", data=said)


def state(asked: Asked, deal: str) -> dict[str, Any]:
    found: dict[str, Any] = asked.get(f"/deals/{deal}.json").json()
    return found


def status(asked: Asked, deal: str, role: Role) -> list[tuple[str, str]]:
    rows = state(asked, deal)["parties"]
    return [(row["institution"]["msp"], row["status"]) for row in rows if row["role"] == role.value]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_form_offers_every_institution_for_the_roles_it_holds(bank: Asked, lang: str) -> None:
    found = page(bank, "/new-deal", lang)
    offered = {e.attributes["value"] for e in found.elements if e.attributes.get("name") == "party"}
    assert offered == set(PARTIES) - {f"originator={bank.workspace.desk.msp}"}
    assert "/new-deal" in page(bank, "/deals", lang).links


def test_it_is_opened_once_and_leads_to_its_parties(bank: Asked) -> None:
    answers = [opened(bank, "once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert re.fullmatch(r"/deals/once/parties\?receipt=[0-9a-f]{64}", answers[0].headers["location"])
    found = state(bank, "once")
    assert (found["line"]["state"], found["line"]["name"]) == ("draft", {"en": "Harbour 1", "zh": "港湾一号"})
    assert len(found["parties"]) == len(PARTIES)
    assert status(bank, "once", Role.ORIGINATOR) == [(bank.workspace.desk.msp, "accepted")]
    again = opened(bank, "once", request="another")
    assert (again.status_code, "DEAL_EXISTS" in again.text) == (409, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "no id"}, {"name": " "}, {"name_zh": ""}, {"currency": "yuan"}, {"product": "luck"},
        {"party": ["luck=YunjinMSP"]}, {"party": ["representative=YunjinMSP"]}, {"party": ["trustee="]},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_kept_in_the_form(bank: Asked, changes: dict[str, Any]) -> None:
    before = bank.consortium.ledger.height()
    answer = opened(bank, "wrong", **{"request": "wrong"} | changes)
    assert answer.status_code == 422
    assert 'value="Harbour 1"' in answer.text or "name" in changes
    assert bank.consortium.ledger.height() == before


def test_who_is_no_originator_opens_none(own: Consortium) -> None:
    answer = opened(workspace_of(own, Role.TRUSTEE), "theirs")
    assert (answer.status_code, "ROLE_NEEDED" in answer.text) == (403, True)


def test_parties_answer_and_the_last_one_opens_it(own: Consortium, bank: Asked) -> None:
    opened(bank, "answered")
    trustee = workspace_of(own, Role.TRUSTEE)
    assert act(trustee, "answered", "decline", role="trustee", reason=" ").status_code == 422
    assert act(trustee, "answered", "decline", role="trustee", reason="Conflict of interest").status_code == 303
    assert status(bank, "answered", Role.TRUSTEE) == [("YunjinMSP", "declined")]
    assert "Conflict of interest" in page(bank, "/deals/answered/parties", "en").text
    replaced = {"party": "trustee=YunjinMSP", "successor": "", "reason": "It declined"}
    assert act(bank, "answered", "replace", **replaced).status_code == 303
    assert act(bank, "answered", "name", party="trustee=YunjinMSP").status_code == 303
    for each in BY_MSP.values():
        for role in each.roles:
            if each.msp != bank.workspace.desk.msp:
                asked = workspace_of(own, role)
                assert "/deals/answered/parties/accept" in asked.get("/deals/answered/parties").text
                assert act(asked, "answered", "accept", role=role.value).status_code == 303
    assert state(bank, "answered")["line"]["state"] == "open"
    assert act(trustee, "answered", "accept", role="trustee").status_code == 403


def test_its_process_is_started_on_an_adopted_version(own: Consortium, bank: Asked) -> None:
    opened(bank, "processed")
    assert "private-deal@1" in bank.get("/deals/processed/parties").text
    assert act(bank, "processed", "process", process="luck").status_code == 422
    assert act(bank, "processed", "process", process="interbank-credit-abs@1").status_code == 404
    assert act(bank, "processed", "process", process="private-deal@1").status_code == 303
    assert bank.get("/deals/processed/process").status_code == 200
    assert "private-deal@1" not in bank.get("/deals/processed/parties").text
    assert act(workspace_of(own, Role.TRUSTEE), "processed", "process", process="private-deal@1").status_code == 403


def test_it_is_cancelled_with_a_reason_and_not_closed_without_a_pool(bank: Asked) -> None:
    opened(bank, "ended")
    assert act(bank, "ended", "close").status_code == 409
    assert act(bank, "ended", "luck").status_code == 422
    assert act(bank, "ended", "accept", role="luck").status_code == 422
    assert act(bank, "ended", "cancel", reason="The market turned").status_code == 303
    assert state(bank, "ended")["line"]["state"] == "cancelled"
    assert "/deals/ended/parties/cancel" not in bank.get("/deals/ended/parties").text


def test_every_template_is_downloaded_with_its_files(bank: Asked) -> None:
    for name in products.names():
        archive = zipfile.ZipFile(io.BytesIO(bank.get(f"/templates/{name}.zip").content))
        assert {each: archive.read(f"{name}/{each}") for each in products.files_of(products.template(name))} == (
            products.files_of(products.template(name))
        )
    assert bank.get("/templates/luck.zip").status_code == 404
