"""Taking over identities that an institution's own CA issued."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from chainfusion.domain.errors import require
from chainfusion.ledger.evidence.certificates import (
    Certificate,
    CertificateMalformed,
    CertificateUnfit,
    check_authority,
    check_root,
    require_current,
    validate_chain,
)
from chainfusion.ledger.evidence.signatures import to_low_s
from chainfusion.node.identity import folder
from chainfusion.node.identity.der import BIT_STRING, SEQUENCE, tlv
from chainfusion.node.identity.enrolment import check_names, place_of_user, write_profile
from chainfusion.node.identity.folder import Authorities
from chainfusion.node.identity.keyfile import KeyLock, foreign_key
from chainfusion.node.identity.organisation import MSP, NODE, NOTARY, Identity, Organisation, open_organisation

_ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
_FABRIC_USES = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


@dataclass(frozen=True)
class Enrolment:
    """What a CA handed out: a certificate and its private key, both PEM; `key_password` where the key is encrypted."""

    certificate: bytes
    key: bytes
    key_password: bytes | None = None


def import_organisation(
    home: Path,
    msp_id: str,
    name_en: str,
    name_zh: str,
    password: bytes,
    *,
    ca_certificates: bytes,
    node: Enrolment,
    notary: Enrolment | None,
    now: datetime,
) -> Organisation:
    """An institution whose CA stays where it is: its certificates and keys are checked and taken into `home`.

    `ca_certificates` is a PEM bundle of its root(s) and intermediates; the keys are locked under `password`. Without a
    notary the institution can be made but not join a consortium until `import_notary`. Nothing is written unless all
    fits. Raises: IdentityExists, BadIdentityName, CertificateRefused, KeyUnreadable, KeyMismatch, PassphraseEmpty.
    """
    check_names(msp_id, name_en, name_zh)
    authorities = read_bundle(ca_certificates, now)
    lock = KeyLock(password)
    holders = [(NODE, _accepted(node, "peer", authorities, now, lock))]
    if notary is not None:
        holders.append((NOTARY, _accepted(notary, "notary", authorities, now, lock)))
    with folder.appearing(home) as draft:
        folder.write_msp(draft / MSP, authorities)
        for place, (certificate, locked) in holders:
            _write(draft / place, authorities, certificate, locked)
        write_profile(draft, msp_id, name_en, name_zh, password)
    return open_organisation(home)


def import_user(
    organisation: Organisation, name: str, enrolment: Enrolment, password: bytes, *, now: datetime
) -> Identity:
    """A person whom the institution's own CA enrolled (OU=client or admin), locked under `password`.

    The roles are those of the certificate. Raises: as `import_organisation`.
    """
    place = place_of_user(organisation, name)
    certificate, locked = _accepted(enrolment, "client or admin", organisation.authorities, now, KeyLock(password))
    with folder.appearing(place) as draft:
        _write(draft, organisation.authorities, certificate, locked)
    return organisation.user(name)


def import_notary(organisation: Organisation, enrolment: Enrolment, password: bytes, *, now: datetime) -> Organisation:
    """The Ed25519 notary that `import_organisation` went without. Raises: as `import_organisation`."""
    certificate, locked = _accepted(enrolment, "notary", organisation.authorities, now, KeyLock(password))
    with folder.appearing(organisation.home / NOTARY) as draft:
        _write(draft, organisation.authorities, certificate, locked)
    return open_organisation(organisation.home)


def read_bundle(ca_certificates: bytes, now: datetime) -> Authorities:
    """The CA certificates of a PEM bundle, each fit to issue at `now`, parted into roots and intermediates.

    Raises: CertificateRefused.
    """
    found = tuple(dict.fromkeys(_low_s(each) for each in folder.certificates_in(ca_certificates)))
    roots = tuple(each for each in found if each.x509.subject == each.x509.issuer)
    require(bool(roots), CertificateMalformed(why="the bundle holds no root certificate"))
    for each in found:
        check_authority(each)
        require_current((each,), now)
        _check_uses(each)
    for root in roots:
        check_root(root)
    return Authorities(tuple(each.der for each in roots), tuple(each.der for each in found if each not in roots))


def _accepted(
    enrolment: Enrolment, unit: str, authorities: Authorities, now: datetime, lock: KeyLock
) -> tuple[Certificate, bytes]:
    found = folder.certificates_in(enrolment.certificate)
    require(len(found) == 1, CertificateMalformed(why=f"{len(found)} certificates where the holder's alone belongs"))
    certificate = _low_s(found[0])
    validate_chain(certificate, authorities.roots, authorities.intermediates, at=now)
    _check_unit(certificate, unit)
    _check_uses(certificate)
    return certificate, lock.lock(foreign_key(enrolment.key, enrolment.key_password, certificate))


def _write(place: Path, authorities: Authorities, certificate: Certificate, locked: bytes) -> None:
    folder.write_msp(place / MSP, authorities)
    folder.write_holder(place / MSP, certificate, locked)


def _check_unit(certificate: Certificate, unit: str) -> None:
    fits = certificate.node_ou in unit.split(" or ")
    if fits and unit == "notary":
        certificate.ed25519_key  # noqa: B018 - raises
    elif fits:
        certificate.p256_key  # noqa: B018 - raises
    why = f"its OU is not {unit}"
    require(fits, CertificateUnfit(subject=certificate.subject, why=why, why_zh=f"其 OU 不是 {unit}"))


def _check_uses(certificate: Certificate) -> None:
    """Go's verifier, and so Fabric, takes a certificate that restricts its uses only if it allows `serverAuth`."""
    try:
        uses = certificate.x509.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not _FABRIC_USES & set(uses):
        raise CertificateUnfit(
            subject=certificate.subject,
            why="its extended key usage leaves out serverAuth, which Fabric needs",
            why_zh="其扩展密钥用途缺少 Fabric 所需的 serverAuth",
        )


def _low_s(certificate: Certificate) -> Certificate:
    """The certificate with its CA's signature in low-S form, as Fabric rewrites it before use."""
    inner = certificate.x509
    if inner.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        return certificate
    try:
        signature = to_low_s(inner.signature)
    except ValueError:
        return certificate
    bits = tlv(BIT_STRING, b"\x00", signature)
    return Certificate.from_der(tlv(SEQUENCE, inner.tbs_certificate_bytes, _ECDSA_WITH_SHA256, bits))
