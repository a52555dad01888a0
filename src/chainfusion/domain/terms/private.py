"""Private terms (收费文件 and the like): known to their parties, bounded and fingerprinted for everybody else.

Who knows a value runs the deal with it, and its fingerprint proves that it is the value that was meant; who does not
runs it at either bound, and the truth lies between where results move one way with the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from chainfusion.domain.canonical import fingerprint
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.terms.formula import Kind
from chainfusion.domain.terms.records import DealTerms, PrivateTerm


class Side(StrEnum):
    """An end of the open bounds."""

    LOW = "low"
    HIGH = "high"


class PrivateTermDiffers(ChainFusionError):
    """A value that is not the one whose fingerprint the terms hold."""

    code = "PRIVATE_TERM_DIFFERS"
    says = Text(
        "The value supplied for {term} is not the one in the terms: {why}.", "所提供的 {term} 与条款不符：{why}。"
    )
    do = Text("Ask a party to the letter for the value and its salt.", "请向知情方索取数值及其随机盐。")


def commitment(value: int, kind: Kind, salt: bytes) -> str:
    """The fingerprint of a private value, in units of its kind, with 16 or more random bytes. Raises: ValueError."""
    if len(salt) < 16:
        raise ValueError("a salt has at least 16 random bytes")
    return fingerprint({"kind": kind.value, "salt": salt.hex(), "value": value})


def at_bound(terms: DealTerms, side: Side) -> dict[str, int]:
    """Every private term at its lower or upper bound."""
    return {term.id: term.at_least if side is Side.LOW else term.at_most for term in terms.private}


def supplied(terms: DealTerms, given: Mapping[str, tuple[int, bytes]]) -> dict[str, int]:
    """The values of private terms by (value, salt), each held against bound and fingerprint.

    Raises: PrivateTermDiffers.
    """
    known = {term.id: term for term in terms.private}
    for name in given:
        if name not in known:
            raise PrivateTermDiffers(term=name, why="there is no such private term")
    return {name: _proved(known[name], value, salt) for name, (value, salt) in given.items()}


def _proved(term: PrivateTerm, value: int, salt: bytes) -> int:
    if not term.at_least <= value <= term.at_most:
        raise PrivateTermDiffers(term=term.id, why="outside the open bounds")
    if len(salt) < 16 or commitment(value, term.kind, salt) != term.fingerprint:
        raise PrivateTermDiffers(term=term.id, why="another fingerprint")
    return value
