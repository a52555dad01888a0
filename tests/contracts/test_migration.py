"""The migration contract: an earlier ledger is named once, and links to it hold together or are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chainfusion.contracts.deal.state import UnknownDeal
from chainfusion.contracts.migration.records import MAX_LINKS, Link, Origin
from chainfusion.contracts.migration.refusals import (
    LinksRefused,
    OriginExists,
    OriginIsHere,
    OriginUnknown,
    PartOutOfOrder,
)
from chainfusion.domain.roles import Role
from tests.support.world import DEAL, World, desk, digest, msp_of, origin

OLD = "0d" * 16
ORIGINATOR, TRUSTEE = desk(Role.ORIGINATOR), desk(Role.TRUSTEE)


def link(number: int, block: int | None = None) -> Link:
    return Link(digest(f"old {number}").hex(), number if block is None else block, 0, digest(f"new {number}").hex())


@pytest.fixture
def world() -> World:
    made = World().founded().signed().opened()
    made.call("migration.name_origin", ORIGINATOR, origin=origin(OLD))
    return made


def test_an_origin_is_named_once_whoever_does(world: World) -> None:
    named = world.call("migration.origins", TRUSTEE)
    assert [(each["origin"]["ledger"], each["by"]) for each in named] == [(OLD, msp_of(Role.ORIGINATOR))]
    world.refused(OriginExists, "migration.name_origin", TRUSTEE, origin=origin(OLD))
    world.refused(OriginExists, "migration.name_origin", TRUSTEE, origin=origin(OLD, size=41))


def test_a_ledger_is_not_its_own_origin(world: World) -> None:
    world.refused(OriginIsHere, "migration.name_origin", ORIGINATOR, origin=origin(world.ledger.channel))


OTHERS = ({"ledger": "0D" * 16}, {"size": 39}, {"size": 0}, {"note": ""}, {"note": origin("aa" * 16).note},
          {"note": origin(OLD).note + "x" * 70_000})  # fmt: skip


@pytest.mark.parametrize("changes", OTHERS)
def test_an_origin_is_of_its_own_note(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"ledger's id|note"):
        replace(origin(OLD), **changes)  # type: ignore[arg-type]


def test_links_are_kept_part_by_part_for_each_institution(world: World) -> None:
    call = {"ledger": OLD, "deal": DEAL}
    world.call("migration.link", ORIGINATOR, **call, part=1, links=(link(1), link(2)))
    world.call("migration.link", TRUSTEE, **call, part=1, links=(link(3),))
    world.call("migration.link", ORIGINATOR, **call, part=2, links=(link(4),))
    found = world.call("migration.links", TRUSTEE, deal=DEAL)
    assert [(each["by"], each["part"], len(each["links"])) for each in found] == [
        (msp_of(Role.ORIGINATOR), 1, 2),
        (msp_of(Role.ORIGINATOR), 2, 1),
        (msp_of(Role.TRUSTEE), 1, 1),
    ]
    for part in (1, 2, 4):
        world.refused(PartOutOfOrder, "migration.link", ORIGINATOR, **call, part=part, links=(link(5),))


def test_links_need_their_origin_and_their_deal(world: World) -> None:
    call = {"part": 1, "links": (link(1),)}
    world.refused(OriginUnknown, "migration.link", ORIGINATOR, ledger="ee" * 16, deal=DEAL, **call)
    world.refused(UnknownDeal, "migration.link", ORIGINATOR, ledger=OLD, deal="nowhere", **call)


@pytest.mark.parametrize("links", [
    (), (link(2), link(1)), (link(1), link(1)), (link(40),), (link(1), replace(link(2), new=link(1).new)),
    tuple(link(number, 0) for number in range(2)), tuple(link(number, 1) for number in range(MAX_LINKS + 1)),
])  # fmt: skip
def test_links_that_cannot_all_be_true_are_refused(world: World, links: tuple[Link, ...]) -> None:
    world.refused(LinksRefused, "migration.link", ORIGINATOR, ledger=OLD, deal=DEAL, part=1, links=links)


def test_an_origin_holds_what_its_note_says() -> None:
    made = origin(OLD)
    assert Origin(made.ledger, made.note, made.size) == made
