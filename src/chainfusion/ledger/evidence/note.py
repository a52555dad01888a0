"""Signed notes (C2SP signed-note): a text, a blank line, and a line for each signature over the text.

    chainfusion/5f0c…
    128
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — DonghaiMSP Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=

Two kinds of signature are used: plain Ed25519 (type 0x01, by the log) and the timestamped cosignature (type 0x04, C2SP
tlog-cosignature, by witnesses). Stricter than the specification in one point: base64 must be in its canonical
spelling, so that a note has one byte form.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chainfusion.domain.errors import ChainFusionError, Text, require

MAX_BYTES = 1_000_000
MAX_SIGNATURES = 100
LAST_SECOND = 2**63 - 1
_DASH = "— "
_ID_BYTES = 4
_TIME_BYTES = 8
_ED25519_BYTES = 64


class BadNote(ChainFusionError):
    """Bytes that are not a signed note."""

    code = "BAD_NOTE"
    says = Text("This is not a signed note: {why}.", "这不是签名注记（signed note）：{why_zh}。")
    do = Text("Take the file as its maker wrote it; do not edit it.", "请使用制作方给出的原始文件，不要编辑。")


class NoteSignatureInvalid(ChainFusionError):
    """A signature line that names a known key and was not made by it."""

    code = "NOTE_SIGNATURE_INVALID"
    says = Text("The note's signature by {name} does not hold: {why}.", "{name} 在注记上的签名不成立：{why_zh}。")
    do = Text("Do not rely on the note; ask {name} for the original.", "请勿采信该注记，并向 {name} 索取原件。")


class SignatureType(IntEnum):
    """The signature types of C2SP signed-note that are used here."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: the key's name and id (4 bytes), and the signature.

    `value` is the Ed25519 signature (64 bytes), in a cosignature after its POSIX time (8 bytes, big-endian).
    """

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note, with its end."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"

    @property
    def seconds(self) -> int:
        """The POSIX time of a cosignature. Raises: NoteSignatureInvalid where it cannot be one."""
        seconds = int.from_bytes(self.value[:_TIME_BYTES], "big")
        fits = len(self.value) == _TIME_BYTES + _ED25519_BYTES and seconds <= LAST_SECOND
        require(
            fits, NoteSignatureInvalid(name=self.name, why="not a timestamped signature", why_zh="不是带时间的联署签名")
        )
        return seconds


@dataclass(frozen=True)
class Note:
    """A text and its signatures, in order."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}"

    def __bytes__(self) -> bytes:
        return str(self).encode()

    def signed(self, *more: NoteSignature) -> Note:
        """The note with further signatures; one by the same key takes the old one's place."""
        new = {(signature.name, signature.key_id) for signature in more}
        kept = (old for old in self.signatures if (old.name, old.key_id) not in new)
        return replace(self, signatures=(*kept, *more))

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Reads a note's bytes; proves nothing about its signatures. Raises: BadNote."""
        require(
            len(data) <= MAX_BYTES, BadNote(why=f"it is longer than {MAX_BYTES} bytes", why_zh=f"超过 {MAX_BYTES} 字节")
        )
        try:
            content = data.decode()
        except UnicodeDecodeError:
            raise BadNote(why="it is not UTF-8 text", why_zh="不是 UTF-8 文本") from None
        controls = any(character < " " and character != "\n" for character in content)
        require(not controls, BadNote(why="it holds control characters", why_zh="含有控制字符"))
        text, separator, lines = content.rpartition("\n\n")
        require(
            bool(separator) and lines.endswith("\n"),
            BadNote(why="no signature lines after a blank line", why_zh="空行之后没有签名行"),
        )
        signatures = tuple(_read_line(line) for line in lines[:-1].split("\n"))
        require(
            len(signatures) <= MAX_SIGNATURES,
            BadNote(why=f"more than {MAX_SIGNATURES} signatures", why_zh=f"签名超过 {MAX_SIGNATURES} 个"),
        )
        return cls(text + "\n", signatures)


@dataclass(frozen=True)
class NoteKey:
    """A public key that may sign notes: its name, the raw Ed25519 key (32 bytes) and what it signs."""

    name: str
    public: bytes
    type: SignatureType = SignatureType.ED25519

    def __post_init__(self) -> None:
        require(
            _is_name(self.name),
            BadNote(why=f"{self.name!r:.60} cannot name a key", why_zh=f"{self.name!r:.60} 不能作为密钥名"),
        )
        require(
            len(self.public) == 32, BadNote(why="an Ed25519 public key has 32 bytes", why_zh="Ed25519 公钥应为 32 字节")
        )

    @cached_property
    def id(self) -> bytes:
        """SHA-256(name, newline, type, public key), first 4 bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed).digest()[:_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as other tools of the C2SP family take it: `name+id+base64(type, public key)`."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self._typed).decode()}"

    def made(self, signature: NoteSignature) -> bool:
        """Whether a signature line says that this key made it."""
        return (signature.name, signature.key_id) == (self.name, self.id)

    def verify(self, text: str, signature: NoteSignature) -> None:
        """Checks a line that says this key made it over `text`. Raises: NoteSignatureInvalid."""
        require(
            self.made(signature),
            NoteSignatureInvalid(name=signature.name, why="it is by another key", why_zh="由其他密钥所签"),
        )
        if self.type is SignatureType.COSIGNATURE:
            signed, value = cosigned_bytes(text, signature.seconds), signature.value[_TIME_BYTES:]
        else:
            signed, value = text.encode(), signature.value
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, signed)
        except (InvalidSignature, ValueError):
            raise NoteSignatureInvalid(
                name=self.name, why="the signature is of another text or key", why_zh="与文本或密钥不符"
            ) from None

    @property
    def _typed(self) -> bytes:
        return bytes([self.type]) + self.public


class Notary(Protocol):
    """A member's Ed25519 key for notes, unlocked; notes name it by the MSP id."""

    @property
    def msp_id(self) -> str:
        """The member's MSP id."""

    @property
    def public_key_bytes(self) -> bytes:
        """The raw Ed25519 public key (32 bytes)."""

    def sign(self, data: bytes) -> bytes:
        """Ed25519 over `data` (64 bytes)."""


def sign_text(text: str, notary: Notary) -> NoteSignature:
    """A plain signature (type 0x01) over a note's text."""
    key = NoteKey(notary.msp_id, notary.public_key_bytes)
    return NoteSignature(key.name, key.id, notary.sign(text.encode()))


def cosign_text(text: str, notary: Notary, seconds: int) -> NoteSignature:
    """A cosignature (type 0x04) over a checkpoint's text at a POSIX time."""
    key = NoteKey(notary.msp_id, notary.public_key_bytes, SignatureType.COSIGNATURE)
    value = seconds.to_bytes(_TIME_BYTES, "big") + notary.sign(cosigned_bytes(text, seconds))
    return NoteSignature(key.name, key.id, value)


def cosigned_bytes(text: str, seconds: int) -> bytes:
    """What a cosignature signs (C2SP cosignature/v1)."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _read_line(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    require(
        line.startswith(_DASH) and _is_name(name),
        BadNote(why="a signature line has another form", why_zh="签名行格式不符"),
    )
    try:
        value = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise BadNote(why="a signature is not base64", why_zh="签名不是 base64") from None
    canonical = base64.b64encode(value).decode() == encoded
    require(
        canonical and len(value) > _ID_BYTES,
        BadNote(why="a signature is not canonical base64", why_zh="签名不是规范的 base64"),
    )
    return NoteSignature(name, value[:_ID_BYTES], value[_ID_BYTES:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)
