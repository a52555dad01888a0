from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.certificates import (
    ATTRIBUTE_OID,
    Certificate,
    CertificateMalformed,
    CertificateOutOfDate,
    CertificateRefused,
    CertificateUnfit,
    CertificateUntrusted,
    check_authority,
    roles_in,
    validate_chain,
)
from tests.support.certificates import Made, Recipe, ca, leaf, make
from tests.support.identities import NOW, make_member

ROOT = make(ca())
LEAF = make(leaf(), ROOT)
MEMBER = make_member("DonghaiMSP")


def view(made: Made) -> Certificate:
    return Certificate.from_der(made.der)


def check(made: Made, root: Made = ROOT, *between: Made, at: Any = NOW) -> None:
    validate_chain(view(made), (root.der,), tuple(each.der for each in between), at=at)


def with_attributes(text: bytes) -> Made:
    return make(leaf(extra=((x509.UnrecognizedExtension(ATTRIBUTE_OID, text), False),)), ROOT)


# ------------------------------------------------------------------ reading


def test_a_users_certificate_says_who_may_act_as_what() -> None:
    user = MEMBER.user("DH-0417", [Role.ORIGINATOR, Role.SERVICER])
    read = Certificate.from_der(user.certificate_der)
    assert read.subject == "DH-0417"
    assert read.units == {"client"} and read.node_ou == "client"
    assert read.roles == {Role.ORIGINATOR, Role.SERVICER}
    assert read.attributes["hf.EnrollmentID"] == "DH-0417"
    assert read.fingerprint == hashlib.sha256(user.certificate_der).hexdigest()
    assert (read.not_before, read.not_after) == (NOW - timedelta(minutes=5), NOW + timedelta(days=730))


def test_the_same_bytes_are_parsed_once() -> None:
    assert Certificate.from_der(LEAF.der) is Certificate.from_der(bytes(bytearray(LEAF.der)))
    assert view(LEAF) == view(LEAF) != view(ROOT)
    assert len({view(LEAF), view(LEAF), view(ROOT)}) == 2


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("peer", "peer"), ("admin", "admin"), ("notary", "notary"), ("client+peer", None), ("risk", None), (None, None)],
)
def test_a_certificate_is_one_kind_of_node_or_none(unit: str | None, expected: str | None) -> None:
    assert view(make(leaf(unit=unit), ROOT)).node_ou == expected


def test_a_name_without_one_common_name_is_shown_whole() -> None:
    nameless = make(leaf(name="a"), ROOT)
    assert view(nameless).subject == "a"
    double = x509.Name([*nameless.certificate.subject, *x509.Name.from_rfc4514_string("CN=b")])
    builder = x509.CertificateBuilder(
        ROOT.certificate.subject, double, LEAF.key.public_key(), 7, NOW, NOW + timedelta(days=1)
    )
    made = Made(builder.sign(ROOT.key, SHA256()), LEAF.key)
    assert "CN=b" in view(made).subject and "CN=a" in view(made).subject


def test_roles_are_read_exactly() -> None:
    assert roles_in("originator,servicer") == {Role.ORIGINATOR, Role.SERVICER}
    assert roles_in("originator, servicer,Trustee,TRUSTEE,,regulator2") == {Role.ORIGINATOR}
    assert roles_in("") == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"attrs":[]}',
        b'{"attrs":{"cf.roles":["originator"]}}',
        b'{"attrs":{"cf.roles":1}}',
        b'{"attrs":{"cf.roles":"investor","cf.roles":"originator"}}',
        b'{"attrs":{},"attrs":{"cf.roles":"originator"}}',
        b'{"attrs":{"cf.roles":"originator"}} ,',
        b"[" * 8000,
        b'{"attrs":{"a":"' + b"x" * 9000 + b'"}}',
        b'{"attrs":{"a":' + b"9" * 5000 + b"}}",
    ],
)
def test_hostile_attributes_make_the_certificate_unreadable(text: bytes) -> None:
    made = with_attributes(text)
    with pytest.raises(CertificateMalformed):
        view(made)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=6))
def test_any_text_attributes_are_read_back(attributes: dict[str, str]) -> None:
    made = with_attributes(json.dumps({"attrs": attributes}).encode())
    assert dict(view(made).attributes) == attributes


def test_attributes_cannot_be_changed_after_reading() -> None:
    with pytest.raises(TypeError):
        view(LEAF).attributes["cf.roles"] = "regulator"  # type: ignore[index]


def test_keys_are_given_by_kind() -> None:
    assert view(LEAF).p256_key.curve.name == "secp256r1"
    assert len(MEMBER.notary.certificate.ed25519_key.public_bytes_raw()) == 32
    with pytest.raises(CertificateUnfit, match="P-256"):
        _ = MEMBER.notary.certificate.p256_key
    with pytest.raises(CertificateUnfit, match="Ed25519"):
        _ = view(LEAF).ed25519_key


# ------------------------------------------------------------------ hostile bytes


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x80\x00\x00", LEAF.der + b"\x00", LEAF.der[:-1], LEAF.pem])
def test_bytes_that_are_no_certificate_are_refused(der: bytes) -> None:
    with pytest.raises(CertificateMalformed):
        Certificate.from_der(der)


def test_an_enormous_certificate_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(CertificateMalformed, match="longer"):
        Certificate.from_der(b"\x30" + b"\x00" * 100_000)


@given(st.binary(max_size=400))
def test_random_bytes_give_the_typed_refusal(der: bytes) -> None:
    with pytest.raises(CertificateMalformed):
        Certificate.from_der(der)


@given(st.data())
def test_every_changed_byte_is_refused(data: st.DataObject) -> None:
    subject = data.draw(st.sampled_from([LEAF.der, MEMBER.user("x", [Role.TRUSTEE]).certificate_der]))
    root = ROOT.der if subject is LEAF.der else MEMBER.root_der
    broken = bytearray(subject)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(broken) - 1))
        broken[place] ^= data.draw(st.integers(1, 255))
    if bytes(broken) == subject:
        return
    with pytest.raises(CertificateRefused):
        validate_chain(Certificate.from_der(bytes(broken)), (root,), at=NOW)


@given(st.data())
def test_cut_and_spliced_certificates_are_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(LEAF.der) - 1))
    end = data.draw(st.integers(start + 1, len(LEAF.der)))
    spliced = LEAF.der[:start] + data.draw(st.binary(max_size=20)) + LEAF.der[end:]
    if spliced == LEAF.der:
        return
    with pytest.raises(CertificateRefused):
        validate_chain(Certificate.from_der(spliced), (ROOT.der,), at=NOW)


@given(st.data())
def test_every_changed_byte_of_a_root_is_refused(data: st.DataObject) -> None:
    broken = bytearray(ROOT.der)
    broken[data.draw(st.integers(0, len(broken) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CertificateRefused):
        validate_chain(view(LEAF), (bytes(broken),), (bytes(broken),), at=NOW)


# ------------------------------------------------------------------ chains


def test_each_holder_of_a_member_is_accepted() -> None:
    for holder in (MEMBER.node, MEMBER.notary, MEMBER.user("a"), MEMBER.user("b", admin=True)):
        validate_chain(holder.certificate, (MEMBER.root_der,), at=NOW)


def test_a_foreign_root_is_not_trusted() -> None:
    other = make(ca())  # the same name, another key
    with pytest.raises(CertificateUntrusted, match="zhang"):
        check(LEAF, other)
    with pytest.raises(CertificateUntrusted):
        validate_chain(view(LEAF), (), at=NOW)


def test_a_certificate_signed_by_itself_or_by_a_person_is_not_trusted() -> None:
    with pytest.raises(CertificateUntrusted):
        check(make(leaf()))
    with pytest.raises(CertificateUnfit, match="not a CA"):
        check(make(leaf("li"), LEAF), ROOT, LEAF)


def test_an_intermediate_leads_to_the_root_in_any_company() -> None:
    between = make(ca("issuing", 0), ROOT)
    person = make(leaf(), between)
    check(person, ROOT, between)
    check(person, ROOT, make(ca("other"), ROOT), between, between)
    with pytest.raises(CertificateUntrusted):
        check(person, ROOT)


def test_a_root_handed_in_as_an_intermediate_is_no_anchor() -> None:
    foreign = make(ca("foreign"))
    with pytest.raises(CertificateUntrusted):
        check(make(leaf(), foreign), ROOT, foreign)


def test_path_length_and_depth_are_kept() -> None:
    short = make(ca("root", 0))
    between = make(ca("issuing"), short)
    with pytest.raises(CertificateUnfit, match="path length"):
        check(make(leaf(), between), short, between)
    links = [ROOT]
    for number in range(4):
        links.append(make(ca(f"ca {number}"), links[-1]))
    check(make(leaf(), links[3]), ROOT, *links[1:])
    with pytest.raises(CertificateUntrusted):
        check(make(leaf(), links[4]), ROOT, *links[1:])


def test_an_anchor_must_be_signed_by_itself() -> None:
    below = make(ca("issuing"), ROOT)
    with pytest.raises(CertificateUnfit, match="signed by itself"):
        check(make(leaf(), below), below)


def test_circles_of_intermediates_end() -> None:
    first_key = make(ca("b"))
    one = make(ca("a"), first_key)
    back = make(ca("b"), one, key=first_key.key)
    with pytest.raises(CertificateUntrusted):
        check(make(leaf(), one), ROOT, one, back)


def test_too_many_intermediates_are_refused() -> None:
    with pytest.raises(CertificateMalformed, match="too many"):
        validate_chain(view(LEAF), (ROOT.der,), (ROOT.der,) * 17, at=NOW)


def test_validity_is_that_of_the_whole_chain() -> None:
    day = timedelta(days=1)
    for at in (LEAF.certificate.not_valid_before_utc, LEAF.certificate.not_valid_after_utc):
        check(LEAF, at=at)
    for at in (NOW - 2 * day, NOW + 366 * day):
        with pytest.raises(CertificateOutOfDate, match="zhang"):
            check(LEAF, at=at)
    old_root = make(ca("old", ends=NOW + day))
    with pytest.raises(CertificateOutOfDate, match="old"):
        check(make(leaf(), old_root), old_root, at=NOW + 2 * day)


def test_a_renewed_intermediate_carries_on() -> None:
    day = timedelta(days=1)
    expired = make(ca("issuing", ends=NOW + day), ROOT)
    renewed = make(ca("issuing", begins=NOW), ROOT, key=expired.key)
    person = make(leaf(), expired)
    check(person, ROOT, expired, renewed, at=NOW + 5 * day)
    check(person, ROOT, expired, renewed, at=NOW - day / 2)
    with pytest.raises(CertificateOutOfDate, match="issuing"):
        check(person, ROOT, expired, at=NOW + 5 * day)


ODD = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
CONSTRAINED = x509.NameConstraints(permitted_subtrees=[x509.DNSName("example.com")], excluded_subtrees=None)


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        (leaf(usage=None), "key usage"),
        (leaf(usage=("key_agreement",)), "key usage"),
        (leaf(digest=SHA384()), "SHA-256"),
        (leaf(low_s=False), "low-S"),
        (leaf(extra=((ODD, True),)), "critical extension 1.2.3.4"),
        (ca(), "not a person's"),
    ],
)
def test_a_leaf_that_is_not_made_for_signing_is_unfit(recipe: Recipe, why: str) -> None:
    with pytest.raises(CertificateUnfit, match=why):
        check(make(recipe, ROOT))


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        (ca(usage=None), "key usage"),
        (ca(usage=("digital_signature",)), "key usage"),
        (ca(constraints=None), "not a CA"),
        (ca(identifier=False), "subject key identifier"),
        (ca(digest=SHA384()), "SHA-256"),
        (ca(low_s=False), "low-S"),
        (ca(extra=((CONSTRAINED, True),)), "critical extension 2.5.29.30"),
    ],
)
def test_an_authority_that_may_not_issue_is_unfit(recipe: Recipe, why: str) -> None:
    root = make(recipe)
    with pytest.raises(CertificateUnfit, match=why):
        check(make(leaf(), root), root)
    with pytest.raises(CertificateUnfit, match=why):
        check_authority(view(root))


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        rsa.generate_private_key(65537, 2048),
        Ed25519PrivateKey.generate(),
    ],
)
def test_only_p256_signs_for_a_person(key: Any) -> None:
    with pytest.raises(CertificateUnfit):
        check(make(leaf(), ROOT, key=key))


def test_only_a_notary_may_hold_ed25519() -> None:
    check(make(leaf(unit="notary"), ROOT, key=Ed25519PrivateKey.generate()))
    with pytest.raises(CertificateUnfit, match="notary"):
        check(make(leaf(unit="notary+client"), ROOT, key=Ed25519PrivateKey.generate()))


def test_an_authority_on_another_curve_is_unfit() -> None:
    root = make(ca(), key=ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(CertificateUnfit):
        check(make(leaf(), root), root)


def test_an_extension_that_does_not_restrict_us_is_let_be() -> None:
    use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    check(make(leaf(extra=((ODD, False), (use, True))), ROOT))


def test_refusals_are_told_in_both_languages() -> None:
    with pytest.raises(CertificateUnfit) as caught:
        check(make(leaf(usage=None), ROOT))
    assert caught.value.message("zh") == "zhang 的证书不适用：其密钥用途不允许数字签名。"
    assert "{" not in caught.value.message("en") + caught.value.message("zh")
