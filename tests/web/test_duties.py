"""A deal's duties in the browser: those of the calendar, each done one a door to its act."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from chainfusion.node.duties import calendar_of
from chainfusion.node.views import duties as views
from chainfusion.processes.duties import DutyState
from tests.support.scene import DEAL, DRAFT
from tests.web.conftest import Asked
from tests.web.test_pages import LANGUAGES, page

BASE = f"/deals/{DEAL}/duties"


def test_the_page_and_its_twins_hold_the_calendar(trustee: Asked) -> None:
    found = calendar_of(trustee.workspace.desk.session, DEAL)
    twin = trustee.get(f"{BASE}.json").json()
    assert [(row["step"], row["run"], row["kind"], row["state"], row["due"]) for row in twin["duties"]] == [
        (each.step, each.run, each.kind.value, each.state.value, each.due.isoformat() if each.due else None)
        for each in found
    ]
    assert twin["duties"]
    rows = list(csv.DictReader(io.StringIO(trustee.get(f"{BASE}.csv?lang=en").text.removeprefix("\ufeff"))))
    assert [row["step"] for row in rows] == [each.step for each in found]
    for lang in LANGUAGES:
        shown = page(trustee, BASE, lang)
        for row in twin["duties"]:
            assert row["name"][lang] in shown.text
            assert row["state_name"][lang] in shown.text
        assert BASE in page(trustee, f"/deals/{DEAL}/process", lang).links


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_calendar_holds_what_has_a_date_and_mine_is_a_part_of_it(trustee: Asked, lang: str) -> None:
    found = calendar_of(trustee.workspace.desk.session, DEAL)
    every, mine = (trustee.get(f"{BASE}.ics?lang={lang}{more}") for more in ("", "&mine"))
    assert every.headers["content-type"].startswith("text/calendar")
    assert every.text.count("BEGIN:VEVENT") == sum(each.due is not None for each in found)
    own = [each for each in found if each.msp == trustee.workspace.desk.msp and each.due is not None]
    assert mine.text.count("BEGIN:VEVENT") == len(own)


def test_what_was_done_late_is_a_door_to_its_act(trustee: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, acts = trustee.workspace.desk, trustee.workspace.acts
    first, *others = calendar_of(desk.session, DEAL)
    done = replace(first, msp=desk.msp, state=DutyState.LATE, due=date(2026, 2, 2), tx_id=trustee.pool_tx)
    monkeypatch.setattr(views, "calendar_of", lambda *_: (done, *others))
    found = views.duties_view(desk, acts, DEAL, 7)
    assert (found.late, found.height) == (1, 7)
    row = found.duties[0]
    assert (row.late, row.mine, row.done) == (True, True, acts.place(trustee.pool_tx))
    assert [each.done for each in found.duties[1:]] == [None] * len(others)


def test_a_deal_without_a_process_has_no_duties(trustee: Asked) -> None:
    for path in (f"/deals/{DRAFT}/duties", f"/deals/{DRAFT}/duties.ics", "/deals/none/duties"):
        assert trustee.get(path).status_code == 404
