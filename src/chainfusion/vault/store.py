"""Where encrypted objects lie: the port, and its implementations on obstore.

A key is a kind and hexadecimal digits, nothing else, so that no name of a file or a person reaches the store and no
key leaves its folder:

    objects/ab/ab…         ciphertext
    envelopes/ab/ab…       signed envelope
    grants/ab/ab…/cd…      signed grant, named by its SHA-256
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore

from chainfusion.domain.errors import require
from chainfusion.vault.errors import ObjectExists, ObjectMissing, StoreKeyInvalid, StoreUnavailable

T = TypeVar("T")
Failure = type[Exception] | tuple[type[Exception], ...]

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_READ = 1024 * 1024
_PART, _PARTS_AT_ONCE = 8 * 1024 * 1024, 2  # S3 takes parts of 5 MiB and more, and 10,000 of them
_ABANDONED_AFTER = 24 * 3600


class Kind(StrEnum):
    """What lies under a key."""

    CIPHERTEXT = "objects"
    ENVELOPE = "envelopes"
    GRANT = "grants"


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """Names one stored thing: its kind, its object's id and, for a grant, the grant's own digest."""

    kind: Kind
    object_id: str
    part: str | None = None

    def __post_init__(self) -> None:
        digits = [self.object_id] + ([self.part] if self.kind is Kind.GRANT else [])
        valid = all(isinstance(d, str) and _HEX.fullmatch(d) for d in digits)
        require(valid and (self.part is None) == (self.kind is not Kind.GRANT), StoreKeyInvalid(key=str(digits[-1])))

    @property
    def path(self) -> str:
        """The path in the store."""
        path = f"{self.kind}/{self.object_id[:2]}/{self.object_id}"
        return path if self.part is None else f"{path}/{self.part}"

    @classmethod
    def of_path(cls, path: str) -> ObjectKey:
        """The key whose path this is. Raises: StoreKeyInvalid."""
        kind, _, rest = path.partition("/")
        digits = rest.split("/")[1:]
        require(kind in set(Kind) and 1 <= len(digits) <= 2, StoreKeyInvalid(key=path))
        key = cls(Kind(kind), *digits)
        require(key.path == path, StoreKeyInvalid(key=path))
        return key


class ObjectStore(Protocol):
    """What the vault needs of a store. What is visible is whole; nothing is ever overwritten."""

    def put(self, key: ObjectKey, content: Iterable[bytes]) -> None:
        """Stores the stream under `key`: whole and durable when this returns, invisible when it fails.

        Raises: ObjectExists, StoreUnavailable, and whatever `content` raises.
        """

    def get(self, key: ObjectKey, block: int) -> Iterator[bytes]:
        """The stored bytes in blocks of exactly `block` bytes, the last one shorter.

        Raises: ObjectMissing at once; StoreUnavailable.
        """

    def exists(self, key: ObjectKey) -> bool:
        """Whether something is stored under `key`."""

    def list(self, kind: Kind, object_id: str | None = None) -> Iterator[ObjectKey]:
        """All keys of a kind, or those of one object; what is not a key of this store is passed over."""

    def delete(self, key: ObjectKey) -> None:
        """Removes what is stored under `key`; nothing happens where there is nothing."""


class ObstoreStore:
    """Any store that obstore reaches: `ObstoreStore(S3Store("bucket"))`, GCS, Azure, memory.

    An upload becomes visible when it completes. A stream is stored if absent as far as can be seen before it is
    sent: ids are random, so two writers never meet on one key.
    """

    def __init__(self, store: Any, read_size: int = _READ) -> None:
        self._store, self._read_size = store, read_size

    def put(self, key: ObjectKey, content: Iterable[bytes]) -> None:
        """See `ObjectStore.put`."""
        require(not self.exists(key), ObjectExists(key=key.path))
        self._upload(key.path, content)

    def get(self, key: ObjectKey, block: int) -> Iterator[bytes]:
        """See `ObjectStore.get`."""
        size = int(self._ask(key, lambda: obstore.head(self._store, key.path))["size"])
        return self._blocks(key, size, block)

    def exists(self, key: ObjectKey) -> bool:
        """See `ObjectStore.exists`."""
        try:
            self._ask(key, lambda: obstore.head(self._store, key.path))
        except ObjectMissing:
            return False
        return True

    def list(self, kind: Kind, object_id: str | None = None) -> Iterator[ObjectKey]:
        """See `ObjectStore.list`."""
        prefix = kind.value if object_id is None else f"{kind}/{object_id[:2]}/{object_id}"
        for batch in obstore.list(self._store, prefix=prefix):
            for meta in batch:
                with suppress(StoreKeyInvalid):
                    yield ObjectKey.of_path(meta["path"])

    def delete(self, key: ObjectKey) -> None:
        """See `ObjectStore.delete`."""
        with suppress(ObjectMissing):
            self._ask(key, lambda: obstore.delete(self._store, key.path))

    def _upload(self, path: str, content: Iterable[bytes]) -> None:
        """Writes and completes; what is not completed is discarded with the writer.

        The writer is fed rather than given `content` to pull from, because a source may itself read from a store.
        """
        failure = (BaseError, OSError)
        begin = partial(obstore.open_writer, buffer_size=_PART, max_concurrency=_PARTS_AT_ONCE)
        writer = _told(path, failure, lambda: begin(self._store, path))
        for block in content:
            _told(path, failure, partial(writer.write, block))
        _told(path, failure, writer.close)

    def _blocks(self, key: ObjectKey, size: int, block: int) -> Iterator[bytes]:
        read = max(1, self._read_size // block) * block
        for start in range(0, size, read):
            data = self._range(key, start, min(read, size - start))
            for at in range(0, len(data), block):
                yield data[at : at + block]

    def _range(self, key: ObjectKey, start: int, length: int) -> bytes:
        found = self._ask(key, lambda: obstore.get_range(self._store, key.path, start=start, length=length))
        return found.to_bytes()

    def _ask(self, key: ObjectKey, request: Callable[[], T]) -> T:
        try:
            return _told(key.path, BaseError, request)
        except FileNotFoundError:
            raise ObjectMissing(object=key.object_id, part=key.kind.name.lower()) from None


class FolderStore(ObstoreStore):
    """A local folder. A file is written aside, flushed to the disk, then linked to its name if that is free."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "staging").mkdir(parents=True, exist_ok=True)
        _flush(folder.parent)
        super().__init__(LocalStore(folder))
        self._remove_abandoned()

    def put(self, key: ObjectKey, content: Iterable[bytes]) -> None:
        """See `ObjectStore.put`."""
        require(not self.exists(key), ObjectExists(key=key.path))
        aside = f"staging/{secrets.token_hex(16)}"
        try:
            self._upload(aside, content)
            _flush(self._folder / aside)
            self._publish(aside, key)
        finally:
            (self._folder / aside).unlink(missing_ok=True)

    def _publish(self, aside: str, key: ObjectKey) -> None:
        try:
            obstore.rename(self._store, aside, key.path, overwrite=False)
        except AlreadyExistsError:
            raise ObjectExists(key=key.path) from None
        except BaseError as error:
            raise _unavailable(key.path, error) from None
        for folder in (self._folder / key.path).parents:
            _flush(folder)
            if folder == self._folder:
                return

    def _remove_abandoned(self) -> None:
        """Staged files of a process that was killed; a live one writes more often than once a day."""
        oldest = time.time() - _ABANDONED_AFTER
        for file in (self._folder / "staging").iterdir():
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < oldest:
                    file.unlink()


def _told(path: str, failure: Failure, request: Callable[[], T]) -> T:
    """What `request` gives; its failure in the vault's words."""
    try:
        return request()
    except failure as error:
        raise _unavailable(path, error) from None


def _unavailable(path: str, error: Exception) -> StoreUnavailable:
    return StoreUnavailable(key=path, why=str(error).partition("\n")[0][:200])


def _flush(path: Path) -> None:
    """Makes a file's bytes, or a folder's names, survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
