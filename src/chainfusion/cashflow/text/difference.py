"""How two versions of a deal's terms differ: every place of the document whose value is another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chainfusion.cashflow.text.document import TERMS
from chainfusion.cashflow.text.scalars import Context
from chainfusion.domain.terms.records import DealTerms


@dataclass(frozen=True, slots=True)
class Change:
    """A place of the document and its value before and after; None where the place was, or is, not there.

    A map whose entries stand in another order is a change too, since steps pay in order: its value is then the order.
    """

    path: str
    before: str | None
    after: str | None


def differences(before: DealTerms, after: DealTerms) -> tuple[Change, ...]:
    """Every change, in the order of the document; none where both have the same fingerprint."""
    return tuple(_changes("", _plain(before), _plain(after)))


def _plain(terms: DealTerms) -> Any:
    return TERMS.write(terms, Context(terms.currency, terms.digits, terms.day_count))


def _changes(path: str, before: Any, after: Any) -> Iterator[Change]:
    if not isinstance(before, dict) and not isinstance(after, dict):
        if before != after:
            yield Change(path, _shown(before), _shown(after))
        return
    old, new = _items(before), _items(after)
    kept, still = [name for name in old if name in new], [name for name in new if name in old]
    if kept != still:
        yield Change(path, ", ".join(kept), ", ".join(still))
    if not isinstance(before, dict | None) or not isinstance(after, dict | None):
        yield Change(path, _shown(before), _shown(after))
    for name in (*old, *(each for each in new if each not in old)):
        yield from _changes(f"{path}.{name}" if path else name, old.get(name), new.get(name))


def _items(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _shown(value: Any) -> str | None:
    """A value as one line; of a map only that there is one, since its entries are told one by one."""
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return None if value is None or isinstance(value, dict) else str(value)
