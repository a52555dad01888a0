"""Deals: the list, and the overview of one."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.contracts.deal.contract import DealView as ContractDeal
from chainfusion.domain.deal import DEAL_STATE_NAMES, PRODUCT_NAMES, DealState, PartyStatus, Product
from chainfusion.domain.errors import Text
from chainfusion.domain.records import from_json
from chainfusion.domain.roles import Role
from chainfusion.domain.statistics import PoolStatistics
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.documents import Documents, DocumentsView
from chainfusion.node.views.facts import Institution, Place
from chainfusion.node.views.parties import PartyRow, party_rows
from chainfusion.node.views.pools import PoolBrief, Pools, Strands
from chainfusion.node.views.process import Picture, ProcessStep, process, standing


@dataclass(frozen=True)
class DealLine:
    """A deal in the list."""

    id: str
    name: Text
    product: Product
    product_name: Text
    currency: str
    state: DealState
    state_name: Text
    originator: Institution
    opened: Place
    parties: int
    accepted: int
    documents_required: int
    documents_there: int
    pool: PoolBrief | None
    standing: Text


@dataclass(frozen=True)
class DealOverview:
    """One deal: what stands, who is awaited, and all that says so.

    `statistics` are those of the pool in force. `strands` tie project and assets together, once there is a pool.
    """

    height: int
    line: DealLine
    reason: str | None
    process: tuple[tuple[ProcessStep, ...], ...]
    parties: tuple[PartyRow, ...]
    statistics: PoolStatistics | None
    pools: tuple[PoolBrief, ...]
    strands: Strands | None
    documents: DocumentsView
    acts: int
    has_process: bool
    has_terms: bool


@dataclass(frozen=True)
class Deals:
    """Reads deals."""

    desk: Desk
    acts: Acts
    pools: Pools
    documents: Documents

    def line(self, deal: str, height: int) -> tuple[DealLine, tuple[PartyRow, ...]]:
        """One deal's line in the list, and its parties. Raises: UnknownDeal."""
        picture = self._picture(deal, height)
        return self._line(picture), picture.parties

    def overview(self, deal: str, height: int) -> DealOverview:
        """One deal. Raises: UnknownDeal."""
        picture = self._picture(deal, height)
        pool = self.pools.view(deal, height) if picture.pool else None
        done = self.acts.operations_of(deal)
        return DealOverview(
            height=height,
            line=self._line(picture),
            reason=picture.deal.reason,
            process=process(picture),
            parties=picture.parties,
            statistics=pool.statistics if pool else None,
            pools=pool.versions if pool else (),
            strands=pool.strands if pool else None,
            documents=picture.documents,
            acts=self.acts.count_of(deal),
            has_process="process.start" in done,
            has_terms="terms.register" in done,
        )

    def _picture(self, deal: str, height: int) -> Picture:
        shown = from_json(ContractDeal, self.desk.session.query("deal.show", deal=deal))
        rows = party_rows(shown.parties, self.acts)
        briefs = self.pools.briefs(deal) if shown.deal.pool else ()
        return Picture(
            deal=shown.deal,
            opener=self.acts.institution(shown.deal.originator),
            parties=rows,
            pool=briefs[0] if briefs else None,
            documents=self.documents.view(deal, height, _providers(rows)),
        )

    def _line(self, picture: Picture) -> DealLine:
        deal = picture.deal
        asked = [row for row in picture.parties if row.status is not PartyStatus.REPLACED]
        return DealLine(
            id=deal.id,
            name=Text(deal.name, deal.name_zh),
            product=deal.product,
            product_name=PRODUCT_NAMES[deal.product],
            currency=deal.currency,
            state=deal.state,
            state_name=DEAL_STATE_NAMES[deal.state],
            originator=picture.opener,
            opened=self.acts.place(deal.tx_id),
            parties=len(asked),
            accepted=sum(row.status is PartyStatus.ACCEPTED for row in asked),
            documents_required=picture.documents.required,
            documents_there=picture.documents.there,
            pool=picture.pool,
            standing=standing(picture),
        )


def _providers(rows: tuple[PartyRow, ...]) -> dict[Role, tuple[Institution, ...]]:
    found: dict[Role, tuple[Institution, ...]] = {}
    for row in rows:
        if row.status in (PartyStatus.NAMED, PartyStatus.ACCEPTED):
            found[row.role] = (*found.get(row.role, ()), row.institution)
    return found
