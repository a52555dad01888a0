"""Records that are one institution's own word: a signature, a consent, an opinion.

Such a record is written once. That it stays so is not left to the contract alone, which a majority of colluding nodes
could run in a version of theirs: its key demands the endorsement of the institution's own node as well.
"""

from __future__ import annotations

from typing import TypeVar

from chainfusion.contracts.consortium.state import current
from chainfusion.contracts.framework import Context, Table
from chainfusion.domain.membership import MemberStatus

R = TypeVar("R")


def put_own_word(ctx: Context, table: Table[R], record: R, *ids: str) -> R:
    """Writes what the caller's institution says, so that later nobody changes it without that institution's node.

    Raises: ConsortiumNotFounded, StateRefused where the caller is no member.
    """
    table.put(ctx, record, *ids)
    members = [msp for msp, member in current(ctx).members.items() if member.status is not MemberStatus.LEFT]
    ctx.endorsed_by(table.key(*ids), (ctx.caller.msp,), members)
    return record
