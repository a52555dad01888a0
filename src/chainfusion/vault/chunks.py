"""A stream of any length as authenticated chunks, in constant memory (the STREAM construction, with AES-256-GCM).

Chunk i of the content, of `chunk_size` bytes each but the last, becomes

    AES-256-GCM(content key, nonce = i (11 bytes) || end (1 byte),
                AAD = "chainfusion chunk v1\\n" || object id (32 bytes) || i (8 bytes) || end (1 byte))

with end = 1 for the last chunk and 0 before it, integers big-endian. The last chunk holds 1 to `chunk_size` bytes; it
holds none only where the content is empty. So a chunk opens at its own place in its own object and nowhere else, and
only the true last chunk ends a stream.

Reference: V. T. Hoang, R. Reyhanitabar, P. Rogaway, D. Vizár, Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance, CRYPTO 2015.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chainfusion.vault.errors import ContentTampered

TAG_LENGTH = 16
CHUNK_SIZE = 256 * 1024
SMALLEST_CHUNK, LARGEST_CHUNK = 1024, 16 * 1024 * 1024

Progress = Callable[[int, int | None], None]
"""Called with the bytes done so far and the total (None where the source cannot tell)."""


def no_progress(done: int, total: int | None) -> None:
    """A progress callback for those who do not watch."""


class ChunkCipher:
    """Seals and opens single chunks of one object."""

    __slots__ = ("_aad", "_gcm", "object_id")

    def __init__(self, content_key: bytes, object_id: str) -> None:
        self._gcm = AESGCM(content_key)
        self._aad = b"chainfusion chunk v1\n" + bytes.fromhex(object_id)
        self.object_id = object_id

    def seal(self, index: int, last: bool, chunk: bytes) -> bytes:
        """The chunk's ciphertext, 16 bytes longer."""
        return self._gcm.encrypt(_nonce(index, last), chunk, self._bound(index, last))

    def open(self, index: int, last: bool, sealed: bytes) -> bytes:
        """The chunk. Raises: InvalidTag, ValueError."""
        return self._gcm.decrypt(_nonce(index, last), sealed, self._bound(index, last))

    def _bound(self, index: int, last: bool) -> bytes:
        return self._aad + index.to_bytes(8, "big") + bytes([last])


class Sealing:
    """The ciphertext of `source`, chunk by chunk; when it is exhausted, the digests and the length stand."""

    def __init__(self, source: BinaryIO, cipher: ChunkCipher, chunk_size: int, progress: Progress) -> None:
        self._source, self._cipher, self._size, self._progress = source, cipher, chunk_size, progress
        self.content_sha256 = hashlib.sha256()
        self.ciphertext_sha256 = hashlib.sha256()
        self.content_length = 0

    def __iter__(self) -> Iterator[bytes]:
        total, index = _length(self._source), 0
        chunk, following = self._read(), self._read()
        while True:
            last = not following
            sealed = self._cipher.seal(index, last, chunk)
            self.ciphertext_sha256.update(sealed)
            yield sealed
            self._progress(self.content_length - len(following), total)
            if last:
                return
            chunk, following, index = following, self._read() if len(following) == self._size else b"", index + 1

    def _read(self) -> bytes:
        """Exactly one chunk, unless the source ends: a source may give less than it is asked for."""
        chunk = self._source.read(self._size)
        while 0 < len(chunk) < self._size and (more := self._source.read(self._size - len(chunk))):
            chunk += more
        self.content_sha256.update(chunk)
        self.content_length += len(chunk)
        return chunk


class Opening:
    """The content of `blocks`, each of which is one sealed chunk; the digests stand when it is exhausted.

    `finish` is called with the two digests (content, ciphertext) and the content's length when all chunks have opened
    and before the last one is given out, so that a reader never holds a whole content that was not checked whole.
    """

    def __init__(
        self,
        blocks: Iterable[bytes],
        cipher: ChunkCipher,
        chunks: int,
        finish: Callable[[bytes, bytes, int], None],
    ) -> None:
        self._blocks, self._cipher, self._chunks, self._finish = blocks, cipher, chunks, finish

    def __iter__(self) -> Iterator[bytes]:
        content, ciphertext = hashlib.sha256(), hashlib.sha256()
        held, index, length = None, -1, 0
        for index, sealed in enumerate(self._blocks):
            chunk = self._open(index, sealed)
            ciphertext.update(sealed)
            content.update(chunk)
            length += len(chunk)
            if held is not None:
                yield held
            held = chunk
        if held is None or index != self._chunks - 1:
            raise self._tampered(index + 1)
        self._finish(content.digest(), ciphertext.digest(), length)
        yield held

    def _open(self, index: int, sealed: bytes) -> bytes:
        try:
            return self._cipher.open(index, index == self._chunks - 1, sealed)
        except (InvalidTag, ValueError):
            raise self._tampered(index) from None

    def _tampered(self, index: int) -> ContentTampered:
        return ContentTampered(object=self._cipher.object_id, chunk=index + 1, chunks=self._chunks)


def chunk_count(content_length: int, chunk_size: int) -> int:
    """How many chunks a content has; an empty one has one, empty chunk."""
    return max(1, -(-content_length // chunk_size))


def ciphertext_length(content_length: int, chunk_size: int) -> int:
    """How many bytes the ciphertext has."""
    return content_length + TAG_LENGTH * chunk_count(content_length, chunk_size)


def _nonce(index: int, last: bool) -> bytes:
    return index.to_bytes(11, "big") + bytes([last])


def _length(source: BinaryIO) -> int | None:
    if not source.seekable():
        return None
    here = source.tell()
    end = source.seek(0, 2)
    source.seek(here)
    return end - here
