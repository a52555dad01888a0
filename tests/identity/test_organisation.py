from __future__ import annotations

import base64
import shutil
import stat
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.certificates import CertificateRefused, CertificateUntrusted, validate_chain
from chainfusion.ledger.evidence.signatures import verify_ed25519, verify_p256
from chainfusion.node import identity
from chainfusion.node.identity import Organisation, folder, keyfile
from chainfusion.node.identity.der import pem
from chainfusion.node.identity.enrolment import place_of_user
from chainfusion.node.identity.refusals import (
    BadIdentityName,
    IdentityExists,
    IdentityMissing,
    NotAnOrganisation,
    WrongPassword,
)
from chainfusion.vault.keys import EncryptionPublicKey
from chainfusion.vault.passphrase import PassphraseEmpty
from tests.support.identities import NOW, make_member

PASSWORD, OWN = b"correct horse", b"battery staple"


def create(home: Path, msp: str = "DonghaiMSP") -> Organisation:
    return identity.create_organisation(home, msp, "Donghai Bank", "东海银行", PASSWORD, now=NOW)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Organisation:
    """One institution with two people; tests read it and leave it as it is."""
    organisation = create(tmp_path_factory.mktemp("identity") / "donghai")
    identity.enrol_user(organisation, "DH-0417", [Role.SERVICER, Role.ORIGINATOR], PASSWORD, now=NOW, user_password=OWN)
    identity.enrol_user(organisation, "boss", [], PASSWORD, now=NOW, admin=True)
    return organisation


@pytest.fixture
def copy(made: Organisation, tmp_path: Path) -> Iterator[Organisation]:
    """The same institution in a folder that a test may spoil."""
    shutil.copytree(made.home, tmp_path / "copy")
    yield identity.open_organisation(tmp_path / "copy")


def files(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}


# ------------------------------------------------------------------ layout


def test_the_layout_is_an_msp_for_each_holder(made: Organisation) -> None:
    holders = {"node/msp", "notary/msp", "users/DH-0417/msp", "users/boss/msp"}
    expected = {"organisation.json", "encryption/key.json", "msp/cacerts/ca-1.pem", "msp/config.yaml"}
    for holder in holders:
        expected |= {f"{holder}/cacerts/ca-1.pem", f"{holder}/signcerts/cert.pem", f"{holder}/config.yaml"}
    found = files(made.home)
    keys = {name for name in found if "/keystore/" in name}
    assert found - keys == expected | {"ca/signcerts/cert.pem"}
    assert sorted(name.rsplit("/", 2)[0] for name in keys) == sorted(holders | {"ca"})
    assert all(name.endswith("_sk") for name in keys)


def test_only_the_owner_reads_anything(made: Organisation) -> None:
    for path in (made.home, *made.home.rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_the_key_lies_where_fabric_looks_it_up(made: Organisation) -> None:
    for holder in (made.node, *made.users()):
        identifier = holder.certificate.x509.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert holder.key_file.name == f"{identifier.digest.hex()}_sk"
        assert holder.key_file.is_file()


def test_node_ous_tell_the_kinds_apart(made: Organisation) -> None:
    config = yaml.safe_load((made.home / "msp" / "config.yaml").read_text())["NodeOUs"]
    assert config.pop("Enable") is True
    assert {name: each["OrganizationalUnitIdentifier"] for name, each in config.items()} == {
        "ClientOUIdentifier": "client",
        "PeerOUIdentifier": "peer",
        "AdminOUIdentifier": "admin",
        "OrdererOUIdentifier": "orderer",
    }
    assert made.node.certificate.node_ou == "peer"
    assert {user.name: user.certificate.node_ou for user in made.users()} == {"DH-0417": "client", "boss": "admin"}


def test_certificates_carry_what_fabric_ca_would_put_in(made: Organisation) -> None:
    user = made.user("DH-0417").certificate
    assert dict(user.attributes) == {
        "cf.roles": "originator,servicer",
        "hf.Affiliation": "",
        "hf.EnrollmentID": "DH-0417",
        "hf.Type": "client",
    }
    assert "cf.roles" not in made.user("boss").certificate.attributes
    usage = user.x509.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature and not usage.value.key_cert_sign
    root = x509.load_der_x509_certificate(made.authorities.roots[0])
    issuer = user.x509.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert issuer == root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert user.not_after - NOW == timedelta(days=730)
    assert root.not_valid_after_utc - NOW == timedelta(days=3652)
    assert len({each.certificate.x509.serial_number for each in (made.node, *made.users())}) == 3


def test_a_leaf_does_not_outlive_its_ca(tmp_path: Path) -> None:
    day = timedelta(days=1)
    made = identity.create_organisation(tmp_path / "a", "AMSP", "A", "甲", b"p", now=NOW, ca_validity=100 * day)
    assert made.node.certificate.not_after == NOW + 100 * day


# ------------------------------------------------------------------ opening and unlocking


def test_what_was_made_is_what_opens(made: Organisation) -> None:
    again = identity.open_organisation(made.home)
    assert again == made
    assert (again.msp_id, again.profile.name_en, again.profile.name_zh) == ("DonghaiMSP", "Donghai Bank", "东海银行")
    for holder in (again.node, again.notary, *again.users()):
        assert holder is not None
        validate_chain(holder.certificate, again.authorities.roots, at=NOW)


def test_people_and_node_sign_with_their_own_keys(made: Organisation) -> None:
    for holder, password in ((made.node, PASSWORD), (made.user("DH-0417"), OWN), (made.user("boss"), PASSWORD)):
        signer = identity.unlock(holder, password)
        verify_p256(holder.certificate.p256_key, signer.sign(b"fact"), b"fact")
        assert signer.msp_id == "DonghaiMSP"
        assert signer.certificate_der == holder.certificate.der
        assert signer.certificate_fingerprint == holder.certificate.fingerprint


def test_the_notary_signs(made: Organisation) -> None:
    notary = identity.unlock_notary(made, PASSWORD)
    verify_ed25519(notary.certificate.ed25519_key, notary.sign(b"tree"), b"tree")
    assert notary.public_key_bytes == notary.certificate.ed25519_key.public_bytes_raw()
    assert notary.certificate.node_ou == "notary"


def test_what_is_sealed_to_the_institution_opens(made: Organisation) -> None:
    sealed = EncryptionPublicKey.from_public_bytes(made.encryption_public_key).seal(b"secret", b"context")
    assert identity.unlock_encryption(made, PASSWORD).unseal(sealed, b"context") == b"secret"


def test_wrong_passwords_open_nothing(made: Organisation) -> None:
    for wrong in (b"", b"wrong", PASSWORD + b"x", OWN):
        with pytest.raises(WrongPassword, match="node"):
            identity.unlock(made.node, wrong)
        with pytest.raises(WrongPassword):
            identity.unlock_notary(made, wrong)
        with pytest.raises(WrongPassword):
            identity.unlock_encryption(made, wrong)
        with pytest.raises(WrongPassword):
            identity.enrol_user(made, "li", [], wrong, now=NOW)
    with pytest.raises(WrongPassword):
        identity.unlock(made.user("DH-0417"), PASSWORD)
    assert [user.name for user in made.users()] == ["DH-0417", "boss"]


def test_no_secret_shows_in_a_repr(made: Organisation) -> None:
    signer = identity.unlock(made.node, PASSWORD)
    assert repr(signer) == "Signer(DonghaiMSP, node.DonghaiMSP)"
    assert repr(identity.unlock_notary(made, PASSWORD)) == "Notary(DonghaiMSP)"


def test_no_key_is_readable_on_disk(made: Organisation) -> None:
    for path in made.home.rglob("*_sk"):
        assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        with pytest.raises(TypeError):
            load_pem_private_key(path.read_bytes(), None)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_opens_the_key_files(made: Organisation) -> None:
    command = ["openssl", "pkey", "-noout", "-in", str(made.node.key_file), "-passin", f"pass:{PASSWORD.decode()}"]
    assert subprocess.run(command, check=False).returncode == 0
    command[-1] = "pass:wrong"
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0


def test_guessing_a_password_is_made_to_cost(made: Organisation) -> None:
    parameters = bytes.fromhex("0202" + "4000" + "0201" + "08" + "0201" + "02")
    der = b"".join(made.node.key_file.read_bytes().splitlines()[1:-1])
    assert parameters in base64.b64decode(der)
    assert keyfile.SCRYPT_N * keyfile.SCRYPT_R * keyfile.SCRYPT_P >= 2**18


def test_export_writes_the_plain_key_and_says_so(made: Organisation, tmp_path: Path) -> None:
    target = tmp_path / "peer" / "keystore" / made.node.key_file.name
    identity.export_key(made.node, PASSWORD, target)
    assert target.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    keyfile.foreign_key(target.read_bytes(), None, made.node.certificate)
    assert "WITHOUT ENCRYPTION" in (identity.export_key.__doc__ or "")
    with pytest.raises(IdentityExists):
        identity.export_key(made.node, PASSWORD, target)
    with pytest.raises(WrongPassword):
        identity.export_key(made.node, b"wrong", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_password_changes_in_one_step(copy: Organisation) -> None:
    with pytest.raises(WrongPassword):
        identity.change_password(copy.node, b"wrong", b"new")
    with pytest.raises(PassphraseEmpty):
        identity.change_password(copy.node, PASSWORD, b"")
    identity.unlock(copy.node, PASSWORD)
    identity.change_password(copy.node, PASSWORD, b"new")
    identity.unlock(copy.node, b"new")
    with pytest.raises(WrongPassword):
        identity.unlock(copy.node, PASSWORD)
    assert [path.name for path in copy.node.key_file.parent.iterdir()] == [copy.node.key_file.name]


# ------------------------------------------------------------------ damage and exchange


def test_a_folder_that_is_no_identity_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAnOrganisation, match=r"organisation\.json"):
        identity.open_organisation(tmp_path)
    (tmp_path / "organisation.json").write_text('{"format": "other"}')
    with pytest.raises(NotAnOrganisation):
        identity.open_organisation(tmp_path)


def test_another_format_is_refused(copy: Organisation) -> None:
    place = copy.home / "organisation.json"
    place.write_bytes(place.read_bytes().replace(b"organisation-v1", b"organisation-v9"))
    with pytest.raises(NotAnOrganisation, match="format"):
        identity.open_organisation(copy.home)


@pytest.mark.parametrize("part", ["msp/cacerts/ca-1.pem", "node/msp/signcerts/cert.pem"])
def test_a_missing_certificate_is_named(copy: Organisation, part: str) -> None:
    (copy.home / part).unlink()
    with pytest.raises(NotAnOrganisation) as caught:
        identity.open_organisation(copy.home)
    assert part.split("/")[0] in caught.value.message("zh")


@pytest.mark.parametrize("place", [40, 200, 400, 600])
def test_a_changed_certificate_is_refused(copy: Organisation, place: int) -> None:
    path = copy.home / "node/msp/signcerts/cert.pem"
    data = bytearray(path.read_bytes())
    data[place] = ord("A") if data[place] != ord("A") else ord("B")
    path.write_bytes(data)
    with pytest.raises(CertificateRefused):
        identity.open_organisation(copy.home)


def test_anothers_certificate_is_refused(copy: Organisation) -> None:
    stranger = make_member("OtherMSP").node.certificate
    (copy.home / "node/msp/signcerts/cert.pem").write_bytes(pem("CERTIFICATE", stranger.der))
    with pytest.raises(CertificateUntrusted):
        identity.open_organisation(copy.home)


def test_two_holders_keys_cannot_be_exchanged(copy: Organisation) -> None:
    node, boss = copy.node, copy.user("boss")
    node.key_file.write_bytes(boss.key_file.read_bytes())
    with pytest.raises(WrongPassword):
        identity.unlock(node, PASSWORD)


def test_a_damaged_or_missing_key_file_is_told(copy: Organisation) -> None:
    data = bytearray(copy.node.key_file.read_bytes())
    for place in (0, 60, len(data) // 2, len(data) - 40):
        broken = bytearray(data)
        broken[place] = ord("A") if broken[place] != ord("A") else ord("B")
        copy.node.key_file.write_bytes(broken)
        with pytest.raises(WrongPassword):
            identity.unlock(copy.node, PASSWORD)
    copy.node.key_file.unlink()
    with pytest.raises(NotAnOrganisation, match="No such file"):
        identity.unlock(copy.node, PASSWORD)


def test_the_encryption_key_must_be_the_published_one(copy: Organisation, made: Organisation, tmp_path: Path) -> None:
    other = create(tmp_path / "other")
    shutil.copy(other.home / "encryption/key.json", copy.home / "encryption/key.json")
    with pytest.raises(WrongPassword, match="encryption"):
        identity.unlock_encryption(copy, PASSWORD)


def test_what_is_not_there_is_missing(copy: Organisation) -> None:
    with pytest.raises(IdentityMissing, match="user nobody"):
        copy.user("nobody")
    shutil.rmtree(copy.home / "ca")
    shutil.rmtree(copy.home / "notary")
    poorer = identity.open_organisation(copy.home)
    assert not poorer.holds_ca
    with pytest.raises(IdentityMissing, match="CA key"):
        identity.enrol_user(poorer, "li", [], PASSWORD, now=NOW)
    with pytest.raises(IdentityMissing, match="notary"):
        identity.unlock_notary(poorer, PASSWORD)
    with pytest.raises(IdentityMissing, match="notary"):
        poorer.as_member((Role.ORIGINATOR,))


# ------------------------------------------------------------------ creation, whole or not at all


def test_an_existing_home_is_left_as_it_is(made: Organisation, tmp_path: Path) -> None:
    before = files(made.home)
    with pytest.raises(IdentityExists):
        create(made.home)
    assert files(made.home) == before
    for taken in (tmp_path / "folder", tmp_path / "link"):
        taken.mkdir() if taken.name == "folder" else taken.symlink_to(tmp_path / "nowhere")
        with pytest.raises(IdentityExists):
            create(taken)


@pytest.mark.parametrize("failing", range(1, 15))
def test_a_failure_at_any_file_leaves_nothing(failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count, real = 0, folder.write

    def write(path: Path, data: bytes) -> None:
        nonlocal count
        count += 1
        if count == failing:
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(folder, "write", write)
    with pytest.raises(OSError, match="space"):
        create(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_home_taken_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = folder.write

    def write(path: Path, data: bytes) -> None:
        (tmp_path / "home").mkdir(exist_ok=True)
        (tmp_path / "home" / "theirs").write_text("kept")
        real(path, data)

    monkeypatch.setattr(folder, "write", write)
    with pytest.raises(IdentityExists):
        create(tmp_path / "home")
    assert files(tmp_path) == {"home/theirs"}


@pytest.mark.parametrize(
    ("msp", "name", "name_zh"),
    [
        ("", "A", "甲"),
        ("1MSP", "A", "甲"),
        ("A" * 57, "A", "甲"),
        ("A/../B", "A", "甲"),
        ("A B", "A", "甲"),
        ("东海MSP", "A", "甲"),
        ("AMSP", "", "甲"),
        ("AMSP", "A" * 65, "甲"),
        ("AMSP", "A\nB", "甲"),
        ("AMSP", " A", "甲"),
        ("AMSP", "A", ""),
        ("AMSP", "A", "甲\u202e"),
    ],
)
def test_names_that_cannot_stand_are_refused(msp: str, name: str, name_zh: str, tmp_path: Path) -> None:
    with pytest.raises(BadIdentityName):
        identity.create_organisation(tmp_path / "home", msp, name, name_zh, PASSWORD, now=NOW)
    assert list(tmp_path.iterdir()) == []


def test_the_longest_names_fit(tmp_path: Path) -> None:
    made = identity.create_organisation(tmp_path / "home", "A" * 56, "银" * 64, "银" * 64, b"p", now=NOW)
    assert made.notary is not None and made.notary.certificate.subject == "notary." + "A" * 56


def test_an_empty_password_is_refused(made: Organisation, tmp_path: Path) -> None:
    with pytest.raises(PassphraseEmpty):
        identity.create_organisation(tmp_path / "home", "AMSP", "A", "甲", b"", now=NOW)
    with pytest.raises(PassphraseEmpty):
        identity.enrol_user(made, "li", [], PASSWORD, now=NOW, user_password=b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "-a", ".a", "a" * 64, "张", "a b", "a\n"])
def test_user_names_stay_in_their_folder(made: Organisation, name: str) -> None:
    with pytest.raises(BadIdentityName):
        made.user(name)
    with pytest.raises(BadIdentityName):
        place_of_user(made, name)


@pytest.mark.parametrize("name", ["boss", "BOSS", "dh-0417"])
def test_a_name_is_given_once_in_either_case(made: Organisation, name: str) -> None:
    with pytest.raises(IdentityExists):
        identity.enrol_user(made, name, [], PASSWORD, now=NOW)


def test_a_member_entry_is_made_of_the_public_parts(made: Organisation) -> None:
    member = made.as_member((Role.ORIGINATOR,))
    assert made.notary is not None
    assert (member.msp, member.name, member.name_zh) == ("DonghaiMSP", "Donghai Bank", "东海银行")
    assert member.root_certificates == made.authorities.roots
    assert member.node_certificate == made.node.certificate.der
    assert member.notary_certificate == made.notary.certificate.der
    assert member.encryption_key == made.encryption_public_key
