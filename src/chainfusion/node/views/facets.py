"""Which of a ledger's transactions: by contract, member, outcome and day; and how many there are of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Table, func, select

from chainfusion.domain.errors import Text
from chainfusion.node.readmodel.schema import acts as act_table
from chainfusion.node.readmodel.schema import tallies
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.dealslist import Facet

OUTCOME_NAMES = {"valid": Text("Valid", "有效"), "refused": Text("Refused", "被拒绝")}
CONTRACT_NAMES = {
    "consortium": Text("Consortium", "联盟"),
    "deal": Text("Deals", "项目"),
    "document": Text("Documents", "文件"),
    "migration": Text("Migration", "迁移"),
    "pool": Text("Pools", "资产池"),
    "process": Text("Process", "流程"),
    "process-definition": Text("Process definitions", "流程定义"),
    "review": Text("Reviews", "预览"),
    "terms": Text("Deal terms", "交易条款"),
}


@dataclass(frozen=True)
class LedgerAsked:
    """Which transactions: of a contract, by a member (MSP id), "valid" or "refused", recorded on days from `since` to
    `until`, both included, UTC+8."""

    contract: str | None = None
    member: str | None = None
    outcome: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == LedgerAsked()

    def such(self, table: Table = act_table) -> tuple[ColumnElement[bool], ...]:
        """The conditions on a table of acts or of their tallies."""
        rows = table.c
        found: list[ColumnElement[bool]] = []
        if self.contract is not None:
            found.append(rows.contract == self.contract)
        if self.member is not None:
            found.append(rows.msp == self.member)
        if self.outcome is not None:
            found.append(rows.valid.is_(self.outcome == "valid"))
        if self.since is not None:
            found.append(rows.day >= self.since.isoformat())
        if self.until is not None:
            found.append(rows.day <= self.until.isoformat())
        return tuple(found)


@dataclass(frozen=True)
class LedgerFacets:
    """The choices of each kind, and the first and last day that the ledger has transactions of."""

    contract: tuple[Facet, ...]
    member: tuple[Facet, ...]
    outcome: tuple[Facet, ...]
    first: date | None
    last: date | None


def counted(acts: Acts, asked: LedgerAsked) -> int:
    """How many transactions answer."""
    with acts.model.database.reading() as connection:
        found = connection.execute(select(func.sum(tallies.c.number)).where(*asked.such(tallies))).scalar()
    return int(found or 0)


def ledger_facets(acts: Acts, asked: LedgerAsked) -> LedgerFacets:
    """How many transactions there are with each choice and all else that was asked."""

    def counts(column: ColumnElement[Any], name: str) -> dict[str, int]:
        others = replace(asked, **{name: None}).such(tallies)
        with acts.model.database.reading() as connection:
            rows = connection.execute(select(column, func.sum(tallies.c.number)).where(*others).group_by(column)).all()
        return {str(value): int(number) for value, number in rows}

    contracts, members = counts(tallies.c.contract, "contract"), counts(tallies.c.msp, "member")
    outcomes = {
        ("valid" if key in ("True", "1") else "refused"): n for key, n in counts(tallies.c.valid, "outcome").items()
    }
    with acts.model.database.reading() as connection:
        first, last = connection.execute(select(func.min(tallies.c.day), func.max(tallies.c.day))).one()
    return LedgerFacets(
        contract=_choices(
            contracts, {key: CONTRACT_NAMES.get(key, Text(key, key)) for key in contracts}, asked.contract
        ),
        member=_choices(members, {key: acts.institution(key).name for key in members}, asked.member),
        outcome=_choices(outcomes, OUTCOME_NAMES, asked.outcome),
        first=date.fromisoformat(first) if first else None,
        last=date.fromisoformat(last) if last else None,
    )


def _choices(counts: dict[str, int], names: dict[str, Text], chosen: str | None) -> tuple[Facet, ...]:
    values = {*counts} | ({chosen} if chosen else set())
    return tuple(
        Facet(value, names.get(value, Text(value, value)), counts.get(value, 0), value == chosen)
        for value in sorted(values)
    )
