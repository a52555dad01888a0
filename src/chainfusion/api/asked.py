"""What an address asks of a list: which entries, in which order, from where on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from fastapi import Request

from chainfusion.api.problems import BadAddress
from chainfusion.domain.deal import DealState, Product
from chainfusion.domain.errors import require
from chainfusion.domain.roles import Role
from chainfusion.node.views.acts import Before
from chainfusion.node.views.dealslist import MOST, PAGE, DealsAsked, Order
from chainfusion.node.views.efficiency import EfficiencyAsked
from chainfusion.node.views.facets import OUTCOME_NAMES, LedgerAsked

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
LONGEST = 200
_BEFORE = re.compile(r"(\d{1,15})\.(\d{1,9})", re.ASCII)
_WHOLE = re.compile(r"[1-9]\d{0,6}", re.ASCII)


def _parameters(*named: tuple[str, str, Mapping[str, object]]) -> dict[str, object]:
    """Query parameters as OpenAPI describes them."""
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": said,
                "schema": {"type": "string", **schema},
            }
            for name, said, schema in named
        ]
    }


def _of(kind: type[StrEnum]) -> dict[str, object]:
    return {"enum": [each.value for each in kind]}


_TEXT: dict[str, object] = {"maxLength": LONGEST}
_DAY: dict[str, object] = {"format": "date"}
_PLACE = ("before", "Transactions before this place only: BLOCK.INDEX.", {"pattern": f"^{_BEFORE.pattern}$"})
_PRODUCT = ("product", "Of deals of this product.", _of(Product))
_ASKED = (
    ("contract", "Of this contract.", _TEXT),
    ("member", "By this member, by MSP id.", _TEXT),
    ("outcome", "With this outcome.", {"enum": [*OUTCOME_NAMES]}),
    ("since", "Recorded on this day (UTC+8) or later.", _DAY),
    ("until", "Recorded on this day (UTC+8) or earlier.", _DAY),
)
BEFORE = _parameters(_PLACE)
LEDGER = _parameters(*_ASKED)
TRANSACTIONS = _parameters(*_ASKED, _PLACE)
EFFICIENCY = _parameters(_PRODUCT, ("process", "Of this process definition.", _TEXT))
DEALS = _parameters(
    ("state", "In this state.", _of(DealState)),
    _PRODUCT,
    ("role", "Where the reader's institution has this role.", _of(Role)),
    ("originator", "Of this originator, by MSP id.", _TEXT),
    ("q", "With these words in id, name or originator.", _TEXT),
    ("sort", "In this order.", _of(Order)),
    ("page", "The page, from 1.", {"type": "integer", "minimum": 1, "maximum": 9_999_999}),
    ("size", "Deals to a page.", {"type": "integer", "minimum": 1, "maximum": MOST}),
)


def deals_asked(request: Request) -> DealsAsked:
    """?state= &product= &role= &originator= &q= &sort= &page= &size=. Raises: BadAddress."""
    size = _read(request, "size", _number) or PAGE
    require(size <= MOST, BadAddress(where="size", why=f"at most {MOST}"))
    return DealsAsked(
        state=_read(request, "state", _one_of(DealState)),
        product=_read(request, "product", _one_of(Product)),
        role=_read(request, "role", _one_of(Role)),
        originator=_read(request, "originator", str),
        text=_read(request, "q", str) or "",
        order=_read(request, "sort", _one_of(Order)) or Order.OPENED,
        page=_read(request, "page", _number) or 1,
        size=size,
    )


def ledger_asked(request: Request) -> LedgerAsked:
    """?contract= &member= &outcome= &since= &until=. Raises: BadAddress."""
    outcome = _read(request, "outcome", str)
    known = outcome is None or outcome in OUTCOME_NAMES
    require(known, BadAddress(where="outcome", why=f"none of {', '.join(OUTCOME_NAMES)}"))
    return LedgerAsked(
        contract=_read(request, "contract", str),
        member=_read(request, "member", str),
        outcome=outcome,
        since=_read(request, "since", date.fromisoformat),
        until=_read(request, "until", date.fromisoformat),
    )


def efficiency_asked(request: Request) -> EfficiencyAsked:
    """?product= &process=. Raises: BadAddress."""
    product = _read(request, "product", _one_of(Product))
    return EfficiencyAsked(product=product, process=_read(request, "process", str))


def before_asked(request: Request) -> Before | None:
    """?before=BLOCK.INDEX: where a page of transactions ends. Raises: BadAddress."""
    return _read(request, "before", _before)


def page_asked(request: Request) -> int:
    """?page=, from 1. Raises: BadAddress."""
    return _read(request, "page", _number) or 1


def _read(request: Request, name: str, read: Callable[[str], T]) -> T | None:
    """A parameter that is there and not empty, as forms send those that nothing was chosen in."""
    word = request.query_params.get(name, "").strip()
    if not word:
        return None
    require(len(word) <= LONGEST and word.isprintable(), BadAddress(where=name, why=f"at most {LONGEST} characters"))
    try:
        return read(word)
    except ValueError as error:
        raise BadAddress(where=name, why=str(error)[:LONGEST]) from None


def _one_of(kind: type[E]) -> Callable[[str], E]:
    def read(word: str) -> E:
        if word not in set(kind):
            raise ValueError(f"none of {', '.join(kind)}")
        return kind(word)

    return read


def _number(word: str) -> int:
    if not _WHOLE.fullmatch(word):
        raise ValueError("a whole number from 1 is needed")
    return int(word)


def _before(word: str) -> Before:
    found = _BEFORE.fullmatch(word)
    if found is None:
        raise ValueError("a block and an index are needed, as in 3127.4")
    return Before(int(found[1]), int(found[2]))
