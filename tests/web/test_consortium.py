"""The consortium's page: members, agreement, rules, votes; a representative's acts, each recorded once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from chainfusion.domain.membership import MEMBERSHIP_KEY, Membership
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.node.office import Office
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.support.consortium import BY_MSP, Consortium, record_of
from tests.support.identities import make_member
from tests.web.conftest import HOST, Asked
from tests.web.test_pages import LANGUAGES, page

HERE = "/consortium"
AGREED = {"file": ("agreement.txt", b"agreed")}
LAST = "BeichenMSP"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    """A consortium that these tests alone govern."""
    made = Consortium(tmp_path_factory.mktemp("governed"))
    yield made
    made.ledger.close()


def speaking(consortium: Consortium, msp: str) -> Asked:
    """The workspace of a member as its representative sees it."""
    desk = consortium.representative(msp)
    office = Office(desk, consortium.ledger, consortium.trust)
    app = create_app(office, seating=OpenSeat(desk), hosts=(HOST,))
    return Asked(consortium, app, office.workspace)


def act(asked: Asked, what: str, **said: Any) -> httpx.Response:
    files = said.pop("files", None)
    return asked.post(f"{HERE}/{what}", data=said, files=files)


def twin(asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = asked.get(f"{HERE}.json").json()
    return found


def card(msp: str) -> bytes:
    """A candidate's card."""
    candidate = replace(BY_MSP["YunjinMSP"], msp=msp)
    return to_bytes(record_of(make_member(msp, candidate.roles), candidate))


def test_the_page_says_what_its_twins_say(own: Consortium) -> None:
    asked = speaking(own, "YunjinMSP")
    told = twin(asked)
    assert told == asked.get("/api/v1/consortium").json()
    assert {row["institution"]["msp"] for row in told["members"]} == set(BY_MSP)
    assert [row["orders"] for row in told["members"]].count(True) == 1
    csv = asked.get(f"{HERE}.csv").text
    for lang in LANGUAGES:
        found = page(asked, HERE, lang)
        for row in told["members"]:
            assert row["institution"]["name"][lang] in found.text
            assert row["institution"]["msp"] in csv
            assert f"/ledger/transactions/{row['signed']['tx_id']}" in "".join(found.links)
        assert told["agreement_fingerprint"] in found.text.replace(" ", "")
        assert all(rule["share"] in found.text for rule in told["rules"])


def test_who_is_no_representative_reads_and_does_nothing(trustee: Asked) -> None:
    found = page(trustee, HERE, "en")
    assert not [e for e in found.elements if e.tag == "form" and (e.attributes.get("action") or "").startswith(HERE)]
    assert "representative" in found.text
    answer = act(trustee, "propose", kind="suspend", msp=LAST)
    assert answer.status_code == 403
    assert "ROLE_NEEDED" in answer.text


def test_an_admission_is_proposed_once_voted_on_and_passes(own: Consortium) -> None:
    asked = speaking(own, "YunjinMSP")
    file = {"file": ("card.json", card("XingyunMSP"))}
    answers = [act(asked, "propose", kind="admit", request="admit", files=file) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    [proposal] = twin(asked)["proposals"]
    voters = sum(row["status"] == "active" for row in twin(asked)["members"])
    assert (proposal["voters"], proposal["needed"], len(proposal["yes"])) == (voters, -(-2 * voters // 3), 1)
    for lang in LANGUAGES:
        found = page(asked, HERE, lang)
        assert proposal["about"][lang] in found.text
        assert all(
            value["en"] in found.text.replace(" ", "") for title, value in proposal["facts"] if title["en"] != "Roles"
        )
    assert not proposal["may_vote"], "it has voted with its proposal"
    others = [msp for msp in BY_MSP if msp != "YunjinMSP"]
    for msp in others[: proposal["needed"] - 1]:
        voter = speaking(own, msp)
        assert twin(voter)["proposals"][0]["may_vote"]
        said = {"proposal": proposal["id"], "approve": "yes", "request": f"vote-{msp}"}
        assert [act(voter, "vote", **said).status_code for _ in range(2)] == [303, 303]
    assert twin(asked)["proposals"] == []
    assert "XingyunMSP" in {row["institution"]["msp"] for row in twin(asked)["members"]}
    assert act(asked, "vote", proposal=proposal["id"], approve="no").status_code == 404


def test_a_proposal_is_withdrawn_by_its_proposer_alone(own: Consortium) -> None:
    asked, other = speaking(own, "YunjinMSP"), speaking(own, "WangchaoMSP")
    assert act(asked, "propose", kind="amend-rules", admission="1/2", witnesses="").status_code == 303
    [proposal] = twin(asked)["proposals"]
    assert proposal["facts"] == [[{"en": "Admission, reinstatement, replacement", "zh": "吸收、恢复与替换成员"},
                                  {"en": "2/3 → 1/2", "zh": "2/3 → 1/2"}]]  # fmt: skip
    assert act(other, "withdraw", proposal=proposal["id"]).status_code == 403
    assert act(asked, "withdraw", proposal=proposal["id"]).status_code == 303
    assert twin(asked)["proposals"] == []


def test_a_new_agreement_is_signed_by_who_has_its_text(own: Consortium) -> None:
    asked = speaking(own, "YunjinMSP")
    text = {"file": ("new.txt", "联盟协议 2".encode())}
    assert act(asked, "propose", kind="adopt-agreement", files=text).status_code == 303
    [proposal] = twin(asked)["proposals"]
    for msp in BY_MSP:
        if twin(asked)["proposals"]:
            act(speaking(own, msp), "vote", proposal=proposal["id"], approve="yes")
    told = twin(asked)
    assert (told["agreement_version"], told["has_signed"]) == (2, False)
    refused = act(asked, "agreement", files=AGREED)
    assert (refused.status_code, "ANOTHER_TEXT" in refused.text) == (422, True)
    assert [act(asked, "agreement", request="sign", files=text).status_code for _ in range(2)] == [303, 303]
    assert twin(asked)["has_signed"]
    assert act(asked, "agreement", request="again", files=text).status_code == 409


def test_a_member_is_suspended_and_another_leaves(own: Consortium) -> None:
    asked, leaver = speaking(own, "YunjinMSP"), speaking(own, LAST)
    assert act(asked, "propose", kind="suspend", msp="").status_code == 422
    assert act(asked, "propose", kind="suspend", msp="RegistrarMSP").status_code == 303
    [proposal] = twin(asked)["proposals"]
    assert act(leaver, "vote", proposal=proposal["id"], approve="maybe").status_code in (400, 422)
    assert act(leaver, "leave", msp="wrong").status_code in (400, 422)
    assert act(leaver, "leave", msp=LAST).status_code == 303
    assert {row["institution"]["msp"]: row["status"] for row in twin(asked)["members"]}[LAST] == "left"
    assert act(speaking(own, "DonghaiMSP"), "leave", msp="DonghaiMSP").status_code in (409, 403)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("propose", {"kind": "luck"}),
        ("propose", {"kind": "admit"}),
        ("propose", {"kind": "admit", "files": {"file": ("card.json", b"{}")}}),
        ("propose", {"kind": "amend-rules", "admission": "3/2"}),
        ("propose", {"kind": "amend-rules", "admission": "two thirds"}),
        ("agreement", {}),
        ("luck", {}),
        ("keys", {}),
    ],
)
def test_what_does_not_fit_changes_nothing(own: Consortium, what: str, said: dict[str, Any]) -> None:
    asked = speaking(own, "YunjinMSP")
    before = own.ledger.height()
    answer = act(asked, what, **said)
    assert answer.status_code in (400, 422), answer.status_code
    assert "notice-bad" in answer.text
    assert own.ledger.height() == before


def test_the_membership_that_is_shown_is_the_ledger_s(own: Consortium) -> None:
    told, state = twin(speaking(own, "YunjinMSP")), own.ledger.state(MEMBERSHIP_KEY)
    assert state is not None
    membership = from_bytes(Membership, state)
    assert (told["version"], told["ledger"]) == (membership.version, membership.ledger_id)
    assert {row["institution"]["msp"]: row["status"] for row in told["members"]} == {
        msp: member.status.value for msp, member in membership.members.items()
    }
