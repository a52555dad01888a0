"""An object that was opened: its facts, known and verified at once, and its content, verified as it is read."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag

from chainfusion.domain.canonical import NotCanonical
from chainfusion.domain.documents import document_fingerprint
from chainfusion.domain.errors import ChainFusionError, require
from chainfusion.domain.records import BadRecord
from chainfusion.vault.chunks import ChunkCipher, Opening, Progress, chunk_count
from chainfusion.vault.datakey import DataKey
from chainfusion.vault.envelope import Envelope, Recipient, SignedEnvelope
from chainfusion.vault.errors import ContentNotAsStated, ContentTampered, EnvelopeTampered, WrongDataKey
from chainfusion.vault.header import Header, open_header
from chainfusion.vault.keys import EncryptionKeyPair, SealRefused

if TYPE_CHECKING:
    from typing_extensions import Buffer


@dataclass(frozen=True, slots=True)
class Facts:
    """What a reader knows of an object. `sealed_by` and `granted_by` are MSP ids; lengths in bytes."""

    object_id: str
    name: str
    media_type: str
    content_length: int
    fingerprint: bytes
    salt: bytes
    sealed_by: str
    certificate: str
    granted_by: str


class Opened:
    """The content of an object, to be read once, chunk by chunk, in constant memory.

    Chunks are authentic as they come, but not yet known to be all: only a reader who reached the end without an error
    holds the stated document. The last chunk (of a small file, the only one) is given out after every check.
    """

    def __init__(self, facts: Facts, content: Iterator[bytes], progress: Progress) -> None:
        self.facts, self._content, self._progress = facts, content, progress
        self._begun = False

    @classmethod
    def of(
        cls, signed: SignedEnvelope, key: DataKey, granted_by: str, blocks: Iterator[bytes], progress: Progress
    ) -> Opened:
        """The object of a verified envelope and a data key that is its own. Raises: EnvelopeTampered."""
        envelope, header = signed.envelope, _header(signed.envelope, key)

        def finish(content_sha256: bytes, ciphertext_sha256: bytes, length: int) -> None:
            found = document_fingerprint(header.salt, content_sha256)
            stated = envelope.fingerprint
            facts = {"object": envelope.object_id, "stated": stated.hex(), "found": found.hex()}
            require(found == stated, ContentNotAsStated(**facts))
            changed = ContentTampered(object=envelope.object_id, chunk=chunks, chunks=chunks)
            whole = length == envelope.content_length
            require(whole and ciphertext_sha256 == envelope.ciphertext_sha256, changed)

        chunks = chunk_count(envelope.content_length, envelope.chunk_size)
        cipher = ChunkCipher(key.content_key(), key.object_id)
        return cls(_facts(signed, header, granted_by), iter(Opening(blocks, cipher, chunks, finish)), progress)

    def __iter__(self) -> Iterator[bytes]:
        """The chunks. Raises: ContentTampered, ContentNotAsStated, StoreUnavailable; RuntimeError the second time."""
        if self._begun:
            raise RuntimeError("an opened object is read once; open it again")
        self._begun = True
        return self._chunks()

    def _chunks(self) -> Iterator[bytes]:
        done = 0
        for chunk in self._content:
            yield chunk
            done += len(chunk)
            self._progress(done, self.facts.content_length)

    def read(self) -> bytes:
        """The whole content in memory, verified. Raises: as iteration."""
        return b"".join(self)

    def copy_to(self, target: BinaryIO) -> None:
        """Writes the content to `target`; after an error what was written is not the document. Raises: as iteration."""
        for chunk in self:
            target.write(chunk)

    def stream(self) -> BinaryIO:
        """The content as a binary file for readers that want one; its reads raise as iteration does."""
        return io.BufferedReader(_Stream(iter(self)))

    def save(self, path: Path) -> None:
        """Writes the content to a file that appears, whole and verified, or not at all. Raises: as iteration."""
        aside = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with aside.open("xb") as file:
                self.copy_to(file)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


class _Stream(io.RawIOBase):
    """Chunks as a file that is read forward; once refused it stays refused, so that no reader takes it for the end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, memoryview(b"")
        self._refusal: ChainFusionError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        self._rest = self._rest or memoryview(self._next())
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _next(self) -> bytes:
        if self._refusal is not None:
            raise self._refusal
        try:
            return next(self._chunks, b"")
        except ChainFusionError as error:
            self._refusal = error
            raise


def data_key_of(recipient: Recipient, object_id: str, key: EncryptionKeyPair, by: str) -> DataKey:
    """The data key sealed to `recipient`, whose key this is, by member `by`.

    Raises: WrongDataKey where it does not open in this object's context or has another id.
    """
    wrong = WrongDataKey(object=object_id, msp=recipient.msp, by=by)
    try:
        data_key = DataKey.unsealed(recipient.sealed, object_id, recipient.msp, key)
    except SealRefused:
        raise wrong from None
    require(data_key.object_id == object_id, wrong)
    return data_key


def _header(envelope: Envelope, key: DataKey) -> Header:
    try:
        return open_header(envelope.header, key)
    except (InvalidTag, NotCanonical, BadRecord, ValueError) as error:
        raise EnvelopeTampered(object=envelope.object_id, why=f"header: {error}") from None


def _facts(signed: SignedEnvelope, header: Header, granted_by: str) -> Facts:
    envelope = signed.envelope
    return Facts(
        object_id=envelope.object_id,
        name=header.name,
        media_type=header.media_type,
        content_length=envelope.content_length,
        fingerprint=envelope.fingerprint,
        salt=header.salt,
        sealed_by=signed.signature.msp,
        certificate=signed.signature.certificate,
        granted_by=granted_by,
    )
