"""Pools: registration, replacement before closing, and the two strands that point at each other."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chainfusion.contracts.access import WrongState
from chainfusion.contracts.deal.state import UnknownDeal, deals
from chainfusion.contracts.document.refusals import KindDiffers, NotTheOwner
from chainfusion.contracts.facts import StaleFact, UnknownFact
from chainfusion.contracts.framework.contract import BadArguments
from chainfusion.contracts.pool.refusals import (
    CutOffAhead,
    NotRegistered,
    PoolAcknowledged,
    ReplacesAnother,
    RootUsed,
    StatisticsMismatch,
)
from chainfusion.domain.deal import PoolReference
from chainfusion.domain.document_kinds import DocumentKind, IndexEntry
from chainfusion.domain.opinions import DocumentFact, PoolFact
from chainfusion.domain.records import to_json
from chainfusion.domain.roles import Role
from tests.support.context import START
from tests.support.figures import statistics
from tests.support.world import DEAL, World, desk, digest, opaque, pool, reference

ORIGINATOR, TRUSTEE, UNDERWRITER = (desk(r) for r in (Role.ORIGINATOR, Role.TRUSTEE, Role.LEAD_UNDERWRITER))


@pytest.fixture
def world() -> World:
    """An open deal without a pool."""
    return World().founded().signed().opened()


def in_force(world: World) -> PoolReference | None:
    return reference(world.call("deal.show", TRUSTEE, deal=DEAL)["deal"]["pool"])


def register(world: World, **changes: Any) -> Any:
    return world.call("pool.register", ORIGINATOR, deal=DEAL, pool=pool(world.taped(), **changes))


def test_deal_and_pool_point_at_each_other(world: World) -> None:
    opening = world.call("deal.show", TRUSTEE, deal=DEAL)["deal"]["tx_id"]
    before = world.ledger.state[deals.key(DEAL)]
    registered = register(world)
    assert registered["project"] == {"deal": DEAL, "opened": opening, "record": hashlib.sha256(before).hexdigest()}
    assert in_force(world) == PoolReference(1, digest("pool"), registered["tx_id"])
    assert world.call("pool.show", TRUSTEE, deal=DEAL) == registered


def test_a_second_tape_replaces_the_first_and_refers_to_it(world: World) -> None:
    first = register(world)
    world.pooled("pool 2", "tape 2")
    versions = world.call("pool.versions", TRUSTEE, deal=DEAL)
    assert [each["version"] for each in versions] == [1, 2]
    assert versions[0] == first
    assert reference(versions[1]["record"]["replaces"]) == PoolReference(1, digest("pool"), first["tx_id"])
    current = in_force(world)
    assert current is not None
    assert (current.version, current.root) == (2, digest("pool 2"))


def test_a_replacement_refers_to_the_pool_in_force_and_to_no_other(world: World) -> None:
    tape = world.taped()
    made_up = PoolReference(1, digest("pool"), "00" * 32)
    world.refused(ReplacesAnother, "pool.register", ORIGINATOR, deal=DEAL, pool=pool(tape, replaces=made_up))
    world.call("pool.register", ORIGINATOR, deal=DEAL, pool=pool(tape))
    current = in_force(world)
    assert current is not None
    wrong = (None, replace(current, version=2), replace(current, root=digest("x")), replace(current, tx_id="00" * 32))
    for replaces in wrong:
        world.refused(
            ReplacesAnother, "pool.register", ORIGINATOR, deal=DEAL, pool=pool(tape, "next", replaces=replaces)
        )


def test_the_same_pool_is_no_replacement(world: World) -> None:
    register(world)
    same = pool(DocumentFact(opaque("tape"), 1, digest("tape 1")), replaces=in_force(world))
    world.refused(RootUsed, "pool.register", ORIGINATOR, deal=DEAL, pool=same)


@pytest.mark.parametrize("state", ["draft", "closed", "cancelled"])
def test_pools_are_registered_in_open_deals_alone(world: World, state: str) -> None:
    if state == "closed":
        world.pooled()
        world.call("deal.close", ORIGINATOR, deal=DEAL)
    elif state == "cancelled":
        world.call("deal.cancel", ORIGINATOR, deal=DEAL, reason="market")
    else:
        world.drafted("another")
    deal = "another" if state == "draft" else DEAL
    tape = DocumentFact(opaque("tape"), 1, digest("tape 1"))
    refusal = world.refused(WrongState, "pool.register", ORIGINATOR, deal=deal, pool=pool(tape, "late"))
    assert refusal.facts["state"] == state


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("loans", {"loans": 999}),
        ("loans", {"statistics": statistics(1001, "CNY")}),
        ("currency", {"statistics": statistics(1000, "USD")}),
        ("currency", {"currency": "USD"}),
        ("deal's currency", {"currency": "USD", "statistics": statistics(1000, "USD")}),
    ],
)
def test_statistics_are_those_of_the_tape(world: World, what: str, changes: dict[str, Any]) -> None:
    tape = world.taped()
    refusal = world.refused(StatisticsMismatch, "pool.register", ORIGINATOR, deal=DEAL, pool=pool(tape, **changes))
    assert refusal.facts["what"] == what


def test_a_cut_off_date_is_not_ahead(world: World) -> None:
    tape = world.taped()
    today = START.date()
    late = pool(tape, cut_off=today + timedelta(days=2))
    world.refused(CutOffAhead, "pool.register", ORIGINATOR, deal=DEAL, pool=late)
    world.call("pool.register", ORIGINATOR, deal=DEAL, pool=pool(tape, cut_off=today + timedelta(days=1)))


def test_the_tape_is_the_originators_own_current_document(world: World) -> None:
    def refused(refusal: Any, tape: DocumentFact) -> None:
        world.refused(refusal, "pool.register", ORIGINATOR, deal=DEAL, pool=pool(tape))

    tape = world.taped()
    refused(UnknownFact, replace(tape, document=opaque("nothing")))
    refused(UnknownFact, replace(tape, version=2))
    refused(UnknownFact, replace(tape, fingerprint=digest("another")))
    refused(KindDiffers, world.document("paper", DocumentKind.WORKING_PAPER, Role.ORIGINATOR))
    refused(NotTheOwner, world.document("foreign", DocumentKind.WORKING_PAPER, Role.TRUSTEE))
    world.document("tape", DocumentKind.LOAN_TAPE, Role.ORIGINATOR, version=2)
    refused(StaleFact, tape)


def test_another_deals_tape_is_unknown_here(world: World) -> None:
    world.opened("another")
    tape = world.taped("elsewhere", "another")
    world.refused(UnknownFact, "pool.register", ORIGINATOR, deal=DEAL, pool=pool(tape))


@pytest.mark.parametrize(
    "spoil",
    [
        {"root": "00"}, {"root": "zz" * 32}, {"loans": 0}, {"loans": -1}, {"loans": 1.5}, {"currency": ""},
        {"cut_off": "2025-13-01"}, {"criteria": "00" * 31}, {"statistics": {}}, {"tape": None},
        {"replaces": {"version": 1}},
    ],
)  # fmt: skip
def test_a_pool_record_is_checked(world: World, spoil: dict[str, Any]) -> None:
    record = to_json(pool(world.taped())) | spoil
    world.refused(BadArguments, "pool.register", ORIGINATOR, deal=DEAL, pool=record)


def test_a_field_more_or_less_is_refused(world: World) -> None:
    record = to_json(pool(world.taped()))
    world.refused(BadArguments, "pool.register", ORIGINATOR, deal=DEAL, pool=record | {"note": "x"})
    world.refused(BadArguments, "pool.register", ORIGINATOR, deal=DEAL, pool={k: record[k] for k in ("root", "loans")})
    world.refused(BadArguments, "pool.register", ORIGINATOR, deal=DEAL)
    world.refused(BadArguments, "pool.register", ORIGINATOR, deal=DEAL, pool=record, force=True)


def test_trustee_and_underwriter_acknowledge_the_pool_in_force_once_each(world: World) -> None:
    fact = world.pooled()
    for caller in (UNDERWRITER, TRUSTEE):
        world.call("pool.acknowledge", caller, deal=DEAL, pool=fact)
        world.refused(PoolAcknowledged, "pool.acknowledge", caller, deal=DEAL, pool=fact)
    who = [each["by"] for each in world.call("pool.acknowledged", ORIGINATOR, deal=DEAL)]
    assert who == sorted([UNDERWRITER.msp, TRUSTEE.msp])


def test_an_acknowledgement_names_the_pool_in_force(world: World) -> None:
    def refused(refusal: Any, fact: PoolFact) -> None:
        world.refused(refusal, "pool.acknowledge", TRUSTEE, deal=DEAL, pool=fact)

    refused(UnknownFact, PoolFact(1, digest("pool")))
    first = world.pooled()
    refused(UnknownFact, PoolFact(1, digest("another")))
    refused(UnknownFact, PoolFact(2, digest("pool")))
    second = world.pooled("pool 2", "tape 2")
    refused(StaleFact, first)
    world.call("pool.acknowledge", TRUSTEE, deal=DEAL, pool=second)


def test_a_look_at_what_is_not_there(world: World) -> None:
    world.refused(NotRegistered, "pool.show", TRUSTEE, deal=DEAL)
    for query in ("pool.show", "pool.versions", "pool.acknowledged"):
        world.refused(UnknownDeal, query, TRUSTEE, deal="nowhere")
    assert world.call("pool.versions", TRUSTEE, deal=DEAL) == []


def test_no_key_of_a_pool_is_written_twice(world: World) -> None:
    register(world)
    first = set(world.last.writes) - {deals.key(DEAL)}
    world.pooled("pool 2", "tape 2")
    assert first
    assert not first & set(world.last.writes)


def test_the_index_cannot_take_the_tape_from_the_originator(world: World) -> None:
    entries = (IndexEntry(DocumentKind.LOAN_TAPE, Role.SERVICER),)
    world.call("document.require_kinds", UNDERWRITER, deal=DEAL, entries=entries)
    foreign = world.document("foreign", DocumentKind.LOAN_TAPE, Role.SERVICER)
    world.refused(NotTheOwner, "pool.register", ORIGINATOR, deal=DEAL, pool=pool(foreign, cut_off=date(2025, 12, 31)))
