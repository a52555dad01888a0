"""What is checked of a transaction before it is ordered, so that what is refused leaves no trace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from chainfusion.contracts.framework import Operation, Registry
from chainfusion.contracts.framework.limits import MAX_TRANSACTION
from chainfusion.domain.canonical import NotCanonical, canonical, parse_encoded
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.records import utc_text
from chainfusion.ledger.embedded.state import sha256
from chainfusion.ledger.evidence.certificates import Certificate, CertificateRefused, SignatureRefused, verify_p256
from chainfusion.ledger.evidence.transaction import MAX_CLOCK_DIFFERENCE, Proposal, Transaction
from chainfusion.ledger.port import Receipt, TransactionRefused

_NONCE = re.compile(r"[0-9a-f]{48}")
_DECLARED = {
    "signature": bytes,
    "proposal.args": dict,
    "proposal.channel": str,
    "proposal.contract": str,
    "proposal.creator.certificate": str,
    "proposal.creator.msp": str,
    "proposal.nonce": str,
    "proposal.operation": str,
    "proposal.version": int,
}
_FIELDS, _TYPES = attrgetter(*_DECLARED), tuple(_DECLARED.values())


@dataclass(slots=True)
class Admitted:
    """A well-formed transaction on its way into a block.

    `refusal` is a reason not to order it that yields to an older one: it may have been recorded already, and then its
    first receipt is the answer. `repeats` are those of the same request that came while it was on its way.
    """

    transaction: Transaction
    key: bytes
    """The transaction's id."""
    certificate: Certificate
    transient: Mapping[str, bytes]
    size: int
    """Bytes of the transaction with its transient input."""
    arguments: dict[str, Any] | None
    """The call's arguments, typed."""
    refusal: TransactionRefused | None
    future: Future[Receipt] = field(default_factory=Future)
    repeats: list[Admitted] = field(default_factory=list)

    @property
    def proposal(self) -> Proposal:
        """What is asked for."""
        return self.transaction.proposal


def admit(
    transaction: Transaction, certificate: bytes, transient: Mapping[str, bytes], ledger_id: str, registry: Registry
) -> Admitted:
    """Reads a transaction as it will be recorded, and checks all that needs neither state nor key.

    The arguments that run are read back from the bytes that are recorded, so no later change of the caller's objects
    can part the two.

    Raises: TransactionRefused (MALFORMED, TOO_LARGE, WRONG_CHANNEL, TRANSIENT_MISMATCH, BAD_CERTIFICATE).
    """
    recorded = _recorded(transaction)
    proposal = recorded.proposal
    check_proposal(proposal, transient, len(recorded.leaf), ledger_id)
    arguments, refusal = None, None
    try:
        arguments = check_call(proposal, registry)
    except TransactionRefused as error:
        refusal = error
    holder = read_certificate(certificate, proposal)
    size = len(recorded.leaf) + transient_size(transient)
    key = bytes.fromhex(proposal.tx_id)
    return Admitted(recorded, key, holder, dict(transient), size, arguments, refusal)


def _recorded(transaction: Transaction) -> Transaction:
    """The transaction with the arguments that its bytes hold. Raises: TransactionRefused (MALFORMED, TOO_LARGE)."""
    proposal = transaction.proposal
    try:
        _require_types(transaction)
        payload = proposal.payload
        if len(payload) > MAX_TRANSACTION:
            raise TransactionRefused(reason="TOO_LARGE", why=f"{len(payload)} bytes, more than {MAX_TRANSACTION}")
        args = parse_encoded(payload)["args"]
    except NotCanonical as error:
        raise TransactionRefused(reason="MALFORMED", why=error.message()) from None
    recorded = Proposal(
        args=args,
        channel=proposal.channel,
        contract=proposal.contract,
        creator=proposal.creator,
        nonce=proposal.nonce,
        operation=proposal.operation,
        time=proposal.time.astimezone(UTC),
        transient=proposal.transient,
        version=proposal.version,
    )
    vars(recorded)["payload"] = payload
    return Transaction(recorded, transaction.signature)


def _require_types(transaction: Transaction) -> None:
    """Refuses fields of other types than declared, whose bytes would not be read back."""
    proposal = transaction.proposal
    fits = (
        tuple(map(type, _FIELDS(transaction))) == _TYPES
        and type(proposal.transient) in (str, type(None))
        and isinstance(proposal.time, datetime)
        and proposal.time.utcoffset() is not None
    )
    if not fits:
        raise TransactionRefused(reason="MALFORMED", why="a field is of another type than declared")


def check_proposal(proposal: Proposal, transient: Mapping[str, bytes], size: int, ledger_id: str) -> None:
    """Checks what a proposal states of itself. Raises: TransactionRefused."""
    if _NONCE.fullmatch(proposal.nonce) is None:
        raise TransactionRefused(reason="MALFORMED", why="the nonce is not 48 lower-case hexadecimal characters")
    if proposal.channel != ledger_id:
        raise TransactionRefused(reason="WRONG_CHANNEL", why=f"this is {ledger_id}, not {proposal.channel[:64]}")
    if transient_digest(transient) != proposal.transient:
        raise TransactionRefused(
            reason="TRANSIENT_MISMATCH", why="its transient input is not the one it was signed for"
        )
    if size + transient_size(transient) > MAX_TRANSACTION:
        raise TransactionRefused(reason="TOO_LARGE", why=f"with its transient input more than {MAX_TRANSACTION} bytes")


def check_call(proposal: Proposal, registry: Registry) -> dict[str, Any]:
    """The typed arguments of a proposal that calls an operation in force and that writes.

    Raises: TransactionRefused (UNKNOWN_OPERATION, VERSION_NOT_IN_FORCE, READS_ONLY, BAD_ARGUMENTS).
    """
    try:
        operation = operation_in_force(proposal, registry)
        arguments = operation.arguments(proposal.args)
    except ChainFusionError as error:
        raise TransactionRefused(reason=error.code, why=error.message()) from None
    if operation.reads_only:
        raise TransactionRefused(reason="READS_ONLY", why=f"{operation.full_name} is evaluated, not submitted")
    return arguments


def operation_in_force(proposal: Proposal, registry: Registry) -> Operation:
    """The operation that a new proposal names. Raises: UnknownOperation, VersionNotInForce."""
    registry.require_in_force(proposal.contract, proposal.version)
    return registry.operation(proposal.contract, proposal.version, proposal.operation)


def read_certificate(der: bytes, proposal: Proposal) -> Certificate:
    """The creator's certificate, if it is the one that the proposal names. Raises: TransactionRefused."""
    try:
        certificate = Certificate.from_der(der)
        certificate.p256_key  # noqa: B018 - raises
    except CertificateRefused as error:
        raise TransactionRefused(reason="BAD_CERTIFICATE", why=error.message()) from None
    if certificate.fingerprint != proposal.creator.certificate:
        raise TransactionRefused(reason="BAD_CERTIFICATE", why="it is not the certificate that the creator names")
    return certificate


def signature_refusal(transaction: Transaction, certificate: Certificate) -> TransactionRefused | None:
    """Why the creator's signature does not hold, or None where it does."""
    try:
        verify_p256(certificate.p256_key, transaction.signature, transaction.proposal.signing_bytes)
    except (SignatureRefused, CertificateRefused) as error:
        return TransactionRefused(reason="BAD_SIGNATURE", why=error.message())
    return None


def check_time(stated: datetime, block_time: datetime) -> None:
    """Checks the time that a client states against the block's. Raises: TransactionRefused (CLOCK_DIFFERENCE)."""
    if abs(stated - block_time) > MAX_CLOCK_DIFFERENCE:
        why = f"it states {utc_text(stated)} and the ledger has {utc_text(block_time)}"
        raise TransactionRefused(reason="CLOCK_DIFFERENCE", why=why)


def transient_bytes(transient: Mapping[str, bytes]) -> bytes | None:
    """The canonical transient map; None for an empty one. Raises: TransactionRefused (MALFORMED)."""
    try:
        return canonical({key: value.hex() for key, value in transient.items()}) if transient else None
    except NotCanonical as error:
        raise TransactionRefused(reason="MALFORMED", why=f"transient input: {error.message()}") from None


def transient_digest(transient: Mapping[str, bytes]) -> str | None:
    """What a proposal carries of its transient input. Raises: TransactionRefused (MALFORMED)."""
    data = transient_bytes(transient)
    return None if data is None else sha256(data).hex()


def transient_size(transient: Mapping[str, bytes]) -> int:
    """Bytes of transient input."""
    return sum([len(key) + len(value) for key, value in transient.items()]) if transient else 0
