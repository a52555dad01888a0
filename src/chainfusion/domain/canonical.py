"""Canonical JSON: the one byte form of a value, so that equal facts have equal fingerprints.

A subset of RFC 8785 (JSON Canonicalization Scheme) without floating point: objects with ASCII keys sorted by code
point, no white space, integers within 64 bits signed, strings in UTF-8 with only the escapes that JSON demands.
Only the standard library is used, because the offline verifier stands on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from json import encoder
from typing import Any

from chainfusion.domain.errors import ChainFusionError, Text

Json = dict[str, Any] | list[Any] | str | int | bool | None

MAX_DEPTH = 64
"""How deep arrays and objects may nest: far beyond any record, and safe to walk recursively anywhere."""
_MIN, _MAX = -(2**63), 2**63 - 1
_LONGEST = len(str(_MIN))
"""Characters of the longest integer within 64 bits."""
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _made_once() -> Callable[[Any], str]:
    """The encoder's own C function where there is one: `JSONEncoder.encode` makes it anew for every value."""
    make = getattr(encoder, "c_make_encoder", None)
    if make is None:
        return _encoder.encode
    parts = make(None, _encoder.default, encoder.encode_basestring, None, ":", ",", True, False, False)
    return lambda value: "".join(parts(value, 0))


_encode = _made_once()


class NotCanonical(ChainFusionError):
    """Bytes that are not the canonical form of any value, or a value that has none."""

    code = "NOT_CANONICAL"
    says = Text("Not canonical JSON: {why}.", "不是规范 JSON：{why}。")
    do = Text("Take the file as its maker wrote it; do not reformat it.", "请使用制作方给出的原始文件，不要重新排版。")


def canonical(value: Any) -> bytes:
    """The canonical bytes of a JSON value.

    Raises: NotCanonical where it holds a float, a key that is not ASCII text, an integer beyond 64 bits or a lone
    surrogate, or nests deeper than MAX_DEPTH.
    """
    _check(value)
    return trusted_canonical(value)


def trusted_canonical(value: Any) -> bytes:
    """`canonical` without the check, for values that this program built from typed records."""
    try:
        return _encode(value).encode()
    except (TypeError, ValueError) as error:
        raise NotCanonical(why=str(error)) from None


def parse_canonical(data: bytes) -> Any:
    """The value of canonical bytes; refuses any other spelling of it, so that no byte is without meaning.

    Raises: NotCanonical.
    """
    value = parse_encoded(data)
    if trusted_canonical(value) != data:
        raise NotCanonical(why="other spelling than the canonical one")
    return value


def parse_encoded(data: bytes) -> Any:
    """`parse_canonical` for bytes that this process encoded: what they hold is checked, their spelling need not be.

    Raises: NotCanonical.
    """
    try:
        value = _decode(data.decode())
    except RecursionError:
        raise NotCanonical(why="nested too deeply") from None
    except ValueError as error:
        raise NotCanonical(why=str(error)) from None
    if not _plainly_sound(data):
        _check(value)
    return value


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical bytes, in lower-case hexadecimal (64 characters)."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _plainly_sound(data: bytes) -> bool:
    """Whether parsed bytes show by themselves that `_check` would pass: it walks every value, this scans once.

    Decoded JSON has text keys, no floats and no integers beyond 64 bits; ASCII leaves no surrogate but a written one,
    few brackets no depth.
    """
    if not data.startswith((b"{", b"[")):
        return False
    flat = data.count(b"{") + data.count(b"[") <= MAX_DEPTH
    return flat and data.isascii() and b"\\u" not in data


def _no_float(text: str) -> None:
    raise NotCanonical(why=f"floating point {text[:40]}")


def _whole(text: str) -> int:
    if len(text) > _LONGEST or not _MIN <= (value := int(text)) <= _MAX:
        raise NotCanonical(why="integer beyond 64 bits")
    return value


_decoder = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float, parse_int=_whole)


def _decode(text: str) -> Any:
    """`JSONDecoder.decode` of a text without white space around it, which no canonical text has. Raises: ValueError."""
    value, end = _decoder.raw_decode(text)
    if end != len(text):
        raise ValueError(f"more follows at character {end}")
    return value


def _check(value: Any, depth: int = 0) -> None:
    """Runs over every transaction, so a container looks at plain items itself."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical(why=f"key {key!r:.40}")
        _check_items(value.values(), depth + 1)
    elif isinstance(value, (list, tuple)):
        _check_items(value, depth + 1)
    else:
        _check_scalar(value)


def _check_items(items: Iterable[Any], depth: int) -> None:
    for item in items:
        if depth > MAX_DEPTH:
            raise NotCanonical(why="nested too deeply")
        if isinstance(item, str) and item.isascii():
            continue
        if isinstance(item, (dict, list, tuple)):
            _check(item, depth)
        else:
            _check_scalar(item)


def _check_scalar(value: Any) -> None:
    match value:
        case str():
            _check_text(value)
        case None | bool():
            return
        case int():
            if not _MIN <= value <= _MAX:
                raise NotCanonical(why="integer beyond 64 bits")
        case _:
            raise NotCanonical(why=f"a {type(value).__name__}")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotCanonical(why="lone surrogate") from None
