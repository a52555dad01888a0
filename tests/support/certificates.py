"""Certificates of any make, right and wrong: each test turns one screw of a certificate that is otherwise right."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from chainfusion.ledger.evidence.signatures import P256_ORDER
from tests.support.identities import NOW, new_key


@dataclass(frozen=True)
class Recipe:
    """What a certificate says. `usage` and `constraints` None leave the extension out; `extra` is (value, critical)."""

    name: str
    unit: str | None = None
    constraints: x509.BasicConstraints | None = None
    usage: tuple[str, ...] | None = ()
    identifier: bool = True
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    begins: datetime = NOW - timedelta(days=1)
    ends: datetime = NOW + timedelta(days=365)
    digest: SHA256 | SHA384 = field(default_factory=SHA256)
    low_s: bool = True


@dataclass(frozen=True)
class Made:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def ca(name: str = "root", path_length: int | None = None, **screws: Any) -> Recipe:
    """The recipe of a CA."""
    recipe = Recipe(
        name,
        constraints=x509.BasicConstraints(ca=True, path_length=path_length),
        usage=("key_cert_sign", "crl_sign"),
    )
    return replace(recipe, **screws)


def leaf(name: str = "zhang", unit: str | None = "client", **screws: Any) -> Recipe:
    """The recipe of a person, node or notary."""
    recipe = Recipe(
        name, unit, constraints=x509.BasicConstraints(ca=False, path_length=None), usage=("digital_signature",)
    )
    return replace(recipe, **screws)


def make(recipe: Recipe, issuer: Made | None = None, key: Any = None) -> Made:
    """The certificate of a recipe, signed by `issuer` or by itself."""
    key = key or new_key()
    subject = _name(recipe)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(recipe.begins)
        .not_valid_after(recipe.ends)
    )
    for value, critical in _extensions(recipe, key):
        builder = builder.add_extension(value, critical)
    signing = issuer.key if issuer else key
    while True:
        made = builder.sign(signing, recipe.digest)
        if not _has_twins(signing) or _is_low(made.signature) == recipe.low_s:
            return Made(made, key)


def high_s(signature: bytes) -> bytes:
    """The twin of a P-256 signature."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, P256_ORDER - s)


def _has_twins(key: Any) -> bool:
    return isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1"


def _is_low(signature: bytes) -> bool:
    return decode_dss_signature(signature)[1] <= P256_ORDER // 2


def _name(recipe: Recipe) -> x509.Name:
    parts = [(NameOID.ORGANIZATION_NAME, "Donghai Bank"), (NameOID.COMMON_NAME, recipe.name)]
    if recipe.unit:
        parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in recipe.unit.split("+")]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def _extensions(recipe: Recipe, key: Any) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = list(recipe.extra)
    if recipe.constraints:
        found.append((recipe.constraints, True))
    if recipe.usage is not None:
        found.append((_usage(recipe.usage), True))
    if recipe.identifier:
        found.append((x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
    return found


def _usage(words: tuple[str, ...]) -> x509.KeyUsage:
    early = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    names = (*early, "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in words for name in names})
