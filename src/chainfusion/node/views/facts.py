"""What every view names: an institution, and the place on the ledger where something stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chainfusion.domain.errors import ChainFusionError, Text


class NotFound(ChainFusionError):
    """Something that was asked for by an address and is not there."""

    code = "NOT_FOUND"
    says = Text("There is no {what} {id} here.", "此处没有{what_zh} {id}。")
    do = Text("Check the address, or search the ledger.", "请检查地址，或在账本中搜索。")


@dataclass(frozen=True)
class Institution:
    """A member by its MSP id and its names."""

    msp: str
    name: Text


@dataclass(frozen=True)
class Place:
    """Where a fact stands on the ledger: who stated it, in which transaction, when."""

    tx_id: str
    block: int
    index: int
    time: datetime
    by: Institution
