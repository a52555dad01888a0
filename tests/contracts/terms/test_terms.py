"""The terms contract: whole terms on the ledger, version by version, in force with everybody's consent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chainfusion.contracts.terms.refusals import (
    AnotherCurrency,
    ConsentGiven,
    TermsDiffer,
    TermsOutOfOrder,
    TermsReplaced,
    TermsUnknown,
)
from chainfusion.contracts.terms.state import CONSENTING
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import Role
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.terms.refusals import BadTerms
from tests.cashflow.text.small import small
from tests.support.world import DEAL, World, desk, msp_of

ARRANGER = Role.LEAD_UNDERWRITER


@pytest.fixture
def world() -> World:
    return World().founded().signed().opened()


def register(world: World, terms: DealTerms | None = None, replaces: int | None = None) -> Any:
    return world.call("terms.register", desk(ARRANGER), deal=DEAL, terms=terms or small(), replaces=replaces)


def consent(world: World, role: Role, record: Any) -> None:
    at = {"version": record["version"], "fingerprint": record["fingerprint"]}
    world.call("terms.consent", desk(role), deal=DEAL, **at)


def test_the_ledger_holds_the_terms_whole_and_their_fingerprint(world: World) -> None:
    record = register(world)
    assert from_json(DealTerms, record["terms"]) == small()
    assert record["fingerprint"] == small().fingerprint()
    assert record["version"] == 1


def test_terms_are_in_force_when_every_party_that_they_bind_has_consented(world: World) -> None:
    record = register(world)
    others = [role for role in CONSENTING if role is not ARRANGER]
    for role in others:
        outstanding = world.call("terms.show", desk(Role.INVESTOR), deal=DEAL, version=1)["outstanding"]
        assert msp_of(role) in outstanding
        world.refused(TermsUnknown, "terms.in_force", desk(Role.INVESTOR), deal=DEAL)
        consent(world, role, record)
    assert world.call("terms.in_force", desk(Role.INVESTOR), deal=DEAL)["record"]["version"] == 1


def test_consent_is_to_the_fingerprint_and_once(world: World) -> None:
    record = register(world)
    call = {"deal": DEAL, "version": 1, "fingerprint": "0" * 64}
    world.refused(TermsDiffer, "terms.consent", desk(Role.TRUSTEE), **call)
    consent(world, Role.TRUSTEE, record)
    again = call | {"fingerprint": record["fingerprint"]}
    world.refused(ConsentGiven, "terms.consent", desk(Role.TRUSTEE), **again)
    world.refused(ConsentGiven, "terms.consent", desk(ARRANGER), **again)
    world.refused(TermsUnknown, "terms.consent", desk(Role.TRUSTEE), **again | {"version": 2})


def test_a_later_version_replaces_the_one_that_it_names_and_the_old_stays_in_force_until_consent(world: World) -> None:
    first = register(world)
    for role in CONSENTING:
        if role is not ARRANGER:
            consent(world, role, first)
    world.refused(TermsOutOfOrder, "terms.register", desk(ARRANGER), deal=DEAL, terms=small(), replaces=None)
    register(world, small(("coupon: 3.6%", "coupon: 3.7%")), replaces=1)
    call = {"deal": DEAL, "version": 1, "fingerprint": first["fingerprint"]}
    world.refused(TermsReplaced, "terms.consent", desk(Role.TRUSTEE), **call)
    assert world.call("terms.in_force", desk(Role.INVESTOR), deal=DEAL)["record"]["version"] == 1
    views = world.call("terms.overview", desk(Role.INVESTOR), deal=DEAL)
    assert [view["record"]["version"] for view in views] == [1, 2]
    assert [bool(view["outstanding"]) for view in views] == [False, True]


def test_terms_that_make_no_sense_are_refused_with_every_finding(world: World) -> None:
    odd = replace(small(), lists=())
    refusal = world.refused(BadTerms, "terms.register", desk(ARRANGER), deal=DEAL, terms=odd, replaces=None)
    assert refusal.facts["findings"]


def test_terms_are_in_the_deals_currency(world: World) -> None:
    other = small(("currency: CNY", "currency: USD"), ("100.00 CNY", "100.00 USD"))
    world.refused(AnotherCurrency, "terms.register", desk(ARRANGER), deal=DEAL, terms=other, replaces=None)
