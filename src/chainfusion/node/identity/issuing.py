"""Issuing certificates as Fabric CA would: the profiles of a root, a node, a notary and a person.

Signatures are low-S from the start (the CA signs again until they are), so that a certificate has the same bytes, and
so the same fingerprint, here and on Fabric, which rewrites the others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from chainfusion.ledger.evidence.certificates import ATTRIBUTE_OID, Certificate
from chainfusion.ledger.evidence.signatures import is_low_s

PublicKey = EllipticCurvePublicKey | Ed25519PublicKey
ROOT_VALIDITY, LEAF_VALIDITY = timedelta(days=3652), timedelta(days=730)
CLOCK_SKEW = timedelta(minutes=5)
"""Certificates begin this much before they are made, so that a machine whose clock is behind accepts them."""


@dataclass(frozen=True)
class Authority:
    """A CA at work: its certificate and its unlocked key."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey


@dataclass(frozen=True)
class Profile:
    """What a certificate is to say of its holder. `unit` is client, peer, admin, orderer or notary."""

    organisation: str
    common_name: str
    unit: str
    attributes: Mapping[str, str]


def issue_root(
    key: EllipticCurvePrivateKey,
    organisation: str,
    common_name: str,
    now: datetime,
    validity: timedelta = ROOT_VALIDITY,
) -> x509.Certificate:
    """A self-signed root that issues leaf certificates only (path length 0)."""
    name = _name(organisation, common_name)
    builder = _builder(name, name, key.public_key(), now, validity).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    builder = builder.add_extension(_usage(issuing=True), critical=True)
    return _signed(builder, key)


def issue_leaf(
    authority: Authority, public_key: PublicKey, profile: Profile, now: datetime, validity: timedelta = LEAF_VALIDITY
) -> x509.Certificate:
    """A certificate of a person, node or notary, in the form that Fabric CA gives an enrolment.

    It carries no extended key usage: Go's verifier, which Fabric stands on, would then demand `serverAuth`. It ends no
    later than the CA's own.
    """
    issuer = authority.certificate
    validity = min(validity, issuer.not_valid_after_utc - now)
    subject = _name(profile.organisation, profile.common_name, profile.unit)
    builder = _builder(subject, issuer.subject, public_key, now, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(issuing=False), critical=True)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
    )
    if profile.attributes:
        text = json.dumps({"attrs": dict(profile.attributes)}, separators=(",", ":"), ensure_ascii=False)
        builder = builder.add_extension(x509.UnrecognizedExtension(ATTRIBUTE_OID, text.encode()), critical=False)
    return _signed(builder, authority.key)


def key_identifier(public_key: PublicKey) -> bytes:
    """SHA-256 of the bare public key (32 bytes): the subject key identifier, and the name Fabric looks a key up by."""
    if isinstance(public_key, Ed25519PublicKey):
        return hashlib.sha256(public_key.public_bytes_raw()).digest()
    return hashlib.sha256(public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).digest()


def der_of(certificate: x509.Certificate) -> bytes:
    """The certificate's DER."""
    return certificate.public_bytes(Encoding.DER)


def view_of(certificate: x509.Certificate) -> Certificate:
    """The certificate as the ledger reads it."""
    return Certificate.from_der(der_of(certificate))


def _name(organisation: str, common_name: str, unit: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    if unit is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: PublicKey, now: datetime, validity: timedelta
) -> x509.CertificateBuilder:
    now = now.astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + validity)
        .add_extension(x509.SubjectKeyIdentifier(key_identifier(public_key)), critical=False)
    )


def _usage(*, issuing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not issuing,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issuing,
        crl_sign=issuing,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, key: EllipticCurvePrivateKey) -> x509.Certificate:
    while True:
        certificate = builder.sign(key, SHA256())
        if is_low_s(certificate.signature):
            return certificate
