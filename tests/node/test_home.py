"""Homes and ledger folders: founding whole or not at all, joining on the checked genesis, records in one step."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.membership_refusals import GenesisRefused
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.checkpoint import LogForked
from chainfusion.node.founding import agreement_of, default_rules, draft_genesis, sign_genesis
from chainfusion.node.home import FileDamaged, FileExists, Home, LedgerFolder, NotJoined, read_record, write_record
from chainfusion.node.identity.enrolment import create_organisation, enrol_user
from chainfusion.node.identity.organisation import unlock
from chainfusion.node.identity.refusals import IdentityMissing, WrongPassword
from chainfusion.node.joining import join_ledger
from chainfusion.node.opening import found_ledger, open_desk, open_ledger
from chainfusion.node.witness import WitnessFile

PASSWORD = b"a word"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one institution, its genesis, and its ledger, joined."""
    folder = tmp_path_factory.mktemp("home")
    home = Home(folder / "donghai")
    organisation = create_organisation(
        home.identity, "DonghaiMSP", "Donghai Bank", "东海银行", PASSWORD, now=datetime.now(UTC)
    )
    enrol_user(organisation, "rep", (Role.REPRESENTATIVE,), PASSWORD, now=datetime.now(UTC), user_password=b"mine")
    ledger = found_ledger(*founders(folder), home.identity)
    join_ledger(home, LedgerFolder(folder / "ledger"), ledger, "rep")
    ledger.close()
    return folder


def founders(folder: Path, ledger: str = "ledger"):  # type: ignore[no-untyped-def]
    """What a founding takes."""
    organisation = Home(folder / "donghai").organisation()
    signer = unlock(organisation.user("rep"), b"mine")
    member = organisation.as_member((Role.ORIGINATOR,))
    rules = default_rules("DonghaiMSP")
    signed = draft_genesis("One", "一", [member], agreement_of(b"text"), rules, datetime.now(UTC))
    return LedgerFolder(folder / ledger), sign_genesis(signed, signer), signer, unlock(organisation.node, PASSWORD)


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy in another place: nothing in it knows where it was made."""
    shutil.copytree(made, tmp_path / "moved")
    return tmp_path / "moved"


def test_a_moved_folder_still_opens_for_writing(place: Path) -> None:
    home = Home(place / "donghai")
    with open_ledger(home.ledger(), PASSWORD) as ledger:
        desk = open_desk(home, ledger, "rep", b"mine", PASSWORD)
        agreement = desk.session.query("consortium.agreement")
        desk.session.call("consortium.sign_agreement", **agreement)
        assert ledger.height() == 2
    assert home.ledger().settings().identity == "../donghai/identity"


def test_person_and_encryption_key_have_passwords_of_their_own(place: Path) -> None:
    home = Home(place / "donghai")
    with open_ledger(home.ledger()) as ledger:
        with pytest.raises(WrongPassword):
            open_desk(home, ledger, "rep", PASSWORD)
        with pytest.raises(WrongPassword):
            open_desk(home, ledger, "rep", b"mine").encryption  # noqa: B018 - raises
        assert open_desk(home, ledger, "rep", b"mine", PASSWORD).encryption.public_bytes()
        with pytest.raises(IdentityMissing):
            open_desk(home, ledger, "nobody", b"mine")


def test_a_password_is_asked_for_once_and_only_when_it_is_needed(place: Path) -> None:
    home, asked = Home(place / "donghai"), []

    def ask() -> bytes:
        asked.append(1)
        return b"mine"

    with open_ledger(home.ledger()) as ledger:
        desk = open_desk(home, ledger, "rep", ask)
        assert desk.session.query("consortium.agreement")["version"] == 1
        assert asked == []
        assert desk.session.signer.sign(b"x") != desk.session.signer.sign(b"y")
        assert asked == [1]


def test_a_ledger_is_founded_once(place: Path) -> None:
    before = (place / "ledger" / "genesis.json").read_bytes()
    with pytest.raises(FileExists):
        found_ledger(*founders(place), place / "donghai" / "identity")
    assert (place / "ledger" / "genesis.json").read_bytes() == before


def test_a_refused_founding_leaves_no_ledger(place: Path) -> None:
    folder, signed, founder, node = founders(place, "second")
    unsigned = SignedGenesis(signed.genesis, ())
    with pytest.raises(GenesisRefused):
        found_ledger(folder, unsigned, founder, node, place / "donghai" / "identity")
    assert not any(folder.path.iterdir())


def test_a_folder_whose_genesis_was_swapped_is_not_joined(place: Path) -> None:
    folder, signed, _, _ = founders(place, "ledger")
    write_record(folder.genesis_file, replace(signed, genesis=replace(signed.genesis, name="Another")))
    home = Home(place / "new")
    with open_ledger(folder) as ledger, pytest.raises(LogForked):
        join_ledger(home, folder, ledger, "rep")
    assert not home.path.exists()


def test_joining_again_changes_who_works_and_nothing_that_the_notary_remembers(place: Path) -> None:
    home, folder = Home(place / "donghai"), LedgerFolder(place / "ledger")
    before = home.witness_file.read_bytes()
    with open_ledger(folder) as ledger:
        join_ledger(home, folder, ledger, "another")
    assert home.settings().user == "another"
    assert home.witness_file.read_bytes() == before
    assert WitnessFile(home.witness_file).last("elsewhere") is None


def test_who_has_not_joined_is_told_to(tmp_path: Path) -> None:
    with pytest.raises(NotJoined):
        Home(tmp_path).ledger()


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b'{"ledger":1,"user":"x"}', b'{"user":"x", "ledger":"y"}'])
def test_a_damaged_settings_file_is_told_by_its_path(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "node.json").write_bytes(data)
    with pytest.raises(FileDamaged) as refusal:
        Home(tmp_path).settings()
    assert refusal.value.facts["path"].endswith("node.json")


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(FileDamaged):
            read_record(path, SignedGenesis)
