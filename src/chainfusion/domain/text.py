"""Shapes of the few texts that a ledger record may hold: ids, names, reasons. Raised errors are ValueError, which a
record's reader turns into a located BadRecord."""

from __future__ import annotations

import re

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_OPAQUE_ID = re.compile(r"[0-9a-f]{32}")
_OBJECT_ID = re.compile(r"[0-9a-f]{64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
MAX_NAME, MAX_REASON = 120, 400


def check(condition: bool, why: str) -> None:
    """Raises: ValueError with `why` unless `condition` holds."""
    if not condition:
        raise ValueError(why)


def check_id(text: str) -> None:
    """A readable id, such as a deal's: letters, digits, dot, underscore and hyphen, 1 to 64 characters."""
    check(_ID.fullmatch(text) is not None, "an id has 1 to 64 letters, digits, dots, underscores or hyphens")


def check_opaque_id(text: str) -> None:
    """An id that tells nothing: 32 hexadecimal characters (16 random bytes)."""
    check(_OPAQUE_ID.fullmatch(text) is not None, "an id of 32 lower-case hexadecimal characters is needed")


def check_object_id(text: str) -> None:
    """The name of an encrypted object in the vault."""
    check(_OBJECT_ID.fullmatch(text) is not None, "an object id of 64 lower-case hexadecimal characters is needed")


def check_currency(text: str) -> None:
    """An ISO 4217 code."""
    check(_CURRENCY.fullmatch(text) is not None, "a currency is three capital letters")


def check_name(*names: str) -> None:
    """One line of printable text, 1 to 120 characters, no space around it."""
    for name in names:
        check(is_line(name, MAX_NAME), f"a name is one line of 1 to {MAX_NAME} characters")


def is_line(text: str, limit: int) -> bool:
    """Whether `text` is one line of 1 to `limit` printable characters without space around it."""
    return 0 < len(text.strip()) == len(text) <= limit and text.isprintable()


def is_reason(text: str | None) -> bool:
    """Whether a reason was stated: a line of at most MAX_REASON characters."""
    return text is not None and is_line(text, MAX_REASON)


def whole_number(word: str, digits: int = 7) -> int | None:
    """The number that a word of 1 to `digits` ASCII digits writes; None where the word is none."""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= digits else None


def check_digest(*digests: bytes) -> None:
    """32 bytes each: a SHA-256 value."""
    check(all(len(digest) == 32 for digest in digests), "a fingerprint has 32 bytes")
