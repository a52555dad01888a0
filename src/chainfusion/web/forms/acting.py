"""In which roles the person at a request acts in a deal: what decides which buttons a page shows.

The contract decides anew at every call; here it is told beforehand where that costs nothing.
"""

from __future__ import annotations

from fastapi import Request

from chainfusion.api.seats import visit_of
from chainfusion.domain.deal import PartyStatus
from chainfusion.domain.roles import Role
from chainfusion.ledger.evidence.certificates import Certificate
from chainfusion.node.views.deals import DealOverview
from chainfusion.node.views.parties import PartyRow


def acting(request: Request, overview: DealOverview) -> frozenset[Role]:
    """The roles that the institution has accepted in the deal and the person's certificate states."""
    seat = visit_of(request).seat
    return frozenset() if seat is None else frozenset(held(request) & roles_of(overview, seat.desk.msp))


def held(request: Request) -> frozenset[Role]:
    """The roles that the certificate of the person at the request states."""
    seat = visit_of(request).seat
    return Certificate.from_der(seat.desk.session.signer.certificate_der).roles if seat else frozenset()


def roles_of(overview: DealOverview, msp: str) -> frozenset[Role]:
    """The roles that an institution has accepted in the deal."""
    return frozenset(row.role for row in accepted(overview) if row.institution.msp == msp)


def accepted(overview: DealOverview) -> tuple[PartyRow, ...]:
    """The parties that have accepted, in the order of roles."""
    return tuple(row for row in overview.parties if row.status is PartyStatus.ACCEPTED)


def others(overview: DealOverview, msp: str) -> tuple[PartyRow, ...]:
    """Every other institution that has accepted, once, in the first of its roles."""
    found: dict[str, PartyRow] = {}
    for row in accepted(overview):
        if row.institution.msp != msp:
            found.setdefault(row.institution.msp, row)
    return tuple(found.values())
