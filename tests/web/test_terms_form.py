"""A deal's terms in the browser: a text examined, signed as it was shown, consented to; versions compared."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files

import pytest

from chainfusion.cashflow.text.writer import write_terms
from chainfusion.domain.roles import Role
from chainfusion.domain.terms.formula import Kind
from chainfusion.domain.terms.private import commitment
from chainfusion.node import cashflows
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, DRAFT, TERMS
from tests.web.conftest import Asked, workspace_of
from tests.web.html import Page

TEXT = files("chainfusion").joinpath("demo/data/auto-terms.yaml").read_text(encoding="utf-8")
BROKEN = TEXT.replace("coupon: 2.10%", "coupon: 2.10% * nothing")


@pytest.fixture
def deal(growing: Consortium) -> str:
    """An open deal without terms."""
    name = f"T{growing.ledger.height()}"
    growing.draft(name)
    growing.accept(name)
    return name


def register(asked: Asked, deal: str, text: str = TEXT, fingerprint: str | None = None, request: str = "r1") -> int:
    given = {
        "text": text,
        "fingerprint": fingerprint or TERMS.fingerprint(),
        "replaces": "0",
        "request": f"{deal}-{request}",
    }
    return asked.post(f"/deals/{deal}/terms/new", data=given).status_code


def test_a_text_is_examined_registered_and_consented_to(growing: Consortium, deal: str) -> None:
    originator, trustee = workspace_of(growing, Role.ORIGINATOR), workspace_of(growing, Role.TRUSTEE)
    base = f"/deals/{deal}/terms"
    assert f"{base}/new" in originator.get(f"{base}?lang=en").text
    height = growing.ledger.height()
    shown = originator.post(f"{base}/check?lang=en", data={"text": TEXT}).text
    assert growing.ledger.height() == height, "checking records nothing"
    assert TERMS.fingerprint() in shown and "Nothing is wrong with it" in shown
    assert "Servicing fee" in shown and "贷款服务费" in shown, "it is read in both languages"
    assert register(originator, deal) == 303
    assert register(originator, deal) == 303, "sent twice it is recorded once"
    assert len(cashflows.versions(originator.workspace.desk, deal)) == 1
    assert register(originator, deal, request="r2") == 409, "another was registered since it was examined"
    page = f"{base}/1/consent"
    assert page in trustee.get(base).text and page not in originator.get(base).text
    given = {"fingerprint": TERMS.fingerprint(), "request": f"{deal}-c1"}
    assert trustee.post(page, data=given).status_code == 303
    assert page not in trustee.get(base).text
    assert trustee.workspace.desk.msp not in cashflows.show(trustee.workspace.desk, deal).outstanding


def test_what_is_wrong_stands_at_its_line(growing: Consortium, deal: str) -> None:
    originator = workspace_of(growing, Role.ORIGINATOR)
    line = next(n for n, each in enumerate(BROKEN.splitlines(), 1) if "nothing" in each)
    for lang in ("en", "zh"):
        text = originator.post(f"/deals/{deal}/terms/check?lang={lang}", data={"text": BROKEN}).text
        marked = re.findall(r'<li id="L(\d+)" class="row-bad">', text)
        assert marked == [str(line)]
        assert 'name="fingerprint"' not in text, "what has errors cannot be signed"
    assert register(originator, deal, BROKEN) == 400
    assert cashflows.versions(originator.workspace.desk, deal) == ()


def test_a_file_is_examined_as_a_text_is(growing: Consortium, deal: str) -> None:
    originator = workspace_of(growing, Role.ORIGINATOR)
    file = {"file": ("terms.yaml", TEXT.encode(), "application/yaml")}
    assert TERMS.fingerprint() in originator.post(f"/deals/{deal}/terms/check", files=file).text
    hostile = b"a: &a [*a]\n\xff\x00 <script>alert(1)</script>"
    answer = originator.post(f"/deals/{deal}/terms/check", files={"file": ("x.yaml", hostile, "x/y")})
    assert answer.status_code == 200 and "<script>alert" not in answer.text
    long = originator.post(f"/deals/{deal}/terms/check", files={"file": ("x.yaml", b"#" * (1 << 20 | 1), "x/y")})
    assert long.status_code == 413 and "TERMS_TOO_LONG" in long.text


@pytest.mark.parametrize("fingerprint", ["0" * 64, "", "x"])
def test_only_what_was_shown_is_signed(growing: Consortium, deal: str, fingerprint: str) -> None:
    originator = workspace_of(growing, Role.ORIGINATOR)
    height = growing.ledger.height()
    assert register(originator, deal, fingerprint=fingerprint or "-") == 409
    other = write_terms(replace(TERMS, pool_balance=TERMS.pool_balance + 1)).decode()
    assert register(originator, deal, other) == 409
    assert growing.ledger.height() == height


def test_who_may_not_is_told_and_refused(growing: Consortium, deal: str) -> None:
    agency = workspace_of(growing, Role.RATING_AGENCY)
    text = agency.post(f"/deals/{deal}/terms/check", data={"text": TEXT}).text
    assert TERMS.fingerprint() not in text and 'action="' + f"/deals/{deal}/terms/new" not in text
    assert register(agency, deal) == 403
    originator = workspace_of(growing, Role.ORIGINATOR)
    assert register(originator, deal) == 303
    page = f"/deals/{deal}/terms/1/consent"
    given = {"fingerprint": TERMS.fingerprint()}
    assert agency.post(page, data=given).status_code == 403
    assert originator.post(page, data=given).status_code == 409, "it consented by registering"
    trustee = workspace_of(growing, Role.TRUSTEE)
    assert trustee.post(page, data={"fingerprint": "0" * 64}).status_code == 409
    assert trustee.post(f"/deals/{deal}/terms/2/consent", data=given).status_code == 404
    assert trustee.get(f"/deals/{deal}/terms/99999999999999999999/consent").status_code == 404


def test_versions_are_compared_place_by_place(trustee: Asked) -> None:
    told = trustee.get(f"/deals/{DEAL}/terms/compare.json").json()
    assert told["changes"] == [{"path": "fees.trustee.amount", "before": "1_500.00 USD", "after": "1_600.00 USD"}]
    assert trustee.get(f"/deals/{DEAL}/terms/compare.csv").text.splitlines()[1:] == [
        "fees.trustee.amount,1_500.00 USD,1_600.00 USD"
    ]
    assert trustee.get(f"/deals/{DEAL}/terms/compare.json?from=2&to=2").json()["changes"] == []
    assert trustee.get(f"/deals/{DEAL}/terms/compare?from=x").status_code == 422
    assert trustee.get(f"/deals/{DEAL}/terms/compare?from=7").status_code == 404
    assert trustee.get(f"/deals/{DRAFT}/terms/compare").status_code == 404


def test_a_private_value_is_shown_once_with_its_fingerprint(trustee: Asked) -> None:
    path = f"/deals/{DEAL}/terms/private"
    one, two = (trustee.post(path, data={"value": "0.12%"}) for _ in range(2))
    salt = re.search(r'hash-full">([0-9a-f]+)<', one.text)
    assert salt is not None
    assert commitment(120_000, Kind.RATIO, bytes.fromhex(salt[1])) in one.text
    assert salt[1] not in two.text
    for bad in ("", "A.balance", "1_500.00 CNY", "1 +"):
        assert trustee.post(path, data={"value": bad}).status_code == 400, bad


def test_the_pages_are_whole_in_both_languages(trustee: Asked) -> None:
    base = f"/deals/{DEAL}/terms"
    for path in (f"{base}/new", f"{base}/2/consent", f"{base}/1/consent", f"{base}/compare", f"{base}/private"):
        for lang in ("en", "zh"):
            answer = trustee.get(f"{path}?lang={lang}")
            page = Page.of(answer.text)
            assert answer.status_code == 200, path
            assert page.misnested == [] and page.open_tags == [], path
