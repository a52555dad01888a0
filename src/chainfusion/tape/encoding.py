"""A text file's bytes as UTF-8, or a refusal that says which byte is wrong: never a guess, never mojibake.

Without a declaration only what proves itself is read: a byte order mark, or bytes that are valid UTF-8. GB18030 reads
almost any bytes as some characters, so it must be declared in the mapping.
"""

from __future__ import annotations

from chainfusion.domain.errors import Text
from chainfusion.tape.errors import DamagedText, WrongEncoding

ENCODINGS = ("auto", "utf-8", "gb18030", "utf-16")
_BOM8, _BOM16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_TELLING = 16
"""So many different characters of valid UTF-8 are no accident in a file declared as GB18030."""


def as_utf8(data: bytes, declared: str) -> bytes:
    """The text of `data` in UTF-8 without a byte order mark. `declared` is one of ENCODINGS.

    Raises: WrongEncoding with the row and byte offset, DamagedText.
    """
    if data.startswith(_BOM16) and declared in ("auto", "utf-16"):
        data = _decoded(data, "utf-16").encode()
    elif declared == "utf-16":
        raise WrongEncoding(row=1, offset=0, encoding="UTF-16", why=Text("no byte order mark", "没有字节顺序标记"))
    elif declared == "gb18030":
        _refuse_utf8(data)
        data = _decoded(data, "gb18030").encode()
    elif data.startswith(_BOM8):
        data = data[len(_BOM8) :]
    place = data.find(b"\0")
    if place >= 0:
        raise DamagedText(row=data[:place].count(b"\n") + 1, offset=place)
    return data


def refuse_bad_utf8(data: bytes) -> None:
    """Raises WrongEncoding at the first byte that is not UTF-8; returns where all are."""
    _decoded(data, "utf-8")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data[: error.start].decode(encoding, "replace").count("\n") + 1
        raise WrongEncoding(row=row, offset=error.start, encoding=encoding.upper(), why=error.reason) from None


def _refuse_utf8(data: bytes) -> None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    if data.startswith(_BOM8) or len({c for c in text[:100_000] if c > "\x7f"}) >= _TELLING:
        place = next(i for i, byte in enumerate(data) if byte > 0x7F)
        row = data[:place].count(b"\n") + 1
        raise WrongEncoding(row=row, offset=place, encoding="GB18030", why=Text("the bytes are UTF-8", "字节为 UTF-8"))
