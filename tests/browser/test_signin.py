"""Signing in as people do it, in Chromium: with a password, a passkey, the bank's provider and a link."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_core_python import __file__ as axe_place

from chainfusion.node.identity.organisation import unlock
from tests.support.gate import OWN, Gate, founded, gate, ledger_of
from tests.support.homes import PASSWORD
from tests.support.provider import CLIENT, SECRET, Provider, running
from tests.support.serving import serving

pytestmark = pytest.mark.browser
WIDE, NARROW = 1280, 390
REFUSED = "[data-passkey-refused]:not([hidden])"
AXE = (Path(axe_place).parent / "axe.min.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Opened:
    """The workspace at an address, and what it is made of."""

    gate: Gate
    provider: Provider
    address: str


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("signin")
    homes, place = founded(folder)
    with running() as provider, ledger_of(homes, place) as ledger:
        home = folder / "donghai"
        (home / "client-secret").write_text(SECRET)
        told = {"provider": {"issuer": provider.issuer, "client_id": CLIENT, "secret_file": "client-secret"}}
        (home / "signin.json").write_text(json.dumps(told))
        made = gate(homes, ledger, hosts=("localhost", "127.0.0.1"))
        with serving(made.app) as address:
            yield Opened(made, provider, address.replace("127.0.0.1", "localhost"))
        made.keeper.close()


@contextmanager
def visiting(browser: Any, opened: Opened, width: int = WIDE, **options: Any) -> Iterator[Any]:
    """A person's own browser; what its console complains of fails the test, but for the refusals that are tried."""
    context = browser.new_context(viewport={"width": width, "height": 900}, base_url=opened.address, **options)
    page, complaints = context.new_page(), []
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    opened.gate.keeper.sign_ins._buckets.clear()
    yield page
    context.close()
    assert [text for text in complaints if "status of 401" not in text and "status of 403" not in text] == []


def sign_in(page: Any, name: str, password: str) -> None:
    page.goto("/signin?lang=en")
    page.get_by_label("Account", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state()


def violations(page: Any) -> list[str]:
    """What axe finds."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]


def pictured(page: Any, folder: Path, name: str) -> None:
    """A screenshot, and what must hold of every page: nothing is wider than the window, axe finds nothing."""
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, name
    assert violations(page) == [], name


@pytest.mark.parametrize(
    ("width", "lang", "scheme"),
    [(WIDE, "en", "light"), (WIDE, "zh", "dark"), (NARROW, "zh", "light"), (NARROW, "en", "dark")],
)
def test_the_pages_fit_and_are_accessible(
    opened: Opened, browser: Any, screenshots: Path, width: int, lang: str, scheme: str
) -> None:
    mark = f"{lang}-{width}"
    with visiting(browser, opened, width, color_scheme=scheme) as page:
        page.goto(f"/signin?lang={lang}")
        pictured(page, screenshots, f"signin-{mark}")
        page.locator("#name").fill("nobody")
        page.locator("#password").fill("not a password")
        page.locator("form[action='/signin'] button").click()
        page.wait_for_selector("[aria-invalid]")
        pictured(page, screenshots, f"signin-refused-{mark}")
        opened.gate.keeper.accounts.attempts.clear("nobody")
        page.goto("/evidence")
        pictured(page, screenshots, f"evidence-stranger-{mark}")
        page.goto("/signin")
        page.locator("#name").fill(opened.gate.desk)
        page.locator("#password").fill(OWN)
        page.locator("form[action='/signin'] button").click()
        page.wait_for_url("**/deals/**")
        page.goto("/account")
        pictured(page, screenshots, f"account-{mark}")
        page.locator("button.person").click()
        page.screenshot(path=screenshots / f"menu-{mark}.png")
        for each in page.locator("details").all():
            each.evaluate("each => each.open = true")
        pictured(page, screenshots, f"account-open-{mark}")
        page.goto("/unlock")
        pictured(page, screenshots, f"unlock-{mark}")


def test_in_by_password_and_out_by_the_menu(opened: Opened, browser: Any) -> None:
    with visiting(browser, opened) as page:
        page.goto("/deals/GATE-1/timeline?lang=en")
        assert page.url.endswith("/signin?next=%2Fdeals%2FGATE-1%2Ftimeline%3Flang%3Den")
        page.get_by_label("Account", exact=True).fill(opened.gate.desk)
        page.get_by_label("Password", exact=True).fill(OWN)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/deals/GATE-1/timeline?lang=en")
        page.locator("button.person").click()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/signin")
        page.go_back()
        page.wait_for_load_state()
        assert "/signin" in page.url
        assert page.locator("h1").inner_text() == "Sign in to Donghai Bank"


def test_signing_in_needs_no_script(opened: Opened, browser: Any) -> None:
    with visiting(browser, opened, java_script_enabled=False) as page:
        sign_in(page, opened.gate.desk, OWN)
        page.goto("/unlock?next=/account")
        page.get_by_label("Password of the key").fill("demonstration")
        page.get_by_role("button", name="Unlock").click()
        assert page.url.endswith("/account")
        assert page.get_by_role("button", name="Lock it now").count() == 1


def test_a_passkey_is_added_and_used(opened: Opened, browser: Any, screenshots: Path) -> None:
    with visiting(browser, opened) as page:
        devices = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        told = devices.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }})  # fmt: skip
        sign_in(page, opened.gate.desk, OWN)
        page.goto("/account")
        page.get_by_role("button", name="Add a passkey…").click()
        page.wait_for_selector(f"#passkeys table, {REFUSED}")
        assert page.locator(REFUSED).all_inner_texts() == []
        page.screenshot(path=screenshots / "account-passkey-en-1280.png", full_page=True)
        page.get_by_role("button", name="Sign out").first.click()
        page.wait_for_url("**/signin")
        page.wait_for_load_state("networkidle")
        page.goto("/signin?next=/inbox")
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_selector(f"button.person, {REFUSED}")
        assert page.locator(REFUSED).all_inner_texts() == []
        assert page.url.endswith("/inbox")
        devices.send("WebAuthn.setUserVerified", {"authenticatorId": told["authenticatorId"], "isUserVerified": False})
        page.context.clear_cookies()
        page.wait_for_load_state("networkidle")  # a page still on its way would break off the next one
        page.goto("/signin")
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_selector(REFUSED)
        assert page.url.endswith("/signin")


def test_the_bank_s_sign_in_leads_back_signed_in(opened: Opened, browser: Any) -> None:
    with visiting(browser, opened) as page:
        page.goto("/signin?lang=en&next=/ledger")
        page.get_by_role("link", name="Continue with the bank’s sign-in").click()
        page.wait_for_url("**/ledger")
        assert opened.gate.desk in page.locator("button.person").inner_text()


def test_a_link_from_another_site_finds_the_person_signed_in(opened: Opened, browser: Any) -> None:
    with visiting(browser, opened) as page:
        sign_in(page, opened.gate.desk, OWN)
        page.route("http://mail.test/", lambda route: route.fulfill(
            content_type="text/html", body=f"<a href='{opened.address}/ledger'>the deal</a>"))  # fmt: skip
        page.goto("http://mail.test/")
        page.get_by_role("link", name="the deal").click()
        page.wait_for_url("**/ledger")


def test_a_one_time_link_signs_in_with_the_key_unlocked(opened: Opened, browser: Any) -> None:
    identity = opened.gate.home.organisation().user(opened.gate.desk)
    secret = opened.gate.keeper.new_link(identity.name, unlock(identity, PASSWORD))
    with visiting(browser, opened) as page:
        page.goto(f"/signin/link/{secret}")
        assert page.url.endswith("/deals/GATE-1")
        page.goto("/account?lang=en")
        assert page.get_by_role("button", name="Lock it now").count() == 1
        page.context.clear_cookies()
        page.goto(f"/signin/link/{secret}?lang=en")
        assert "used already" in page.content()
