from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.certificates import (
    ATTRIBUTE_OID,
    CertificateMalformed,
    CertificateOutOfDate,
    CertificateUnfit,
    CertificateUntrusted,
    validate_chain,
)
from chainfusion.ledger.evidence.signatures import is_low_s, verify_p256
from chainfusion.node import identity
from chainfusion.node.identity import Enrolment, Organisation
from chainfusion.node.identity.refusals import IdentityExists, IdentityMissing, KeyMismatch, KeyUnreadable
from tests.support.certificates import Made, Recipe, ca, leaf, make
from tests.support.identities import NOW

PASSWORD = b"correct horse"
ROOT = make(ca("own root", 1))
ISSUING = make(ca("own issuing", 0), ROOT)
NODE = make(leaf("node", "peer"), ISSUING)
NOTARY = make(leaf("notary", "notary"), ISSUING, key=Ed25519PrivateKey.generate())
BUNDLE = ROOT.pem + ISSUING.pem
ROLES = x509.UnrecognizedExtension(ATTRIBUTE_OID, b'{"attrs":{"cf.roles":"trustee"}}')
CLIENT_AUTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
SERVER_AUTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])


def handed(made: Made, password: bytes | None = None) -> Enrolment:
    """A certificate and key as another CA's tools hand them out."""
    locking = BestAvailableEncryption(password) if password else NoEncryption()
    return Enrolment(made.pem, made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locking), password)


def take_over(home: Path, **changed: Any) -> Organisation:
    arguments: dict[str, Any] = {"ca_certificates": BUNDLE, "node": handed(NODE), "notary": handed(NOTARY), "now": NOW}
    return identity.import_organisation(home, "YunjinMSP", "Yunjin Trust", "云津信托", PASSWORD, **arguments | changed)


def refused(home: Path, refusal: type[ChainFusionError], why: str, **changed: Any) -> None:
    with pytest.raises(refusal, match=why):
        take_over(home / "home", **changed)
    assert list(home.iterdir()) == []


def test_an_institution_keeps_its_own_ca(tmp_path: Path) -> None:
    made = take_over(tmp_path / "home")
    assert made.authorities.roots == (ROOT.der,) and made.authorities.intermediates == (ISSUING.der,)
    assert not made.holds_ca
    assert made == identity.open_organisation(made.home)
    validate_chain(made.node.certificate, made.authorities.roots, made.authorities.intermediates, at=NOW)
    signer = identity.unlock(made.node, PASSWORD)
    verify_p256(NODE.key.public_key(), signer.sign(b"x"), b"x")
    assert identity.unlock_notary(made, PASSWORD).certificate_der == NOTARY.der
    assert (made.home / "node/msp/intermediatecerts/ca-1.pem").read_bytes() == ISSUING.pem
    with pytest.raises(IdentityMissing, match="CA key"):
        identity.enrol_user(made, "li", [], PASSWORD, now=NOW)


def test_the_order_of_the_bundle_and_repeats_do_not_matter(tmp_path: Path) -> None:
    made = take_over(tmp_path / "home", ca_certificates=ISSUING.pem + ROOT.pem + b"\n# note\n" + ISSUING.pem)
    assert made.authorities.roots == (ROOT.der,) and made.authorities.intermediates == (ISSUING.der,)


def test_keys_come_encrypted_or_as_openssl_writes_them(tmp_path: Path) -> None:
    old = NODE.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    take_over(tmp_path / "a", node=Enrolment(NODE.pem, old))
    made = take_over(tmp_path / "b", node=handed(NODE, b"theirs"), notary=handed(NOTARY, b"theirs"))
    identity.unlock(made.node, PASSWORD)


def test_a_high_s_certificate_is_taken_in_fabrics_spelling(tmp_path: Path) -> None:
    root = make(ca("r", low_s=False))
    node = make(leaf("node", "peer", low_s=False), root)
    made = take_over(tmp_path / "home", ca_certificates=root.pem, node=handed(node), notary=None)
    for der, original in ((made.node.certificate.der, node.der), (made.authorities.roots[0], root.der)):
        taken = x509.load_der_x509_certificate(der)
        assert der != original and is_low_s(taken.signature)
        assert taken.tbs_certificate_bytes == x509.load_der_x509_certificate(original).tbs_certificate_bytes
    validate_chain(made.node.certificate, made.authorities.roots, at=NOW)
    identity.unlock(made.node, PASSWORD)


def test_people_come_with_the_roles_of_their_certificates(tmp_path: Path) -> None:
    made = take_over(tmp_path / "home")
    person = make(leaf("wang", extra=((ROLES, False), (SERVER_AUTH, False))), ISSUING)
    user = identity.import_user(made, "wang", handed(person), b"hers", now=NOW)
    assert user.roles == {Role.TRUSTEE}
    assert identity.unlock(user, b"hers").certificate_der == person.der
    with pytest.raises(IdentityExists):
        identity.import_user(made, "wang", handed(person), b"hers", now=NOW)
    with pytest.raises(CertificateUnfit, match="client or admin"):
        identity.import_user(made, "node", handed(NODE), b"hers", now=NOW)
    with pytest.raises(CertificateUntrusted):
        identity.import_user(made, "li", handed(make(leaf("li"), make(ca()))), b"hers", now=NOW)
    assert [each.name for each in made.users()] == ["wang"]


def test_a_notary_may_come_later(tmp_path: Path) -> None:
    made = take_over(tmp_path / "home", notary=None)
    assert made.notary is None
    with pytest.raises(CertificateUnfit, match="notary"):
        identity.import_notary(made, handed(NODE), PASSWORD, now=NOW)
    later = identity.import_notary(made, handed(NOTARY), PASSWORD, now=NOW)
    assert later.as_member((Role.TRUSTEE,)).notary_certificate == NOTARY.der
    with pytest.raises(IdentityExists):
        identity.import_notary(made, handed(NOTARY), PASSWORD, now=NOW)


@pytest.mark.parametrize(
    ("recipe", "key", "refusal", "why"),
    [
        (leaf("node", "peer"), ec.generate_private_key(ec.SECP384R1()), CertificateUnfit, "P-256"),
        (leaf("node", "peer"), rsa.generate_private_key(65537, 2048), CertificateUnfit, "P-256"),
        (leaf("node", "peer"), Ed25519PrivateKey.generate(), CertificateUnfit, "notary"),
        (leaf("node", "client"), None, CertificateUnfit, "OU is not peer"),
        (leaf("node", "peer+admin"), None, CertificateUnfit, "OU is not peer"),
        (leaf("node", "peer", ends=NOW - timedelta(hours=1)), None, CertificateOutOfDate, "node"),
        (leaf("node", "peer", begins=NOW + timedelta(hours=1)), None, CertificateOutOfDate, "node"),
        (leaf("node", "peer", extra=((CLIENT_AUTH, False),)), None, CertificateUnfit, "serverAuth"),
        (leaf("node", "peer", usage=("key_agreement",)), None, CertificateUnfit, "key usage"),
        (ca("node"), None, CertificateUnfit, "not a person's"),
    ],
)
def test_a_node_certificate_that_does_not_fit_is_refused(
    recipe: Recipe, key: Any, refusal: type[ChainFusionError], why: str, tmp_path: Path
) -> None:
    refused(tmp_path, refusal, why, node=handed(make(recipe, ISSUING, key)))


@pytest.mark.parametrize(
    ("recipe", "refusal", "why"),
    [
        (ca("r", ends=NOW - timedelta(hours=1)), CertificateOutOfDate, "r"),
        (ca("r", constraints=None), CertificateUnfit, "not a CA"),
        (ca("r", usage=("digital_signature",)), CertificateUnfit, "key usage"),
        (ca("r", identifier=False), CertificateUnfit, "subject key identifier"),
        (ca("r", extra=((CLIENT_AUTH, False),)), CertificateUnfit, "serverAuth"),
    ],
)
def test_a_ca_that_does_not_fit_is_refused(
    recipe: Recipe, refusal: type[ChainFusionError], why: str, tmp_path: Path
) -> None:
    root = make(recipe)
    node = make(leaf("node", "peer"), root)
    refused(tmp_path, refusal, why, ca_certificates=root.pem, node=handed(node), notary=None)
    refused(tmp_path, refusal, why, ca_certificates=BUNDLE + root.pem)


def test_a_root_that_did_not_sign_itself_is_refused(tmp_path: Path) -> None:
    posing = make(ca("own root"), make(ca("own root")))
    refused(tmp_path, CertificateUnfit, "signed by itself", ca_certificates=posing.pem)


def test_a_ca_on_another_curve_is_refused(tmp_path: Path) -> None:
    root = make(ca("r"), key=ec.generate_private_key(ec.SECP384R1()))
    refused(tmp_path, CertificateUnfit, "r does not fit", ca_certificates=root.pem, notary=None)


def test_a_missing_intermediate_or_a_foreign_root_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, CertificateUntrusted, "node", ca_certificates=ROOT.pem)
    refused(tmp_path, CertificateUntrusted, "node", ca_certificates=make(ca("own root")).pem + ISSUING.pem)
    refused(tmp_path, CertificateMalformed, "no root", ca_certificates=ISSUING.pem)


@pytest.mark.parametrize("encoded", [b"", b"junk", ROOT.der, b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_refused(encoded: bytes, tmp_path: Path) -> None:
    refused(tmp_path, CertificateMalformed, "readable", ca_certificates=encoded)
    refused(tmp_path, CertificateMalformed, "readable", node=replace(handed(NODE), certificate=encoded))


def test_a_chain_in_the_place_of_a_certificate_is_refused(tmp_path: Path) -> None:
    node = replace(handed(NODE), certificate=NODE.pem + ISSUING.pem)
    refused(tmp_path, CertificateMalformed, "2 certificates", node=node)


def test_keys_that_do_not_belong_or_do_not_open_are_refused(tmp_path: Path) -> None:
    refused(tmp_path, KeyMismatch, "node", node=replace(handed(NODE), key=handed(ISSUING).key))
    refused(tmp_path, KeyMismatch, "node", node=replace(handed(NODE), key=handed(NOTARY).key))
    refused(tmp_path, KeyUnreadable, "PEM", node=replace(handed(NODE), key=b"junk"))
    refused(tmp_path, KeyUnreadable, "PEM", node=replace(handed(NODE, b"theirs"), key_password=b"wrong"))
    refused(tmp_path, KeyUnreadable, "PEM", node=replace(handed(NODE, b"theirs"), key_password=None))
    other = rsa.generate_private_key(65537, 2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    refused(tmp_path, KeyUnreadable, "Ed25519", node=replace(handed(NODE), key=pem))


def test_a_notary_must_have_the_notarys_unit_and_key(tmp_path: Path) -> None:
    refused(tmp_path, CertificateUnfit, "Ed25519", notary=handed(make(leaf("notary", "notary"), ISSUING)))
    refused(tmp_path, CertificateUnfit, "OU is not notary", notary=handed(NODE))
