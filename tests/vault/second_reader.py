"""A second reader of the vault's format, written from docs/spec/vault.md with primitives alone.

It shares no line with `chainfusion.vault`, so that what the page says and what the program does cannot part unnoticed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SUITE = b"HPKE" + bytes.fromhex("647a" + "0001" + "0002")


@dataclass
class PrivateKey:
    mlkem: MLKEM768PrivateKey
    x25519: X25519PrivateKey

    @classmethod
    def of(cls, vector: dict[str, str]) -> PrivateKey:
        seed, scalar = bytes.fromhex(vector["mlkem768_seed"]), bytes.fromhex(vector["x25519"])
        return cls(MLKEM768PrivateKey.from_seed_bytes(seed), X25519PrivateKey.from_private_bytes(scalar))

    def public_bytes(self) -> bytes:
        return self.mlkem.public_key().public_bytes_raw() + self.x25519.public_key().public_bytes_raw()


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hpke_open(sealed: bytes, key: PrivateKey, info: bytes) -> bytes:
    ct_m, ct_x, box = sealed[:1088], sealed[1088:1120], sealed[1120:]
    ss_m = key.mlkem.decapsulate(ct_m)
    ss_x = key.x25519.exchange(X25519PublicKey.from_public_bytes(ct_x))
    own_x = key.x25519.public_key().public_bytes_raw()
    shared = hashlib.sha3_256(ss_m + ss_x + ct_x + own_x + b"\\.//^\\").digest()
    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    aead = AESGCM(expand(secret, b"key", context, 32))
    return aead.decrypt(expand(secret, b"base_nonce", context, 12), box, b"")


def extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + SUITE + label + ikm, "sha256")


def expand(secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(secret, length.to_bytes(2, "big") + b"HPKE-v1" + SUITE + label + info + b"\1", "sha256")[:length]


def open_data_key(recipient: dict[str, str], object_id: str, key: PrivateKey) -> bytes:
    assert recipient["key"] == hashlib.sha256(key.public_bytes()).hexdigest()
    info = canonical(
        {
            "format": "chainfusion-data-key-v1",
            "key": recipient["key"],
            "object_id": object_id,
            "recipient": recipient["msp"],
        }
    )
    data_key = hpke_open(bytes.fromhex(recipient["sealed"]), key, info)
    assert hmac.digest(data_key, b"chainfusion object id v1", "sha256").hex() == object_id
    return data_key


def open_header(envelope: dict[str, Any], data_key: bytes) -> dict[str, str]:
    key = hmac.digest(data_key, b"chainfusion header key v1", "sha256")
    aad = b"chainfusion header v1\n" + bytes.fromhex(envelope["object_id"])
    padded = AESGCM(key).decrypt(bytes(12), bytes.fromhex(envelope["header"]), aad)
    assert len(padded) % 256 == 0
    text, mark, zeros = padded.rpartition(b"\x80")
    assert mark and not zeros.strip(b"\0")
    return json.loads(text)


def open_content(envelope: dict[str, Any], data_key: bytes, ciphertext: bytes) -> bytes:
    gcm = AESGCM(hmac.digest(data_key, b"chainfusion content key v1", "sha256"))
    size, length = envelope["chunk_size"], envelope["content_length"]
    chunks = max(1, -(-length // size))
    content = b""
    for i in range(chunks):
        end = bytes([i == chunks - 1])
        aad = b"chainfusion chunk v1\n" + bytes.fromhex(envelope["object_id"]) + i.to_bytes(8, "big") + end
        sealed = ciphertext[i * (size + 16) : (i + 1) * (size + 16)] if end == b"\0" else ciphertext[i * (size + 16) :]
        content += gcm.decrypt(i.to_bytes(11, "big") + end, sealed, aad)
    assert len(content) == length
    assert hashlib.sha256(ciphertext).hexdigest() == envelope["ciphertext_sha256"]
    return content


def fingerprint(salt: str, content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return hashlib.sha256(b"chainfusion document v1\n" + bytes.fromhex(salt) + digest).hexdigest()
