"""The contracts' process as a rogue institution would run it, or with a contract more: the first word says how."""

from __future__ import annotations

import sys
from collections.abc import Callable

from chainfusion.contracts.framework import Registry
from chainfusion.ledger.fabric.chaincode import __main__ as served
from chainfusion.ledger.fabric.chaincode.context import FabricCollection, FabricContext
from tests.support.probe import probe

put = FabricContext.put


def probing() -> None:
    """One contract more, that shows what private data a contract can reach."""
    served.registry = lambda: Registry(probe)


def lying() -> None:
    """Every value that it writes is another than the contract's."""
    FabricContext.put = lambda self, key, value: put(self, key, value + b" ")


def prying() -> None:
    """It takes itself for a member of every private collection."""
    probing()
    FabricContext.private = lambda self, name: FabricCollection(self, self._peer, name, True)


WAYS: dict[str, Callable[[], None]] = {"probing": probing, "lying": lying, "prying": prying}

if __name__ == "__main__":
    WAYS[sys.argv[1]]()
    sys.exit(served.main())
