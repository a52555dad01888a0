"""An institution connects to a ledger: it keeps the genesis as its trust, and its notary a first checkpoint."""

from __future__ import annotations

from pathlib import Path

from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import from_json
from chainfusion.ledger.embedded import EmbeddedLedger
from chainfusion.ledger.evidence.transaction import VALID
from chainfusion.ledger.port import CommittedTransaction, Ledger
from chainfusion.node.home import Home, LedgerFolder
from chainfusion.node.witness import WitnessFile, first_checkpoint

FOUNDING = ("consortium", "found")


class NotFounded(ChainFusionError):
    """A channel on which the consortium of the genesis was not founded."""

    code = "NOT_FOUNDED"
    says = Text("The channel does not begin with the founding on genesis {ledger}.",
                "该通道并非始于创世文件 {ledger} 的联盟设立。")  # fmt: skip
    do = Text("Let a founder found the consortium first, or check the genesis and the profile.",
              "请先由创始成员设立联盟，或检查创世文件与连接配置。")  # fmt: skip


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


def join_channel(home: Home, profile: Path, signed: SignedGenesis, ledger: Ledger, user: str) -> CommittedTransaction:
    """Joins a channel through its connection profile, once its first call of ours is the founding on the genesis that
    the institution checked; gives that call.

    Raises: GenesisDiffers, NotFounded, FileDamaged.
    """
    founding = founding_of(ledger)
    fits = founding is not None and from_json(SignedGenesis, founding.transaction.proposal.args["genesis"]) == signed
    if founding is None or not fits:
        raise NotFounded(ledger=signed.genesis.ledger_id)
    home.connect(profile, signed, user)
    return founding


def founding_of(ledger: Ledger) -> CommittedTransaction | None:
    """The first valid call of our contracts, where it is a founding; None otherwise."""
    for number in range(ledger.height()):
        for each in ledger.block(number).transactions:
            if each.outcome.code == VALID:
                proposal = each.transaction.proposal
                return each if (proposal.contract, proposal.operation) == FOUNDING else None
    return None
