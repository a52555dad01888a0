"""Deals move to another ledger: each institution states its own facts anew, in order, once, however often it stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from chainfusion.demo.institutions import INSTITUTIONS, ORDERER
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.cosignatures import TooFewCosignatures
from chainfusion.ledger.evidence.transaction import nonce_of
from chainfusion.node import documents, pools, witness
from chainfusion.node.founding import agreement_of, draft_genesis, sign_genesis
from chainfusion.node.migration import Earlier, Migrating, Moved, OriginNotCovered, differences
from chainfusion.vault.errors import ObjectMissing
from chainfusion.vault.store import FolderStore
from tests.support.consortium import Consortium
from tests.support.scene import DEAL, DRAFT, EVERYONE, register_pool, scene

MOVED = frozenset({DEAL, DRAFT})


class Successor(Consortium):
    """The same institutions, founded again under another agreement."""

    @cached_property
    def genesis(self) -> SignedGenesis:
        before = super().genesis.genesis
        agreement = agreement_of(b"agreed again")
        signed = draft_genesis(before.name, before.name_zh, before.members, agreement, before.rules, before.founded)
        for member in self.members.values():
            signed = sign_genesis(signed, member.user("representative", [Role.REPRESENTATIVE]))
        return signed


@dataclass(frozen=True)
class Move:
    """Both ledgers."""

    old: Consortium
    new: Consortium

    @property
    def earlier(self) -> Earlier:
        return Earlier(self.old.ledger, FolderStore(self.old.path / "store"))

    def run(self, msp: str, *deals: str) -> Moved:
        store = FolderStore(self.new.path / "store")
        return Migrating(self.new.desk(msp), self.earlier, store, frozenset(deals or MOVED)).run()

    def to_its_end(self, *deals: str) -> Moved:
        """Everybody in turn, until nobody's turn is left; and once more for the links."""
        while any(each.own for each in [self.run(each.msp, *deals) for each in INSTITUTIONS]):
            pass
        return self.run(ORDERER, *deals)


def successor(old: Consortium, path: Path) -> Consortium:
    new = Successor(path, clock=old.clock)
    new.__dict__["members"] = old.members
    assert new.vault
    return new


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    made = scene(tmp_path_factory.mktemp("old"))
    made.checkpoint()
    yield made
    made.ledger.close()


@pytest.fixture(scope="module")
def moved(old: Consortium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Move]:
    move = Move(old, successor(old, tmp_path_factory.mktemp("new")))
    result = move.to_its_end()
    assert (result.restated, dict(result.waits_for)) == (result.facts, {})
    yield move
    move.new.ledger.close()


def test_every_fact_is_there_by_its_own_institution_and_in_order(moved: Move) -> None:
    assert list(differences(moved.earlier, moved.new.ledger, MOVED)) == []
    assert len(moved.earlier.facts(MOVED)) > 20


def test_a_second_run_states_nothing(moved: Move) -> None:
    height = moved.new.ledger.height()
    for each in INSTITUTIONS:
        again = moved.run(each.msp)
        assert (again.own, again.linked, dict(again.waits_for)) == (0, 0, {})
    assert moved.new.ledger.height() == height


def test_the_deal_stands_as_it_stood(moved: Move) -> None:
    before, after = (each.desk_of(Role.ORIGINATOR).session for each in (moved.old, moved.new))
    for deal in (DEAL, DRAFT):
        was, now = before.query("deal.show", deal=deal), after.query("deal.show", deal=deal)
        assert [(p["msp"], p["role"], p["status"]) for p in was["parties"]] == [
            (p["msp"], p["role"], p["status"]) for p in now["parties"]
        ]
        assert was["deal"]["state"] == now["deal"]["state"]
    was_pool, now_pool = (pools.current(each.desk_of(Role.TRUSTEE), DEAL) for each in (moved.old, moved.new))
    assert (was_pool.version, was_pool.record.root) == (now_pool.version, now_pool.record.root)
    was_opinions, now_opinions = (each.query("document.opinions", deal=DEAL) for each in (before, after))
    assert [each["current"] for each in was_opinions] == [each["current"] for each in now_opinions]


def test_a_pool_that_replaced_one_refers_to_the_restated_one(old: Consortium, tmp_path: Path) -> None:
    name = "DH-TWICE"
    old.draft(name)
    old.accept(name)
    first = register_pool(old, name)
    desk = old.desk_of(Role.ORIGINATOR)
    record = desk.session.query("pool.show", deal=name)["record"]
    record |= {"root": "ab" * 32, "replaces": {"version": 1, "root": first.record.root.hex(), "tx_id": first.tx_id}}
    second = desk.session.call("pool.register", deal=name, pool=record)
    old.checkpoint()
    move = Move(old, successor(old, tmp_path))
    move.to_its_end(name)
    versions = move.new.desk_of(Role.TRUSTEE).session.query("pool.versions", deal=name)
    assert versions[1]["record"]["replaces"]["tx_id"] == versions[0]["tx_id"] != first.tx_id
    assert versions[1]["tx_id"] != second.tx_id
    assert list(differences(move.earlier, move.new.ledger, frozenset({name}))) == []
    move.new.ledger.close()


def test_documents_are_opened_on_the_new_ledger(moved: Move) -> None:
    desk = moved.new.desk_of(Role.TRUSTEE)
    views = [each for each in documents.overview(desk, DEAL) if desk.msp in each.readers]
    assert len(views) > 3
    for view in views:
        assert documents.read(desk, view.document).read()


def test_nothing_that_was_not_stated_is_carried(moved: Move) -> None:
    names = {path.name for path in (moved.new.path / "store" / "objects").rglob("*") if path.is_file()}
    arguments = [fact.transaction.proposal.args.get("document") for fact in moved.earlier.facts(MOVED)]
    stated = {document["object"] for document in arguments if isinstance(document, dict)}
    assert names == stated


def test_the_origin_names_the_checkpoint_that_covers_every_fact(moved: Move) -> None:
    session = moved.new.desk_of(Role.TRUSTEE).session
    (named,) = session.query("migration.origins")
    assert named["origin"]["ledger"] == moved.old.ledger.ledger_id
    assert all(fact.block < named["origin"]["size"] for fact in moved.earlier.facts(frozenset({DEAL, DRAFT})))


def test_links_lead_from_each_new_fact_to_its_old_one_and_the_nonce_says_the_same(moved: Move) -> None:
    old_ids = {fact.transaction.proposal.tx_id: fact for fact in moved.earlier.facts(frozenset({DEAL}))}
    session = moved.new.desk_of(Role.TRUSTEE).session
    linked = [(part["by"], link) for part in session.query("migration.links", deal=DEAL) for link in part["links"]]
    assert {link["old"] for _, link in linked} == set(old_ids)
    for by, link in linked:
        new = moved.new.ledger.transaction(link["new"]).transaction.proposal
        assert new.creator.msp == by == old_ids[link["old"]].transaction.proposal.creator.msp
        assert new.nonce == nonce_of(f"migration {moved.old.ledger.ledger_id} {link['old']}")
        assert (link["block"], link["index"]) == (old_ids[link["old"]].block, old_ids[link["old"]].index)


def test_one_institution_goes_as_far_as_its_turn_and_says_whose_comes_next(old: Consortium, tmp_path: Path) -> None:
    move = Move(old, successor(old, tmp_path))
    late = next(each.msp for each in INSTITUTIONS if each.msp != ORDERER)
    nothing = move.run(late)
    assert (nothing.own, nothing.restated) == (0, 0)
    assert set(nothing.waits_for.values()) == {ORDERER}
    begun = move.run(ORDERER, DEAL)
    assert begun.own == 1
    assert begun.waits_for == {DEAL: next(each.msp for each in INSTITUTIONS[1:])}
    move.new.ledger.close()


def test_another_s_call_under_the_same_request_id_is_not_taken_for_a_fact(old: Consortium, tmp_path: Path) -> None:
    move = Move(old, successor(old, tmp_path))
    first = move.earlier.facts(frozenset({DEAL}))[0]
    request = move.earlier.request(first.transaction.proposal.tx_id)
    meddler = move.new.desk_of(Role.TRUSTEE)
    origin = move.earlier.origin()
    meddler.session.call("migration.name_origin", request=request, origin=origin)
    assert move.run(ORDERER, DEAL).own == 1
    move.new.ledger.close()


def test_what_differs_is_told(old: Consortium, tmp_path: Path) -> None:
    move = Move(old, successor(old, tmp_path))
    first = move.earlier.facts(frozenset({DEAL}))[0].transaction.proposal
    terms = first.args["terms"] | {"name": "Another name"}
    move.new.desk(ORDERER).session.call("deal.open", request=move.earlier.request(first.tx_id), terms=terms)
    found = list(differences(move.earlier, move.new.ledger, frozenset({DEAL})))
    assert [each.what.en for each in found][:2] == ["it has other arguments", "it is not stated on the new ledger"]
    move.new.ledger.close()


def test_an_earlier_ledger_must_be_covered_and_cosigned(tmp_path_factory: pytest.TempPathFactory) -> None:
    old = Consortium(tmp_path_factory.mktemp("bare"))
    old.draft("D1")
    old.accept("D1")
    earlier = Earlier(old.ledger, FolderStore(old.path / "store"))
    witness.publish_checkpoint(old.ledger, old.members[ORDERER].notary)
    with pytest.raises(TooFewCosignatures):
        earlier.origin()
    old.checkpoint()
    assert earlier.origin().size == old.ledger.height()
    old.upload("D1", DocumentKind.WORKING_PAPER, Role.TRUSTEE, readers=EVERYONE)
    with pytest.raises(OriginNotCovered):
        earlier.origin()
    old.ledger.close()


def test_a_document_whose_object_is_gone_stops_before_anything_is_stated(old: Consortium, tmp_path: Path) -> None:
    move = Move(old, successor(old, tmp_path))
    empty = Earlier(old.ledger, FolderStore(tmp_path / "empty"))
    (tmp_path / "empty").mkdir(exist_ok=True)
    for each in INSTITUTIONS:
        Migrating(move.new.desk(each.msp), empty, FolderStore(tmp_path / "store"), frozenset({DRAFT})).run()
    with pytest.raises(ObjectMissing):
        for each in (*INSTITUTIONS, *INSTITUTIONS, *INSTITUTIONS):
            Migrating(move.new.desk(each.msp), empty, FolderStore(tmp_path / "store"), frozenset({DEAL})).run()
    assert move.new.desk_of(Role.TRUSTEE).session.query("document.overview", deal=DEAL) == []
    move.new.ledger.close()
