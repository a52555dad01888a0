"""Signed notes: the published vectors of other implementations, the form to the letter, and what is refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.ledger.evidence.note import (
    BadNote,
    Note,
    NoteKey,
    NoteSignature,
    NoteSignatureInvalid,
    SignatureType,
    cosign_text,
    sign_text,
)
from tests.support.identities import make_member

# golang.org/x/mod/sumdb/note, note_test.go
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)

# A checkpoint of a public certificate transparency log with the cosignature of a public witness.
PUBLIC_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
PUBLIC_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
PUBLIC_CHECKPOINT = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
"""  # noqa: E501


def key_of(vkey: str) -> NoteKey:
    name, key_id, encoded = vkey.split("+", 2)
    typed = base64.b64decode(encoded)
    key = NoteKey(name, typed[1:], SignatureType(typed[0]))
    assert key.id.hex() == key_id
    return key


class FixedNotary:
    """A notary with a key given by its seed."""

    def __init__(self, name: str, seed: bytes) -> None:
        self.msp_id = name
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key_bytes = self._private.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


@pytest.mark.parametrize("vkey", [PETER, ENOCH, PUBLIC_LOG, PUBLIC_WITNESS])
def test_key_ids_and_verifier_keys_are_those_of_the_specification(vkey: str) -> None:
    assert key_of(vkey).vkey == vkey


def test_signs_the_very_note_that_the_go_implementation_signs() -> None:
    peter = FixedNotary("PeterNeumann", base64.b64decode(PETER_SECRET)[1:])
    note = Note(TEXT, ()).signed(sign_text(TEXT, peter))
    assert str(note) == TEXT + "\n" + PETER_LINE


def test_reads_a_note_of_two_signers_and_verifies_each() -> None:
    note = Note.parse((TEXT + "\n" + PETER_LINE + ENOCH_LINE).encode())
    assert note.text == TEXT
    for vkey, signature in zip((PETER, ENOCH), note.signatures, strict=True):
        key_of(vkey).verify(note.text, signature)


def test_verifies_a_real_log_and_a_real_witness() -> None:
    note = Note.parse(PUBLIC_CHECKPOINT.encode())
    log_line, witness_line = note.signatures
    key_of(PUBLIC_LOG).verify(note.text, log_line)
    key_of(PUBLIC_WITNESS).verify(note.text, witness_line)
    assert witness_line.seconds == 0x6A122120
    assert bytes(note) == PUBLIC_CHECKPOINT.encode()


def test_a_real_cosignature_is_of_no_other_size_and_no_other_time() -> None:
    note = Note.parse(PUBLIC_CHECKPOINT.replace("1432088532", "42").encode())
    with pytest.raises(NoteSignatureInvalid):
        key_of(PUBLIC_WITNESS).verify(note.text, note.signatures[1])
    line = Note.parse(PUBLIC_CHECKPOINT.encode()).signatures[1]
    later = NoteSignature(line.name, line.key_id, (line.seconds + 1).to_bytes(8, "big") + line.value[8:])
    with pytest.raises(NoteSignatureInvalid):
        key_of(PUBLIC_WITNESS).verify(PUBLIC_CHECKPOINT.partition("\n\n")[0] + "\n", later)


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        TEXT + "\n",
        TEXT + "\n" + PETER_LINE[:-1],
        "\x01" + TEXT + "\n" + PETER_LINE,
        TEXT.replace("\n", "\r\n") + "\n" + PETER_LINE,
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Bad Name"),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Peter+Neumann"),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", ""),
        TEXT + "\n" + PETER_LINE.replace("PeterNeumann", "Peter Neumann"),
        TEXT + "\n" + PETER_LINE.replace("— ", "- "),
        TEXT + "\n" + PETER_LINE + "Unexpected line.\n",
        TEXT + "\n" + PETER_LINE.replace("AM=\n", "AN=\n"),
        TEXT + "\n" + PETER_LINE.replace("=\n", "\n"),
        TEXT + "\n" + PETER_LINE.replace("=\n", "= \n"),
        TEXT + "\n— PeterNeumann x08gow==\n",
        TEXT + "\n" + PETER_LINE * 101,
        "a" * 1_000_001 + "\n\n" + PETER_LINE,
        "",
    ],
)
def test_other_forms_are_no_notes(data: str) -> None:
    with pytest.raises(BadNote):
        Note.parse(data.encode())


def test_bytes_that_are_not_utf8_are_no_note() -> None:
    with pytest.raises(BadNote):
        Note.parse(b"\xff" + (TEXT + "\n" + PETER_LINE).encode())


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_reading_raises_nothing_else(data: bytes) -> None:
    try:
        note = Note.parse(data)
    except BadNote:
        return
    assert bytes(note) == data


@given(st.data())
def test_every_changed_byte_breaks_a_note(data: st.DataObject) -> None:
    whole = bytearray((TEXT + "\n" + PETER_LINE).encode())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    try:
        note = Note.parse(bytes(whole))
    except BadNote:
        return
    with pytest.raises(NoteSignatureInvalid):
        key_of(PETER).verify(note.text, note.signatures[0])


@pytest.mark.parametrize("kind", list(SignatureType))
@pytest.mark.parametrize("length", [0, 7, 8, 63, 65, 71, 73, 200])
def test_signatures_of_another_length_do_not_hold(kind: SignatureType, length: int) -> None:
    key = NoteKey("DonghaiMSP", bytes(range(32)), kind)
    with pytest.raises(NoteSignatureInvalid):
        key.verify(TEXT, NoteSignature(key.name, key.id, bytes(length)))


def test_a_plain_signature_is_no_cosignature_and_the_reverse() -> None:
    notary = make_member("DonghaiMSP").notary
    plain = NoteKey("DonghaiMSP", notary.public_key_bytes)
    timestamped = NoteKey("DonghaiMSP", notary.public_key_bytes, SignatureType.COSIGNATURE)
    assert plain.id != timestamped.id
    cosignature = cosign_text(TEXT, notary, 1_700_000_000)
    timestamped.verify(TEXT, cosignature)
    with pytest.raises(NoteSignatureInvalid):
        plain.verify(TEXT, NoteSignature("DonghaiMSP", plain.id, cosignature.value[8:]))
    signature = sign_text(TEXT, notary)
    with pytest.raises(NoteSignatureInvalid):
        timestamped.verify(TEXT, NoteSignature("DonghaiMSP", timestamped.id, bytes(8) + signature.value))


def test_signing_again_replaces_the_signature_of_that_key_alone() -> None:
    notary = make_member("DonghaiMSP").notary
    note = Note(TEXT, ()).signed(sign_text(TEXT, notary), cosign_text(TEXT, notary, 1))
    again = note.signed(cosign_text(TEXT, notary, 2))
    assert [len(signature.value) for signature in again.signatures] == [64, 72]
    assert again.signatures[1].seconds == 2


@pytest.mark.parametrize(("name", "public"), [("", bytes(32)), ("a b", bytes(32)), ("a+b", bytes(32)), ("a", b"short")])
def test_a_key_needs_a_name_and_its_length(name: str, public: bytes) -> None:
    with pytest.raises(BadNote):
        NoteKey(name, public)


def test_a_cosignature_cannot_date_from_beyond_the_calendar() -> None:
    with pytest.raises(NoteSignatureInvalid):
        _ = NoteSignature("w", bytes(4), b"\xff" * 8 + bytes(64)).seconds
