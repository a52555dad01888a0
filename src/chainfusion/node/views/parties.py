"""Who takes part in a deal, in which role, and how each answered."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.deal import PARTY_STATUS_NAMES, Party, PartyStatus
from chainfusion.domain.errors import Text
from chainfusion.domain.roles import ROLE_NAMES, Role
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution, Place


@dataclass(frozen=True)
class PartyRow:
    """An institution in a role; `changed` is its latest step."""

    institution: Institution
    role: Role
    role_name: Text
    status: PartyStatus
    status_name: Text
    reason: str | None
    changed: Place


def party_rows(parties: tuple[Party, ...], acts: Acts) -> tuple[PartyRow, ...]:
    """Parties in the order of roles, then of institutions."""
    order = list(Role)
    rows = [
        PartyRow(
            institution=acts.institution(party.msp),
            role=party.role,
            role_name=ROLE_NAMES[party.role],
            status=party.status,
            status_name=PARTY_STATUS_NAMES[party.status],
            reason=party.reason,
            changed=acts.place(party.tx_id),
        )
        for party in parties
    ]
    return tuple(sorted(rows, key=lambda row: (order.index(row.role), row.institution.msp)))
