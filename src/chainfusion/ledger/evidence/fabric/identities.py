"""An organisation's MSP as the channel's configuration states it, and who is one of its people or nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.certificates import Certificate, paths_to_root, validate_chain
from chainfusion.ledger.evidence.fabric import messages as m
from chainfusion.ledger.evidence.fabric.wire import read

CLIENT, PEER, ADMIN, ORDERER = "client", "peer", "admin", "orderer"
_X509 = 0
_MAX_PEM = 65_536


class MspRefused(ChainFusionError):
    """An organisation's MSP in a configuration that is not one that evidence can rest on."""

    code = "FABRIC_MSP_REFUSED"
    says = Text("The MSP of {msp} in the configuration is refused: {why}.", "配置中 {msp} 的 MSP 被拒绝：{why_zh}。")
    do = Text("Reject the evidence.", "请拒绝该存证。")


class IdentityRefused(ChainFusionError):
    """Somebody who signed and is nobody of the channel's organisations."""

    code = "FABRIC_IDENTITY_REFUSED"
    says = Text("{who} is no valid identity on the channel: {why}.", "{who} 不是该通道上的有效身份：{why_zh}。")
    do = Text("Reject the evidence.", "请拒绝该存证。")


@dataclass(frozen=True)
class Identity:
    """A person or node of an organisation. `role` is client, peer, admin or orderer; None where the MSP tells none."""

    msp: str
    certificate: Certificate
    role: str | None
    is_named_admin: bool

    def __hash__(self) -> int:
        return hash((self.msp, self.certificate))


@dataclass(frozen=True)
class Msp:
    """An organisation's roots and rules. `units` tell roles apart: unit and, where one is named, the CA (DER)."""

    name: str
    roots: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]
    admins: frozenset[bytes]
    units: Mapping[str, tuple[str, bytes | None]]
    revoked: frozenset[tuple[str, int]]

    def identity(self, certificate: Certificate, at: datetime) -> Identity:
        """Whose certificate it is, valid at that time. Raises: CertificateRefused, IdentityRefused."""
        validate_chain(certificate, self.roots, self.intermediates, at=at)
        issuer = certificate.x509.issuer.rfc4514_string()
        _need((issuer, certificate.x509.serial_number) not in self.revoked, certificate, "it is revoked", "证书已吊销")
        return Identity(self.name, certificate, self._role(certificate), certificate.der in self.admins)

    def _role(self, certificate: Certificate) -> str | None:
        if not self.units:
            return None
        roles = [role for role, (unit, _) in self.units.items() if unit in certificate.units]
        one = len(roles) == 1
        _need(one, certificate, "its units name not exactly one of the roles", "其组织单位未恰好指明一个角色")
        authority = self.units[roles[0]][1]
        issuers = {path[1].der for path in paths_to_root(certificate, self.roots, self.intermediates)}
        _need(authority in (None, *issuers), certificate, "another CA states its role", "其角色由其他 CA 载明")
        return roles[0]


class Msps:
    """The organisations of a channel, by MSP id."""

    def __init__(self, found: Iterable[Msp]) -> None:
        self._by_name: dict[str, Msp] = {}
        for each in found:
            same = self._by_name.setdefault(each.name, each) == each
            _need_msp(same, each.name, "two groups state it differently", "两处定义不一致")

    def get(self, name: str) -> Msp | None:
        """An organisation's, or None."""
        return self._by_name.get(name)

    def identity(self, serialized: bytes, at: datetime) -> Identity:
        """Who a serialized identity is, valid at that time.

        Raises: WireMalformed, IdentityRefused, CertificateRefused.
        """
        msp, certificate = parse_identity(serialized)
        return self.of(msp, certificate, at)

    def of(self, msp: str, certificate: Certificate, at: datetime) -> Identity:
        """The same, of an organisation's certificate. Raises: IdentityRefused, CertificateRefused."""
        found = self._by_name.get(msp)
        if found is None:
            raise IdentityRefused(who=f"{certificate.subject} ({msp[:80]})", why="no such MSP", why_zh="无此 MSP")
        return found.identity(certificate, at)


@lru_cache(maxsize=4096)
def parse_identity(serialized: bytes) -> tuple[str, Certificate]:
    """MSP id and certificate of a serialized identity; nothing is verified. Raises: WireMalformed,
    IdentityRefused, CertificateMalformed."""
    identity = read(m.SerializedIdentity, serialized)
    return identity.mspid, certificate_in(identity.id_bytes, identity.mspid)


def certificate_in(pem: bytes, msp: str) -> Certificate:
    """A certificate in PEM. Raises: IdentityRefused, CertificateMalformed."""
    return Certificate.from_der(_der_of(pem, msp))


def read_msp(value: bytes) -> Msp:
    """The MSP in a configuration's value. Raises: WireMalformed, MspRefused, CertificateRefused."""
    outer = read(m.MSPConfig, value)
    _need_msp(outer.type == _X509, "?", "it is not of type X.509", "类型不是 X.509")
    config = read(m.FabricMSPConfig, outer.config)
    name = config.name
    return Msp(
        name=name,
        roots=tuple(_der_of(each, name) for each in config.root_certs),
        intermediates=tuple(_der_of(each, name) for each in config.intermediate_certs),
        admins=frozenset(_der_of(each, name) for each in config.admins),
        units=_units(config.fabric_node_ous, name),
        revoked=frozenset(entry for each in config.revocation_list for entry in _revoked(each, name)),
    )


def _units(ous: m.FabricNodeOUs | None, msp: str) -> dict[str, tuple[str, bytes | None]]:
    if ous is None or not ous.enable:
        return {}
    named = {
        CLIENT: ous.client_ou_identifier,
        PEER: ous.peer_ou_identifier,
        ADMIN: ous.admin_ou_identifier,
        ORDERER: ous.orderer_ou_identifier,
    }
    return {
        role: (each.organizational_unit_identifier, _der_of(each.certificate, msp) if each.certificate else None)
        for role, each in named.items()
        if each is not None
    }


def _revoked(crl: bytes, msp: str) -> list[tuple[str, int]]:
    try:
        found = x509.load_pem_x509_crl(crl)
        issuer = found.issuer.rfc4514_string()
        return [(issuer, each.serial_number) for each in found]
    except ValueError:
        raise MspRefused(msp=msp, why="a revocation list cannot be read", why_zh="吊销列表无法读取") from None


def _der_of(pem: bytes, msp: str) -> bytes:
    _need_msp(len(pem) <= _MAX_PEM, msp, "a certificate is too long", "证书过长")
    try:
        return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError:
        raise IdentityRefused(who=msp[:80], why="a certificate cannot be read", why_zh="证书无法读取") from None


def _need(holds: bool, certificate: Certificate, why: str, why_zh: str) -> None:
    require(holds, IdentityRefused(who=certificate.subject, why=why, why_zh=why_zh))


def _need_msp(holds: bool, msp: str, why: str, why_zh: str) -> None:
    require(holds, MspRefused(msp=msp[:80], why=why, why_zh=why_zh))
