"""A home on Fabric: its engine, its profile, and what evidence from it is verified against."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chainfusion.domain.records import to_bytes, to_json
from chainfusion.node.connection import Connection, PeerPlace, TlsPlaces
from chainfusion.node.home import (
    Engine,
    FileDamaged,
    GenesisDiffers,
    Home,
    LedgerFolder,
    NotJoined,
    OtherEngine,
    read_profile,
)
from tests.support.consortium import Consortium


def connection(ledger: str) -> Connection:
    return Connection(
        chaincode="chainfusion",
        channel="deals",
        host="YunjinMSP",
        ledger=ledger,
        peers=(PeerPlace("127.0.0.1:17010", None), PeerPlace("10.0.0.1:17010", "peer.yunjin")),
        store="../store",
        tls=TlsPlaces("tls/peers.pem", "tls/cert.pem", "tls/key.pem"),
    )


@pytest.fixture
def profile(tmp_path: Path, consortium: Consortium) -> Path:
    """As a person would write it."""
    made = to_json(connection(consortium.ledger.ledger_id))
    path = tmp_path / "given" / "profile.json"
    path.parent.mkdir()
    path.write_text(json.dumps(dict(reversed(made.items())), indent=2))
    return path


def test_a_home_takes_a_profile_and_sees_its_paths_from_itself(
    tmp_path: Path, profile: Path, consortium: Consortium
) -> None:
    home = Home(tmp_path / "homes" / "yanshan")
    home.connect(profile, consortium.genesis, "desk")
    assert home.settings().engine is Engine.FABRIC
    assert home.settings().user == "desk"
    taken = home.connection()
    assert (home.path / taken.tls.key).resolve() == tmp_path / "given" / "tls" / "key.pem"
    assert home.store() == tmp_path / "store"
    assert home.genesis() == consortium.genesis
    assert home.trust_file == home.path / "anchor.json"
    assert replace(taken, store="", tls=taken.tls) == replace(read_profile(profile), store="", tls=taken.tls)


def test_a_profile_of_another_ledger_is_refused_and_changes_nothing(
    tmp_path: Path, profile: Path, consortium: Consortium
) -> None:
    profile.write_bytes(to_bytes(connection("ee" * 16)))
    home = Home(tmp_path / "home")
    with pytest.raises(GenesisDiffers):
        home.connect(profile, consortium.genesis, "desk")
    assert not home.path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"channel": "deals"}', '{"x": 1}'])
def test_a_profile_that_is_none_is_refused_by_its_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / "profile.json"
    path.write_text(text)
    with pytest.raises(FileDamaged) as caught:
        read_profile(path)
    assert caught.value.facts["path"] == str(path)
    with pytest.raises(FileDamaged):
        read_profile(tmp_path / "missing.json")


def test_each_engine_s_part_is_asked_of_its_own_homes_alone(
    tmp_path: Path, profile: Path, consortium: Consortium
) -> None:
    fabric, embedded = Home(tmp_path / "fabric"), Home(tmp_path / "embedded")
    fabric.connect(profile, consortium.genesis, "desk")
    folder = LedgerFolder(tmp_path / "ledger")
    folder.lay(consortium.genesis, tmp_path)
    embedded.join(folder, "desk")
    assert embedded.settings().engine is Engine.EMBEDDED
    assert embedded.store() == folder.store.resolve()
    assert embedded.trust_file == embedded.genesis_file
    with pytest.raises(OtherEngine):
        fabric.ledger()
    with pytest.raises(OtherEngine):
        embedded.connection()
    with pytest.raises(NotJoined):
        Home(tmp_path / "nobody").store()


def test_a_home_moves_from_one_engine_to_the_other_and_keeps_its_identity_apart(
    tmp_path: Path, profile: Path, consortium: Consortium
) -> None:
    home, folder = Home(tmp_path / "home"), LedgerFolder(tmp_path / "ledger")
    folder.lay(consortium.genesis, tmp_path)
    home.join(folder, "desk")
    home.connect(profile, consortium.genesis, "another")
    assert (home.settings().engine, home.settings().user) == (Engine.FABRIC, "another")
    home.join(folder, "desk")
    assert home.ledger().path == folder.path.resolve()
