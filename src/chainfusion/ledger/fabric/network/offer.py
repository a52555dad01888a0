"""What an institution offers to a network: its names, addresses and certificates, and nothing that is secret.

An institution makes its keys in its own folder and gives this file to whoever assembles the network, or to a member
that proposes it for a running channel. Its fingerprint is what the others compare with the institution by another way.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from chainfusion.domain.canonical import NotCanonical
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import BadRecord, from_bytes, to_bytes
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.certificates import Certificate, CertificateRefused, paths_to_root
from chainfusion.ledger.fabric.network.plan import OrganisationPlan, check_organisation

FORMAT = "chainfusion-network-offer-v1"
MAX_CERTIFICATES = 8


class OfferRefused(ChainFusionError):
    """A file that is no offer, or one whose certificates do not belong together."""

    code = "NETWORK_OFFER_REFUSED"
    says = Text("This is not a usable offer to a network: {why}.", "该入网资料不可用：{why}。")
    do = Text("Ask the institution for it again.", "请向该机构重新索取。")


@dataclass(frozen=True)
class Offer:
    """An institution's public part. Certificates are DER; the orderer's are None where it runs no orderer."""

    format: str
    msp: str
    name: str
    name_zh: str
    roles: tuple[Role, ...]
    host: str
    port: int
    hosts: bool
    root_certificates: tuple[bytes, ...]
    intermediate_certificates: tuple[bytes, ...]
    tls_certificates: tuple[bytes, ...]
    orderer_certificate: bytes | None
    orderer_tls_certificate: bytes | None

    @property
    def organisation(self) -> OrganisationPlan:
        """Its line in a plan."""
        orders = self.orderer_certificate is not None
        return OrganisationPlan(self.msp, self.name, self.name_zh, self.roles, self.host, self.port, orders, self.hosts)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the whole offer, in hexadecimal."""
        return hashlib.sha256(to_bytes(self)).hexdigest()

    def check(self) -> None:
        """Raises OfferRefused where the certificates are not what a channel needs, PlanRefused where an address is."""
        _need(self.format == FORMAT, "its format is unknown")
        check_organisation(self.organisation)
        _need(0 < len(self.root_certificates) <= MAX_CERTIFICATES, "1 to 8 root certificates are needed")
        _need(len(self.intermediate_certificates) <= MAX_CERTIFICATES, "it has more than 8 intermediate certificates")
        _need(0 < len(self.tls_certificates) <= MAX_CERTIFICATES, "1 to 8 TLS root certificates are needed")
        both = (self.orderer_certificate is None) == (self.orderer_tls_certificate is None)
        _need(both, "an orderer has an identity and a TLS certificate")
        try:
            self._check_orderer()
        except (CertificateRefused, ValueError) as error:
            raise OfferRefused(why=str(error)[:200]) from None

    def _check_orderer(self) -> None:
        for der in (*self.root_certificates, *self.intermediate_certificates):
            Certificate.from_der(der)
        roots = [x509.load_der_x509_certificate(der) for der in self.tls_certificates]
        if self.orderer_certificate is None or self.orderer_tls_certificate is None:
            return
        identity = Certificate.from_der(self.orderer_certificate)
        paths_to_root(identity, self.root_certificates, self.intermediate_certificates)
        _need("orderer" in identity.units, "the orderer's certificate does not say OU=orderer")
        served = x509.load_der_x509_certificate(self.orderer_tls_certificate)
        issuer = next((root for root in roots if root.subject == served.issuer), None)
        if issuer is None:
            raise OfferRefused(why="the orderer's TLS certificate is not from the TLS CA")
        try:
            served.verify_directly_issued_by(issuer)
        except Exception as error:
            raise OfferRefused(why="the orderer's TLS certificate is not from the TLS CA") from error


def read_offer(data: bytes) -> Offer:
    """An offer from its file. Raises: OfferRefused, PlanRefused."""
    try:
        offer = from_bytes(Offer, data)
    except (NotCanonical, BadRecord) as error:
        raise OfferRefused(why=error.message()) from None
    offer.check()
    return offer


def pem(der: bytes) -> bytes:
    """A certificate in PEM."""
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _need(holds: bool, why: str) -> None:
    require(holds, OfferRefused(why=why))
