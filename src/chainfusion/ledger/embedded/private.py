"""Which private data collections there are, and which members share them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chainfusion.contracts.framework.keys import IMPLICIT_COLLECTION
from chainfusion.ledger.embedded.membership import membership_in
from chainfusion.ledger.embedded.state import State


@dataclass(frozen=True)
class Collections:
    """The collections by name; each member's implicit one comes from the membership, the others are declared.

    Like Fabric's collection configuration, `declared` belongs to the contracts: all who run them name the same.
    """

    declared: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def members(self, name: str, state: State) -> frozenset[str] | None:
        """MSP ids of the members that share a collection; None where there is no such collection."""
        if not name.startswith(IMPLICIT_COLLECTION):
            return self.declared.get(name)
        msp = name.removeprefix(IMPLICIT_COLLECTION)
        membership = membership_in(state)
        return frozenset({msp}) if membership is not None and msp in membership.record.members else None
