"""Block 0: the founding of the consortium, with which a ledger begins."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from chainfusion.domain.membership import SignedGenesis
from chainfusion.domain.records import BadRecord, from_json
from chainfusion.ledger.embedded.admission import admit, signature_refusal
from chainfusion.ledger.embedded.blocks import BlockSigner
from chainfusion.ledger.embedded.committer import Committer, LedgerWriteFailed
from chainfusion.ledger.embedded.execution import Engine
from chainfusion.ledger.embedded.store import Connect, StorageError
from chainfusion.ledger.evidence.certificates import CertificateRefused
from chainfusion.ledger.evidence.founders import check_founder
from chainfusion.ledger.evidence.signatures import SignatureRefused
from chainfusion.ledger.evidence.transaction import Proposal, Transaction
from chainfusion.ledger.port import TransactionRefused

FOUNDING = ("consortium", "found")


def found(
    path: Path,
    founding: Transaction,
    certificate: bytes,
    engine: Engine,
    signer: BlockSigner,
    clock: Callable[[], datetime],
    connect: Connect,
) -> None:
    """Makes the file with block 0 in it, or leaves none. Raises: as `EmbeddedLedger.create`."""
    admitted = admit(founding, certificate, {}, founding.proposal.channel, engine.registry)
    refusal = admitted.refusal or signature_refusal(admitted.transaction, admitted.certificate)
    if refusal is not None:
        raise refusal
    check_genesis(admitted.proposal)
    try:
        committer = Committer(path, admitted.proposal.channel, engine, signer, clock, connect)
        try:
            committer.found(admitted)
        finally:
            committer.close()
    except StorageError as error:
        raise LedgerWriteFailed(why=str(error)) from None
    _sync_folder(path.parent)


def check_genesis(proposal: Proposal) -> None:
    """Checks that this is a founding, of this channel, signed by each founder with a certificate of its own.

    That each founder signed once and nobody else did is the contract's rule. Raises: TransactionRefused (BAD_GENESIS).
    """
    if (proposal.contract, proposal.operation) != FOUNDING:
        raise _bad("a ledger begins with consortium.found")
    try:
        signed = from_json(SignedGenesis, proposal.args.get("genesis"), "genesis")
    except BadRecord as error:
        raise _bad(error.message()) from None
    if signed.genesis.ledger_id != proposal.channel:
        raise _bad("the channel is not the genesis' ledger id")
    members = {member.msp: member for member in signed.genesis.members}
    for each in signed.signatures:
        if each.msp not in members:
            raise _bad(f"{each.msp[:80]} signs and is no founder")
        try:
            check_founder(signed.genesis, members[each.msp], each)
        except (CertificateRefused, SignatureRefused) as error:
            raise _bad(f"{each.msp}: {error.message()}") from None


def _bad(why: str) -> TransactionRefused:
    return TransactionRefused(reason="BAD_GENESIS", why=why)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
