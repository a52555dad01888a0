"""Signing keys: unlocked for a session, asked for when they are first needed, forgotten when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chainfusion.domain.deal import DealTerms, NamedParty, Product
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.roles import Role
from chainfusion.ledger.port import Receipt
from chainfusion.node.accounts.refusals import KeyLocked
from chainfusion.node.accounts.sessions import Where
from chainfusion.node.identity.organisation import change_password, unlock
from chainfusion.node.locked import NeverSigns
from tests.support.gate import FIREFOX, OWN, Browser, Gate
from tests.support.homes import THREE

KEY = "demonstration"


def signer_of(place: Gate, browser: Browser) -> Any:
    """What signs for a browser's session."""
    seated = place.keeper.seated(browser.session, Where("127.0.0.1", FIREFOX))
    return seated.signer if seated else None


def test_the_office_itself_signs_nothing(place: Gate) -> None:
    with pytest.raises(NeverSigns):
        place.office.desk.session.signer.sign(b"x")


def test_a_password_that_fits_the_key_unlocks_it_and_another_does_not(place: Gate) -> None:
    both = place.signed_in(place.representative, KEY)
    assert signer_of(place, both).sign(b"data")
    account_alone = place.signed_in()
    with pytest.raises(KeyLocked):
        signer_of(place, account_alone).sign(b"data")


def terms(deal: str) -> DealTerms:
    return DealTerms(deal, "Another", "另一项目", Product.AUTO_LOANS, "CNY", (NamedParty(Role.TRUSTEE, THREE[1].msp),))


def test_acts_are_signed_by_the_person_and_decided_by_the_ledger(place: Gate) -> None:
    def act(person: Browser, deal: str) -> Receipt:
        seated = place.keeper.seated(person.session, Where("127.0.0.1", FIREFOX))
        assert seated is not None
        return seated.desk.session.call("deal.open", terms=terms(deal))

    height = place.office.ledger.height()
    locked, representative = place.signed_in(), place.signed_in(place.representative, KEY)
    with pytest.raises(KeyLocked):
        act(locked, "KEYS-1")
    with pytest.raises(ChainFusionError, match="role"):
        act(representative, "KEYS-1")
    assert place.office.ledger.height() == height
    locked.post("/unlock", data={"password": KEY})
    receipt = act(locked, "KEYS-1")
    creator = place.office.ledger.transaction(receipt.tx_id).transaction.proposal.creator
    mine = place.home.organisation().user(place.desk).certificate.fingerprint
    assert (creator.msp, creator.certificate) == ("DonghaiMSP", mine)


def test_the_account_tells_whether_the_ledger_accepts_its_certificate(place: Gate) -> None:
    members, organisation = place.office.desk.members, place.home.organisation()
    mine, now = organisation.user(place.desk).certificate, datetime.now(UTC)
    assert members.accepts("DonghaiMSP", mine, now)
    assert not members.accepts("YunjinMSP", mine, now)
    assert not members.accepts("NobodyMSP", mine, now)
    assert not members.accepts("DonghaiMSP", mine, now + timedelta(days=10_000))
    assert not members.accepts("DonghaiMSP", organisation.node.certificate, now)
    assert "Accepted" in place.signed_in().get("/account").text


def test_a_locked_key_is_unlocked_on_its_page_and_leads_back(place: Gate) -> None:
    person = place.signed_in()
    wrong = person.post("/unlock", data={"password": "not it", "next": "/deals"})
    assert (wrong.status_code, "WRONG_PASSWORD" in wrong.text) == (403, True)
    right = person.post("/unlock", data={"password": KEY, "next": "/deals?x=1"})
    assert (right.status_code, right.headers["location"]) == (303, "/deals?x=1")
    assert signer_of(place, person).sign(b"data")
    assert "Lock your signing key" in person.get("/deals").text
    assert person.post("/lock").status_code == 303
    with pytest.raises(KeyLocked):
        signer_of(place, person).sign(b"data")


def test_guessing_the_key_s_password_is_paused(place: Gate) -> None:
    person = place.signed_in()
    codes = [person.post("/unlock", data={"password": f"guess {n}", "next": "/"}).status_code for n in range(7)]
    assert codes == [403] * 5 + [429] * 2
    assert person.post("/unlock", data={"password": KEY}).status_code == 429
    place.clock.pass_by(seconds=31)
    assert person.post("/unlock", data={"password": KEY}).status_code == 303


def test_the_key_s_password_may_come_with_the_act(place: Gate) -> None:
    person = place.signed_in()
    assert person.post("/theme", data={"theme": "dark", "back": "/", "key_password": "wrong"}).status_code == 303
    with pytest.raises(ChainFusionError, match="does not open"):
        signer_of(place, person).sign(b"data")
    with pytest.raises(KeyLocked):
        signer_of(place, person).sign(b"data")
    assert person.post("/theme", data={"theme": "dark", "back": "/", "key_password": KEY}).status_code == 303
    assert signer_of(place, person).sign(b"data")


def test_keys_are_forgotten_at_sign_out_timeout_and_the_end(place: Gate) -> None:
    left, timed_out, ended = (place.signed_in(place.representative, KEY) for _ in range(3))
    signers = [signer_of(place, each) for each in (left, timed_out, ended)]
    left.post("/signout")
    assert [each.is_open for each in signers] == [False, True, True]
    place.keeper.sweep()
    assert [each.is_open for each in signers] == [False, True, True]
    place.clock.pass_by(minutes=31)
    third = place.signed_in(place.representative, KEY)
    place.keeper.sweep()
    assert [each.is_open for each in signers] == [False, False, False]
    last = signer_of(place, third)
    place.keeper.keyring.keep_only(frozenset())
    assert not last.is_open


def test_a_key_that_was_locked_elsewhere_is_one_session_s_own(place: Gate) -> None:
    one, two = place.signed_in(place.representative, KEY), place.signed_in(place.representative, KEY)
    one.post("/lock")
    assert not signer_of(place, one).is_open
    assert signer_of(place, two).is_open


def test_changing_the_password_takes_the_key_along_where_it_had_the_same(place: Gate) -> None:
    identity = place.home.organisation().user(place.representative)
    person, new = place.signed_in(place.representative, KEY), "an even longer password"
    assert person.post("/account/password", data={"old": KEY, "new": new, "again": new}).status_code == 303
    try:
        assert signer_of(place, person).sign(b"data")
        assert unlock(identity, new.encode()).sign(b"data")
    finally:
        change_password(identity, new.encode(), KEY.encode())  # others' tests share the identity's folder


def test_the_key_of_another_account_does_not_open_with_the_own_password(place: Gate) -> None:
    person = place.signed_in()
    assert person.post("/unlock", data={"password": OWN}).status_code == 403
