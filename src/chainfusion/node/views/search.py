"""What answers to a word: a block by number, anything by a hash or an id or how it begins, a deal or member by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, select

from chainfusion.domain.errors import Text
from chainfusion.node.readmodel.schema import acts as act_table
from chainfusion.node.readmodel.schema import marks
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.waits import DealName

SHORTEST = 6
"""Characters of a hash or an id that are enough to look for it."""
MOST = 50
"""Answers of each kind that are shown."""
LAST = "\U0010ffff"


class FoundKind(StrEnum):
    """What was found."""

    BLOCK = "block"
    TRANSACTION = "transaction"
    DEAL = "deal"
    MEMBER = "member"
    POOL = "pool"
    DOCUMENT = "document"
    TERMS = "terms"


FOUND_NAMES: dict[FoundKind, Text] = {
    FoundKind.BLOCK: Text("Block", "区块"),
    FoundKind.TRANSACTION: Text("Transaction", "交易"),
    FoundKind.DEAL: Text("Deal", "项目"),
    FoundKind.MEMBER: Text("Member", "成员机构"),
    FoundKind.POOL: Text("Pool", "资产池"),
    FoundKind.DOCUMENT: Text("Document", "文件"),
    FoundKind.TERMS: Text("Deal terms", "交易条款"),
}


@dataclass(frozen=True)
class Found:
    """An answer: what it is, what it is called, the id or hash that answered, and the page that shows it."""

    kind: FoundKind
    kind_name: Text
    name: Text
    id: str
    page: str


@dataclass(frozen=True)
class SearchView:
    """What answers to the words, the exact ones alone where there are any. `more`: there are others than these."""

    height: int
    asked: str
    exact: bool
    more: bool
    found: tuple[Found, ...]


def search(acts: Acts, deals: tuple[DealName, ...], words: str, height: int) -> SearchView:
    """Looks for `words` in all that is found by a word."""
    asked = "".join(each for each in words if each.isprintable()).strip()
    word = asked.lower()
    if not word:
        return SearchView(height, asked, exact=False, more=False, found=())
    exact = [*_block(asked, height), *_hashes(acts, word, exactly=True), *_named(acts, deals, word, exactly=True)]
    if exact:
        return SearchView(height, asked, exact=True, more=False, found=_apart(exact))
    begun = _hashes(acts, word, exactly=False) if len(word) >= SHORTEST else []
    found = _apart([*begun, *_named(acts, deals, word, exactly=False)])
    return SearchView(height, asked, exact=False, more=len(found) > MOST, found=found[:MOST])


def _apart(found: list[Found]) -> tuple[Found, ...]:
    """Each page once."""
    return tuple({each.page: each for each in reversed(found)}.values())[::-1]


def _found(kind: FoundKind, name: Text, word: str, page: str) -> Found:
    return Found(kind, FOUND_NAMES[kind], name, word, page)


def _block(asked: str, height: int) -> list[Found]:
    number = asked.replace(",", "").replace(" ", "")
    if number.isascii() and number.isdecimal() and len(number) < 16 and int(number) < height:
        name = f"{int(number):,}"
        return [_found(FoundKind.BLOCK, Text(name, name), str(int(number)), f"/ledger/blocks/{int(number)}")]
    return []


def _hashes(acts: Acts, word: str, *, exactly: bool) -> list[Found]:
    def holds(column: ColumnElement[str]) -> ColumnElement[bool]:
        return column == word if exactly else and_(column >= word, column <= word + LAST)

    transactions = select(act_table).where(holds(act_table.c.tx_id)).order_by(act_table.c.tx_id).limit(MOST + 1)
    others = select(marks).where(holds(marks.c.mark)).order_by(marks.c.mark, marks.c.page).limit(MOST + 1)
    found = [
        _found(FoundKind.TRANSACTION, _said(act.by.name, act.what), act.tx_id, f"/ledger/transactions/{act.tx_id}")
        for act in acts.read(transactions)
    ]
    with acts.model.database.reading() as connection:
        rows = connection.execute(others).all()
    return found + [_found(FoundKind(row.kind), _of_page(row.page), row.mark, row.page) for row in rows]


def _said(by: Text, what: Text) -> Text:
    return Text(f"{by.en} {what.en}", f"{by.zh} {what.zh}")


def _of_page(page: str) -> Text:
    """A deal's part by the deal's id, a block by its number."""
    name = page.split("/")[2 if page.startswith("/deals/") else 3]
    return Text(name, name)


def _named(acts: Acts, deals: tuple[DealName, ...], word: str, *, exactly: bool) -> list[Found]:
    def answers(id_: str, name: Text) -> bool:
        called = (id_.lower(), name.en.lower(), name.zh.lower())
        return word in called if exactly else any(word in each for each in called)

    found = [
        _found(FoundKind.DEAL, deal.name, deal.id, f"/deals/{deal.id}") for deal in deals if answers(deal.id, deal.name)
    ]
    return found + [
        _found(FoundKind.MEMBER, each.name, each.msp, f"/ledger/transactions?member={each.msp}")
        for each in acts.institutions()
        if answers(each.msp, each.name)
    ]
