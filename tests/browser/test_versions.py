"""A change of version and what the inbox asks for, in Chromium, wide and narrow, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chainfusion.domain.roles import Role
from chainfusion.processes import library
from tests.browser.test_new_deal import opened_up, working
from tests.browser.test_pool import NARROW, WIDE, pictured, visiting
from tests.support.consortium import Consortium
from tests.web.test_versions import later

pytestmark = pytest.mark.browser
DEAL = "GOES-OVER"
BASE = f"/deals/{DEAL}/version"


@pytest.mark.parametrize(("width", "lang"), [(WIDE, "en"), (NARROW, "zh"), (WIDE, "zh"), (NARROW, "en")])
def test_a_version_is_proposed_agreed_and_declined(
    browser: Any, screenshots: Path, tmp_path: Path, width: int, lang: str
) -> None:
    consortium, first = Consortium(tmp_path), library.definition("private-deal")
    consortium.draft(DEAL)
    consortium.accept(DEAL)
    consortium.draft("ASKED")
    for definition in (first, later(2), later(3)):
        consortium.adopt(definition)
    start = {"deal": DEAL, "process": first.id, "version": 1}
    consortium.desk_of(Role.ORIGINATOR).session.call("process.start", **start)

    def shown(page: Any, path: str, name: str) -> None:
        page.goto(f"{path}?lang={lang}")
        opened_up(page)
        pictured(page, screenshots, f"{name}-{lang}-{width}")

    with working(consortium, consortium.desk_of(Role.TRUSTEE)) as at, visiting(browser, at, width, lang) as page:
        shown(page, BASE, "version-none")
        page.select_option("select[name=version]", "2")
        page.fill("input[name=reason]", "监管新规 / a new rule")
        page.locator(f"form[action='{BASE}/propose'] button").click()
        page.wait_for_url("**/version?receipt=*")
        shown(page, BASE, "version-proposed")
    with working(consortium, consortium.desk_of(Role.LAW_FIRM)) as at, visiting(browser, at, width, lang) as page:
        shown(page, "/inbox", "inbox-asked")
        page.locator(f"a[href='{BASE}']").click()
        page.locator(f"form[action='{BASE}/agree'] button").click()
        page.wait_for_url("**/version?receipt=*")
    with working(consortium, consortium.desk_of(Role.CUSTODIAN)) as at, visiting(browser, at, width, lang) as page:
        shown(page, BASE, "version-asked")
        page.fill(f"form[action='{BASE}/decline'] textarea", "尚需内部审批 / not approved here yet")
        page.locator(f"form[action='{BASE}/decline'] button").click()
        page.wait_for_url("**/version?receipt=*")
        shown(page, BASE, "version-declined")
