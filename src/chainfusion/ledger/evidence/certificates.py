"""An institution's X.509 certificates, read and checked the same way by the ledger and by the offline verifier.

Stricter than RFC 5280 where strictness costs nothing, so that two verifiers cannot disagree: P-256 with SHA-256
throughout (a notary's own key is Ed25519), X.509 v3, no critical extension that is not understood here, and low-S
signatures, so that a certificate has one spelling and one fingerprint (Fabric rewrites the others to it). Extended
key usage is not looked at; revocation is a matter of the consortium's membership record, not of the certificate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import ExtensionOID, NameOID, SignatureAlgorithmOID

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import utc_text
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.signatures import SignatureRefused as SignatureRefused
from chainfusion.ledger.evidence.signatures import is_low_s
from chainfusion.ledger.evidence.signatures import sign_p256 as sign_p256
from chainfusion.ledger.evidence.signatures import verify_ed25519 as verify_ed25519
from chainfusion.ledger.evidence.signatures import verify_p256 as verify_p256

ATTRIBUTE_OID = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
"""Fabric CA's attribute extension: the JSON text {"attrs": {name: value}} as it stands, without a DER wrapping."""
ROLES_ATTRIBUTE = "cf.roles"
NODE_OUS = frozenset({"client", "peer", "admin", "orderer", "notary"})
MAX_DER_BYTES, MAX_ATTRIBUTE_BYTES, MAX_INTERMEDIATES, MAX_ISSUERS = 16_384, 8_192, 16, 4
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ATTRIBUTE_OID,
    }
)
_E = TypeVar("_E", bound=x509.ExtensionType)
_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class CertificateRefused(ChainFusionError):
    """Base of all reasons not to accept a certificate."""

    code = "CERTIFICATE_REFUSED"
    says = Text("The certificate was refused.", "证书被拒绝。")
    do = Text("Use a certificate issued by the member's own CA.", "请使用该成员自己的 CA 签发的证书。")


class CertificateMalformed(CertificateRefused):
    """Bytes that are no certificate, or one whose parts cannot be read."""

    code = "CERTIFICATE_MALFORMED"
    says = Text("Not a readable X.509 certificate: {why}.", "不是可读的 X.509 证书：{why}。")
    do = Text("Take the certificate as its CA issued it, in DER or PEM.", "请使用 CA 签发的原始证书（DER 或 PEM）。")


class CertificateOutOfDate(CertificateRefused):
    """A certificate, or one above it, that was not valid at the time in question."""

    code = "CERTIFICATE_OUT_OF_DATE"
    says = Text(
        "The certificate of {subject} is valid from {not_before} to {not_after}, not at {at}.",
        "{subject} 的证书有效期为 {not_before} 至 {not_after}，在 {at} 无效。",
    )
    do = Text("Enrol again for a current certificate, and check the clock.", "请重新登记以取得有效证书，并核对时钟。")


class CertificateUntrusted(CertificateRefused):
    """A certificate that no trusted root vouches for."""

    code = "CERTIFICATE_UNTRUSTED"
    says = Text(
        "No path of signatures leads from the certificate of {subject} to a trusted root; it names {issuer} as issuer.",
        "{subject} 的证书无法通过签名链追溯到受信任的根证书；其签发者为 {issuer}。",
    )
    do = Text("Check the member, and add missing intermediate certificates.", "请核对成员，并补齐缺失的中间证书。")


class CertificateUnfit(CertificateRefused):
    """A certificate that may be genuine but is not made for this use."""

    code = "CERTIFICATE_UNFIT"
    says = Text("The certificate of {subject} does not fit: {why}.", "{subject} 的证书不适用：{why_zh}。")
    do = Text("Have the CA issue it in the form that docs/spec/identity.md states.", "请让 CA 按身份规范重新签发。")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Certificate:
    """What this system reads of a certificate. Two are equal when their DER is.

    `subject` is the common name (the whole name in RFC 4514 form where there is not exactly one); `units` the
    organisational units; `attributes` Fabric CA's; times are UTC; `path_length` is None where unlimited.
    """

    der: bytes
    fingerprint: str
    subject: str
    units: frozenset[str]
    attributes: Mapping[str, str]
    roles: frozenset[Role]
    public_key: Any
    not_before: datetime
    not_after: datetime
    is_ca: bool
    path_length: int | None
    x509: x509.Certificate

    @classmethod
    def from_der(cls, der: bytes) -> Certificate:
        """Reads a certificate; parsed once for the same bytes. Nothing is verified. Raises: CertificateMalformed."""
        return _parse(bytes(der))

    @property
    def node_ou(self) -> str | None:
        """The one of client, peer, admin, orderer or notary that it is; None where it is none or several of them."""
        found = self.units & NODE_OUS
        return next(iter(found)) if len(found) == 1 else None

    @property
    def p256_key(self) -> EllipticCurvePublicKey:
        """The public key. Raises: CertificateUnfit where it is not on P-256."""
        key = self.public_key
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            _unfit(self, "its key is not on the curve P-256", "其公钥不在 P-256 曲线上")
        return key

    @property
    def ed25519_key(self) -> Ed25519PublicKey:
        """The public key of a notary. Raises: CertificateUnfit where it is not Ed25519."""
        key = self.public_key
        if not isinstance(key, Ed25519PublicKey):
            _unfit(self, "its key is not Ed25519", "其公钥不是 Ed25519")
        return key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    def __repr__(self) -> str:
        return f"Certificate({self.subject}, {self.fingerprint})"


def validate_chain(
    certificate: Certificate, roots: tuple[bytes, ...], intermediates: tuple[bytes, ...] = (), *, at: datetime
) -> None:
    """Checks that a person's, node's or notary's certificate was one of its institution's at the time `at`.

    `roots` and `intermediates` are DER. Signatures and constraints are checked once for the same input and remembered.

    Raises: CertificateRefused, in one of its kinds.
    """
    paths = paths_to_root(certificate, tuple(roots), tuple(intermediates))
    if not any(all(link.not_before <= at <= link.not_after for link in path) for path in paths):
        require_current(paths[0], at)


def require_current(path: tuple[Certificate, ...], at: datetime) -> None:
    """Checks that each certificate of a chain was valid at the time `at`. Raises: CertificateOutOfDate."""
    for link in path:
        if not link.not_before <= at <= link.not_after:
            raise CertificateOutOfDate(
                subject=link.subject,
                not_before=utc_text(link.not_before),
                not_after=utc_text(link.not_after),
                at=utc_text(at),
            )


def check_authority(certificate: Certificate) -> None:
    """Checks that a certificate may issue others: form, CA flag, key usage, identifier. Raises: CertificateUnfit."""
    _check_form(certificate)
    certificate.p256_key  # noqa: B018 - raises
    if not certificate.is_ca:
        _unfit(certificate, "it is not a CA certificate (basic constraints)", "不是 CA 证书（基本约束）")
    usage = _extension(certificate, x509.KeyUsage)
    if usage is None or not usage.key_cert_sign:
        _unfit(certificate, "its key usage does not allow signing certificates", "其密钥用途不允许签发证书")
    if _extension(certificate, x509.SubjectKeyIdentifier) is None:
        _unfit(certificate, "it has no subject key identifier, which Fabric needs", "缺少 Fabric 所需的主体密钥标识符")


def check_root(certificate: Certificate) -> None:
    """Checks that a certificate may stand at the top: an authority, signed by itself. Raises: CertificateUnfit."""
    check_authority(certificate)
    if not _issued(certificate, certificate):
        _unfit(certificate, "a root must be signed by itself", "根证书必须自签名")


# ------------------------------------------------------------------ paths


@lru_cache(maxsize=4096)
def paths_to_root(
    certificate: Certificate, roots: tuple[bytes, ...], intermediates: tuple[bytes, ...]
) -> tuple[tuple[Certificate, ...], ...]:
    """All chains from the certificate to a root whose signatures and constraints hold, whatever the time.

    Raises: CertificateRefused where there is none; the reason of the last one tried, if any was signed rightly.
    """
    require(len(intermediates) <= MAX_INTERMEDIATES, CertificateMalformed(why="too many intermediate certificates"))
    _check_leaf(certificate)
    anchors = tuple(map(Certificate.from_der, roots))
    others = tuple(map(Certificate.from_der, intermediates))
    found, refusal = [], None
    for path in _climb((certificate,), anchors, others):
        try:
            _check_path(path)
            found.append(path)
        except CertificateUnfit as error:
            refusal = error
    if not found:
        issuer = certificate.x509.issuer.rfc4514_string()
        raise refusal or CertificateUntrusted(subject=certificate.subject, issuer=issuer)
    return tuple(found)


def _climb(
    path: tuple[Certificate, ...], anchors: tuple[Certificate, ...], others: tuple[Certificate, ...]
) -> Iterator[tuple[Certificate, ...]]:
    child = path[-1]
    for anchor in anchors:
        if _issued(child, anchor):
            yield (*path, anchor)
    if len(path) == MAX_ISSUERS:
        return
    for other in others:
        if other not in path and other not in anchors and _issued(child, other):
            yield from _climb((*path, other), anchors, others)


@lru_cache(maxsize=4096)
def _issued(child: Certificate, issuer: Certificate) -> bool:
    try:
        child.x509.verify_directly_issued_by(issuer.x509)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def _check_path(path: tuple[Certificate, ...]) -> None:
    check_root(path[-1])
    for below, authority in enumerate(path[1:]):
        check_authority(authority)
        if authority.path_length is not None and below > authority.path_length:
            _unfit(authority, "more CAs stand below it than its path length allows", "其下级 CA 层数超过路径长度限制")


def _check_leaf(certificate: Certificate) -> None:
    _check_form(certificate)
    if certificate.is_ca:
        _unfit(certificate, "a CA's certificate is not a person's or a node's", "CA 证书不能用作个人或节点证书")
    if not isinstance(certificate.public_key, Ed25519PublicKey):
        certificate.p256_key  # noqa: B018 - raises
    elif certificate.node_ou != "notary":
        _unfit(certificate, "only a notary's key may be Ed25519", "只有公证密钥可以使用 Ed25519")
    usage = _extension(certificate, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        _unfit(certificate, "its key usage does not allow signatures", "其密钥用途不允许数字签名")


def _check_form(certificate: Certificate) -> None:
    inner = certificate.x509
    if inner.version is not x509.Version.v3:
        _unfit(certificate, "it is not X.509 version 3", "不是 X.509 第 3 版")
    if inner.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        _unfit(certificate, "it is not signed with ECDSA and SHA-256", "不是以 ECDSA 与 SHA-256 签名")
    if not is_low_s(inner.signature):
        _unfit(certificate, "its signature is not in the low-S form", "其签名不是 low-S 形式")
    for extension in inner.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            oid = extension.oid.dotted_string
            _unfit(certificate, f"critical extension {oid} is not understood", f"无法识别的关键扩展 {oid}")


def _unfit(certificate: Certificate, why: str, why_zh: str) -> NoReturn:
    raise CertificateUnfit(subject=certificate.subject, why=why, why_zh=why_zh)


# ------------------------------------------------------------------ reading


@lru_cache(maxsize=4096)
def _parse(der: bytes) -> Certificate:
    require(len(der) <= MAX_DER_BYTES, CertificateMalformed(why=f"longer than {MAX_DER_BYTES} bytes"))
    try:
        return _read(der, x509.load_der_x509_certificate(der))
    except _UNREADABLE as error:
        raise CertificateMalformed(why=str(error)[:200] or type(error).__name__) from None


def _read(der: bytes, inner: x509.Certificate) -> Certificate:
    if inner.serial_number <= 0:
        raise ValueError("its serial number is not positive")
    extensions = {extension.oid: extension.value for extension in inner.extensions}
    constraints = extensions.get(ExtensionOID.BASIC_CONSTRAINTS)
    attributes = _attributes(extensions.get(ATTRIBUTE_OID))
    names = _texts(inner.subject, NameOID.COMMON_NAME)
    inner.issuer.rfc4514_string()
    return Certificate(
        der=der,
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=names[0] if len(names) == 1 else inner.subject.rfc4514_string(),
        units=frozenset(_texts(inner.subject, NameOID.ORGANIZATIONAL_UNIT_NAME)),
        attributes=MappingProxyType(attributes),
        roles=roles_in(attributes.get(ROLES_ATTRIBUTE, "")),
        public_key=inner.public_key(),
        not_before=inner.not_valid_before_utc,
        not_after=inner.not_valid_after_utc,
        is_ca=isinstance(constraints, x509.BasicConstraints) and constraints.ca,
        path_length=constraints.path_length if isinstance(constraints, x509.BasicConstraints) else None,
        x509=inner,
    )


def roles_in(text: str) -> frozenset[Role]:
    """The roles in a `cf.roles` attribute: parted by commas, each spelt exactly; an unknown word grants nothing."""
    return frozenset(Role(word) for word in text.split(",") if word in _ROLE_WORDS)


_ROLE_WORDS = frozenset(role.value for role in Role)


def _texts(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    values = [attribute.value for attribute in name.get_attributes_for_oid(oid)]
    return [value.decode("utf-8") if isinstance(value, bytes) else value for value in values]


def _attributes(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    text = value.value
    if len(text) > MAX_ATTRIBUTE_BYTES:
        raise ValueError("its attributes are too long")
    try:
        outer = json.loads(text.decode("utf-8"), object_pairs_hook=_without_repeats)
    except RecursionError:
        raise ValueError("its attributes are nested too deeply") from None
    attributes = outer.get("attrs") if isinstance(outer, dict) else None
    if not isinstance(attributes, dict) or not all(isinstance(item, str) for item in attributes.values()):
        raise ValueError('its attributes are not of the form {"attrs": {name: text}}')
    return attributes


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("its attributes name one thing twice")
    return found


def _extension(certificate: Certificate, kind: type[_E]) -> _E | None:
    try:
        return certificate.x509.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
