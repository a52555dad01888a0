"""The migration contract: an earlier ledger by its last checkpoint, and which fact here states what was stated there.

A fact is signed by who stated it, so nobody can carry another's over: each institution states its own anew, through the
contracts as ever. This contract keeps where they come from.
"""

from __future__ import annotations

from itertools import pairwise

from chainfusion.contracts.access import as_member, as_signatory
from chainfusion.contracts.deal.state import require_deal
from chainfusion.contracts.framework import Context, Contract
from chainfusion.contracts.migration.records import MAX_LINKS, Link, Migration, Origin, Restatement
from chainfusion.contracts.migration.refusals import (
    LinksRefused,
    OriginExists,
    OriginIsHere,
    OriginUnknown,
    PartOutOfOrder,
)
from chainfusion.contracts.migration.state import migrations, restatement_ids, restatements
from chainfusion.domain.errors import require
from chainfusion.domain.roles import INSTITUTION_ROLES

migration_contract = Contract("migration", version=1, guard=as_signatory)


@migration_contract.operation(by=INSTITUTION_ROLES)
def name_origin(ctx: Context, origin: Origin) -> Migration:
    """Names an earlier ledger and its last checkpoint, once. Raises: OriginIsHere, OriginExists."""
    require(origin.ledger != ctx.channel, OriginIsHere(ledger=origin.ledger))
    known = migrations.get(ctx, origin.ledger)
    if known is not None:
        raise OriginExists(ledger=origin.ledger, size=known.origin.size)
    migration = Migration(origin, ctx.caller.msp, ctx.timestamp, ctx.tx_id)
    ctx.emit(migration)
    return migrations.put(ctx, migration, origin.ledger)


@migration_contract.operation(by=INSTITUTION_ROLES)
def link(ctx: Context, ledger: str, deal: str, part: int, links: tuple[Link, ...]) -> Restatement:
    """States for each of the caller's facts of a deal which transaction of the earlier ledger it states anew.

    Raises: OriginUnknown, UnknownDeal, PartOutOfOrder, LinksRefused.
    """
    known = migrations.get(ctx, ledger)
    if known is None:
        raise OriginUnknown(ledger=ledger)
    require_deal(ctx, deal)
    there = sum(1 for _ in restatements.all(ctx, deal, ctx.caller.msp, ledger))
    require(part == there + 1, PartOutOfOrder(part=part, msp=ctx.caller.msp, deal=deal, expected=there + 1))
    _require_sound(links, known.origin)
    stated = Restatement(deal, ledger, ctx.caller.msp, part, links, ctx.timestamp, ctx.tx_id)
    ctx.emit(stated)
    return restatements.put(ctx, stated, *restatement_ids(deal, ctx.caller.msp, ledger, part))


@migration_contract.query(guard=as_member)
def origins(ctx: Context) -> tuple[Migration, ...]:
    """The earlier ledgers, in order of id."""
    return tuple(migrations.all(ctx))


@migration_contract.query(guard=as_member)
def links(ctx: Context, deal: str) -> tuple[Restatement, ...]:
    """What each institution has stated of a deal's origin, in order of institution. Raises: UnknownDeal."""
    require_deal(ctx, deal)
    return tuple(restatements.all(ctx, deal))


def _require_sound(links: tuple[Link, ...], origin: Origin) -> None:
    _hold(0 < len(links) <= MAX_LINKS, f"1 to {MAX_LINKS} are needed", f"须为 1 至 {MAX_LINKS} 条")
    ordered = all((a.block, a.index) < (b.block, b.index) for a, b in pairwise(links))
    _hold(ordered, "they are not in the order of the earlier ledger", "未按原账本次序排列")
    _hold(links[-1].block < origin.size, "one is beyond the checkpoint", "有交易超出检查点范围")
    _hold(len({each.new for each in links}) == len(links), "two lead to one fact", "两条指向同一事实")


def _hold(holds: bool, why: str, why_zh: str) -> None:
    require(holds, LinksRefused(why=why, why_zh=why_zh))
