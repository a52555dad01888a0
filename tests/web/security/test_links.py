"""The one-time link: one use, ten minutes, one person."""

from __future__ import annotations

from chainfusion.node.identity.organisation import unlock
from tests.support.gate import Gate
from tests.support.homes import PASSWORD


def link(place: Gate, user: str = "") -> str:
    identity = place.home.organisation().user(user or place.desk)
    return f"/signin/link/{place.keeper.new_link(identity.name, unlock(identity, PASSWORD))}"


def test_a_link_signs_its_person_in_with_the_key_unlocked(place: Gate) -> None:
    browser = place.browser()
    answer = browser.get(link(place))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = browser.get("/account").text
    assert place.desk in page
    assert "Unlocked" in page


def test_a_link_works_once(place: Gate) -> None:
    address = link(place)
    assert place.browser().get(address).status_code == 303
    again = place.browser()
    assert (again.get(address).status_code, again.session) == (403, "")


def test_a_link_is_no_good_after_ten_minutes(place: Gate) -> None:
    address = link(place)
    place.clock.pass_by(minutes=10)
    answer = place.browser().get(address)
    assert (answer.status_code, "LINK_SPENT" in answer.text) == (403, True)


def test_looking_at_a_link_does_not_spend_it(place: Gate) -> None:
    address = link(place)
    place.browser().send("HEAD", address)
    place.browser().send("OPTIONS", address)
    assert place.browser().get(address).status_code == 303


def test_links_are_not_guessed_and_stand_in_no_log(place: Gate) -> None:
    address = link(place)
    for guess in ("", "x", address[-43:-1], address[-43:].swapcase(), "%00" * 43):
        assert place.browser().get(f"/signin/link/{guess}").status_code in (303, 403, 404)
    place.browser().get(address)
    assert address[-43:] not in place.log()
    assert '"way": "link"' in place.log()


def test_the_first_account_of_an_institution_is_made_by_its_link(place: Gate) -> None:
    place.keeper.accounts.database.change("DELETE FROM account")
    browser = place.browser()
    assert browser.get(link(place, place.representative)).status_code == 303
    (account,) = place.keeper.accounts.people.all()
    assert (account.name, account.user, account.password) == (place.representative, place.representative, None)
    for password in ("", "demonstration", "None"):
        assert place.browser().sign_in(place.representative, password).status_code in (401, 429)
    new = "several words in a row"
    assert browser.post("/account/password", data={"new": new, "again": new}).status_code == 303
    place.keeper.accounts.attempts.clear(place.representative)
    assert place.browser().sign_in(place.representative, new).status_code == 303


def test_a_link_opens_no_locked_account(place: Gate) -> None:
    address = link(place)
    place.keeper.accounts.people.lock(place.desk, 1)
    browser = place.browser()
    assert (browser.get(address).status_code, browser.session) == (403, "")


def test_a_session_that_was_left_open_sets_no_first_password(place: Gate) -> None:
    place.keeper.accounts.database.change("DELETE FROM account")
    browser = place.browser()
    browser.get(link(place))
    place.clock.pass_by(minutes=16)
    new = "several words in a row"
    answer = browser.post("/account/password", data={"new": new, "again": new})
    assert (answer.status_code, "SIGN_IN_AGAIN" in answer.text) == (403, True)
