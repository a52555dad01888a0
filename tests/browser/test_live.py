"""What another institution does appears on an open page: announced, and shown when asked, without loading it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chainfusion.domain.roles import Role
from tests.browser.test_new_deal import working
from tests.browser.test_pool import NARROW, WIDE, pictured, visiting
from tests.support.consortium import Consortium

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "lang", "many"), [(WIDE, "en", "new acts"), (NARROW, "zh", "项新操作")])
def test_an_open_page_hears_of_others(
    browser: Any, screenshots: Path, tmp_path: Path, width: int, lang: str, many: str
) -> None:
    consortium = Consortium(tmp_path)
    consortium.draft("LIVE-1")
    before = consortium.ledger.height()
    with working(consortium, consortium.desk_of(Role.ORIGINATOR)) as bank, visiting(browser, bank, width, lang) as page:
        page.goto(f"/deals/LIVE-1?lang={lang}")
        page.evaluate("window.sameDocument = true")
        assert not page.locator("#news .toast").is_visible()
        consortium.draft("LIVE-2")  # another deal: the frame tells, the page is not disturbed
        page.locator("[data-now=height]", has_text=str(before + 1)).wait_for()
        assert not page.locator("#news .toast").is_visible()
        consortium.accept("LIVE-1")
        page.wait_for_selector("#news .toast")
        page.locator("#news", has_text=many).wait_for()
        pictured(page, screenshots, f"live-{lang}-{width}")
        waiting = page.locator("main .st-wait").count()
        page.locator("#news [data-show]").click()
        page.locator("#news .toast").wait_for(state="hidden")
        assert page.evaluate("window.sameDocument")
        assert page.locator("main .st-wait").count() < waiting
        assert page.evaluate("document.activeElement === document.querySelector('main')")


def test_what_was_begun_in_a_form_is_not_taken_away(browser: Any, tmp_path: Path) -> None:
    consortium = Consortium(tmp_path)
    consortium.draft("LIVE-1")
    with working(consortium, consortium.desk_of(Role.ORIGINATOR)) as bank, visiting(browser, bank, WIDE, "en") as page:
        page.goto("/new-deal")
        field = page.locator("main input[type=text], main input:not([type])").first
        field.fill("Begun")
        field.blur()
        consortium.draft("LIVE-2")
        page.wait_for_selector("#news .toast")
        assert not page.locator("#news [data-show]").is_visible()
        assert field.input_value() == "Begun"


def test_a_page_that_nobody_looks_at_does_not_listen(browser: Any, tmp_path: Path) -> None:
    consortium = Consortium(tmp_path)
    with working(consortium, consortium.desk_of(Role.ORIGINATOR)) as bank, visiting(browser, bank, WIDE, "en") as page:
        streams: list[str] = []
        page.on("request", lambda asked: streams.append(asked.url) if "/live?" in asked.url else None)
        page.goto("/deals")
        page.wait_for_timeout(300)
        hide = "Object.defineProperty(document, 'visibilityState', {value: '%s', configurable: true})"
        page.evaluate(hide % "hidden")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        shown = page.locator("[data-now=height]").text_content()
        consortium.draft("LIVE-1")
        page.wait_for_timeout(2500)
        assert page.locator("[data-now=height]").text_content() == shown
        page.evaluate(hide % "visible")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_selector("#news .toast")
        assert len(streams) == 2
