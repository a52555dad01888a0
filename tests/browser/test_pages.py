"""Walks every page in Chromium, wide and narrow, in both languages, as a person would see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chainfusion.domain.document_kinds import DocumentKind
from tests.browser.conftest import Served
from tests.support.scene import DEAL, DRAFT

pytestmark = pytest.mark.browser
WIDE, NARROW = 1440, 390


def pages(served: Served) -> dict[str, str]:
    """Every kind of page, by the name of its screenshot."""
    workspace = served.workspace
    rating = next(row for row in workspace.documents(DEAL).index if row.kind is DocumentKind.RATING_REPORT)
    sealed = next(row for row in workspace.documents(DEAL).index if row.kind is DocumentKind.WORKING_PAPER)
    return {
        "inbox": "/inbox",
        "process": f"/deals/{DEAL}/process",
        "deals": "/deals",
        "deal": f"/deals/{DEAL}",
        "draft": f"/deals/{DRAFT}",
        "pool": f"/deals/{DEAL}/pool",
        "pool-score": f"/deals/{DEAL}/pool?by=credit_score",
        "documents": f"/deals/{DEAL}/documents",
        "document": f"/deals/{DEAL}/documents/{rating.documents[0].id}",
        "sealed": f"/deals/{DEAL}/documents/{sealed.documents[0].id}",
        "timeline": f"/deals/{DEAL}/timeline",
        "ledger": "/ledger",
        "block": "/ledger/blocks/20",
        "transaction": f"/ledger/transactions/{workspace.pool(DEAL).registered.tx_id}",
        "evidence": "/evidence",
        "missing": "/deals/none",
    }


@contextmanager
def opened(browser: Any, served: Served, width: int, **options: Any) -> Iterator[Any]:
    """A page that fails the test on whatever its console complains of."""
    context = browser.new_context(viewport={"width": width, "height": 900}, base_url=served.address, **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    expected = "status of 404"
    assert [text for text in complaints if expected not in text] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_pages_fit_their_width(served: Served, browser: Any, screenshots: Path, width: int, lang: str) -> None:
    with opened(browser, served, width) as page:
        for name, address in pages(served).items():
            page.goto(f"{address}{'&' if '?' in address else '?'}lang={lang}")
            page.screenshot(path=screenshots / f"{name}-{lang}-{width}.png", full_page=True)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{address} is {overflow} px wider than {width}"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_pages_are_accessible_by_their_structure(served: Served, browser: Any, width: int) -> None:
    with opened(browser, served, width) as page:
        for address in pages(served).values():
            page.goto(address)
            assert page.evaluate(FAULTS) == [], address


FAULTS = """() => {
  const faults = [];
  const visible = (e) => e.getClientRects().length > 0;
  const start = (e) => e.outerHTML.slice(0, 90);
  const named = (e) => (e.getAttribute("aria-label") || e.textContent || e.title || "").trim() !== "";
  for (const e of document.querySelectorAll("a, button")) if (!named(e)) faults.push("no name: " + e.outerHTML);
  for (const e of document.querySelectorAll("input:not([type=hidden]), select")) {
    if (!e.labels.length && !e.getAttribute("aria-label")) faults.push("no label: " + e.outerHTML);
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push("id twice: " + id);
  for (const e of document.querySelectorAll("[aria-labelledby]")) {
    if (!ids.includes(e.getAttribute("aria-labelledby"))) faults.push("names nothing: " + start(e));
  }
  if (document.querySelectorAll("h1").length !== 1) faults.push("one h1 is needed");
  if (document.querySelectorAll("main").length !== 1) faults.push("one main is needed");
  let level = 1;
  for (const e of document.querySelectorAll("main :is(h1, h2, h3, h4)")) {
    const own = Number(e.tagName[1]);
    if (own > level + 1) faults.push("a level is skipped: " + e.textContent);
    level = own;
  }
  for (const e of document.querySelectorAll("svg[role=img]:not([aria-label])")) faults.push("no name: " + start(e));
  for (const e of document.querySelectorAll("th")) if (!e.scope) faults.push("th without scope: " + e.textContent);
  for (const e of document.querySelectorAll("main :is(a, button, input, select, summary)")) {
    const box = e.getBoundingClientRect();
    const inline = getComputedStyle(e).display === "inline";
    if (visible(e) && !inline && box.height < 17) faults.push(`small, ${box.height}: ` + start(e));
  }
  return faults;
}"""


def test_contrast_of_all_text_is_enough(served: Served, browser: Any) -> None:
    for scheme in ("light", "dark"):
        with opened(browser, served, WIDE, color_scheme=scheme) as page:
            for address in (f"/deals/{DEAL}", f"/deals/{DEAL}/pool", "/ledger", "/evidence"):
                page.goto(address)
                assert page.evaluate(CONTRAST) == [], f"{scheme} {address}"


CONTRAST = """() => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = colour;
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data];
  };
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgb("Canvas");
  };
  const faults = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.getClientRects().length) continue;
    if (e.closest("svg, .vh, .st-only, [popover]")) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.add(`${ratio.toFixed(2)}: ${e.className} ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return [...faults];
}"""


def test_keyboard_reaches_content_and_search(served: Served, browser: Any) -> None:
    with opened(browser, served, WIDE) as page:
        page.goto("/deals")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#main"
        page.keyboard.press("/")
        page.keyboard.type("20")
        page.keyboard.press("Enter")
        page.wait_for_url("**/ledger/blocks/20")


def test_theme_is_kept_by_the_server(served: Served, browser: Any) -> None:
    with opened(browser, served, WIDE) as page:
        page.goto("/deals?lang=en")
        page.get_by_label("Colour scheme").click()
        page.get_by_role("button", name="Dark").click()
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.url.endswith("/deals")


def test_evidence_and_document_dropped(served: Served, browser: Any, screenshots: Path, tmp_path: Path) -> None:
    document = next(
        row for row in served.workspace.documents(DEAL).index if row.kind is DocumentKind.LEGAL_DUE_DILIGENCE_REPORT
    ).documents[0]
    proof, own, other = tmp_path / "dd.evidence", tmp_path / "dd.pdf", tmp_path / "other.pdf"
    proof.write_bytes(served.workspace.evidence_of_document(DEAL, document.id, 1))
    own.write_bytes(b"%PDF-1.7 a report")
    other.write_bytes(b"%PDF-1.7 another report")
    with opened(browser, served, WIDE) as page:
        for file, said in ((own, "OK"), (other, "FAIL")):
            page.goto("/evidence?lang=en")
            page.get_by_label("Evidence file").set_input_files(proof)
            page.locator("input[name=document]").set_input_files(file)
            page.get_by_role("button", name="Check", exact=True).click()
            page.wait_for_selector(".verdict")
            assert page.locator(".verdict > .st").inner_text() == said
            page.screenshot(path=screenshots / f"evidence-{said.lower()}-en-{WIDE}.png", full_page=True)


def test_pages_read_without_script(served: Served, browser: Any) -> None:
    with opened(browser, served, WIDE, java_script_enabled=False) as page:
        page.goto(f"/deals/{DEAL}?lang=en")
        assert page.locator("h1").inner_text() == "Donghai Auto 2026-1"
        assert page.locator(".figures dd").count() >= 6
