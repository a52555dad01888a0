"""An institution connects to a channel: it keeps the profile, the genesis, and the first block as what it trusts."""

from __future__ import annotations

import time
from pathlib import Path

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import from_json
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor, read_anchor_file, write_anchor
from chainfusion.ledger.evidence.transaction import VALID
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.ledger.port import CommittedTransaction, Ledger
from chainfusion.node.channel import ChannelLedger
from chainfusion.node.evidence.anchoring import first_anchor
from chainfusion.node.home import Home, write_bytes
from chainfusion.node.witness import WitnessFile

FOUNDING = ("consortium", "found")
PATIENCE_SECONDS = 10
_PAUSE = 0.05


class NotFounded(ChainFusionError):
    """A channel on which the consortium of the genesis was not founded."""

    code = "NOT_FOUNDED"
    says = Text("The channel does not begin with the founding on genesis {ledger}.",
                "该通道并非始于创世文件 {ledger} 的联盟设立。")  # fmt: skip
    do = Text("Let a founder found the consortium first, or check the genesis and the profile.",
              "请先由创始成员设立联盟，或检查创世文件与连接配置。")  # fmt: skip


class AnchorDiffers(ChainFusionError):
    """A channel that begins with another block than when this institution joined it."""

    code = "ANCHOR_DIFFERS"
    says = Text("The channel begins with block {found}, and this institution joined one that begins with {kept}.",
                "通道首个区块为 {found}，而本机构加入的通道首个区块为 {kept}。")  # fmt: skip
    do = Text("Do not go on: tell the other members.", "请勿继续，并通知其他成员。")


def join_channel(home: Home, profile: Path, signed: SignedGenesis, ledger: ChannelLedger, user: str) -> FabricAnchor:
    """Joins a channel through its connection profile, once its first call of ours is the founding on the genesis that
    the institution checked; gives the anchor that it keeps, whose hash it compares with what other members have.

    Joining again changes profile and user, never what the notary remembers, nor the anchor.

    Raises: GenesisDiffers, NotFounded, FileDamaged, AnchorDiffers.
    """
    founding = founding_of(ledger, PATIENCE_SECONDS)
    fits = founding is not None and from_json(SignedGenesis, founding.transaction.proposal.args["genesis"]) == signed
    require(fits, NotFounded(ledger=signed.genesis.ledger_id))
    anchor = first_anchor(ledger)
    kept = read_anchor_file(home.anchor_file.read_bytes()) if home.anchor_file.exists() else anchor
    same = (kept.ledger, kept.block) == (anchor.ledger, anchor.block) or kept.ledger != anchor.ledger
    require(same, AnchorDiffers(kept=kept.block.hash.hex(), found=anchor.block.hash.hex()))
    home.connect(profile, signed, user)
    write_bytes(home.anchor_file, write_anchor(anchor))
    memory, first = WitnessFile(home.witness_file), BlockLog(ledger).checkpoint(1)
    if memory.last(first.origin) is None:
        memory.remember(first, None)
    return anchor


def founding_of(ledger: Ledger, seconds: float = 0) -> CommittedTransaction | None:
    """The first valid call of our contracts, where it is a founding; None otherwise.

    Where the peer has no call yet it is given so many seconds to catch up with the others.
    """
    number, end = 0, time.monotonic() + seconds
    while number < ledger.height() or time.monotonic() < end:
        if number == ledger.height():
            time.sleep(_PAUSE)
            continue
        for each in ledger.block(number).transactions:
            if each.outcome.code == VALID:
                proposal = each.transaction.proposal
                return each if (proposal.contract, proposal.operation) == FOUNDING else None
        number += 1
    return None
