"""The written format, the program and the published example are one."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from obstore.store import MemoryStore

from chainfusion.domain.records import from_bytes
from chainfusion.vault import errors
from chainfusion.vault.envelope import SignedEnvelope, SignedGrant
from chainfusion.vault.keys import EncryptionKeyPair
from chainfusion.vault.store import Kind, ObjectKey, ObstoreStore
from chainfusion.vault.vault import Vault
from tests.vault import second_reader
from tests.vault.desk import CHUNK, DONGHAI, LAW, Desk

SPEC = Path(__file__).parents[2] / "docs" / "spec"
VECTOR = json.loads((SPEC / "vault-vectors.json").read_text(encoding="utf-8"))
CONTENT = b"a" * 1024 + b"b"
SIGNER = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(VECTOR["signer_public_key"]))


def signed_by_the_example(msp: str, certificate: str, message: bytes, signature: bytes) -> bool:
    SIGNER.verify(signature, message, ec.ECDSA(SHA256()))
    return msp == "DonghaiMSP" and certificate == hashlib.sha256(b"certificate").hexdigest()


def key_pair(msp: str) -> EncryptionKeyPair:
    key = VECTOR["private_keys"][msp]
    return EncryptionKeyPair(
        MLKEM768PrivateKey.from_seed_bytes(bytes.fromhex(key["mlkem768_seed"])),
        X25519PrivateKey.from_private_bytes(bytes.fromhex(key["x25519"])),
    )


@pytest.mark.parametrize("msp", ["DonghaiMSP", "LawMSP"])
def test_the_program_opens_the_example(msp: str) -> None:
    store = ObstoreStore(MemoryStore())
    object_id = VECTOR["object_id"]
    store.put(ObjectKey(Kind.CIPHERTEXT, object_id), [bytes.fromhex(VECTOR["ciphertext"])])
    store.put(ObjectKey(Kind.ENVELOPE, object_id), [VECTOR["envelope"].encode()])
    store.put(ObjectKey(Kind.GRANT, object_id, VECTOR["grant_id"]), [VECTOR["grant"].encode()])
    opened = Vault(store).open(object_id, msp, key_pair(msp), signed_by_the_example)
    facts = opened.facts
    assert opened.read() == CONTENT
    assert (facts.name, facts.media_type) == (VECTOR["name"], VECTOR["media_type"])
    assert (facts.salt.hex(), facts.fingerprint.hex()) == (VECTOR["salt"], VECTOR["fingerprint"])


def opens_with_the_second_reader(
    signed: dict[str, Any], recipient: dict[str, str], ciphertext: bytes, key: second_reader.PrivateKey
) -> tuple[bytes, dict[str, str]]:
    envelope = signed["envelope"]
    data_key = second_reader.open_data_key(recipient, envelope["object_id"], key)
    header = second_reader.open_header(envelope, data_key)
    content = second_reader.open_content(envelope, data_key, ciphertext)
    assert second_reader.fingerprint(header["salt"], content) == envelope["fingerprint"]
    return content, header


def test_a_reader_written_from_the_page_opens_the_example() -> None:
    signed, grant = json.loads(VECTOR["envelope"]), json.loads(VECTOR["grant"])
    ciphertext = bytes.fromhex(VECTOR["ciphertext"])
    for msp, recipient in (
        ("DonghaiMSP", signed["envelope"]["recipients"][0]),
        ("LawMSP", grant["grant"]["recipient"]),
    ):
        key = second_reader.PrivateKey.of(VECTOR["private_keys"][msp])
        content, header = opens_with_the_second_reader(signed, recipient, ciphertext, key)
        assert content == CONTENT
        assert header == {"media_type": VECTOR["media_type"], "name": VECTOR["name"], "salt": VECTOR["salt"]}


def test_the_examples_signatures_are_over_prefix_and_canonical_bytes() -> None:
    for text, kind, prefix in (
        (VECTOR["envelope"], "envelope", b"chainfusion envelope v1\n"),
        (VECTOR["grant"], "grant", b"chainfusion grant v1\n"),
    ):
        signed = json.loads(text)
        message = prefix + second_reader.canonical(signed[kind])
        SIGNER.verify(bytes.fromhex(signed["signature"]["value"]), message, ec.ECDSA(SHA256()))
        assert second_reader.canonical(signed).decode() == text


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_reader_written_from_the_page_opens_what_the_program_seals_now(tmp_path: Path, size: int) -> None:
    desk, content = Desk(tmp_path), bytes(i % 253 for i in range(size))
    object_id = desk.seal(content, LAW, name="资产清单.csv").object_id
    signed = json.loads(desk.file(Kind.ENVELOPE, object_id).read_bytes())
    key = second_reader.PrivateKey(DONGHAI.key._mlkem, DONGHAI.key._x25519)
    found, header = opens_with_the_second_reader(
        signed, signed["envelope"]["recipients"][0], desk.file(Kind.CIPHERTEXT, object_id).read_bytes(), key
    )
    assert found == content and header["name"] == "资产清单.csv"


def test_the_example_parses_as_records() -> None:
    assert from_bytes(SignedEnvelope, VECTOR["envelope"].encode()).envelope.object_id == VECTOR["object_id"]
    grant = VECTOR["grant"].encode()
    assert from_bytes(SignedGrant, grant).grant.object_id == VECTOR["object_id"]
    assert hashlib.sha256(grant).hexdigest() == VECTOR["grant_id"]


def test_the_page_names_every_refusal_and_no_other() -> None:
    page = (SPEC / "vault.md").read_text(encoding="utf-8")
    section = page.partition("## Refusals")[2].partition("\n## ")[0]
    told = set(re.findall(r"^\| `([A-Z_]+)`", section, re.MULTILINE))
    made = {
        kind.code for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__
    }
    assert told == made | {"ENCRYPTION_KEY_INVALID", "LOCKED_SECRET_REFUSED", "PASSPHRASE_EMPTY", "SEAL_REFUSED"}
