"""How fast a document is sealed into a local folder and opened again, beside the primitives alone."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chainfusion.vault.chunks import CHUNK_SIZE
from chainfusion.vault.keys import EncryptionKeyPair
from chainfusion.vault.store import FolderStore
from chainfusion.vault.vault import Vault

SIZE = 300 * 1024 * 1024
PEER = "AES-256-GCM and two SHA-256 in memory"


class Generated(io.RawIOBase):
    """A file of `SIZE` random bytes (one mebibyte, repeated) that takes no room."""

    _block = os.urandom(1024 * 1024)

    def __init__(self) -> None:
        self._left = SIZE

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        given = min(size, self._left, len(self._block))
        self._left -= given
        return self._block[:given]


class Sealer:
    """Signs with nothing: one signature an object is not what is measured."""

    msp_id = "BenchMSP"
    certificate_fingerprint = "00" * 32

    def sign(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()


def run() -> list[dict[str, Any]]:
    """MB/s (10^6 bytes a second) of sealing and opening, and the process's peak memory after both."""
    key = EncryptionKeyPair.generate()
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(FolderStore(Path(folder)))
        source, recipients = cast(BinaryIO, Generated()), {Sealer.msp_id: key.public}
        began = time.perf_counter()
        object_id = vault.seal(source, "a", "a/b", recipients, Sealer()).object_id
        sealing = time.perf_counter() - began
        opening = _seconds(lambda: [len(c) for c in vault.open(object_id, Sealer.msp_id, key, lambda *_: True)])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peer = _seconds(_primitives)
    return [
        _row("vault_seal", SIZE / sealing / 1e6, "MB/s", PEER, SIZE / peer / 1e6),
        _row("vault_open", SIZE / opening / 1e6, "MB/s", PEER, SIZE / peer / 1e6),
        _row("vault_memory", memory, "MiB peak", None, None),
    ]


def _primitives() -> None:
    gcm, chunk = AESGCM(bytes(32)), os.urandom(CHUNK_SIZE)
    plain, sealed = hashlib.sha256(), hashlib.sha256()
    for index in range(SIZE // CHUNK_SIZE):
        plain.update(chunk)
        sealed.update(gcm.encrypt(index.to_bytes(12, "big"), chunk, b""))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _row(name: str, value: float, unit: str, peer: str | None, peer_value: float | None) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "size": SIZE,
        "peer": peer,
        "peer_value": peer_value and round(peer_value, 1),
        "ratio": peer_value and round(value / peer_value, 3),
    }
