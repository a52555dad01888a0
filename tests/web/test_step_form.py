"""A step worked in the browser: done, checked by another person, refused where it must be, recorded once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chainfusion.domain.process.definition import FieldKind
from chainfusion.domain.process.records import MAIN
from chainfusion.domain.roles import Role
from chainfusion.node import processes
from chainfusion.node.office import Office
from chainfusion.node.session import Session
from chainfusion.node.worksteps import entries_of
from chainfusion.processes import library
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.support.consortium import Consortium
from tests.web.conftest import HOST, Asked, workspace_of
from tests.web.html import Page

DEAL = "STEP-2026-1"
PAGE = f"/deals/{DEAL}/step?run=main&step=approval"


@pytest.fixture
def consortium(tmp_path: Path) -> Iterator[Consortium]:
    made = Consortium(tmp_path)
    made.draft(DEAL)
    made.accept(DEAL)
    definition = library.definition("interbank-credit-abs")
    made.adopt(definition)
    made.desk_of(Role.ORIGINATOR).session.call("process.start", deal=DEAL, process=definition.id, version=1)
    yield made
    made.ledger.close()


def colleague(consortium: Consortium) -> Asked:
    """The workspace as another person of the originator sees it."""
    desk = consortium.desk_of(Role.ORIGINATOR)
    second = consortium.members[desk.msp].user("second person")
    session = Session(consortium.ledger, desk.session.registry, second, consortium.clock)
    seat = type(desk)(session, desk.vault, desk.unlock)
    office = Office(desk, consortium.ledger, consortium.trust)
    return Asked(consortium, create_app(office, seating=OpenSeat(seat), hosts=(HOST,)), office.workspace)


def deed(asked: Asked, name: str, **fields: str) -> tuple[int, str]:
    answer = asked.post(PAGE.replace("/step?", f"/step/{name}?") + "&lang=en", data=fields)
    return answer.status_code, answer.headers.get("location", answer.text)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_asks_for_what_the_template_has(consortium: Consortium, lang: str) -> None:
    answer = workspace_of(consortium, Role.ORIGINATOR).get(f"{PAGE}&lang={lang}")
    assert answer.status_code == 200, answer.text
    found = Page.of(answer.text)
    assert (found.forbidden, found.misnested, found.open_tags) == ([], [], [])
    assert 'name="entry.target-size"' in answer.text


def test_done_then_checked_by_another_person(consortium: Consortium) -> None:
    maker, checker = workspace_of(consortium, Role.ORIGINATOR), colleague(consortium)
    status, where = deed(maker, "done", request="once", **{"entry.target-size": "1,000,000,000.00"})
    assert (status, where.split("?")[0]) == (303, f"/deals/{DEAL}/process")
    assert "Recorded on the ledger" in maker.get(where + "&lang=en").text
    height = consortium.ledger.height()
    assert deed(maker, "done", request="once", **{"entry.target-size": "1,000,000,000.00"}) == (303, where)
    assert consortium.ledger.height() == height
    shown = checker.get(f"{PAGE}&lang=en").text
    assert "<dt>Target size</dt><dd>1,000,000,000.00</dd>" in shown
    status, text = deed(maker, "approved")
    assert (status, "SECOND_PERSON_NEEDED" in text) == (403, True)
    assert consortium.ledger.height() == height
    assert deed(checker, "approved")[0] == 303
    steps = processes.awaited(consortium.desk_of(Role.ORIGINATOR).session, DEAL)
    assert "approval" not in {each.step for each in steps}
    assert workspace_of(consortium, Role.ORIGINATOR).get(PAGE).status_code == 409


def test_rejected_with_a_reason_it_is_to_be_done_again(consortium: Consortium) -> None:
    maker, checker = workspace_of(consortium, Role.ORIGINATOR), colleague(consortium)
    deed(maker, "done", **{"entry.target-size": "5.00"})
    assert deed(checker, "rejected", reason="")[0] in (400, 422)
    assert deed(checker, "rejected", reason="Too small.")[0] == 303
    step = next(s for s in processes.awaited(consortium.desk_of(Role.ORIGINATOR).session, DEAL) if s.step == "approval")
    assert (step.run, step.to_check, bool(step.waits_for)) == (MAIN, (), True)
    assert "Too small." in maker.get(PAGE).text


@pytest.mark.parametrize("word", ["a lot", "1.005", "NaN", "", "1e400", "100000000000"])
def test_an_amount_that_is_none_comes_back_with_what_was_typed(consortium: Consortium, word: str) -> None:
    maker, height = workspace_of(consortium, Role.ORIGINATOR), consortium.ledger.height()
    status, text = deed(maker, "done", **{"entry.target-size": word})
    assert (status, "ENTRIES_REFUSED" in text) == (422, True)
    assert not word or re.search(rf'value="{re.escape(word)}"', text)
    assert consortium.ledger.height() == height


def test_whom_it_does_not_await_is_told_so_and_refused(consortium: Consortium) -> None:
    trustee, height = workspace_of(consortium, Role.TRUSTEE), consortium.ledger.height()
    page = trustee.get(f"{PAGE}&lang=en").text
    assert "Nothing here awaits your institution." in page
    assert "Awaited: Donghai Bank" in " ".join(page.split()).replace("</b> ", "")
    status, text = deed(trustee, "done", **{"entry.target-size": "5.00"})
    assert (status, "NOT_THE_ACTOR" in text) == (403, True)
    assert consortium.ledger.height() == height


def test_amounts_and_rates_are_kept_in_the_ledgers_units() -> None:
    step = library.definition("interbank-credit-abs").main.step("approval")
    assert step is not None
    field = next(each for each in step.template if each.kind is FieldKind.MONEY)
    assert [e.value for e in entries_of(step, {field.id: "12,345.67"}) if e.field == field.id] == ["1234567"]
