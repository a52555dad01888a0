"""The list of deals: which of them, in which order, and how many there are of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from chainfusion.domain.deal import DEAL_STATE_NAMES, PRODUCT_NAMES, DealState, PartyStatus, Product
from chainfusion.domain.errors import Text
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.node.views.board import Standing
from chainfusion.node.views.deals import DealLine

PAGE, MOST = 50, 1000
"""Deals to a page, and the most that may be asked for."""
HOLDS_A_ROLE = (PartyStatus.NAMED, PartyStatus.ACCEPTED)


class Order(StrEnum):
    """What the list is sorted by."""

    OPENED = "opened"
    NAME = "name"
    BALANCE = "balance"
    WAITS = "waits"


ORDER_NAMES: dict[Order, Text] = {
    Order.OPENED: Text("Newest", "最新设立"),
    Order.NAME: Text("Name", "名称"),
    Order.BALANCE: Text("Balance", "余额"),
    Order.WAITS: Text("Steps awaited", "待办步骤"),
}


@dataclass(frozen=True)
class DealsAsked:
    """Which deals: of a state, a product, where the reader has a role, of an originator (MSP id), whose id or name has
    these words in it. `page` counts from 1."""

    state: DealState | None = None
    product: Product | None = None
    role: Role | None = None
    originator: str | None = None
    text: str = ""
    order: Order = Order.OPENED
    page: int = 1
    size: int = PAGE


@dataclass(frozen=True)
class Facet:
    """A choice: what it is in an address, its name, and how many there are with it and all else that was asked."""

    value: str
    name: Text
    count: int
    chosen: bool


@dataclass(frozen=True)
class DealFacets:
    """The choices of each kind."""

    state: tuple[Facet, ...]
    product: tuple[Facet, ...]
    role: tuple[Facet, ...]
    originator: tuple[Facet, ...]


@dataclass(frozen=True)
class DealsView:
    """A page of the deals that were asked for. `total` of them answer; `all` are on the ledger."""

    height: int
    all: int
    total: int
    page: int
    pages: int
    asked: DealsAsked
    facets: DealFacets
    deals: tuple[DealLine, ...]


def deals_view(standing: Mapping[str, Standing], msp: str, height: int, asked: DealsAsked) -> DealsView:
    """The deals that an institution asked for."""
    every = tuple(standing.values())
    found = sorted(_answering(every, asked, msp), key=lambda each: each.line.id)
    key, descending = _ORDERS[asked.order]
    found.sort(key=key, reverse=descending)
    pages = max(1, -(-len(found) // asked.size))
    first = (asked.page - 1) * asked.size
    return DealsView(
        height=height,
        all=len(every),
        total=len(found),
        page=asked.page,
        pages=pages,
        asked=asked,
        facets=_facets(every, asked, msp),
        deals=tuple(each.line for each in found[first : first + asked.size]),
    )


_ORDERS: dict[Order, tuple[Callable[[Standing], Any], bool]] = {
    Order.OPENED: (lambda each: each.line.opened.time, True),
    Order.NAME: (lambda each: each.line.name.en.casefold(), False),
    Order.BALANCE: (lambda each: each.line.pool.balance if each.line.pool else -1, True),
    Order.WAITS: (lambda each: len(each.waits), True),
}


def _answering(every: Iterable[Standing], asked: DealsAsked, msp: str) -> list[Standing]:
    words = asked.text.casefold().split()
    return [each for each in every if _answers(each, asked, msp) and all(word in _text(each) for word in words)]


def _answers(each: Standing, asked: DealsAsked, msp: str) -> bool:
    line = each.line
    return (
        asked.state in (None, line.state)
        and asked.product in (None, line.product)
        and asked.originator in (None, line.originator.msp)
        and (asked.role is None or asked.role in _roles(each, msp))
    )


def _text(each: Standing) -> str:
    line = each.line
    return f"{line.id} {line.name.en} {line.name.zh} {line.originator.name.en} {line.originator.name.zh}".casefold()


def _roles(each: Standing, msp: str) -> set[Role]:
    return {held.role for held in each.roles if held.msp == msp and held.status in HOLDS_A_ROLE}


# ------------------------------------------------------------------ facets


def _facets(every: Sequence[Standing], asked: DealsAsked, msp: str) -> DealFacets:
    def counted(name: str, values: Callable[[Standing], Iterable[str]]) -> Counter[str]:
        without: dict[str, Any] = {name: None}
        others = _answering(every, replace(asked, **without), msp)
        return Counter(value for each in others for value in values(each))

    originators = {each.line.originator.msp: each.line.originator.name for each in every}
    return DealFacets(
        state=_choices(counted("state", lambda s: (s.line.state,)), _named(DEAL_STATE_NAMES), asked.state),
        product=_choices(counted("product", lambda s: (s.line.product,)), _named(PRODUCT_NAMES), asked.product),
        role=_choices(counted("role", lambda s: _roles(s, msp)), _named(ROLE_NAMES), asked.role),
        originator=_choices(counted("originator", lambda s: (s.line.originator.msp,)), originators, asked.originator),
    )


def _named(names: Mapping[Any, Text]) -> dict[str, Text]:
    return {str(key): name for key, name in names.items()}


def _choices(counts: Counter[str], names: Mapping[str, Text], chosen: str | None) -> tuple[Facet, ...]:
    """The choices in the order of their names, those that have something and the one that was chosen."""
    return tuple(
        Facet(value, name, counts[value], value == chosen)
        for value, name in names.items()
        if counts[value] or value == chosen
    )


FACETS = tuple(each.name for each in fields(DealFacets))
