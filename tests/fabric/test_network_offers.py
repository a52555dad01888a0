"""What an institution offers, the folder that is assembled of it, and what each checks before it takes part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import to_bytes
from chainfusion.ledger.fabric.network.agreeing import wanted_definition
from chainfusion.ledger.fabric.network.channel.facts import facts_of
from chainfusion.ledger.fabric.network.channel.first_block import first_config
from chainfusion.ledger.fabric.network.collections import declared
from chainfusion.ledger.fabric.network.grounds import channel_settings
from chainfusion.ledger.fabric.network.lifecycle import Definition
from chainfusion.ledger.fabric.network.offer import Offer, OfferRefused, read_offer
from chainfusion.ledger.fabric.network.places import Places
from chainfusion.ledger.fabric.network.plan import CollectionPlan, Plan, PlanRefused
from chainfusion.node.home import FileExists, Home
from chainfusion.node.network import RunningNetwork, make
from chainfusion.node.network.assembly import SharedPartRefused, adopt, assemble, read_shared
from chainfusion.node.network.site import Site
from tests.fabric.network_stage import scripted_binaries, small_plan


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> RunningNetwork:
    root = tmp_path_factory.mktemp("network")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FABRIC_BIN", str(scripted_binaries(root / "bin")))
        return make(small_plan(), root / "net")


@pytest.fixture(scope="module")
def offers(network: RunningNetwork) -> tuple[Offer, ...]:
    return tuple(read_offer(network.places.offer(msp).read_bytes()) for msp in network.plan.msps)


def alone(network: RunningNetwork, root: Path, msp: str) -> Site:
    """An institution's home with its identity and its own offer, and nothing of the network yet."""
    home = Home(root / msp)
    home.path.mkdir(parents=True)
    home.identity.symlink_to(Home(network.places.institution(msp)).identity.resolve())
    site = Site(home)
    site.places.offers.mkdir(parents=True)
    site.places.offer(msp).write_bytes(network.places.offer(msp).read_bytes())
    return site


# ------------------------------------------------------------------ offers


def test_an_offer_is_read_as_it_was_written(offers: tuple[Offer, ...]) -> None:
    for offer in offers:
        assert read_offer(to_bytes(offer)) == offer
        assert len(offer.fingerprint) == 64
    assert len({offer.fingerprint for offer in offers}) == 4


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda one, _: replace(one, format="v0"), "format"),
        (lambda one, _: replace(one, root_certificates=()), "root certificates"),
        (lambda one, _: replace(one, tls_certificates=()), "TLS root certificates"),
        (lambda one, _: replace(one, tls_certificates=one.tls_certificates * 9), "TLS root certificates"),
        (lambda one, _: replace(one, intermediate_certificates=one.root_certificates * 9), "intermediate"),
        (lambda one, _: replace(one, root_certificates=(b"no certificate",)), "certificate|asn1|parse|DER"),
        (lambda one, _: replace(one, tls_certificates=(b"no certificate",)), "certificate|asn1|parse|DER"),
        (lambda one, _: replace(one, orderer_certificate=None), "an identity and a TLS certificate"),
        (lambda one, other: replace(one, orderer_certificate=other.orderer_certificate), "path|root"),
        (lambda one, _: replace(one, orderer_certificate=one.root_certificates[0]), "certificate|OU"),
        (lambda one, other: replace(one, orderer_tls_certificate=other.orderer_tls_certificate), "TLS CA"),
        (lambda one, other: replace(one, tls_certificates=other.tls_certificates), "TLS CA"),
        (lambda one, _: replace(one, host="-flag"), "host"),
        (lambda one, _: replace(one, port=80), "port"),
        (lambda one, _: replace(one, msp="../etc"), "msp"),
        (lambda one, _: replace(one, name="a\nb"), "printable"),
        (lambda one, _: replace(one, roles=()), "roles"),
    ],
)
def test_an_offer_that_does_not_hold_together_is_refused(
    offers: tuple[Offer, ...], change: Callable[[Offer, Offer], Offer], why: str
) -> None:
    with pytest.raises((OfferRefused, PlanRefused), match=why):
        read_offer(to_bytes(change(offers[0], offers[1])))


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"format":"chainfusion-network-offer-v1"}', b"\xff"])
def test_what_is_no_offer_is_refused(data: bytes) -> None:
    with pytest.raises(OfferRefused):
        read_offer(data)


# ------------------------------------------------------------------ the shared folder


def test_what_is_assembled_is_read_and_adopted_and_holds_no_key(
    network: RunningNetwork, offers: tuple[Offer, ...], tmp_path: Path
) -> None:
    made = assemble(network.plan, offers, network.genesis, tmp_path / "shared")
    assert read_shared(tmp_path / "shared") == made
    assert all(b"PRIVATE" not in path.read_bytes() for path in (tmp_path / "shared").rglob("*") if path.is_file())
    site = alone(network, tmp_path, "Org2MSP")
    assert adopt(site, tmp_path / "shared") == made
    assert site.plan == network.plan
    assert site.ledger_id == network.ledger_id
    assert (site.places.node("Org2MSP", "peer") / "core.yaml").exists()
    assert not site.places.node("Org1MSP", "peer").exists()
    adopt(site, tmp_path / "shared")


def test_a_shared_folder_is_not_written_over(
    network: RunningNetwork, offers: tuple[Offer, ...], tmp_path: Path
) -> None:
    with pytest.raises(FileExists):
        assemble(network.plan, offers, network.genesis, tmp_path)


def without(genesis: SignedGenesis, msp: str) -> SignedGenesis:
    return replace(genesis, signatures=tuple(each for each in genesis.signatures if each.msp != msp))


def exchanged(genesis: SignedGenesis) -> SignedGenesis:
    """Two founders' signatures, each under the other's name."""
    first, second, *others = genesis.signatures
    swapped = (replace(first, msp=second.msp), replace(second, msp=first.msp))
    return replace(genesis, signatures=(*swapped, *others))


def with_roots_of_another(genesis: SignedGenesis) -> SignedGenesis:
    first, second, *others = genesis.genesis.members
    strange = replace(first, root_certificates=second.root_certificates)
    return replace(genesis, genesis=replace(genesis.genesis, members=(strange, second, *others)))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda genesis: without(genesis, "Org1MSP"), "Org1MSP has not signed"),
        (exchanged, "Org0MSP"),
        (with_roots_of_another, "does not know Org0MSP as its offer does"),
        (lambda genesis: replace(genesis, genesis=replace(genesis.genesis, name="Other")), "Org0MSP"),
    ],
)
def test_a_genesis_that_does_not_belong_to_the_offers_is_refused(
    network: RunningNetwork,
    offers: tuple[Offer, ...],
    tmp_path: Path,
    change: Callable[[SignedGenesis], SignedGenesis],
    why: str,
) -> None:
    with pytest.raises(SharedPartRefused, match=why):
        assemble(network.plan, offers, change(network.genesis), tmp_path / "shared")
    assert not (tmp_path / "shared").exists()


def test_offers_and_plan_must_be_of_the_same_institutions(
    network: RunningNetwork, offers: tuple[Offer, ...], tmp_path: Path
) -> None:
    with pytest.raises(SharedPartRefused, match="no offer of Org3MSP"):
        assemble(network.plan, offers[:3], network.genesis, tmp_path / "shared")
    moved = replace(offers[1], port=9000)
    with pytest.raises(SharedPartRefused, match="not those of the offers"):
        assemble(network.plan, (offers[0], moved, *offers[2:]), network.genesis, tmp_path / "shared")


def test_an_altered_first_block_is_not_adopted(
    network: RunningNetwork, offers: tuple[Offer, ...], tmp_path: Path
) -> None:
    assemble(network.plan, offers, network.genesis, tmp_path / "shared")
    site, block = alone(network, tmp_path, "Org2MSP"), Places(tmp_path / "shared").block
    data = block.read_bytes()
    block.write_bytes(data.replace(b"10s", b"99s"))
    with pytest.raises(SharedPartRefused, match="first block"):
        adopt(site, tmp_path / "shared")
    block.write_bytes(data[:-1])
    with pytest.raises(ChainFusionError):
        adopt(site, tmp_path / "shared")
    assert not site.places.plan.exists()


def test_somebody_else_s_keys_under_one_s_own_name_are_not_adopted(
    network: RunningNetwork, offers: tuple[Offer, ...], tmp_path: Path
) -> None:
    assemble(network.plan, offers, network.genesis, tmp_path / "shared")
    site = alone(network, tmp_path, "Org2MSP")
    site.places.offer("Org2MSP").write_bytes(to_bytes(replace(offers[2], name="Org Two")))
    with pytest.raises(SharedPartRefused, match="not your own"):
        adopt(site, tmp_path / "shared")


def test_who_comes_later_adds_itself_to_its_own_copy_of_the_plan(
    network: RunningNetwork, offers: tuple[Offer, ...], tmp_path: Path
) -> None:
    assemble(network.plan, offers, network.genesis, tmp_path / "shared")
    site = alone(network, tmp_path, "Org2MSP")
    late = replace(offers[2], msp="LateMSP", port=9000)
    object.__setattr__(site, "msp", "LateMSP")
    site.places.offer("LateMSP").write_bytes(to_bytes(late))
    adopt(site, tmp_path / "shared")
    assert site.plan.msps == (*network.plan.msps, "LateMSP")
    assert site.places.block.read_bytes() == read_shared(tmp_path / "shared").block


# ------------------------------------------------------------------ channels and collections


def pair_of(plan: Plan) -> Plan:
    pricing = CollectionPlan("pricing", ("Org0MSP",))
    return replace(plan, channel="pair", members=("Org0MSP", "Org1MSP"), collections=(pricing,))


def test_a_channel_of_two_is_ordered_by_all_and_goes_beside_the_first(
    network: RunningNetwork, offers: tuple[Offer, ...], tmp_path: Path
) -> None:
    plan = pair_of(network.plan)
    found = facts_of(first_config(plan, offers))
    groups = {(place[0], place[1]) for place in found if len(place) > 3 and place[1].endswith("MSP")}
    assert groups == {("Application", f"Org{n}MSP") for n in (0, 1)} | {("Orderer", f"Org{n}MSP") for n in range(4)}

    assemble(network.plan, offers, network.genesis, tmp_path / "shared")
    assemble(plan, offers, network.genesis, tmp_path / "pair")
    site = alone(network, tmp_path, "Org2MSP")
    adopt(site, tmp_path / "shared")
    adopt(site, tmp_path / "pair")
    pair = site.channel("pair")
    assert (site.plan.channel, pair.plan.channel) == ("deals", "pair")
    assert site.channel("deals") is site.channel("") is site
    assert (pair.machine.hosts, [each.msp for each in pair.machine.orderers]) == ((), ["Org2MSP"])
    assert pair.places.running == site.places.running
    told = channel_settings(site.plan, site.places, "1" * 32)
    assert told["CHAINCODE_LEDGER_ID"] == "1" * 32
    ground = f'{{"pair":{{"ledger":"{network.ledger_id}","collections":{{"pricing":["Org0MSP"]}}}}}}'
    assert told["CHAINCODE_CHANNELS"] == ground


@pytest.mark.parametrize(
    "collection",
    [
        CollectionPlan("1x", ("Org0MSP",)),
        CollectionPlan("a--b", ("Org0MSP",)),
        CollectionPlan("_implicit_org_Org0MSP", ("Org0MSP",)),
        CollectionPlan("a", ()),
        CollectionPlan("a", ("Org0MSP", "Org0MSP")),
        CollectionPlan("a", ("NobodyMSP",)),
        CollectionPlan("a", ("Org0MSP", "Org1MSP"), copies=2),
    ],
)
def test_a_collection_that_cannot_be_is_refused(network: RunningNetwork, collection: CollectionPlan) -> None:
    with pytest.raises(PlanRefused, match="collections"):
        replace(network.plan, collections=(collection,))
    with pytest.raises(PlanRefused, match="twice"):
        replace(network.plan, collections=(CollectionPlan("a", ("Org0MSP",)),) * 2)


def test_members_of_a_plan_are_among_its_organisations(network: RunningNetwork) -> None:
    for members in (("NobodyMSP",), ("Org0MSP", "Org0MSP")):
        with pytest.raises(PlanRefused, match="members"):
            replace(network.plan, members=members)


def test_a_new_version_or_other_collections_are_the_next_sequence() -> None:
    planned = Definition("chainfusion", "1", 1, "id", declared((CollectionPlan("a", ("A",)),)))
    assert wanted_definition(None, planned) == planned
    at_three = replace(planned, sequence=3, package_id="")
    assert wanted_definition(at_three, planned).sequence == 3
    assert wanted_definition(replace(at_three, version="0"), planned).sequence == 4
    assert wanted_definition(replace(at_three, collections=b""), planned).sequence == 4
