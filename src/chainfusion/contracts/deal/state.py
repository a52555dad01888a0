"""What the ledger keeps of deals: one record of each deal, one of each party in each role."""

from __future__ import annotations

from chainfusion.contracts.framework import Context, Table
from chainfusion.domain.deal import Deal, Party, PartyStatus
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.roles import Role

deals = Table("deal", Deal)
parties = Table("party", Party)


class UnknownDeal(ChainFusionError):
    """A deal that is not on this ledger."""

    code = "UNKNOWN_DEAL"
    says = Text("There is no deal {deal}.", "没有项目 {deal}。")
    do = Text("List the deals, and check the id.", "请查看项目列表并核对编号。")


def require_deal(ctx: Context, deal: str) -> Deal:
    """The deal of that id. Raises: UnknownDeal."""
    found = deals.get(ctx, deal)
    if found is None:
        raise UnknownDeal(deal=deal)
    return found


def accepted_roles(ctx: Context, deal: str, msp: str) -> frozenset[Role]:
    """The roles that an institution has accepted in a deal."""
    return frozenset(party.role for party in parties.all(ctx, deal, msp) if party.status is PartyStatus.ACCEPTED)
