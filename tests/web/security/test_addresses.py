"""What an address can do to the one who follows it: lead elsewhere, name others' things, carry a header or a script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.web.csvtable import csv_text
from chainfusion.web.visitors import inside
from tests.support.gate import HOST, OWN, Gate

ELSEWHERE = (
    "//evil.test", "https://evil.test", "/\\evil.test", "\\\\evil.test", "http:evil.test", "javascript:alert(1)",
    "/\t/evil.test", "/\n/evil.test", "\t//evil.test", " //evil.test", "///evil.test", "/%0d%0aSet-Cookie:x=1\r\nX: y",
    "evil.test", "//evil.test/..;/", "/\x00", "data:text/html,x", "/\u2028/evil", "", "https:/evil.test",
)  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_signing_in_leads_nowhere_else(place: Gate, address: str) -> None:
    person = place.browser()
    answer = person.sign_in(place.desk, OWN, address)
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert "evil" not in where or where.startswith("/%0d%0a")
    assert "set-cookie" not in {name.lower() for name in answer.headers if name.lower() == "x"}
    again = person.post("/unlock", data={"password": "demonstration", "next": address})
    assert again.headers["location"] == "/" or "%0d%0a" in again.headers["location"].lower()


@given(st.text(max_size=60))
def test_no_text_leads_outside(text: str) -> None:
    for given_ in (text, "/" + text, "//" + text, "/\\" + text):
        led = inside(given_)
        assert led.startswith("/")
        assert not led.startswith(("//", "/\\"))
        assert "\n" not in led
        assert "\r" not in led


def test_pages_of_the_gate_are_not_where_one_is_led(place: Gate) -> None:
    for address in ("/signin", "/signin/link/x", "/signout", "/unlock?next=/unlock"):
        assert inside(address) == "/"
    stranger = place.browser()
    assert stranger.get("/deals/GATE-1?by=x").headers["location"] == "/signin?next=%2Fdeals%2FGATE-1%3Fby%3Dx"
    assert stranger.get(f"http://{HOST}//evil.test/x").headers["location"] == "/signin?next=%2Fevil.test%2Fx"


def test_links_on_a_page_stay_on_this_host(place: Gate) -> None:
    person = place.signed_in()
    for path in ("//evil.test/x", "//evil.test//", "/\\evil.test"):
        text = person.get(f"http://{HOST}{path}").text
        assert 'href="//' not in text, path
        assert 'value="//' not in text, path
        assert 'href="/\\' not in text, path


def test_a_visitor_from_another_site_is_led_on_with_the_own_cookie(place: Gate) -> None:
    """A link in a mail: the browser sends a strict cookie only from a page of this site."""
    answer = place.browser().get("/deals", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert 'content="0;url=/deals"' in answer.text
    hostile = place.browser().get('/deals?x="><script>', headers={"sec-fetch-site": "cross-site"})
    assert "<script>" not in hostile.text


@pytest.mark.parametrize(
    "path",
    ["/deals/..%2f..%2faccounts.db", "/static/..%2f..%2faccounts.db", "/static/%2e%2e/%2e%2e/signin.json", "/deals/%00",
     "/account/..%2fdeals", "/static//etc/passwd", "/evidence/..%2f..%2fidentity%2forganisation.json"],
)  # fmt: skip
def test_paths_reach_no_file(place: Gate, path: str) -> None:
    person = place.signed_in()
    answer = person.get(path)
    assert answer.status_code == 404
    assert b"SQLite" not in answer.content


def test_others_sessions_tokens_and_passkeys_are_not_reached(place: Gate) -> None:
    mine, other = place.signed_in(), place.signed_in(place.representative, "demonstration")
    keeper = place.keeper
    token = keeper.accounts.tokens.make(place.representative, "theirs", keeper.now + 1000, keeper.now)
    kept, _ = keeper.program(token)
    (session,) = keeper.accounts.sessions.of(place.representative, keeper.now)
    keeper.accounts.database.change(
        "INSERT INTO passkey VALUES (?, ?, 'theirs', 'x', x'00', 0, 0, NULL)", b"their key", place.representative
    )
    for path, id_ in (
        ("/account/sessions/end", session.id),
        ("/account/tokens/revoke", kept.id),
        ("/account/passkeys/remove", b"their key".hex()),
        ("/account/sessions/end", "' OR 1=1 --"),
        ("/account/tokens/revoke", "%"),
        ("/account/passkeys/remove", "' OR ''='"),
    ):
        answer = mine.post(path, data={"id": id_})
        assert (answer.status_code, "NO_SUCH_ENTRY" in answer.text) == (404, True), path
    assert other.get("/account").status_code == 200
    assert keeper.program(token)
    assert len(keeper.accounts.passkeys.of(place.representative)) == 1
    assert "theirs" not in mine.get("/account").text


def test_another_institution_s_documents_are_not_reached(place: Gate) -> None:
    """What one institution was granted is read by its people, and not by whoever knows the address."""
    person, stranger = place.signed_in(), place.browser()
    listed = person.get("/deals/GATE-1/documents.json").json()
    document = next(each["id"] for row in listed["index"] for each in row["documents"])
    path = f"/deals/GATE-1/documents/{document}/versions/1/content"
    assert person.get(path).content == b"a paper"
    for hostile in (path, path + ".json", path.upper(), path + "?token=x"):
        assert b"a paper" not in stranger.get(hostile).content


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_a_table_begins_a_formula(start: str) -> None:
    hostile = f"{start}HYPERLINK(A1)"
    head, row, *_ = csv_text((hostile,), [(hostile,)]).removeprefix("\ufeff").split("\r\n", 1)
    assert head.lstrip('"').startswith("'")
    assert row.lstrip('"').startswith("'")


def test_nothing_is_shown_inside_another_page(place: Gate) -> None:
    person = place.signed_in()
    for path in ("/", "/signin", "/account", "/unlock", "/deals.json", "/nothing", "/static/tokens.css"):
        headers = person.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"


def test_hosts_and_overlong_addresses_are_refused(place: Gate) -> None:
    assert place.browser(host="evil.test").get("/signin").status_code == 421
    assert place.browser().get("/deals?" + "x" * 9000).status_code == 422
    assert place.browser().get("/" + "x" * 9000).status_code == 422
