"""Questions about a deal's cash walked in Chromium: asked in a form, answered, looked at wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Served
from tests.browser.test_pool import NARROW, WIDE, pictured, visiting
from tests.support.scene import DEAL

pytestmark = pytest.mark.browser
WORDS = {
    "en": ("Analyse…", "Compute", "Ask again…"),
    "zh": ("分析…", "测算", "再次分析…"),
}


@pytest.mark.parametrize(("width", "lang"), [(WIDE, "en"), (NARROW, "zh")])
def test_a_question_is_asked_and_its_answer_found_again(
    served: Served, browser: Any, screenshots: Path, width: int, lang: str
) -> None:
    analyse, compute, again = WORDS[lang]
    with visiting(browser, served, width, lang) as page:
        page.goto(f"/deals/{DEAL}/cashflow?cpr=6&cdr=4&recovery=30&lag=6&lang={lang}")
        page.click(f"text={analyse}")
        for question in ("enhancement", "sensitivity", "simulation"):
            page.click(f"a[href*='question={question}']")
            page.fill("input[name=cdr]", "4")
            pictured(page, screenshots, f"ask-{question}-{lang}-{width}")
            page.click(f"button:text-is('{compute}')")
            page.wait_for_url("**/analysis/*", timeout=60_000)
            assert page.locator("main table").count() >= 1
            pictured(page, screenshots, f"answer-{question}-{lang}-{width}")
            answer = page.url
            page.click(f"text={again}")
            assert page.locator("input[name=cdr]").input_value() == "4"
        page.fill("input[name='word.paths']", "many")
        page.click(f"button:text-is('{compute}')")
        assert page.locator(".notice-bad").count() == 1
        assert page.locator("input[name='word.paths']").input_value() == "many"
        pictured(page, screenshots, f"ask-refused-{lang}-{width}")
        page.goto(f"/deals/{DEAL}/analysis")
        assert page.locator(f"a[href='{answer.removeprefix(served.address)}']").count() == 1
