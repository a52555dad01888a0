"""One transaction run by its contract: what it answers, what it writes, and the outcome that a block commits to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from chainfusion.contracts.framework import Caller, Registry
from chainfusion.domain.canonical import NotCanonical, canonical
from chainfusion.domain.encoding import encoded
from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.records import to_json
from chainfusion.ledger.embedded.context import EmbeddedContext
from chainfusion.ledger.embedded.private import Collections
from chainfusion.ledger.embedded.state import State, Writes
from chainfusion.ledger.embedded.store import StorageError
from chainfusion.ledger.evidence.transaction import VALID, Proposal, outcome_leaf
from chainfusion.ledger.port import TransactionRefused

REFUSED = "BAD_RESPONSE_STATUS"
"""Fabric's code for a transaction whose contract answered with an error."""


class Execution(NamedTuple):
    """What came of a transaction."""

    code: str
    """VALID, or why not in Fabric's words."""
    outcome: bytes
    """The leaf of the block's outcome tree."""
    response: bytes
    events: bytes | None
    writes: Writes
    size: int
    """Bytes of the transaction with all that it wrote, emitted and answered."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Runs contracts: their registry, and the private data collections that they declare."""

    registry: Registry
    collections: Collections

    def run(
        self,
        state: State,
        proposal: Proposal,
        caller: Caller,
        transient: Mapping[str, bytes],
        size: int,
        arguments: dict[str, Any] | None = None,
    ) -> Execution:
        """Runs a transaction of `size` bytes on a state, which stays as it is; `arguments` typed, if known.

        A contract's refusal is an outcome. Raises: TransactionRefused (CONTRACT_FAILED) where the contract itself
        breaks, since nothing could then be relied on to come out the same again.
        """
        ctx = EmbeddedContext(state, proposal, caller, transient, self.collections, size)
        try:
            response = self._invoke(ctx, proposal, arguments)
        except ChainFusionError as error:
            return _refused(proposal, error, size)
        except StorageError:
            raise
        except Exception as error:
            raise _broken(proposal, error) from error
        return _accepted(proposal, response, ctx)

    def evaluate(
        self, state: State, proposal: Proposal, caller: Caller, transient: Mapping[str, bytes], size: int
    ) -> bytes:
        """A transaction's response alone. Raises: the contract's refusal, TransactionRefused (CONTRACT_FAILED)."""
        ctx = EmbeddedContext(state, proposal, caller, transient, self.collections, size)
        try:
            return self._invoke(ctx, proposal, None)
        except (ChainFusionError, StorageError):
            raise
        except Exception as error:
            raise _broken(proposal, error) from error

    def _invoke(self, ctx: EmbeddedContext, proposal: Proposal, arguments: dict[str, Any] | None) -> bytes:
        operation = self.registry.operation(proposal.contract, proposal.version, proposal.operation)
        typed = operation.arguments(proposal.args) if arguments is None else arguments
        response = encoded(operation.run(ctx, typed))
        ctx.grow(len(response))
        return response


def _accepted(proposal: Proposal, response: bytes, ctx: EmbeddedContext) -> Execution:
    writes, events = ctx.writes, ctx.events
    outcome = outcome_leaf(VALID, proposal.tx_id, response, events, writes.public, writes.private)
    return Execution(VALID, outcome, response, events, writes, ctx.size)


def _refused(proposal: Proposal, error: ChainFusionError, size: int) -> Execution:
    try:
        response = canonical(to_json(error.to_json()))
    except NotCanonical as reason:
        raise _broken(proposal, reason) from error
    outcome = outcome_leaf(REFUSED, proposal.tx_id, response, None, (), ())
    return Execution(REFUSED, outcome, response, None, Writes(), size + len(response))


def _broken(proposal: Proposal, error: Exception) -> TransactionRefused:
    call = f"{proposal.contract}.{proposal.operation}"
    return TransactionRefused(reason="CONTRACT_FAILED", why=f"{call} broke with {type(error).__name__}: {error}"[:300])
