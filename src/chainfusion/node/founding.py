"""Before there is a ledger: founders draft the genesis, and each signs it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from chainfusion.domain.membership import (
    GENESIS_FORMAT,
    Agreement,
    FounderSignature,
    Genesis,
    Member,
    Rules,
    SignedGenesis,
    Threshold,
)
from chainfusion.ledger.port import Signer

DEFAULT_SHARE = Threshold(2, 3)
WITNESS_SHARE = Threshold(1, 2)


def default_rules(orderer: str) -> Rules:
    """Two thirds of the members decide, half of them witness."""
    return Rules(
        admission=DEFAULT_SHARE,
        suspension=DEFAULT_SHARE,
        amendment=DEFAULT_SHARE,
        agreement=DEFAULT_SHARE,
        witnesses=WITNESS_SHARE,
        orderer=orderer,
    )


def agreement_of(text: bytes, version: int = 1) -> Agreement:
    """A version of the participation agreement, by the SHA-256 of its text."""
    return Agreement(version, hashlib.sha256(text).hexdigest())


def draft_genesis(
    name: str, name_zh: str, members: Iterable[Member], agreement: Agreement, rules: Rules, founded: datetime
) -> SignedGenesis:
    """A genesis that nobody has signed yet. Raises: ValueError where a name or rule does not fit."""
    genesis = Genesis(GENESIS_FORMAT, name, name_zh, founded, tuple(members), rules, agreement)
    return SignedGenesis(genesis, ())


def sign_genesis(signed: SignedGenesis, signer: Signer) -> SignedGenesis:
    """The genesis with one founder's signature more; signing again replaces the own one."""
    signature = FounderSignature(signer.msp_id, signer.certificate_der, signer.sign(signed.genesis.signing_bytes))
    others = (each for each in signed.signatures if each.msp != signer.msp_id)
    return SignedGenesis(signed.genesis, tuple(sorted((*others, signature), key=lambda each: each.msp)))
