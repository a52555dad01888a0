"""TLS: a CA per organisation, apart from the CA of its identities, and a certificate for each of its nodes.

A node is a server and a client with the same certificate. Fabric's TLS takes any certificate under an organisation's
TLS CA; who a transaction or a block comes from is decided by identities and never by TLS.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chainfusion.ledger.fabric.network.places import Places, TlsFiles, write

CA_VALIDITY, VALIDITY = timedelta(days=3652), timedelta(days=398)
CLOCK_SKEW = timedelta(minutes=5)
LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class TlsAuthority:
    """An organisation's TLS CA at work."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The CA's certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)


def make_authority(places: Places, msp: str, now: datetime) -> TlsAuthority:
    """A new TLS CA in the organisation's folder."""
    key = generate_private_key(SECP256R1())
    name = _name(f"tlsca.{msp}")
    builder = _builder(name, name, key, now, CA_VALIDITY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(issuing=True), critical=True)
    authority = TlsAuthority(builder.sign(key, SHA256()), key)
    folder = places.node(msp, "tls-ca")
    write(folder / "cert.pem", authority.pem)
    write(folder / "key.pem", key_pem(key))
    return authority


def open_authority(places: Places, msp: str) -> TlsAuthority:
    """The TLS CA in the organisation's folder. Raises: OSError, ValueError where it is damaged."""
    folder = places.node(msp, "tls-ca")
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return TlsAuthority(x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes()), key)


def issue(authority: TlsAuthority, files: TlsFiles, name: str, hosts: Iterable[str], now: datetime) -> None:
    """A key and a certificate for a node that listens on these hosts."""
    key = generate_private_key(SECP256R1())
    builder = _builder(_name(name), authority.certificate.subject, key, now, VALIDITY)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(issuing=False), True),
        (usage, False),
        (identifier, False),
        (x509.SubjectAlternativeName([_alternative(host) for host in dict.fromkeys(hosts)]), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    write(files.key, key_pem(key))
    write(files.certificate, builder.sign(authority.key, SHA256()).public_bytes(Encoding.PEM))
    write(files.ca, authority.pem)


def key_pem(key: EllipticCurvePrivateKey) -> bytes:
    """The key as PKCS#8 in PEM, unencrypted: nodes start without anybody there to ask."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, now: datetime, validity: timedelta
) -> x509.CertificateBuilder:
    now = now.astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + validity)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
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


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
