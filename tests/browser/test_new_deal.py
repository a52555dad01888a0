"""A deal opened and a vote cast in Chromium, wide and narrow: by the originator, the trustee, a representative."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from chainfusion.domain.roles import Role
from chainfusion.node.desk import Desk
from chainfusion.node.office import Office
from chainfusion.processes import library
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.browser.test_pool import NARROW, WIDE, Bank, pictured, visiting
from tests.support.consortium import Consortium
from tests.support.serving import serving
from tests.web.test_consortium import card

pytestmark = pytest.mark.browser
WORDS = {
    "en": ("Open a deal…", "Sign and open", "Sign and accept", "Sign the vote"),
    "zh": ("设立项目…", "签署并设立", "签署并接受", "签署表决"),
}


@contextmanager
def working(consortium: Consortium, desk: Desk) -> Iterator[Bank]:
    """A desk's workspace at an address."""
    office = Office(desk, consortium.ledger, consortium.trust)
    with serving(create_app(office, seating=OpenSeat(desk))) as address:
        yield Bank(office, address)


def opened_up(page: Any) -> None:
    """Shows what is folded, so that it is looked at as well."""
    page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")


@pytest.mark.parametrize(("width", "lang"), [(WIDE, "en"), (NARROW, "zh")])
def test_members_vote_and_open_a_deal(browser: Any, screenshots: Path, tmp_path: Path, width: int, lang: str) -> None:
    consortium = Consortium(tmp_path)
    consortium.adopt(library.definition("private-deal"))
    begin, sign, accept, vote = WORDS[lang]
    (tmp_path / "card.json").write_bytes(card("XingyunMSP"))
    with ExitStack() as stack:
        desks = {
            "bank": consortium.desk_of(Role.ORIGINATOR),
            "trustee": consortium.desk_of(Role.TRUSTEE),
            "speaker": consortium.representative("WangchaoMSP"),
            "voter": consortium.representative("YunjinMSP"),
        }
        at = {name: stack.enter_context(working(consortium, desk)) for name, desk in desks.items()}
        with visiting(browser, at["speaker"], width, lang) as page:
            page.goto(f"/consortium?lang={lang}")
            page.locator("details:has(input[value=admit]) summary").click()
            page.set_input_files("details[open] input[type=file]", tmp_path / "card.json")
            page.locator("details[open] button").click()
            page.wait_for_url("**/consortium?receipt=*")
            page.goto("/consortium")
            opened_up(page)
            pictured(page, screenshots, f"consortium-proposed-{lang}-{width}")
        with visiting(browser, at["voter"], width, lang) as page:
            page.goto(f"/consortium?lang={lang}")
            page.click(f"button:text-is('{vote}')")
            page.wait_for_url("**/consortium?receipt=*")
            page.goto("/consortium")
            assert page.locator(f"button:text-is('{vote}')").count() == 0
            opened_up(page)
            pictured(page, screenshots, f"consortium-voted-{lang}-{width}")
        with visiting(browser, at["bank"], width, lang) as page:
            page.goto(f"/deals?lang={lang}")
            page.click(f"text={begin}")
            page.fill("input[name=id]", "HB-1")
            page.fill("input[name=name]", "Harbour 1")
            page.fill("input[name=name_zh]", "港湾一号")
            page.check("input[value='trustee=YunjinMSP']")
            opened_up(page)
            pictured(page, screenshots, f"new-deal-{lang}-{width}")
            page.click(f"button:text-is('{sign}')")
            page.wait_for_url("**/parties?receipt=*")
            page.goto("/deals/HB-1/parties")
            opened_up(page)
            pictured(page, screenshots, f"parties-{lang}-{width}")
        with visiting(browser, at["trustee"], width, lang) as page:
            page.goto(f"/deals/HB-1/parties?lang={lang}")
            opened_up(page)
            pictured(page, screenshots, f"parties-asked-{lang}-{width}")
            page.click(f"button:text-is('{accept}')")
            page.wait_for_url("**/parties?receipt=*")
        assert at["bank"].office.workspace.deal("HB-1").line.state.value == "open"
    consortium.ledger.close()
