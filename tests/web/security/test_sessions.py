"""Session theft: an id is good for one browser, as long as its person is there, and for nothing that was ended."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from chainfusion.web import gate
from tests.support.gate import CHROME, OWN, Browser, Gate


def thief(place: Gate, person: Browser, **options: str) -> Browser:
    """A browser that has got hold of somebody's cookies."""
    return place.browser(cookies=dict(person.cookies), **options)


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def test_a_cookie_is_no_good_after_signing_out(place: Gate) -> None:
    person = place.signed_in()
    stolen = thief(place, person)
    assert is_in(stolen)
    assert person.post("/signout").status_code == 303
    assert not person.session
    assert not is_in(stolen)


def test_a_cookie_is_no_good_in_another_kind_of_browser_and_ends_for_both(place: Gate) -> None:
    person = place.signed_in()
    assert not is_in(thief(place, person, agent=CHROME))
    assert not is_in(person)


def test_a_newer_version_of_the_same_browser_is_the_same(place: Gate) -> None:
    person = place.signed_in()
    person.agent = person.agent.replace("150.0", "151.0")
    assert is_in(person)


def test_sessions_time_out_without_requests_and_at_the_latest(place: Gate) -> None:
    person = place.signed_in()
    place.clock.pass_by(minutes=29)
    assert is_in(person)
    place.clock.pass_by(minutes=29)
    assert is_in(person)
    place.clock.pass_by(minutes=30)
    assert not is_in(person)
    lasting = place.signed_in()
    for _ in range(24):
        assert is_in(lasting)
        place.clock.pass_by(minutes=29, seconds=59)
    assert is_in(lasting)
    place.clock.pass_by(minutes=1)
    assert not is_in(lasting)


def test_a_stream_that_is_left_open_keeps_nobody_signed_in(place: Gate) -> None:
    person = place.signed_in()
    for _ in range(5):
        place.clock.pass_by(minutes=7)
        person.get("/deals", headers={"accept": "text/event-stream"})
    assert not is_in(person)


def test_who_is_not_signed_in_hears_nothing_of_the_ledger(place: Gate) -> None:
    answer = place.browser().get("/live?since=0", headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin?next=%2Flive%3Fsince%3D0")


def test_a_stream_ends_with_its_session(place: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "LOOKED_EVERY", 0.0)
    person = place.signed_in()

    async def drip() -> AsyncIterator[bytes]:
        for n in range(50):
            if n == 3:
                place.keeper.accounts.sessions.end_all_of(place.desk)
            yield b"data: confidential %d\n\n" % n
            await asyncio.sleep(0)

    route = APIRouter()
    route.get("/drip")(lambda: StreamingResponse(drip(), media_type="text/event-stream"))
    place.app.include_router(route)
    try:
        assert person.get("/drip").text.count("confidential") == 3
    finally:
        place.app.router.routes.pop()


def test_an_id_that_was_planted_is_not_taken_over(place: Gate) -> None:
    before = place.signed_in()
    planted = before.session
    victim = place.browser(cookies={before.session_cookie: planted})
    victim.get("/signin")
    assert victim.sign_in(place.representative, "demonstration").status_code in (303, 403)
    chosen = place.browser(cookies={before.session_cookie: "A" * 43})
    assert (
        chosen.post("/signin", data={"name": place.desk, "password": OWN}, token=chosen.token("/signin")).status_code
        == 303
    )
    assert chosen.session != "A" * 43
    assert len(chosen.session) >= 43


def test_signing_in_again_ends_the_session_before(place: Gate) -> None:
    person = place.signed_in()
    old = thief(place, person)
    answer = person.post("/signin", data={"name": place.representative, "password": "demonstration"})
    assert answer.status_code == 303
    assert not is_in(old)
    assert is_in(person)


def test_a_new_password_ends_all_other_sessions_and_rotates_the_own(place: Gate) -> None:
    person, elsewhere = place.signed_in(), place.signed_in()
    stolen = thief(place, person)
    new = "quite another horse"
    data = {"old": OWN, "new": new, "again": new}
    assert person.post("/account/password", data=data).status_code == 303
    assert is_in(person)
    assert not is_in(stolen)
    assert not is_in(elsewhere)
    assert place.browser().sign_in(place.desk).status_code == 401
    assert place.browser().sign_in(place.desk, new).status_code == 303


def test_a_wrong_old_password_changes_nothing(place: Gate) -> None:
    person, elsewhere = place.signed_in(), place.signed_in()
    for data in (
        {"old": "wrong", "new": "quite another horse", "again": "quite another horse"},
        {"old": OWN, "new": "quite another horse", "again": "quite another house"},
        {"old": OWN, "new": "short", "again": "short"},
        {"old": OWN, "new": place.desk + " is my name", "again": place.desk + " is my name"},
        {"old": OWN, "new": "x" * 1025, "again": "x" * 1025},
    ):
        assert person.post("/account/password", data=data).status_code in (401, 422), data
    assert is_in(person)
    assert is_in(elsewhere)
    assert place.signed_in().session


def test_locking_an_account_ends_everything_at_once(place: Gate) -> None:
    person = place.signed_in()
    place.keeper.accounts.people.lock(place.desk, place.keeper.now)
    assert not is_in(person)
    assert place.browser().sign_in(place.desk).status_code == 401
    place.keeper.accounts.people.unlock(place.desk)
    assert place.browser().sign_in(place.desk).status_code == 303


def test_the_ids_are_long_random_and_kept_as_hashes_alone(place: Gate) -> None:
    ids = {place.signed_in().session for _ in range(3)}
    assert all(len(each) == 43 for each in ids)
    files = [path.read_bytes() for path in place.home.path.glob("accounts.db*")]
    files += [(place.home.path / "signin.log").read_bytes()]
    for secret in (*ids, OWN, "demonstration"):
        assert not any(secret.encode() in data for data in files)


def test_what_is_kept_belongs_to_its_owner_alone(place: Gate) -> None:
    place.signed_in()
    for path in (*place.home.path.glob("accounts.db*"), place.home.path / "signin.log"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("is_tls", [False, True])
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(place: Gate, tls: Gate, is_tls: bool) -> None:
    gate = tls if is_tls else place
    browser = gate.browser(scheme="https" if is_tls else "http")
    browser.get("/signin")
    answer = browser.sign_in(gate.desk)
    (cookie,) = [each for each in answer.headers.get_list("set-cookie") if "session" in each]
    words = {word.strip().lower() for word in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= words
    assert not any(word.startswith("domain") for word in words)
    assert ("secure" in words, cookie.startswith("__Host-")) == (is_tls, is_tls)


def test_behind_tls_nothing_is_answered_without_it(tls: Gate) -> None:
    answer = tls.browser().get("/signin")
    assert (answer.status_code, "NOT_ENCRYPTED" in answer.text) == (421, True)
    secure = tls.browser(scheme="https").get("/signin")
    assert secure.headers["strict-transport-security"].startswith("max-age=31536000")


def test_pages_of_a_signed_in_person_stay_in_no_cache(place: Gate) -> None:
    person = place.signed_in()
    for path in ("/deals", "/account", "/deals.json", "/nothing"):
        assert "no-store" in person.get(path).headers["cache-control"], path
    assert "no-store" not in person.get("/static/tokens.css").headers["cache-control"]


def test_a_person_sees_the_own_sessions_and_ends_them(place: Gate) -> None:
    person, elsewhere = place.signed_in(), place.signed_in(agent=CHROME)
    page = person.get("/account").text
    assert "Firefox Linux" in page
    assert "Chrome Windows" in page
    other = next(
        each for each in place.keeper.accounts.sessions.of(place.desk, place.keeper.now) if "Chrome" in each.agent
    )
    assert person.post("/account/sessions/end", data={"id": other.id}).status_code == 303
    assert is_in(person)
    assert not is_in(elsewhere)
    again = place.signed_in(agent=CHROME)
    assert person.post("/account/sessions/end-others").status_code == 303
    assert not is_in(again)


def test_the_accounts_survive_a_restart_and_a_strange_file_is_refused(place: Gate) -> None:
    person = place.signed_in()
    assert is_in(person)
    database = sqlite3.connect(place.home.path / "accounts.db")
    assert database.execute("SELECT count(*) FROM session").fetchone() == (1,)
    database.close()
