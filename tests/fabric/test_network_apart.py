"""Four institutions make a network of what each has in its own folder; a fifth comes, endorses, orders, and one leaves.

Every command is a process that is told of one institution's folder, and writes down which files it opens.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chainfusion.domain.canonical import canonical
from chainfusion.domain.records import to_json
from chainfusion.ledger.fabric.network.lifecycle import PeerClient
from chainfusion.ledger.fabric.network.wire import NodeRefused, connect, propose
from chainfusion.node.home import Home
from chainfusion.node.identity.organisation import unlock
from chainfusion.node.network.assembly import SharedPartRefused, adopt, read_shared
from chainfusion.node.network.site import Site
from tests.fabric.apart_stage import Apart, assembled, finished, four, keys_of, prepare, together
from tests.fabric.network_stage import free_ports, has_fabric

pytestmark = [
    pytest.mark.fabric,
    pytest.mark.skipif(not has_fabric(), reason="Fabric's binaries are neither in FABRIC_BIN nor on PATH"),
]


@pytest.fixture(scope="module")
def institutions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Apart, ...]]:
    """Five, of whom four have made a network that runs."""
    root = tmp_path_factory.mktemp("apart") / "all"
    port = free_ports(50)
    fifth = Apart("Org4MSP", "Org 4", "rating-agency", root, port + 40)
    founders = four(root, port)
    prepare((*founders, fifth))
    shared = assembled(founders)
    try:
        taken = together(founders, ("network", "adopt", shared), ("network", "start"))
        assert [(each["peer"], each["orderer"]) for each in taken] == [(True, True)] * 4
        yield (*founders, fifth)
    finally:
        for one in (*founders, fifth):
            if (one.home / "network" / "plan.yaml").exists():
                Site(Home(one.home)).stop()


def call(by: Apart, endorsers: tuple[Apart, ...], operation: str, channel_name: str = "", **arguments: object) -> int:
    """A transaction that exactly these institutions' peers endorse; gives its block."""
    signer = unlock(Home(by.home).organisation().user("rep"), f"password of {by.msp}".encode())
    site = Site(Home(by.home)).channel(channel_name)
    with ExitStack() as stack:
        peers = []
        for each in endorsers:
            there = Site(Home(each.home))
            own = there.places.tls(each.msp, "client")
            channel = stack.enter_context(connect(there.organisation.peer, own, own.ca.read_bytes()))
            peers.append(PeerClient(f"peer.{each.msp}", channel, signer))
        asked = propose(signer, site.plan.channel, site.plan.chaincode, [operation.encode(), canonical(arguments)])
        answers = [peer.endorse(asked, "a call") for peer in peers]
        with site.peer(signer) as own_peer:
            return own_peer.record(site.plan.channel, asked, answers, "a call")


def changed(by: tuple[Apart, ...], *what: object) -> dict[str, object]:
    """A change that the first proposes, all of these sign, each by itself, and the last submits."""
    file = by[0].root / "public" / "change.pb"
    file.unlink(missing_ok=True)
    sign, submit = ("network", "channel", "sign", file, "--yes"), ("network", "channel", "submit", file)
    finished(by[0].begin(("network", "channel", *what, "--out", file), sign))
    for one in by[1:-1]:
        one.run(*sign)
    signed, done = finished(by[-1].begin(sign, submit))
    assert len(signed["needs"][0]["met"]) == signed["needs"][0]["needed"]
    return done


def test_no_process_has_seen_two_institutions_keys(institutions: tuple[Apart, ...]) -> None:
    for one in institutions:
        opened = set(one.opened)
        assert keys_of(one.home) & opened
        for other in institutions:
            if other != one:
                assert not {path for path in opened if path.is_relative_to(other.home.resolve())}
    for path in (institutions[0].root / "public").rglob("*"):
        assert path.is_dir() or b"PRIVATE KEY" not in path.read_bytes()


def test_nodes_are_told_of_their_own_institution_s_folder_alone(institutions: tuple[Apart, ...]) -> None:
    for one in institutions[:4]:
        others = [str(other.home).encode() for other in institutions if other != one]
        running = json.loads((one.home / "network" / "running.json").read_bytes())
        assert {each["name"].partition(".")[2] for each in running} == {one.msp}
        for each in running:
            for part in ("cmdline", "environ"):
                told = Path("/proc", str(each["pid"]), part).read_bytes()
                assert not [other for other in others if other in told]


def test_a_change_without_a_majority_s_signatures_is_not_taken(institutions: tuple[Apart, ...]) -> None:
    first, second, *_, fifth = institutions
    file = first.root / "public" / "early.pb"
    sign = ("network", "channel", "sign", file, "--yes")
    finished(first.begin(("network", "channel", "propose-member", fifth.offer, "--out", file), sign))
    second.run(*sign)
    process = first.begin(("network", "channel", "submit", file))
    out, error = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "not satisfied" in out + error


def test_two_of_them_have_a_channel_of_their_own_on_the_same_nodes(institutions: tuple[Apart, ...]) -> None:
    """All four order it; two are members, found a ledger of their own on it, and the others' peers know nothing."""
    first, second, third, _, _ = institutions
    founders, public = institutions[:4], first.root / "public"
    plan, genesis, shared = (public / f"pair.{end}" for end in ("yaml", "json", "shared"))
    text = (public / "plan.yaml").read_text()
    members = f"members: [{first.msp}, {second.msp}]\n"
    plan.write_text(text.replace("channel: deals\n", f"channel: pair\n{members}"))
    cards = [word for one in (first, second) for word in ("--card", one.card)]
    named = ("--name", "Pair", "--name-zh", "双方")
    founding = ("--agreement", public / "agreement", "--orderer", first.msp)
    first.run("consortium", "draft", genesis, *cards, *founding, *named)
    for one in (first, second):
        one.run("consortium", "sign", genesis, "--user", "rep")
    offers = [one.offer for one in founders]
    made = first.run("network", "assemble", plan, *offers, "--genesis", genesis, "--out", shared)
    # starting again, the contracts are told of the channel
    adopted = (("network", "adopt", shared), ("network", "start"))
    taken = together(founders, *adopted, ("network", "join", "--channel", "pair"))
    assert [(each["peer"], each["orderer"]) for each in taken] == [(True, True)] * 2 + [(False, True)] * 2

    signed = read_shared(shared).genesis
    assert signed.genesis.ledger_id == made["ledger"]
    block = call(first, (first, second), "consortium@1.found", "pair", genesis=to_json(signed))
    assert block > 0
    assert first.run("network", "compare", "--channel", "pair")["blocks"] == block + 1
    with pytest.raises(NodeRefused, match=r"(?i)not found|does not exist|access denied|invalid channel"):
        call(third, (third,), "consortium@1.membership", "pair")


def test_a_fifth_institution_joins_endorses_and_orders_and_another_leaves(institutions: tuple[Apart, ...]) -> None:
    first, second, third, fourth, fifth = institutions
    genesis = read_shared(first.root / "public" / "shared").genesis
    begun = call(first, (first, second, third), "consortium@1.found", genesis=to_json(genesis))
    assert begun > 0

    done = changed((first, second, third), "propose-member", fifth.offer)
    assert fifth.msp in done["members"]
    adopt_it = ("network", "adopt", first.root / "public" / "shared")
    assert finished(fifth.begin(adopt_it, ("network", "start")))[-1] == {
        "msp": fifth.msp,
        "channel": "deals",
        "ledger": genesis.genesis.ledger_id,
        "peer": True,
        "orderer": False,
    }
    agreement = {"version": 1, "fingerprint": genesis.genesis.agreement.fingerprint}
    call(first, (first, second, fifth), "consortium@1.sign_agreement", **agreement)

    done = changed((first, second, third), "propose-orderer", fifth.offer)
    assert len(done["orderers"]) == 5
    assert fifth.run("network", "join")["orderer"] is True
    call(second, (first, second, fifth), "consortium@1.sign_agreement", **agreement)

    done = changed((first, second, third), "propose-orderer-removal", fourth.msp)
    assert f"127.0.0.1:{fourth.port + 2}" not in done["orderers"]
    done = changed((first, second, third), "propose-removal", fourth.msp)
    assert fourth.msp not in done["members"]
    call(third, (second, third, fifth), "consortium@1.sign_agreement", **agreement)
    with pytest.raises(NodeRefused, match=r"(?i)denied|policy|creator|forbidden"):
        call(fourth, (first, second, third), "consortium@1.sign_agreement", **agreement)


def test_a_shared_folder_that_somebody_altered_is_not_adopted(institutions: tuple[Apart, ...], tmp_path: Path) -> None:
    first, second, *_ = institutions
    shared = first.root / "public" / "shared"
    copy = tmp_path / "shared"

    def altered(name: str, change: bytes, to: bytes) -> None:
        for path in shared.rglob("*"):
            target = copy / path.relative_to(shared)
            if path.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
        data = (copy / name).read_bytes()
        assert change in data
        (copy / name).write_bytes(data.replace(change, to))

    before = {path: path.read_bytes() for path in (second.home / "network").glob("*.*")}
    for name, change, to in (
        ("plan.yaml", b"batch: 50 ms", b"batch: 51 ms"),
        ("channel/first.block", b"10s", b"11s"),
        ("plan.yaml", f"port: {second.port}".encode(), f"port: {second.port + 400}".encode()),
        (f"offers/{second.msp}.json", b"Org 1", b"Org I"),
    ):
        altered(name, change, to)
        with pytest.raises(SharedPartRefused):
            adopt(Site(Home(second.home)), copy)
    assert {path: path.read_bytes() for path in (second.home / "network").glob("*.*")} == before


def test_an_offer_that_is_not_one_s_own_is_not_adopted(institutions: tuple[Apart, ...], tmp_path: Path) -> None:
    """Who assembled the network gave this institution's name keys of another's making."""
    first, *_ = institutions
    impostor = Apart(first.msp, first.name, first.role, tmp_path / "impostor", first.port)
    (tmp_path / "impostor" / "public").mkdir(parents=True)
    prepare([impostor])
    (impostor.home / "network" / "nodes").exists()
    with pytest.raises(SharedPartRefused, match="not your own"):
        adopt(Site(Home(impostor.home)), first.root / "public" / "shared")
    assert finished(impostor.begin(("org", "show")))[0]["msp"] == first.msp
