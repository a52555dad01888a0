"""A revocation list of a test institution's CA."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.identities import NOW, Member


def revocation_list(member: Member, *serial_numbers: int) -> bytes:
    """The list in PEM, with these certificates on it."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(member.authority.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=365))
    )
    for number in serial_numbers:
        entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(NOW).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(member.authority.key, SHA256()).public_bytes(Encoding.PEM)
