"""Protobuf, read strictly: bytes to a frozen dataclass, or one refusal.

A field is declared with its number, `payload: bytes = at(1)`; its type says the rest: int, bool, str, bytes, another
message or None, `X | None` where presence matters, `tuple[X, ...]` for repeated ones, `dict[str, X]` for maps. Stricter
than protobuf, so that bytes which somebody signed have one reading: no unknown field, no second value for a field that
has one, no longer form of a number, no group, no number beyond 63 bits.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, TypeVar

from chainfusion.domain.errors import ChainFusionError, Text, require

M = TypeVar("M")
MAX_DEPTH = 48
"""How deep messages may nest: channel configurations nest seven deep."""
_VARINT, _BYTES = 0, 2
_MAX = (1 << 63) - 1


class WireMalformed(ChainFusionError):
    """Bytes that are not the protobuf message that they should be, or not in the one accepted form."""

    code = "FABRIC_BYTES_MALFORMED"
    says = Text(
        "The bytes of a Fabric {message} cannot be read: {why}.", "无法读取 Fabric {message} 的字节：{why_zh}。"
    )
    do = Text("Do not rely on it; ask for a new export.", "请勿采信，并重新索取导出文件。")


def at(number: int) -> Any:
    """Declares a field by its number."""
    return field(metadata={"number": number})


def read(kind: type[M], data: bytes, depth: int = 0) -> M:
    """The message in `data`. Raises: WireMalformed."""
    declared: Any = kind
    plan = _plan_of(declared)
    found: dict[str, Any] = {}
    try:
        _need(depth < MAX_DEPTH, "it nests too deep", "嵌套过深")
        for number, wire, value in _fields(data):
            _need(number in plan.slots, f"field {number} is unknown", f"未知字段 {number}")
            slot = plan.slots[number]
            _need(slot.wire == wire, f"field {number} is of another type", f"字段 {number} 类型不符")
            slot.take(found, value, depth)
    except _Misfit as misfit:
        raise WireMalformed(message=kind.__name__, why=misfit.why, why_zh=misfit.why_zh) from None
    filled = {name: found.get(name, default) for name, default in plan.defaults.items()}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in filled.items()})


# ------------------------------------------------------------------ bytes


class _Misfit(Exception):
    def __init__(self, why: str, why_zh: str) -> None:
        super().__init__(why)
        self.why, self.why_zh = why, why_zh


def _need(holds: bool, why: str, why_zh: str) -> None:
    if not holds:
        raise _Misfit(why, why_zh)


def _fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Number, wire type and value of each field, in order."""
    position, end = 0, len(data)
    while position < end:
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        _need(0 < number < 1 << 29, "a field number is out of range", "字段编号超出范围")
        value, position = _varint(data, position)
        if wire == _VARINT:
            yield number, wire, value
            continue
        _need(wire == _BYTES, f"wire type {wire} is not used here", f"不使用的编码类型 {wire}")
        _need(value <= end - position, "it is cut off", "数据被截断")
        yield number, wire, data[position : position + value]
        position += value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        _need(position < len(data) and shift < 70, "it is cut off", "数据被截断")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    _need(byte != 0 or shift == 7, "a number is not in its shortest form", "数值不是最短编码")
    _need(value <= _MAX, "a number is beyond 63 bits", "数值超过 63 位")
    return value, position


# ------------------------------------------------------------------ types


@dataclass(frozen=True)
class _Slot:
    """How one field is read; `take` puts a value among those found so far."""

    wire: int
    take: Callable[[dict[str, Any], Any, int], None]


@dataclass(frozen=True)
class _Plan:
    slots: dict[int, _Slot]
    defaults: dict[str, Any]


@cache
def _plan_of(kind: Any) -> _Plan:
    hints = typing.get_type_hints(kind)
    slots, defaults = {}, {}
    for each in fields(kind):
        require(each.default is MISSING, WireMalformed(message=kind.__name__, why="declaration", why_zh="声明"))
        slots[each.metadata["number"]], defaults[each.name] = _slot(each.name, hints[each.name])
    return _Plan(slots, defaults)


def _slot(name: str, hint: Any) -> tuple[_Slot, Any]:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        wire, one, _ = _single(inner[0])
        return _Slot(wire, lambda found, value, depth: found.setdefault(name, []).append(one(value, depth))), ()
    if origin is dict:
        return _Slot(_BYTES, _map_reader(name, inner[1])), {}
    if origin is types.UnionType:
        wire, one, _ = _single(inner[0])
        return _Slot(wire, _once(name, one)), None
    wire, one, default = _single(hint)
    return _Slot(wire, _once(name, one)), default


def _once(name: str, one: Callable[[Any, int], Any]) -> Callable[[dict[str, Any], Any, int], None]:
    def take(found: dict[str, Any], value: Any, depth: int) -> None:
        _need(name not in found, f"{name} is there twice", f"{name} 重复出现")
        found[name] = one(value, depth)

    return take


def _map_reader(name: str, hint: Any) -> Callable[[dict[str, Any], Any, int], None]:
    _, one, default = _single(hint)

    def take(found: dict[str, Any], value: Any, depth: int) -> None:
        entry: dict[int, Any] = {}
        for number, wire, part in _fields(value):
            _need(number in (1, 2) and wire == _BYTES, "a map's entry has another form", "映射条目格式不符")
            _need(number not in entry, "a map's entry has a part twice", "映射条目重复")
            entry[number] = part
        key = _text(entry.get(1, b""), depth)
        made = found.setdefault(name, {})
        _need(key not in made, f"{name} has a key twice", f"{name} 的键重复")
        made[key] = one(entry.get(2, b""), depth + 1) if default is None or 2 in entry else default

    return take


def _single(hint: Any) -> tuple[int, Callable[[Any, int], Any], Any]:
    """Wire type, reader and default of one value."""
    if hint is int:
        return _VARINT, lambda value, _: value, 0
    if hint is bool:
        return _VARINT, _flag, False
    if hint is str:
        return _BYTES, _text, ""
    if hint is bytes:
        return _BYTES, lambda value, _: bytes(value), b""
    return _BYTES, lambda value, depth: read(hint, value, depth + 1), None


def _flag(value: int, _: int) -> bool:
    _need(value in (0, 1), "a truth value is neither 0 nor 1", "布尔值不是 0 或 1")
    return value == 1


def _text(value: bytes, _: int) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise _Misfit("a text is not UTF-8", "文本不是 UTF-8") from None
