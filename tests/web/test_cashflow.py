"""Terms, cash flow and the step inspector: pages and twins agree, hostile addresses are refused, doors lead in."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from urllib.parse import quote

import pytest

from chainfusion.cashflow.deal.published import read_collections
from chainfusion.cashflow.deal.run import run_deal
from chainfusion.cashflow.text.reader import read_terms
from chainfusion.domain.terms.schedule import schedule
from tests.support.scene import DEAL, DRAFT, TERMS
from tests.web.conftest import Asked
from tests.web.test_pages import LANGUAGES, page

BASE = f"/deals/{DEAL}/cashflow"
FUTURE = "cpr=6&cdr=9&recovery=30&lag=6"
TURNED = 9
"""The payment at which losses accelerate the deal under that future."""


def exact(minor: int) -> str:
    return f"{minor / 100:,.2f}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_terms_page_says_what_its_twin_says(trustee: Asked, lang: str) -> None:
    twin, found = trustee.get(f"/deals/{DEAL}/terms.json").json(), page(trustee, f"/deals/{DEAL}/terms", lang)
    assert [(each["version"], each["in_force"], each["replaced_by"]) for each in twin["versions"]] == [
        (2, False, None),
        (1, True, 2),
    ]
    assert [each["msp"] for each in twin["versions"][0]["outstanding"]] == ["BeichenMSP", "WangchaoMSP", "YunjinMSP"]
    assert twin["shown"]["fingerprint"] == TERMS.fingerprint()
    squeezed = found.text.replace(" ", "")
    assert twin["shown"]["fingerprint"] in squeezed
    for institution in twin["versions"][0]["outstanding"]:
        assert institution["name"][lang] in found.text
    for step in (step for steps in twin["terms"]["lists"] for step in steps["steps"]):
        assert step["clause"][lang] in found.text
    doors = [e.attributes for e in found.elements if (e.attributes.get("class") or "").startswith("door")]
    stated = f"/ledger/transactions/{twin['shown']['registered']['tx_id']}"
    assert sum(door["href"] == stated for door in doors) > 15


def test_the_document_that_is_downloaded_is_the_registered_one(trustee: Asked) -> None:
    for version in trustee.workspace.terms(DEAL).versions:
        answer = trustee.get(f"/deals/{DEAL}/terms/{version.version}.yaml")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert read_terms(answer.content).fingerprint() == version.fingerprint
    assert trustee.get(f"/deals/{DEAL}/terms/3.yaml").status_code == 404
    assert trustee.get(f"/deals/{DEAL}/terms/x.yaml").status_code == 422


def test_a_deal_without_terms_has_no_page_of_them(trustee: Asked) -> None:
    for path in (f"/deals/{DRAFT}/terms", f"/deals/{DRAFT}/cashflow", "/deals/none/cashflow"):
        assert trustee.get(path).status_code == 404
    assert f"/deals/{DRAFT}/terms" not in page(trustee, f"/deals/{DRAFT}").links


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_cash_flow_page_says_what_its_twin_says(trustee: Asked, lang: str) -> None:
    twin = trustee.get(f"{BASE}.json?{FUTURE}").json()
    assert twin == trustee.get(f"/api/v1{BASE}?{FUTURE}").json()
    found = page(trustee, f"{BASE}?{FUTURE}", lang)
    for each in twin["classes"]:
        assert exact(each["principal"]) in found.text
        assert exact(each["interest"]) in found.text
    for payment in twin["payments"]:
        assert exact(payment["closing"]) in found.text
        assert f"{BASE}/{payment['period']}?" in "".join(found.links)
        for each in payment["classes"]:
            assert exact(each["balance"]) in found.text
    drawn = [e for e in found.elements if e.tag == "rect" and e.attributes.get("height")]
    assert len(drawn) > 3 * len(twin["payments"])


def test_the_csv_of_a_run_repeats_it(trustee: Asked, tmp_path: Path) -> None:
    text = trustee.get(f"{BASE}.csv?{FUTURE}&lang=en").text
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    file = tmp_path / "run.csv"
    file.write_text(text, encoding="utf-8")
    again = run_deal(TERMS, read_collections(file, TERMS))
    assert [int(row["A2.balance"]) for row in rows] == list(again.run["A2.balance"][: len(rows)])
    assert int(rows[TURNED - 1]["B.interest_due"]) == again.run["B.interest_due"][TURNED - 1] > 0


def test_other_assumptions_versions_and_bounds_are_other_runs(trustee: Asked) -> None:
    addresses = ("", "?cpr=6", "?cdr=3", "?cdr=3&recovery=50", "?cdr=3&recovery=50&lag=12", "?bound=high", "?version=2")
    told = [trustee.get(f"{BASE}.json{address}").json() for address in addresses]
    assert all(each["refused"] is None for each in told)
    payments = [each["payments"] for each in told]
    assert all(payments[n] != each for n in range(len(payments)) for each in payments[:n])
    assert [each["terms"]["version"] for each in told] == [1, 1, 1, 1, 1, 1, 2]
    assert trustee.get(f"{BASE}.json?cpr=6").json() == trustee.get(f"{BASE}.json?cpr=6&lag=&cdr=0").json() | {
        "assumed": told[1]["assumed"]
    }


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("period", [1, TURNED, 40])
def test_the_inspector_says_what_its_twin_says(trustee: Asked, period: int, lang: str) -> None:
    twin = trustee.get(f"{BASE}/{period}.json?{FUTURE}").json()
    assert twin == trustee.get(f"/api/v1{BASE}/{period}?{FUTURE}").json()
    reading = twin["reading"]
    assert (reading["period"], reading["periods"], reading["difference"]) == (period, len(schedule(TERMS.dates)), 0)
    for number in range(1, len(reading["steps"]) + 1):
        found = page(trustee, f"{BASE}/{period}?{FUTURE}&step={number}", lang)
        step = reading["steps"][number - 1]
        assert step["code"].splitlines()[0] in found.text
        assert step["clause"][lang] in found.text
        for each in step["payments"]:
            assert each["why"][lang] in found.text
            assert exact(each["paid"]) in found.text
    for trigger in reading["triggers"]:
        for side in trigger["conditions"]:
            assert side["said"][lang] in found.text
            assert side["left_said"][lang] in found.text
            assert side["right_said"][lang] in found.text
        for action in trigger["actions"]:
            assert action[lang] in found.text
    for account in reading["accounts"]:
        assert account["title"][lang] in found.text


def test_the_inspector_opens_where_cash_ran_out_and_its_figures_are_doors(trustee: Asked) -> None:
    found = page(trustee, f"{BASE}/{TURNED}?{FUTURE}")
    opened = [e for e in found.elements if e.attributes.get("aria-expanded") == "true"]
    assert [e.attributes["href"].partition("#")[0][-7:] for e in opened] == ["&step=3"]
    doors = [e.attributes for e in found.elements if (e.attributes.get("class") or "").startswith("door")]
    place = trustee.workspace.terms(DEAL).shown.registered
    assert {door["href"] for door in doors} == {f"/ledger/transactions/{place.tx_id}"}
    assert len(doors) > 30
    assert "Triggered" in found.text


def test_who_may_not_read_the_tape_is_told_so_and_how_to_be_granted(trustee: Asked, agency: Asked) -> None:
    twin = agency.get(f"{BASE}.json?{FUTURE}").json()
    assert (twin["payments"], twin["pool"], twin["refused"]["code"]) == ([], None, "OPENINGS_MISSING")
    found = page(agency, f"{BASE}?{FUTURE}")
    assert twin["refused"]["says"]["en"] in found.text
    assert "chainfusion document grant" in found.text
    assert not any(exact(each["closing"]) in found.text for each in trustee.get(f"{BASE}.json").json()["payments"][:5])
    refusal = agency.get(f"{BASE}/1.json?{FUTURE}")
    assert (refusal.status_code, refusal.json()["code"]) == (403, "OPENINGS_MISSING")
    assert page(agency, f"/deals/{DEAL}/terms").text, "terms are for every member"


HOSTILE = [
    *(f"cpr={quote(word)}" for word in ("-1", "101", "1e2", "NaN", "٣", "1" * 5000, "<script>", "6%00")),
    "lag=241",
    "lag=1.5",
    "bound=middle",
    "index.LIBOR=3",
    "index.=3",
    "event.flood=3",
    "event.x=0",
    "version=0",
    "version=-1",
    "version=x",
    "version=99",
    "recovery=50,60",
]


@pytest.mark.parametrize("asked", HOSTILE)
def test_hostile_parameters_are_refused_with_a_code(trustee: Asked, asked: str) -> None:
    for path in (f"{BASE}.json", f"{BASE}.csv", f"{BASE}/3.json", f"/api/v1{BASE}", f"/api/v1{BASE}/3"):
        answer = trustee.get(f"{path}?{asked}")
        assert answer.status_code in (404, 422), (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] in {"BAD_SCENARIO", "ASSUMED_UNKNOWN", "BAD_ADDRESS", "TERMS_UNKNOWN"}
    assert trustee.get(f"{BASE}?{asked}").status_code in (404, 422)


@pytest.mark.parametrize(
    ("path", "status"), [("0", 422), ("-1", 422), ("x", 422), ("900", 404), ("9" * 30, 422), ("1?step=99", 422)]
)
def test_payments_and_steps_that_are_not_there_are_refused(trustee: Asked, path: str, status: int) -> None:
    assert trustee.get(f"{BASE}/{path}").status_code == status
