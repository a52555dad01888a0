"""Writing terms as a document: `read_terms(write_terms(terms)) == terms`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from chainfusion.cashflow.text.document import TERMS
from chainfusion.cashflow.text.scalars import Context
from chainfusion.domain.terms.records import FORMAT, DealTerms

_PLAIN = re.compile(r"[\w(][^\x00-\x1f\"'{}\[\],#:\\]*", re.UNICODE)
_WIDTH = 110


def write_terms(terms: DealTerms) -> bytes:
    """The document, in UTF-8."""
    context = Context(terms.currency, terms.digits, terms.day_count)
    plain = TERMS.write(terms, context)
    return ("\n".join(_map({"format": FORMAT} | (plain if isinstance(plain, dict) else {}), 0)) + "\n").encode()


def _map(items: dict[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for name, value in items.items():
        short = _flow(value)
        fits = len(indent) + len(str(name)) + len(short) < _WIDTH
        if isinstance(value, dict) and value and (depth < 2 or not fits or _nests(value)):
            yield f"{indent}{_scalar(str(name))}:"
            yield from _map(value, depth + 1)
        else:
            yield f"{indent}{_scalar(str(name))}: {short}"


def _nests(value: dict[str, Any]) -> bool:
    return len(value) > 4 or any(isinstance(inner, dict) and not set(inner) <= {"zh", "en"} for inner in value.values())


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(str(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(str(value))


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) is not None and not text.endswith(" ")
    return text if plain else json.dumps(text, ensure_ascii=False)
