"""A document's fingerprint: what the ledger holds of it.

Standard library only: the offline verifier computes it too.
"""

from __future__ import annotations

import hashlib

SALT_LENGTH = 16
_PREFIX = b"chainfusion document v1\n"


def document_fingerprint(salt: bytes, content_sha256: bytes) -> bytes:
    """SHA256("chainfusion document v1\\n" || salt || content_sha256): 32 bytes.

    `salt` is 16 random bytes of this version and known to its readers alone: without it, whoever sees the ledger
    could tell a short or standard document by hashing candidates. `content_sha256` is SHA-256 of the whole content.

    Raises: ValueError where a length differs, since the join would be ambiguous.
    """
    if len(salt) != SALT_LENGTH or len(content_sha256) != 32:
        raise ValueError(f"a salt of {SALT_LENGTH} and a digest of 32 bytes, not {len(salt)} and {len(content_sha256)}")
    return hashlib.sha256(_PREFIX + salt + content_sha256).digest()
