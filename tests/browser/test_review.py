"""A loan's removal asked for, accepted in Chromium, wide and narrow, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chainfusion.domain.roles import Role
from chainfusion.node import pools
from chainfusion.node.office import Office
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.browser.test_pool import NARROW, WIDE, Bank, pictured, visiting
from tests.support.consortium import Consortium
from tests.support.scene import register_pool
from tests.support.serving import serving

pytestmark = pytest.mark.browser


@contextmanager
def _served(consortium: Consortium, role: Role) -> Iterator[Bank]:
    desk = consortium.desk_of(role)
    office = Office(desk, consortium.ledger, consortium.trust)
    with serving(create_app(office, seating=OpenSeat(desk, "lin"))) as address:
        yield Bank(office, address)


@pytest.fixture(scope="module")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    made = Consortium(tmp_path_factory.mktemp("review"))
    yield made
    made.ledger.close()


@pytest.mark.parametrize(("width", "lang"), [(WIDE, "en"), (NARROW, "zh")])
def test_a_removal_is_asked_for_and_accepted(
    consortium: Consortium, browser: Any, screenshots: Path, width: int, lang: str
) -> None:
    deal, name = f"R{consortium.ledger.height()}", f"review-{lang}-{width}"
    consortium.draft(deal)
    consortium.accept(deal)
    pool = register_pool(consortium, deal)
    desk = consortium.desk_of(Role.ORIGINATOR)
    opened = pools.openings(desk, pool)
    loan = opened.opening(3).verify(opened.commitment).loan_id
    address, agency = f"/deals/{deal}/review", consortium.desk_of(Role.RATING_AGENCY).msp
    with _served(consortium, Role.ORIGINATOR) as own, _served(consortium, Role.RATING_AGENCY) as guest:
        with visiting(browser, own, width, lang) as page:
            page.goto(address)
            pictured(page, screenshots, f"{name}-share")
            page.select_option("select[name=guest]", agency)
            page.click("form[action$='/share'] button")
            page.wait_for_url("**/review?receipt=*")
        with visiting(browser, guest, width, lang) as page:
            page.goto(address)
            page.select_option("select[name=ask]", "removal")
            page.fill("input[name=loan]", loan)
            page.fill("textarea[name=text]", "关联方借款人 / borrower is a related party")
            pictured(page, screenshots, f"{name}-remark")
            page.click("form[action$='/remark'] button")
            page.wait_for_url("**/review?receipt=*")
        with visiting(browser, own, width, lang) as page:
            page.goto(address)
            page.click("details summary >> nth=-1")
            page.fill("textarea[name=reason]", "同意 / agreed")
            pictured(page, screenshots, f"{name}-answer")
            page.click("form[action$='/answer'] button")
            page.wait_for_url("**/review?receipt=*")
            assert page.locator("form[action$='/removed']").count() == 1
            pictured(page, screenshots, f"{name}-answered")
