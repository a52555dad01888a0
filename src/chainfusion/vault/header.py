"""What only readers may know of an object: its name, its media type and the salt of its fingerprint.

Padded with 0x80 and zeros to a multiple of 256 bytes, because the length of a name tells of it; then sealed with
AES-256-GCM under the header key, which serves once, so that the nonce is zero, with
AAD = "chainfusion header v1\\n" || object id.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chainfusion.domain.documents import SALT_LENGTH
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.vault.datakey import DataKey

_PADDED = 256
_NONCE = bytes(12)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}", re.ASCII)
_LONGEST_NAME = 255
_RESERVED = frozenset('/\\:*?"<>|')
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Header:
    """The readers' part of an envelope. A name is a plain file name, so that saving under it stays in its folder."""

    media_type: str
    name: str
    salt: bytes

    def __post_init__(self) -> None:
        if not is_file_name(self.name):
            raise ValueError("not a plain file name")
        if not is_media_type(self.media_type):
            raise ValueError("not a media type")
        if len(self.salt) != SALT_LENGTH:
            raise ValueError(f"salt of {len(self.salt)} bytes")


def is_file_name(text: str) -> bool:
    """One to 255 bytes of UTF-8 that name a file in a folder on any system, and look like what they are.

    No separator, no reserved character, no line break, no control or direction mark (which would let `exe.pdf` show
    for `fdp.exe`).
    """
    if any(unicodedata.category(c) in _UNSEEN or c in _RESERVED for c in text):
        return False
    return len(text.encode()) <= _LONGEST_NAME and text.strip(". ") != ""


def is_media_type(text: str) -> bool:
    """A media type of RFC 6838 in lower case, without parameters."""
    return _MEDIA_TYPE.fullmatch(text) is not None


def seal_header(header: Header, key: DataKey) -> bytes:
    """The header readable by holders of the data key alone."""
    plain = to_bytes(header) + b"\x80"
    return AESGCM(key.header_key()).encrypt(_NONCE, plain + bytes(-len(plain) % _PADDED), _context(key))


def open_header(sealed: bytes, key: DataKey) -> Header:
    """The header. Raises: InvalidTag, NotCanonical, BadRecord."""
    plain = AESGCM(key.header_key()).decrypt(_NONCE, sealed, _context(key))
    return from_bytes(Header, plain.rstrip(b"\0")[:-1])


def _context(key: DataKey) -> bytes:
    return b"chainfusion header v1\n" + bytes.fromhex(key.object_id)
