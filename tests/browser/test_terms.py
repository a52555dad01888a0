"""A deal's terms walked in Chromium from a text with an error to the signatures, wide and narrow."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from chainfusion.domain.roles import Role
from chainfusion.node import cashflows
from tests.browser.test_pool import NARROW, WIDE, Banks, banks, pictured, visiting

pytestmark = pytest.mark.browser
__all__ = ["banks"]
TEXT = files("chainfusion").joinpath("demo/data/auto-terms.yaml").read_text(encoding="utf-8")
LINE = next(n for n, each in enumerate(TEXT.splitlines(), 1) if "2.10%" in each)
WORDS = {
    "en": ("Register terms…", "Check the text", "Sign and register", "Consent to version 1…", "Sign and consent"),
    "zh": ("登记交易条款…", "检查文本", "签署并登记", "同意第 1 版…", "签署同意"),
}


@pytest.mark.parametrize(("width", "lang"), [(WIDE, "en"), (NARROW, "zh")])
def test_a_text_becomes_terms_in_force(banks: Banks, browser: Any, screenshots: Path, width: int, lang: str) -> None:
    deal, name = banks.deal(), f"terms-{lang}-{width}"
    begin, check, sign, consent, agree = WORDS[lang]
    with visiting(browser, banks.originator, width, lang) as page:
        page.goto(f"/deals/{deal}/terms")
        pictured(page, screenshots, f"{name}-none")
        page.click(f"text={begin}")
        page.fill("textarea#f-text", TEXT.replace("2.10%", "2.10% * nothing"))
        page.click(f"button:text-is('{check}')")
        assert page.locator(".source .row-bad").get_attribute("id") == f"L{LINE}"
        page.locator(f"#L{LINE}").scroll_into_view_if_needed()
        pictured(page, screenshots, f"{name}-findings")
        page.fill("textarea#f-text", TEXT)
        page.click(f"button:text-is('{check}')")
        pictured(page, screenshots, f"{name}-checked")
        page.click(f"button:text-is('{sign}')")
        page.wait_for_url("**/terms?receipt=*")
        page.goto(f"/deals/{deal}/terms/private")
        page.fill("input[name=value]", "0.12%")
        page.click(".form .btn-main")
        pictured(page, screenshots, f"{name}-private")
    with visiting(browser, banks.trustee, width, lang) as page:
        page.goto(f"/deals/{deal}/terms")
        page.click(f"text={consent}")
        pictured(page, screenshots, f"{name}-consent")
        page.click(f"button:text-is('{agree}')")
        page.wait_for_url("**/terms?receipt=*")
        page.goto(f"/deals/{deal}/terms/new")
        page.fill("textarea#f-text", TEXT.replace("1,500.00 USD", "1,600.00 USD").replace("1_500.00", "1_600.00"))
        page.click(f"button:text-is('{check}')")
        page.click(f"button:text-is('{sign}')")
        page.wait_for_url("**/terms?receipt=*")
        page.goto(f"/deals/{deal}/terms/compare")
        assert page.locator(".diff tbody tr").count() == 1
        pictured(page, screenshots, f"{name}-compare")
    found = cashflows.versions(banks.consortium.desk_of(Role.TRUSTEE), deal)
    trustee = banks.consortium.desk_of(Role.TRUSTEE).msp
    assert [[each.msp for each in view.consents].count(trustee) for view in found] == [1, 1]
