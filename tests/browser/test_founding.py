"""An empty folder becomes a member of a ledger in Chromium, wide and narrow, in both languages."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chainfusion.node.home import Home
from chainfusion.web.founding import create_founding_app
from tests.browser.test_pool import NARROW, WIDE, pictured, visiting
from tests.support.serving import serving

pytestmark = pytest.mark.browser
HOUSE, PERSON = "keys of the house", "keys of a person"


@dataclass(frozen=True)
class Place:
    """Where the pages are."""

    address: str


@pytest.mark.parametrize(("width", "lang"), [(WIDE, "en"), (NARROW, "zh")])
def test_a_consortium_of_one_is_founded(browser: Any, screenshots: Path, tmp_path: Path, width: int, lang: str) -> None:
    home, name = Home(tmp_path / "alpha"), f"founding-{{}}-{lang}-{width}"
    agreement = tmp_path / "agreement.txt"
    agreement.write_text("The agreement. 协议", encoding="utf-8")

    def open_up(page: Any) -> None:
        page.locator("main details").evaluate_all("all => all.forEach(each => { each.open = true })")

    def send(page: Any, act: str, **fields: str) -> None:
        form = page.locator(f"form[action='/{act}']")
        for field, value in fields.items():
            form.locator(f"[name={field}]").fill(value)
        form.locator("button").click()
        page.wait_for_load_state()

    with ExitStack() as stack:
        place = Place(stack.enter_context(serving(create_founding_app(home, "a-link"))))
        page = stack.enter_context(visiting(browser, place, width, lang))  # type: ignore[arg-type]
        page.goto(f"/begin/a-link?lang={lang}")
        page.goto(f"/?lang={lang}")
        pictured(page, screenshots, name.format("empty"))
        send(page, "create", msp="AlphaMSP", name="Alpha", name_zh="甲", password=HOUSE, again="not that")
        page.wait_for_selector(".notice-bad")
        pictured(page, screenshots, name.format("refused"))
        send(page, "create", msp="AlphaMSP", name="Alpha", name_zh="甲", password=HOUSE, again=HOUSE)
        page.locator("form[action='/enrol'] input[value=representative]").check()
        send(page, "enrol", user="rep", password=PERSON, again=PERSON, ca_password=HOUSE)
        open_up(page)
        pictured(page, screenshots, name.format("people"))
        page.locator("form[action='/card.json'] input[value=trustee]").check()
        with page.expect_download() as got:
            page.locator("form[action='/card.json'] button").click()
        got.value.save_as(tmp_path / "card.json")
        page.set_input_files("input[name=card]", tmp_path / "card.json")
        page.set_input_files("input[name=agreement]", agreement)
        send(page, "draft", name="Harbour", name_zh="港湾")
        pictured(page, screenshots, name.format("drafted"))
        send(page, "sign", password=PERSON)
        pictured(page, screenshots, name.format("signed"))
        send(page, "found", folder=str(tmp_path / "ledger"), password=PERSON, node_password=HOUSE)
        page.get_by_text("chainfusion serve").wait_for()
        pictured(page, screenshots, name.format("joined"))
    assert home.has_joined
