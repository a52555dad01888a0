"""What a run of a deal assumes, as people state it: a few figures on a command line, in an address or in a file.

A scenario file is YAML (JSON is too):

    cpr: 8          # per cent a year
    cdr: 1.5        # per cent a year
    recovery: 40    # per cent of what defaults
    lag: 6          # months from default to recovery
    bound: high     # private terms: low (default) or high
    indices: {PBOC1Y: 4.35}        # per cent a year, one for all periods, or a list: the last one holds on
    events: {call_notice: 24}      # from this payment on
    private: {front_rate: {value: 2.5%, salt: 00112233445566778899aabbccddeeff}}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from chainfusion.cashflow.assumptions import default, prepayment
from chainfusion.cashflow.assumptions.recovery import MAX_LAG, recovery
from chainfusion.cashflow.assumptions.scenario import Assumption, Scenario, scenario
from chainfusion.cashflow.text.located import Unfit, parse_yaml, unfit
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.terms.formula import Literal, parse
from chainfusion.domain.terms.private import Side
from chainfusion.domain.terms.refusals import BadFormula, BadTerms
from chainfusion.domain.terms.schedule import MAX_PERIODS
from chainfusion.domain.waterfall.opcodes import RATIO
from chainfusion.yamlfile import Node

_PER_CENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,4}", re.ASCII)
_SALT = re.compile(r"([0-9a-f]{2}){16,64}", re.ASCII)
_RATES = ("cpr", "cdr", "recovery")
_KEYS = (*_RATES, "lag", "bound", "indices", "events", "private")


class BadScenario(ChainFusionError):
    """An assumption that cannot be read."""

    code = "BAD_SCENARIO"
    says = Text("The assumption {name} cannot be {given!r}: {why}.", "假设 {name} 不能取 {given!r}：{why_zh}。")
    do = Text(
        "State rates in per cent (8 is 8% a year) and months and payments as whole numbers.",
        "比率以百分数填写（8 即年化 8%），月数与期次为整数。",
    )


@dataclass(frozen=True, slots=True)
class Assumed:
    """One future of a deal. Rates in per cent; `indices` in per cent by period, the last one holding on; `events`:
    the payment from which each holds; `private`: value as written in a formula, and salt."""

    cpr: Decimal = Decimal(0)
    cdr: Decimal = Decimal(0)
    recovery: Decimal = Decimal(0)
    lag: int = 0
    bound: Side = Side.LOW
    indices: Mapping[str, tuple[Decimal, ...]] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)
    private: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def scenario(self) -> Scenario:
        """What it assumes of the pool. Raises: BadAssumption."""
        curves = Assumption(
            prepayment.cpr(self.cpr / 100), default.cdr(self.cdr / 100), recovery(self.recovery / 100, self.lag)
        )
        return scenario(self.name, curves)

    @property
    def name(self) -> str:
        """In short, such as `cpr 8 / cdr 1.5 / recovery 40 / lag 6`."""
        return f"cpr {self.cpr} / cdr {self.cdr} / recovery {self.recovery} / lag {self.lag}"

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for assumptions that say the same; can be a key, which the record cannot."""
        parts = (tuple(sorted(part.items())) for part in (self.indices, self.events, self.private))
        return (self.cpr, self.cdr, self.recovery, self.lag, self.bound, *parts)

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """As parameters of an address, private values left out; `from_query` reads them."""
        indices = ((f"index.{name}", ",".join(map(str, path))) for name, path in sorted(self.indices.items()))
        events = ((f"event.{name}", str(first)) for name, first in sorted(self.events.items()))
        plain = (("cpr", str(self.cpr)), ("cdr", str(self.cdr)), ("recovery", str(self.recovery)))
        return (*plain, ("lag", str(self.lag)), ("bound", self.bound.value), *indices, *events)

    def fixings(self, index: str, periods: int) -> list[int] | None:
        """An index's rate in each period in units of 1e-8; None where nothing is assumed of it."""
        path = self.indices.get(index)
        if path is None:
            return None
        units = [int(rate * RATIO / 100) for rate in path]
        return [units[min(n, len(units) - 1)] for n in range(periods)]

    def happens(self, event: str, periods: int) -> list[int]:
        """Whether an event holds, by period."""
        first = self.events.get(event)
        return [int(first is not None and n >= first) for n in range(1, periods + 1)]

    def known(self, digits: int) -> dict[str, tuple[int, bytes]]:
        """Private values in units of their kind, with their salts. Raises: BadScenario."""
        return {name: (_value(name, text, digits), bytes.fromhex(salt)) for name, (text, salt) in self.private.items()}


def assumed(given: Mapping[str, str | None]) -> Assumed:
    """From words: cpr, cdr, recovery, lag, bound; what is missing or empty is nothing. Raises: BadScenario."""
    stated = {name: word.strip() for name, word in given.items() if word is not None and word.strip()}
    rates = {name: rate(name, stated[name]) for name in _RATES if name in stated}
    found = Assumed(
        cpr=rates.get("cpr", Decimal(0)),
        cdr=rates.get("cdr", Decimal(0)),
        recovery=rates.get("recovery", Decimal(0)),
        lag=_count("lag", stated.get("lag", "0"), MAX_LAG),
        bound=_side(stated.get("bound", Side.LOW.value)),
    )
    found.scenario()
    return found


def from_query(pairs: Iterable[tuple[str, str]]) -> Assumed:
    """From parameters of an address: cpr, cdr, recovery, lag, bound, `index.NAME` (rates with commas between them) and
    `event.NAME`; others are not looked at. Raises: BadScenario."""
    given = dict(pairs)
    plain = assumed({name: given.get(name) for name in (*_RATES, "lag", "bound")})
    named = [(*name.split(".", 1), word) for name, word in given.items() if "." in name and word.strip()]
    indices = {name: _rates(name, word) for kind, name, word in named if kind == "index"}
    events = {name: payment(name, word) for kind, name, word in named if kind == "event"}
    return replace(plain, indices=indices, events=events)


def _rates(name: str, word: str) -> tuple[Decimal, ...]:
    parts = word.split(",")
    require(len(parts) <= MAX_PERIODS, _bad(name, word, f"at most {MAX_PERIODS} rates", f"至多 {MAX_PERIODS} 个利率"))
    return tuple(rate(name, part.strip()) for part in parts)


def rate(name: str, word: str) -> Decimal:
    """A rate in per cent, 0 to 100. Raises: BadScenario."""
    fits = _PER_CENT.fullmatch(word) is not None and Decimal(word) <= 100
    require(fits, _bad(name, word, "a number from 0 to 100 is needed", "须为 0 至 100 的数字"))
    return Decimal(word)


def payment(name: str, word: str) -> int:
    """The number of a payment. Raises: BadScenario."""
    return _count(name, word, MAX_PERIODS, 1)


def read_scenario(data: bytes) -> Assumed:
    """A scenario file. Raises: BadScenario with its line."""
    try:
        items = parse_yaml(data).items()
        return _read(items)
    except BadTerms as error:
        first = error.facts["findings"][0]
        raise _bad(f"line {first['line']}", "", first["why"], first["why"]) from None
    except Unfit as refusal:
        found = refusal.finding
        where, why = (f"line {found.line}, {found.path}", found.why) if found else ("file", "it cannot be read")
        raise _bad(where, "", why, why) from None


def _read(items: dict[str, Node]) -> Assumed:
    for key, node in items.items():
        known = ", ".join(_KEYS)
        require(key in _KEYS, _bad(f"line {node.line}, {key}", key, f"it is none of {known}", f"可用：{known}"))
    plain = assumed({key: items[key].text() for key in (*_RATES, "lag", "bound") if key in items})
    part = {key: items[key].items() if key in items else {} for key in ("indices", "events", "private")}
    return replace(
        plain,
        indices={name: _path(name, node) for name, node in part["indices"].items()},
        events={name: payment(name, node.text()) for name, node in part["events"].items()},
        private={name: _supplied(name, node) for name, node in part["private"].items()},
    )


def _path(name: str, node: Node) -> tuple[Decimal, ...]:
    return tuple(rate(name, each.text()) for each in node.parts())


def _supplied(name: str, node: Node) -> tuple[str, str]:
    items = node.items()
    if set(items) != {"value", "salt"}:
        raise unfit(node, "value and salt are needed")
    return private(name, items["value"].text(), items["salt"].text())


def private(name: str, value: str, salt: str) -> tuple[str, str]:
    """A private value as a formula writes it, and its salt. Raises: BadScenario."""
    fits = _SALT.fullmatch(salt) is not None
    require(
        fits, _bad(name, salt, "a salt is 16 bytes or more in lower-case hex", "随机盐为 16 字节以上的小写十六进制")
    )
    return value, salt


def _value(name: str, text: str, digits: int) -> int:
    why, why_zh = "one number with its unit is needed", "须为一个带单位的数值"
    try:
        tree = parse(text, digits)
    except BadFormula as error:
        raise _bad(name, text, str(error.facts["why"]), str(error.facts["why"])) from None
    if not isinstance(tree, Literal):
        raise _bad(name, text, why, why_zh)
    return tree.value


def _count(name: str, word: str, most: int, least: int = 0) -> int:
    fits = _COUNT.fullmatch(word) is not None and least <= int(word) <= most
    require(
        fits, _bad(name, word, f"a whole number from {least} to {most} is needed", f"须为 {least} 至 {most} 的整数")
    )
    return int(word)


def _side(word: str) -> Side:
    require(word in set(Side), _bad("bound", word, "it is low or high", "只能为 low 或 high"))
    return Side(word)


def _bad(name: str, given: str, why: str, why_zh: str) -> BadScenario:
    return BadScenario(name=name[:60], given=given[:40], why=why, why_zh=why_zh)
