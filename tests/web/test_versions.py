"""A running deal's version changed in the browser: proposed, agreed by every party, declined; each form once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chainfusion.demo.institutions import INSTITUTIONS
from chainfusion.domain.process.definition import Definition
from chainfusion.domain.roles import Role
from chainfusion.processes import library
from tests.support.consortium import BY_MSP, Consortium
from tests.support.scene import DEAL
from tests.web.conftest import Asked, workspace_of
from tests.web.test_pages import LANGUAGES

BASE = f"/deals/{DEAL}/version"
FIRST = library.definition("private-deal")
HOSTILE = "<script>alert(7)</script> =1+1"


def later(version: int) -> Definition:
    """The same with every name changed."""
    steps = tuple(replace(each, name=f"{each.name} {version}") for each in FIRST.main.steps)
    return replace(FIRST, version=version, main=replace(FIRST.main, steps=steps))


@pytest.fixture
def running(tmp_path: pytest.TempPathFactory) -> Iterator[Consortium]:
    """A deal on the first version of three."""
    made = Consortium(tmp_path)  # type: ignore[arg-type]
    made.draft(DEAL)
    made.accept(DEAL)
    for version in (FIRST, later(2), later(3)):
        made.adopt(version)
    made.desk_of(Role.ORIGINATOR).session.call("process.start", deal=DEAL, process=FIRST.id, version=1)
    yield made
    made.ledger.close()


def said(asked: Asked, act: str, **form: str) -> int:
    return asked.post(f"{BASE}/{act}", data=form).status_code


def shown(asked: Asked) -> dict[str, object]:
    found: dict[str, object] = asked.get(f"{BASE}.json").json()
    return found


def proposal(asked: Asked) -> dict[str, object]:
    found = shown(asked)["proposed"]
    assert isinstance(found, dict)
    return found


def test_a_version_is_proposed_agreed_by_all_and_the_deal_goes_over(running: Consortium) -> None:
    first = workspace_of(running, Role.TRUSTEE)
    assert shown(first)["others"] == [2, 3]
    steps = first.get(f"/deals/{DEAL}/process.json").json()["awaited"]
    height = running.ledger.height()
    for _ in range(2):
        assert said(first, "propose", version="2", reason=HOSTILE, request="once") == 303
    assert running.ledger.height() == height + 1
    id_ = str(proposal(first)["id"])
    for lang in LANGUAGES:
        assert HOSTILE not in first.get(f"{BASE}?lang={lang}").text
    others = [each for each in INSTITUTIONS if each.msp != first.workspace.desk.msp]
    for number, each in enumerate(others, 1):
        asked = workspace_of(running, each.roles[0])
        assert proposal(asked)["awaits_me"] is True
        assert "Sign and agree" in asked.get(f"{BASE}?lang=en").text
        assert said(asked, "agree", proposal=id_, request=f"yes {each.msp}") == 303
        assert shown(asked)["version"] == (2 if number == len(others) else 1)
    assert [row["step"] for row in first.get(f"/deals/{DEAL}/process.json").json()["awaited"]] == [
        row["step"] for row in steps
    ]
    found = shown(first)
    assert (found["proposed"], found["others"]) == (None, [1, 3])
    timeline = first.get(f"/deals/{DEAL}/timeline?lang=en").text
    assert "let the deal go over to the version agreed upon" in timeline
    assert "提议项目改用流程第 2 版" in first.get(f"/deals/{DEAL}/timeline?lang=zh").text
    assert " 2</b>" in first.get(f"/deals/{DEAL}/process?lang=en").text  # the names of the version that it runs on


def test_one_no_with_its_reason_ends_it(running: Consortium) -> None:
    first, law = workspace_of(running, Role.TRUSTEE), workspace_of(running, Role.LAW_FIRM)
    assert said(first, "propose", version="2", reason="A new rule.") == 303
    id_ = str(proposal(first)["id"])
    assert said(law, "decline", proposal=id_, reason="") == 422
    assert said(law, "decline", proposal=id_, reason="Not yet.") == 303
    page = first.get(f"{BASE}?lang=en").text
    assert "Not yet." in page
    assert "Propose a change" in page
    assert said(workspace_of(running, Role.CUSTODIAN), "agree", proposal=id_) == 404
    assert first.get(f"{BASE}.csv").text.count("declined") == 1


@pytest.mark.parametrize(
    ("act", "form", "status"),
    [
        ("propose", {"version": "x", "reason": "w"}, 422),
        ("propose", {"version": "1", "reason": "w"}, 409),
        ("propose", {"version": "9", "reason": "w"}, 404),
        ("propose", {"version": "2", "reason": ""}, 422),
        ("agree", {"proposal": "0" * 64}, 404),
        ("change", {}, 404),
        ("become", {}, 422),
    ],
)
def test_what_does_not_fit_changes_nothing(running: Consortium, act: str, form: dict[str, str], status: int) -> None:
    asked, height = workspace_of(running, Role.TRUSTEE), running.ledger.height()
    assert said(asked, act, **form) == status
    assert running.ledger.height() == height


def test_who_is_no_party_is_offered_nothing(running: Consortium) -> None:
    stranger = next(each for each in BY_MSP.values() if each.roles[0] is Role.TRUSTEE)
    asked = workspace_of(running, Role.TRUSTEE)
    assert stranger.msp == asked.workspace.desk.msp
    running.desk_of(Role.ORIGINATOR).session.call(
        "deal.replace_party",
        deal=DEAL,
        party={"role": "trustee", "msp": stranger.msp},
        successor=None,
        reason="Another is sought.",
    )
    assert "Propose a change" not in asked.get(f"{BASE}?lang=en").text
    assert said(asked, "propose", version="2", reason="w") == 403
