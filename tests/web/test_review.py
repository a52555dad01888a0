"""The preview in the browser: shared, remarked upon, answered; each reads what is for it."""

from __future__ import annotations

import pytest

from chainfusion.domain.roles import Role
from chainfusion.node import pools, reviews
from tests.support.consortium import Consortium
from tests.support.scene import DEAL
from tests.web.conftest import Asked, workspace_of
from tests.web.html import Page

BASE = f"/deals/{DEAL}/review"
HOSTILE = "<script>alert(7)</script> =1+1"


@pytest.fixture(scope="module")
def said(growing: Consortium) -> str:
    """The agency has asked for a loan's removal: the remark's id."""
    originator, agency = workspace_of(growing, Role.ORIGINATOR), workspace_of(growing, Role.RATING_AGENCY)
    told = {"text": HOSTILE, "ask": "removal", "loan": _loan(growing), "request": "remark"}
    assert agency.post(f"{BASE}/remark", data=told).status_code == 403, "nobody has invited it"
    given = {"guest": agency.workspace.desk.msp, "until": "", "request": "share"}
    assert [originator.post(f"{BASE}/share", data=given).status_code for _ in range(2)] == [303, 303]
    assert [agency.post(f"{BASE}/remark", data=told).status_code for _ in range(2)] == [303, 303]
    [view] = reviews.overview(agency.workspace.desk, DEAL).remarks
    return view.remark.tx_id


def _loan(consortium: Consortium) -> str:
    desk = consortium.desk_of(Role.ORIGINATOR)
    opened = pools.openings(desk, pools.current(desk, DEAL))
    return opened.opening(3).verify(opened.commitment).loan_id


def test_both_sides_read_and_others_do_not(growing: Consortium, said: str) -> None:
    for role, reads in ((Role.ORIGINATOR, True), (Role.RATING_AGENCY, True), (Role.LAW_FIRM, False)):
        asked = workspace_of(growing, role)
        text = asked.get(f"{BASE}?lang=en").text
        assert "<script>alert" not in text
        assert ("alert(7)" in text) is reads, role
        told = asked.get(f"{BASE}.json").json()["remarks"][0]
        assert (told["text"] == HOSTILE, told["loan"] == _loan(growing)) == (reads, reads or told["loan"] is not None)
        assert (HOSTILE in asked.get(f"{BASE}.csv").text) is reads


def test_an_answer_is_the_originator_s_and_given_once(growing: Consortium, said: str) -> None:
    given = {"remark": said, "accepted": "no", "reason": "It is eligible", "request": "answer"}
    originator, agency = workspace_of(growing, Role.ORIGINATOR), workspace_of(growing, Role.RATING_AGENCY)
    assert agency.post(f"{BASE}/answer", data=given).status_code == 403
    assert originator.post(f"{BASE}/answer", data=given | {"accepted": "?"}).status_code in (400, 422)
    assert originator.post(f"{BASE}/answer", data=given | {"reason": " "}).status_code == 422
    assert [originator.post(f"{BASE}/answer", data=given).status_code for _ in range(2)] == [303, 303]
    assert originator.post(f"{BASE}/answer", data=given | {"request": "again"}).status_code == 409
    assert originator.post(f"{BASE}/removed", data={"remark": said}).status_code == 409, "it was refused"
    assert "It is eligible" in agency.get(BASE).text


def test_what_does_not_fit_is_refused(growing: Consortium, said: str) -> None:
    agency, originator = workspace_of(growing, Role.RATING_AGENCY), workspace_of(growing, Role.ORIGINATOR)
    again = {"text": "again", "ask": "removal", "loan": _loan(growing)}
    assert agency.post(f"{BASE}/remark", data=again).status_code == 409
    assert agency.post(f"{BASE}/remark", data=again | {"loan": ""}).status_code == 422
    late = {"guest": agency.workspace.desk.msp, "until": "2020-01-01T00:00"}
    assert originator.post(f"{BASE}/share", data=late).status_code == 422
    assert originator.post(f"{BASE}/nothing", data={}).status_code in (400, 422)


def test_the_page_is_whole_in_both_languages(trustee: Asked) -> None:
    for lang in ("en", "zh"):
        page = Page.of(trustee.get(f"{BASE}?lang={lang}").text)
        assert page.misnested == [] and page.open_tags == []
