"""The contracts' events as they are committed, from a checkpoint on, over whatever happens to the peers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from time import sleep
from typing import Any

import grpc

from chainfusion.ledger.fabric.gateway.client import GatewayClient
from chainfusion.ledger.fabric.gateway.failures import Failure
from chainfusion.ledger.fabric.gateway.signing import events_request
from chainfusion.ledger.port import Signer

_HOPELESS = frozenset({grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND})
_PAUSE = 0.5


@dataclass(frozen=True)
class Checkpoint:
    """How far a reader has come: the transaction whose events it handled last, "" for none of the block yet."""

    block: int = 0
    tx_id: str = ""


@dataclass(frozen=True)
class Told:
    """The event bundle of one valid transaction; `checkpoint` is where to go on once it is handled."""

    checkpoint: Checkpoint
    events: tuple[dict[str, Any], ...]


def events(client: GatewayClient, signer: Signer, after: Checkpoint | None = None) -> Iterator[Told]:
    """Every event bundle from `after` on, each once and in order; waits for new ones and ends when it, or the client's
    connections, are closed.

    Where a peer goes away the next one is asked to go on from the last bundle that was given.

    Raises: TransactionRefused where this person may not read the channel.
    """
    at = after or Checkpoint()
    settings = client.settings
    while not client.peers.closed:
        request = events_request(settings.channel, settings.chaincode, signer, at.block, at.tx_id)
        stream, turn = client.peers.stream("ChaincodeEvents", request)
        try:
            for message in stream:
                for event in message.events:
                    at = Checkpoint(message.block_number, event.tx_id)
                    yield Told(at, tuple(json.loads(event.payload)))
        except grpc.RpcError as error:
            failure = Failure.of(error)
            if failure.status in _HOPELESS:
                raise failure.error() from None
            turn()
        finally:
            stream.cancel()
        sleep(_PAUSE)
