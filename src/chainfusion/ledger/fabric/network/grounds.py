"""What the contracts' process is told of each channel on its nodes: the ledger's id, and who is in which collection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import from_bytes
from chainfusion.ledger.fabric.network.places import Places
from chainfusion.ledger.fabric.network.plan import CollectionPlan, Plan
from chainfusion.ledger.fabric.network.planfile import read_plan


def channel_settings(plan: Plan, places: Places, ledger_id: str) -> dict[str, str]:
    """Environment variables for the channel of this plan, and for those that lie beside it in `channels`."""
    further = {}
    for folder in sorted(places.channels.glob("*")):
        part = Places(places.root, folder)
        other = read_plan(part.plan.read_bytes())
        genesis = from_bytes(SignedGenesis, part.genesis.read_bytes())
        further[other.channel] = {"ledger": genesis.genesis.ledger_id, "collections": _members(other.collections)}
    return {
        "CHAINCODE_LEDGER_ID": ledger_id,
        "CHAINCODE_COLLECTIONS": _text(_members(plan.collections)),
        "CHAINCODE_CHANNELS": _text(further),
    }


def _members(collections: Sequence[CollectionPlan]) -> dict[str, list[str]]:
    return {each.name: list(each.members) for each in collections}


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
