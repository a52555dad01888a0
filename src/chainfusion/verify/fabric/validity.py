"""Whether peers recorded the transaction as valid: what Fabric neither hashes nor signs, members' notaries attest."""

from __future__ import annotations

from chainfusion.domain.errors import require
from chainfusion.ledger.evidence.cosignatures import Cosignature
from chainfusion.ledger.evidence.evidence_file import malformed
from chainfusion.ledger.evidence.fabric.attestation import (
    VALID,
    RecordedInvalid,
    TooFewAttestations,
    block_leaf,
    check_attestation,
)
from chainfusion.ledger.evidence.fabric.configuration import Configuration
from chainfusion.ledger.evidence.fabric.evidence_file import FabricEvidence


def check_validity(evidence: FabricEvidence, configuration: Configuration, needed: int) -> tuple[Cosignature, ...]:
    """Who attests that the subject's block was recorded with the subject valid; nobody where the file has no note.

    Raises: TooFewAttestations, RecordedInvalid, EvidenceMalformed, and as `check_attestation`.
    """
    found, block = evidence.attestation, evidence.block
    if found is None:
        require(needed == 0, TooFewAttestations(found=0, needed=needed))
        return ()
    whole = len(found.codes) == len(block.data)
    require(whole, malformed("codes and transactions differ in number", "验证代码与交易数量不符"))
    leaf = block_leaf(block.number, block.hash, found.codes)
    attested = check_attestation(found, leaf, block.number, evidence.ledger, configuration)
    require(len(attested) >= max(1, needed), TooFewAttestations(found=len(attested), needed=needed))
    code = found.codes[evidence.place.index]
    require(code == VALID, RecordedInvalid(found=code))
    return attested
