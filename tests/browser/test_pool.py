"""A tape walked into a registered pool in Chromium, and the pool looked at, wide and narrow, in both languages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_core_python import __file__ as axe_place

from chainfusion.domain.errors import Text
from chainfusion.domain.roles import Role
from chainfusion.node import pools
from chainfusion.node.home import Home
from chainfusion.node.jobs import Kind, Stage, Work
from chainfusion.node.office import Office
from chainfusion.web.app import create_app
from chainfusion.web.seating import OpenSeat
from tests.browser.conftest import Served
from tests.support.consortium import Consortium
from tests.support.serving import serving
from tests.tape import examples

pytestmark = pytest.mark.browser
WIDE, NARROW = 1280, 390
AXE = (Path(axe_place).parent / "axe.min.js").read_text(encoding="utf-8")
TAPE = Path(__file__).parents[2] / "src/chainfusion/demo/data/ally-auto-2019-08.csv"


@dataclass(frozen=True)
class Bank:
    """An institution's workspace at an address."""

    office: Office
    address: str


@dataclass(frozen=True)
class Banks:
    """The originator and the trustee of the same deals."""

    consortium: Consortium
    originator: Bank
    trustee: Bank

    def deal(self) -> str:
        """A new open deal."""
        name = f"B{self.consortium.ledger.height()}"
        self.consortium.draft(name)
        self.consortium.accept(name)
        return name


@pytest.fixture(scope="module")
def banks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Banks]:
    folder = tmp_path_factory.mktemp("pool")
    consortium = Consortium(folder)
    with _served(consortium, Role.ORIGINATOR, folder) as first, _served(consortium, Role.TRUSTEE, folder) as second:
        yield Banks(consortium, first, second)
    consortium.ledger.close()


@contextmanager
def _served(consortium: Consortium, role: Role, folder: Path) -> Iterator[Bank]:
    desk = consortium.desk_of(role)
    (folder / role.value).mkdir()
    office = Office(desk, consortium.ledger, consortium.trust, Home(folder / role.value))
    try:
        with serving(create_app(office, seating=OpenSeat(desk, "lin"))) as address:
            yield Bank(office, address)
    finally:
        office.jobs.close()


@contextmanager
def visiting(browser: Any, bank: Bank | Served, width: int, lang: str, **options: Any) -> Iterator[Any]:
    """A browser whose console complains of nothing but refusals that are tried."""
    locale = "zh-CN" if lang == "zh" else "en-GB"
    context = browser.new_context(
        viewport={"width": width, "height": 900}, base_url=bank.address, locale=locale, **options
    )
    page, complaints = context.new_page(), []
    page.set_default_timeout(20_000)
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [text for text in complaints if "status of 4" not in text] == []


def pictured(page: Any, folder: Path, name: str) -> None:
    """A screenshot, and what must hold of every page: nothing is wider than the window, axe finds nothing."""
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, name
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [f"{v['id']}: {n['html'][:160]}" for v in found["violations"] for n in v["nodes"]] == [], name


def with_errors() -> bytes:
    table = [*examples.rows(40), examples.row(id="A901", balance="1 2O4.50"), *examples.rows(3)]
    table += [examples.row(id="A902", end="2019-02-30"), examples.row(id="A903", rate="560")]
    return examples.csv_bytes(table)


@pytest.mark.parametrize(
    ("width", "lang", "scheme"),
    [(WIDE, "en", "light"), (WIDE, "zh", "light"), (NARROW, "zh", "light"), (NARROW, "en", "dark")],
)
def test_a_tape_becomes_a_pool(
    banks: Banks, browser: Any, screenshots: Path, tmp_path: Path, width: int, lang: str, scheme: str
) -> None:
    deal, mark = banks.deal(), f"{lang}-{width}"
    base = f"/deals/{deal}"
    wrong = tmp_path / "清单-2026-06.csv"
    wrong.write_bytes(with_errors())
    with visiting(browser, banks.originator, width, lang, color_scheme=scheme) as page:
        page.goto(f"{base}/pool?lang={lang}")
        pictured(page, screenshots, f"pool-none-{mark}")
        page.locator(f"main a.btn-main[href='{base}/tape']").click()
        pictured(page, screenshots, f"tape-{mark}")
        _upload(page, wrong)
        page.wait_for_url("**/tape/mapping")
        pictured(page, screenshots, f"tape-mapping-open-{mark}")
        page.locator("[name='from.as_of']").select_option("constant")
        page.locator("button.btn-main").click()
        page.wait_for_selector(".row-bad")
        pictured(page, screenshots, f"tape-mapping-refused-{mark}")
        page.goto(f"{base}/tape/mapping/text")
        page.locator("#f-mapping").fill(examples.MAPPING.replace("currency: CNY", "currency: USD"))
        pictured(page, screenshots, f"tape-text-{mark}")
        page.locator("button.btn-main").click()
        page.wait_for_url("**/tape/mapping")
        page.locator("#f-loans").fill("46")
        page.locator("button.btn-main").click()
        page.wait_for_url("**/tape/result")
        pictured(page, screenshots, f"tape-errors-{mark}")
        page.locator("a[href*='rule=duplicate_loan']").first.click()
        pictured(page, screenshots, f"tape-errors-rule-{mark}")
        _upload(page, TAPE)
        page.wait_for_url("**/tape/mapping")
        pictured(page, screenshots, f"tape-mapping-{mark}")
        page.locator("button.btn-main").click()
        page.wait_for_url("**/tape/result")
        pictured(page, screenshots, f"tape-accepted-{mark}")
        page.locator("main a.btn-main").click()
        page.wait_for_url("**/tape/register")
        page.locator(f"[name=reader][value={banks.trustee.office.desk.msp}]").check()
        if page.locator("[name=though_failing]").count():
            page.locator("[name=though_failing]").check()
        pictured(page, screenshots, f"tape-register-{mark}")
        page.locator("button.btn-main").click()
        page.wait_for_url("**/pool?receipt=*")
        pictured(page, screenshots, f"pool-registered-{mark}")
    assert pools.current(banks.trustee.office.desk, deal).version == 1
    with visiting(browser, banks.trustee, width, lang, color_scheme=scheme) as page:
        _look_around(page, base, lang, mark, screenshots)
    assert pools.current(banks.trustee.office.desk, deal).version == 1


def _upload(page: Any, file: Path) -> None:
    page.locator("input[type=file][name=tape]").set_input_files(file)
    page.locator("form[enctype] button").last.click()


def _look_around(page: Any, base: str, lang: str, mark: str, screenshots: Path) -> None:
    """The trustee: acknowledges, follows a band to its loans, one loan to its proof."""
    page.goto(f"{base}/pool?lang={lang}")
    page.locator("main a.btn-main").click()
    pictured(page, screenshots, f"pool-acknowledge-{mark}")
    page.locator("button.btn-main").click()
    page.wait_for_url("**/pool?receipt=*")
    page.locator("#strata tbody a[href*='/pool/loans?by=']").first.click()
    page.wait_for_url("**/pool/loans?by=*")
    pictured(page, screenshots, f"loans-{mark}")
    page.locator("thead a").nth(1).click()
    page.wait_for_selector("th[aria-sort]")
    page.locator("tbody th a").first.click()
    page.wait_for_url("**/pool/loan?*")
    page.locator("details summary").first.click()
    pictured(page, screenshots, f"loan-{mark}")
    page.goto(f"{base}/pool/compare")
    pictured(page, screenshots, f"pool-compare-{mark}")
    page.goto("/jobs")
    pictured(page, screenshots, f"jobs-{mark}")


@pytest.mark.parametrize(("width", "lang"), [(WIDE, "en"), (NARROW, "zh")])
@pytest.mark.parametrize("script", [True, False])
def test_a_job_is_watched_and_led_on(
    banks: Banks, browser: Any, screenshots: Path, width: int, lang: str, script: bool
) -> None:
    go, office = threading.Event(), banks.originator.office

    def run(work: Work) -> Any:
        work.at("first", 1234, 10_000)
        assert go.wait(30)
        work.at("second", 10_000, 10_000)
        return "done"

    stages = (Stage("first", Text("Validate", "校验"), Text("loans", "笔")), Stage("second", Text("Register", "登记")))
    office.jobs.offer(Kind("watched", Text("Check a tape", "校验清单"), stages, run))
    job = office.jobs.start("watched", "lin", office.desk, about="清单.csv", then="/deals")
    with visiting(browser, banks.originator, width, lang, java_script_enabled=script) as page:
        page.goto(f"/jobs/{job.id}?lang={lang}")
        if script:
            page.wait_for_function("document.querySelector('[data-count]').textContent.includes('1,234')")
            pictured(page, screenshots, f"job-{lang}-{width}")
        else:
            page.wait_for_selector("text=1,234")
        assert page.locator("nav .count:visible").count() or width == NARROW
        go.set()
        if script:
            page.wait_for_url("**/deals")
        else:
            page.wait_for_selector("a.btn-main[href='/deals']")
