"""An institution connects to an embedded ledger: it keeps the genesis as its trust, its notary a first checkpoint."""

from __future__ import annotations

from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.node.home import Home, LedgerFolder
from chainfusion.node.witness import WitnessFile, first_checkpoint


def join_ledger(home: Home, folder: LedgerFolder, ledger: EmbeddedLedger, user: str) -> None:
    """Joins an embedded ledger; joining again changes only who works at the node by default, never what the notary
    remembers.

    Raises: FileDamaged, LogForked where block 0 is not the founding on the folder's genesis.
    """
    first = first_checkpoint(ledger, folder.genesis())
    home.join(folder, user)
    memory = WitnessFile(home.witness_file)
    if memory.last(first.origin) is None:
        memory.remember(first, None)
