"""The arguments of a call, leaf by leaf, and what each of them means to people."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chainfusion.domain.deal import PRODUCT_NAMES
from chainfusion.domain.document_kinds import DOCUMENT_KIND_NAMES
from chainfusion.domain.errors import Text
from chainfusion.domain.loan import minor_digits
from chainfusion.domain.opinions import CONCLUSION_NAMES, OPINION_KIND_NAMES
from chainfusion.domain.roles import ROLE_NAMES

LONGEST_LIST, LONGEST_VALUE = 12, 240


@dataclass(frozen=True)
class Argument:
    """A leaf of the call's arguments, by its path; `meaning` where there is more to say than the value."""

    path: str
    value: str
    meaning: Text | None


def arguments(args: dict[str, Any], name_of: Callable[[str], Text]) -> tuple[Argument, ...]:
    """Leaves of the arguments; long lists are cut, and lists of tables counted."""
    currency = _currency(args)
    leaves = _leaves(args, "")
    return tuple(Argument(path, _shown(value), _meaning(path, value, currency, name_of)) for path, value in leaves)


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, f"{path}.{key}" if path else key)]
    if not isinstance(value, list) or not value:
        return [(path, value)]
    if any(_holds_list(item) for item in value):
        return [(path, f"{len(value)}")]
    shown = [leaf for i, item in enumerate(value[:LONGEST_LIST]) for leaf in _leaves(item, f"{path}[{i}]")]
    more = len(value) - LONGEST_LIST
    return [*shown, (f"{path}[…]", f"+{more}")] if more > 0 else shown


def _holds_list(item: Any) -> bool:
    return isinstance(item, dict) and any(isinstance(each, list) for each in item.values())


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _currency(args: dict[str, Any]) -> str | None:
    pool = args.get("pool")
    found = pool.get("currency") if isinstance(pool, dict) else None
    return found if isinstance(found, str) else None


_WORDS: dict[str, Text] = {
    **{str(key): name for key, name in ROLE_NAMES.items()},
    **{str(key): name for key, name in PRODUCT_NAMES.items()},
    **{str(key): name for key, name in DOCUMENT_KIND_NAMES.items()},
    **{str(key): name for key, name in OPINION_KIND_NAMES.items()},
    **CONCLUSION_NAMES,
}
_WORDED = frozenset({"role", "provider", "kind", "product", "conclusion"})
_NAMED = frozenset({"msp", "reader", "successor"})
_SAID: dict[str, Text] = {
    "root": Text("RFC 9162 tree of salted commitments, SHA-256", "RFC 9162 加盐承诺树，SHA-256"),
    "criteria": Text("fingerprint of the criteria's results", "合格标准与集中度结果的数字指纹"),
    "fingerprint": Text("salted fingerprint, SHA-256", "加盐数字指纹，SHA-256"),
    "object": Text("encrypted object in the vault", "保险库中的加密对象"),
    "replaces": Text("nothing is replaced", "未取代任何版本"),
    "supersedes": Text("first version", "首个版本"),
    "stratifications": Text("tables, on the pool's page and in the JSON twin", "张分布表，见资产池页面与 JSON"),
    "cut_off": Text("cut-off date", "封包日"),
}
_NULL_ONLY = frozenset({"replaces", "supersedes"})
_RATES, _MONTHS = frozenset({"wac", "wa_ltv"}), frozenset({"wam", "wala", "wa_original_term"})


def _meaning(path: str, value: Any, currency: str | None, name_of: Callable[[str], Text]) -> Text | None:
    parts = [part.partition("[")[0] for part in path.split(".")]
    leaf, above = parts[-1], parts[-2] if len(parts) > 1 else ""
    if leaf == "readers" or (isinstance(value, str) and leaf in _NAMED):
        return name_of(str(value))
    if leaf in _WORDED:
        return _WORDS.get(str(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return _number(leaf, above, value, currency)
    return _SAID.get(leaf) if value is None or leaf not in _NULL_ONLY else None


def _number(leaf: str, above: str, value: int, currency: str | None) -> Text | None:
    if leaf.endswith("balance") and currency:
        amount = f"{Decimal(value).scaleb(-minor_digits(currency)):,}"
        return Text(f"{currency} {amount}", f"{amount} {currency}")
    if leaf == "loans":
        return Text(f"{value:,} loans", f"{value:,} 笔")
    hundredths = Decimal(value) / 100
    if leaf == "value" and above in _RATES:
        return Text(f"{hundredths / 100:.4f} %", f"{hundredths / 100:.4f} %")
    if leaf == "value" and above in _MONTHS:
        return Text(f"{hundredths:.2f} months", f"{hundredths:.2f} 月")
    return Text(f"{hundredths:.2f} %", f"{hundredths:.2f} %") if leaf == "share" else None
