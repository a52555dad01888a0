"""Every page in both languages: it answers, it says what its twins say, and it runs nothing."""

from __future__ import annotations

import csv
import io
import json

import pytest

from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.roles import Role
from chainfusion.web.guard import POLICY
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, DRAFT, HOSTILE, register_pool
from tests.web.conftest import Asked, workspace_of
from tests.web.html import Page

LANGUAGES = ("zh", "en")


def page(asked: Asked, path: str, lang: str = "en", status: int = 200) -> Page:
    """A page, once it is known to be sound."""
    answer = asked.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-security-policy"] == POLICY
    found = Page.of(answer.text)
    assert (found.forbidden, found.misnested, found.open_tags) == ([], [], [])
    assert {"zh": "zh-CN"}.get(lang, lang) == next(e for e in found.elements if e.tag == "html").attributes["lang"]
    return found


def rows(asked: Asked, path: str) -> list[dict[str, str]]:
    """The CSV twin of a page."""
    text = asked.get(f"{path}.csv?lang=en").text
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_answers_in_both_languages_and_all_its_links_lead_somewhere(trustee: Asked, lang: str) -> None:
    linked: set[str] = set()
    for path in (*trustee.pages(), f"/deals/{DRAFT}", "/evidence", "/ledger?before=4"):
        linked |= {link for link in page(trustee, path, lang).links if not link.startswith("#")}
    broken = {link: code for link in sorted(linked) if (code := trustee.get(link).status_code) not in (200, 303)}
    assert broken == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_stratification_has_its_chart(trustee: Asked, lang: str) -> None:
    for table in trustee.workspace.pool(DEAL).statistics.stratifications:
        found = page(trustee, f"/deals/{DEAL}/pool?by={table.field}", lang)
        selected = [e for e in found.elements if e.tag == "rect"]
        assert len(selected) >= len(table.bands)


def test_twins_are_of_the_same_view(trustee: Asked) -> None:
    for path in trustee.pages():
        twin = trustee.get(f"{path}.json")
        assert twin.headers["content-type"] == "application/json"
        assert twin.json() == trustee.get(f"/api/v1{path}").json()
        assert rows(trustee, path), path


def test_the_deal_page_says_what_its_twin_says(trustee: Asked) -> None:
    twin = trustee.get(f"/deals/{DEAL}.json").json()
    said = page(trustee, f"/deals/{DEAL}").text
    assert twin["line"]["standing"]["en"] in said
    assert f"{twin['statistics']['loans']:,}" in said
    assert f"USD {twin['statistics']['balance'] / 100:,.2f}" in said
    assert f"{twin['line']['documents_there']}/{twin['line']['documents_required']}" in said
    for party in twin["parties"]:
        assert f"{party['institution']['name']['en']}" in said
    assert twin["line"]["standing"]["zh"] in page(trustee, f"/deals/{DEAL}", "zh").text


def test_the_pool_page_says_what_its_twin_says(trustee: Asked) -> None:
    statistics = trustee.get(f"/deals/{DEAL}/pool.json").json()["statistics"]
    found = page(trustee, f"/deals/{DEAL}/pool")
    assert f"WAC{statistics['wac']['value'] / 10_000:.2f}%" in found.text.replace(" ", "")
    for field in ("rate_ppm", "region"):
        bands = [row for row in rows(trustee, f"/deals/{DEAL}/pool") if row["field"] == field]
        shown = page(trustee, f"/deals/{DEAL}/pool?by={field}").text
        assert sum(int(row["balance_share_bp"]) for row in bands) == 10_000
        assert sum(int(row["loans"]) for row in bands) == statistics["loans"]
        for row in bands:
            assert row["band"] in shown
            assert f"{int(row['balance_share_bp']) / 100:.2f}" in shown


def test_criteria_are_shown_to_who_was_granted_them_and_to_nobody_else(trustee: Asked, agency: Asked) -> None:
    granted, other = (asked.get(f"/deals/{DEAL}/pool.json").json() for asked in (trustee, agency))
    assert granted["criteria"] is not None
    assert other["criteria"] is None
    assert granted["criteria_fingerprint"] == other["criteria_fingerprint"]
    said = page(trustee, f"/deals/{DEAL}/pool").text
    for row in granted["criteria"]["concentration"]:
        assert row["criterion"]["title"]["en"] in said
    assert "not granted to your institution" in page(agency, f"/deals/{DEAL}/pool").text


def test_every_figure_is_a_door_to_the_transaction_that_states_it(trustee: Asked) -> None:
    found = page(trustee, f"/deals/{DEAL}/pool")
    doors = [e.attributes for e in found.elements if (e.attributes.get("class") or "").startswith("door")]
    place = trustee.workspace.pool(DEAL).registered
    stated = [door for door in doors if door["href"] == f"/ledger/transactions/{place.tx_id}"]
    assert len(stated) > 8
    assert {door["data-at"] for door in stated} == {str(place.block)}


def test_an_opinion_whose_text_was_replaced_is_not_current(trustee: Asked) -> None:
    opinions = {row["kind"]: row for row in trustee.get(f"/deals/{DEAL}/documents.json").json()["opinions"]}
    assert (opinions["legal"]["current"], opinions["rating"]["current"]) == (True, False)
    assert "On replaced facts" in page(trustee, f"/deals/{DEAL}").text
    assert "a new rating from Mingheng Ratings" in page(trustee, f"/deals/{DEAL}").text


def test_missing_documents_are_shown_with_who_provides_them(trustee: Asked) -> None:
    said = page(trustee, f"/deals/{DEAL}/documents").text
    missing = [row for row in rows(trustee, f"/deals/{DEAL}/documents") if row["missing"]]
    assert {row["kind"] for row in missing} >= {"trust-contract", "tax-opinion"}
    assert said.count(" Missing") == len(missing)


def test_names_of_files_are_shown_to_their_readers_only(trustee: Asked) -> None:
    readable, sealed = (trustee.document(kind) for kind in (DocumentKind.LEGAL_OPINION, DocumentKind.WORKING_PAPER))
    assert "legal-opinion.pdf" in page(trustee, f"/deals/{DEAL}/documents/{readable.id}").text
    shown = page(trustee, f"/deals/{DEAL}/documents/{sealed.id}")
    assert "working-paper.pdf" not in shown.text
    assert not any(link.endswith(("content", ".evidence")) for link in shown.links)


def test_the_timeline_is_complete_and_newest_first(trustee: Asked) -> None:
    acts = trustee.get(f"/deals/{DEAL}/timeline.json").json()["acts"]
    assert [act["block"] for act in acts] == sorted((act["block"] for act in acts), reverse=True)
    assert [acts[-1]["operation"], acts[0]["operation"]] == ["deal.open", "process.act"]
    said = page(trustee, f"/deals/{DEAL}/timeline", "zh").text
    for act in acts:
        assert f"{act['by']['name']['zh']} {act['what']['zh']}" in said


def test_the_timeline_follows_the_ledger(growing: Consortium) -> None:
    asked = workspace_of(growing, Role.CUSTODIAN)
    before = asked.get(f"/deals/{DEAL}/timeline.json").json()
    growing.upload(DEAL, DocumentKind.CUSTODY_CONTRACT, Role.CUSTODIAN)
    after = asked.get(f"/deals/{DEAL}/timeline.json").json()
    assert after["height"] == before["height"] + 1
    assert after["acts"][1:] == before["acts"]
    assert after["acts"][0]["what"]["zh"] == "登记了资金保管合同第 1 版"
    assert "Custody contract" in page(asked, f"/deals/{DEAL}/documents").text


def test_a_refused_transaction_is_shown_as_refused_with_its_words_as_text(growing: Consortium) -> None:
    asked = workspace_of(growing, Role.TRUSTEE)
    tx_id = growing.submit_unasked(Role.TRUSTEE, "deal.cancel", deal=DEAL, reason=HOSTILE)
    assert asked.workspace.transaction(tx_id).act.valid is False
    for path in (f"/ledger/transactions/{tx_id}", f"/deals/{DEAL}/timeline"):
        assert HOSTILE not in asked.get(path).text
        found = page(asked, path)
        assert f"cancelled the deal: {HOSTILE}" in found.text
        assert "Refused" in found.text
        assert "is not an accepted party" in found.text or "needs one of these roles" in found.text
    assert asked.get(f"/ledger/transactions/{tx_id}.evidence").status_code == 404
    assert asked.workspace.deal(DEAL).line.state == "open"


def test_a_replaced_pool_shows_both_versions(growing: Consortium) -> None:
    asked = workspace_of(growing, Role.TRUSTEE)
    first = asked.workspace.pool(DEAL)
    register_pool(growing)
    second = asked.get(f"/deals/{DEAL}/pool.json").json()
    assert [(each["version"], each["replaced_by"]) for each in second["versions"]] == [(2, None), (1, 2)]
    assert [each["root"] for each in second["versions"]] == [second["root"], first.root]
    assert second["strands"]["opened"]["tx_id"] == asked.workspace.deal(DEAL).line.opened.tx_id
    said = page(asked, f"/deals/{DEAL}/pool").text
    assert "Replaced by 2" in said
    assert "a new legal opinion from Yanshan Law Firm" in page(asked, f"/deals/{DEAL}").text


def test_a_transaction_is_decoded(trustee: Asked) -> None:
    found = trustee.get(f"/ledger/transactions/{trustee.pool_tx}.json").json()
    meanings = {each["path"]: (each["meaning"] or {}).get("en") for each in found["arguments"]}
    assert meanings["pool.loans"] == "2,861 loans"
    assert meanings["pool.statistics.balance"] == "USD 37,193,021.80"
    assert found["args"]["pool"]["statistics"]["balance"] == 3719302180
    assert {write["key"] for write in found["writes"]} == {f"deal / {DEAL}", f"pool / {DEAL} / 000001"}
    assert (
        "Donghai Bank registered version 1 of the pool" in page(trustee, f"/ledger/transactions/{trustee.pool_tx}").text
    )


def test_the_checkpoint_says_who_has_seen_it(trustee: Asked) -> None:
    found = trustee.get("/ledger.json").json()["checkpoint"]
    assert (found["cosigned"], found["needed"]) == (7, 4)
    said = page(trustee, "/ledger").text
    assert "Cosigned by 7 of 7 witnesses, 4 needed" in said
    assert trustee.get("/ledger/checkpoint").text == found["note"]


def test_home_leads_to_the_deals(trustee: Asked) -> None:
    assert trustee.get("/").headers["location"] == "/deals"


# ------------------------------------------------------------------ words of strangers


def test_hostile_names_and_reasons_are_shown_as_text(trustee: Asked) -> None:
    for lang in LANGUAGES:
        for path in ("/deals", f"/deals/{DRAFT}", f"/deals/{DRAFT}/timeline", "/search?q=x"):
            answer = trustee.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
            assert HOSTILE not in answer.text
    found = page(trustee, f"/deals/{DRAFT}")
    assert f"Auto {HOSTILE}" in found.text
    assert f"No capacity {HOSTILE}" in found.text
    assert [e.attributes.get("src") for e in found.elements if e.tag == "script"] == [
        "/static/workspace.js",
        "/static/live.js",
    ]


def test_hostile_searches_are_shown_as_text(trustee: Asked) -> None:
    found = page(trustee, '/search?q="><img src=x onerror=alert(1)>')
    assert '"><img src=x' in found.text
    assert not [e for e in found.elements if e.tag == "img"]


def test_a_table_runs_nothing_in_a_spreadsheet() -> None:
    from chainfusion.web.csvtable import csv_text

    text = csv_text(("a",), [(cell,) for cell in ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "x=1", -5, None)])
    cells = [row[0] if row else "" for row in csv.reader(io.StringIO(text[1:], newline=""))]
    assert cells[1:] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'\rx", "x=1", "-5", ""]


# ------------------------------------------------------------------ searching


def test_search_finds_blocks_transactions_roots_documents_and_deals(trustee: Asked) -> None:
    rating = trustee.document(DocumentKind.RATING_REPORT)
    pool = trustee.workspace.pool(DEAL)
    block = trustee.workspace.block(7)
    expected = {
        "7": "/ledger/blocks/7",
        block.hash: "/ledger/blocks/7",
        block.hash[:10].upper(): "/ledger/blocks/7",
        pool.registered.tx_id: f"/ledger/transactions/{pool.registered.tx_id}",
        pool.registered.tx_id[:9]: f"/ledger/transactions/{pool.registered.tx_id}",
        pool.root: f"/deals/{DEAL}/pool",
        rating.fingerprint: f"/deals/{DEAL}/documents/{rating.id}",
        rating.id: f"/deals/{DEAL}/documents/{rating.id}",
        DEAL.lower(): f"/deals/{DEAL}",
        "东海车贷": f"/deals/{DEAL}",
    }
    found = {words: trustee.get(f"/search?q={words}").headers["location"] for words in expected}
    assert found == expected


@pytest.mark.parametrize("words", ["", "9999999", "99999999999999999999", "zzzzzzzz", "abcd"])
def test_search_says_where_it_finds_nothing(trustee: Asked, words: str) -> None:
    found = page(trustee, f"/search?q={words}")
    assert ("Nothing on this ledger" in found.text) == bool(words)
    assert trustee.get(f"/search.json?q={words}").json()["found"] == []


# ------------------------------------------------------------------ language and theme


def test_language_is_asked_for_then_remembered_then_accepted(trustee: Asked) -> None:
    assert "Deals" in trustee.get("/deals?lang=en").text
    assert trustee.get("/deals?lang=en").cookies["cf-lang"] == "en"
    assert 'lang="zh-CN"' in trustee.get("/deals", cookie="cf-lang=zh", **{"accept-language": "en"}).text
    assert 'lang="en"' in trustee.get("/deals", **{"accept-language": "fr,en;q=0.5"}).text
    assert 'lang="zh-CN"' in trustee.get("/deals?lang=xx", **{"accept-language": "zh-CN"}).text


def test_theme_is_kept_and_leads_back_inside_only(trustee: Asked) -> None:
    for back, leads in (("/ledger", "/ledger"), ("https://evil.test/", "/"), ("//evil.test", "/"), ("/\\evil", "/")):
        answer = trustee.post("/theme", data={"theme": "dark", "back": back})
        assert (answer.status_code, answer.headers["location"], answer.cookies["cf-theme"]) == (303, leads, "dark")
    assert 'data-theme="dark"' in trustee.get("/deals", cookie="cf-theme=dark").text
    assert "data-theme" not in trustee.get("/deals", cookie='cf-theme="><script>').text
    assert trustee.post("/theme", data={"theme": "blue", "back": "/"}).status_code == 422


# ------------------------------------------------------------------ the API


def test_the_api_describes_itself(trustee: Asked) -> None:
    described = trustee.get("/api/v1/openapi.json").json()
    calls = ("/api/v1/calls/", "/api/v1/checks/", "/api/v1/queries/")  # test_calls.py has them
    assert {path for path in described["paths"] if not path.startswith(calls)} == {
        "/api/v1/inbox",
        "/api/v1/deals",
        "/api/v1/deals/{deal}/process",
        "/api/v1/deals/{deal}",
        "/api/v1/deals/{deal}/pool",
        "/api/v1/deals/{deal}/terms",
        "/api/v1/deals/{deal}/cashflow",
        "/api/v1/deals/{deal}/cashflow/{period}",
        "/api/v1/analysis",
        "/api/v1/deals/{deal}/duties",
        "/api/v1/deals/{deal}/version",
        "/api/v1/deals/{deal}/analysis",
        "/api/v1/deals/{deal}/analysis/{job}",
        "/api/v1/consortium",
        "/api/v1/processes",
        "/api/v1/deals/{deal}/documents",
        "/api/v1/deals/{deal}/documents/{document}",
        "/api/v1/deals/{deal}/timeline",
        "/api/v1/jobs",
        "/api/v1/jobs/{job}",
        "/api/v1/jobs/{job}/again",
        "/api/v1/jobs/{job}/cancel",
        "/api/v1/ledger",
        "/api/v1/ledger/blocks/{number}",
        "/api/v1/ledger/transactions",
        "/api/v1/search",
        "/api/v1/efficiency",
        "/api/v1/ledger/transactions/{tx_id}",
        "/api/v1/verify",
    }
    declared = described["components"]["schemas"]["PoolView"]["properties"]
    assert set(declared) == set(trustee.get(f"/api/v1/deals/{DEAL}/pool").json())
    assert "http" not in json.dumps(described["paths"])
