"""The two signatures of the system: ECDSA P-256 with SHA-256 for people and nodes, Ed25519 for notaries.

An ECDSA signature has a twin (r, n - s) that verifies as well. Only the one with the lower s is accepted, and only in
strict DER, so that a signature has one spelling (Fabric demands the same).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from chainfusion.domain.errors import ChainFusionError, Text

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order n of the P-256 group (SEC 2, secp256r1)."""
_HALF = P256_ORDER >> 1
_P256 = ECDSA(SHA256())
_P256_DIGEST = ECDSA(Prehashed(SHA256()))


class SignatureRefused(ChainFusionError):
    """A signature that does not verify, or verifies but is not in the one accepted form."""

    code = "SIGNATURE_REFUSED"
    says = Text("The signature was refused: {why}.", "签名被拒绝：{why_zh}。")
    do = Text("Sign these very bytes with the key of the named certificate.", "请使用指定证书的密钥对原始数据签名。")


def sign_p256(private_key: EllipticCurvePrivateKey, data: bytes) -> bytes:
    """ECDSA P-256 with SHA-256 over `data`: DER, low S."""
    return to_low_s(private_key.sign(data, _P256))


def verify_p256(public_key: EllipticCurvePublicKey, signature: bytes, data: bytes) -> None:
    """Checks a signature of `sign_p256`. Raises: SignatureRefused."""
    _verify(public_key, signature, data, _P256)


def verify_p256_digest(public_key: EllipticCurvePublicKey, signature: bytes, digest: bytes) -> None:
    """`verify_p256` by the SHA-256 of the data. Raises: SignatureRefused."""
    _verify(public_key, signature, digest, _P256_DIGEST)


def _verify(public_key: EllipticCurvePublicKey, signature: bytes, data: bytes, algorithm: ECDSA) -> None:
    if not is_low_s(signature):
        raise SignatureRefused(why="it is not low-S in strict DER", why_zh="不是严格 DER 编码的 low-S 形式")
    try:
        public_key.verify(signature, data, algorithm)
    except InvalidSignature:
        raise _mismatch() from None


def verify_ed25519(public_key: Ed25519PublicKey, signature: bytes, data: bytes) -> None:
    """Checks an Ed25519 signature (64 bytes). Raises: SignatureRefused."""
    try:
        public_key.verify(signature, data)
    except InvalidSignature:
        raise _mismatch() from None


def is_low_s(signature: bytes) -> bool:
    """Whether an ECDSA P-256 signature is in strict DER and has the lower of its two s."""
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        return False
    return 0 < r < P256_ORDER and 0 < s <= _HALF and encode_dss_signature(r, s) == signature


def to_low_s(signature: bytes) -> bytes:
    """The same ECDSA P-256 signature in its accepted form."""
    r, s = decode_dss_signature(signature)
    return signature if s <= _HALF else encode_dss_signature(r, P256_ORDER - s)


def _mismatch() -> SignatureRefused:
    return SignatureRefused(why="it does not match the data and the key", why_zh="与数据和密钥不符")
