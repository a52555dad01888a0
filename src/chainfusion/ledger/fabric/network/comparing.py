"""Members' peers beside one another: whether they hold the same blocks, byte for byte and with the same verdicts.

A peer serves what its disk holds. A block that somebody altered there no longer fits its own header, or the header the
next one; which transactions were found valid is neither hashed nor signed, so that only other peers can tell. Where
peers' addresses and certificates come from is the channel's configuration.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from fabric_protos.common import ledger_pb2 as chain
from fabric_protos.peer import configuration_pb2 as peers

from chainfusion.ledger.fabric.blocks.block import FabricBlock
from chainfusion.ledger.fabric.blocks.envelope import BlockUnreadable
from chainfusion.ledger.fabric.network.channel.authority import msp_roots
from chainfusion.ledger.fabric.network.channel.config import APPLICATION, ChannelConfig
from chainfusion.ledger.fabric.network.lifecycle import PeerClient
from chainfusion.ledger.fabric.network.wire import NodeRefused, propose

LEDGER = "qscc"
Ask = Callable[[int], bytes]


@dataclass(frozen=True)
class PeerAt:
    """A member's peer as the channel's configuration names it; `roots` are TLS CA certificates in PEM."""

    msp: str
    address: str
    roots: bytes


@dataclass(frozen=True)
class Held:
    """What a peer holds of one block. `broken` says why it is no block that others could have, "" where it may be."""

    hash: str
    codes: tuple[str, ...]
    broken: str = ""


@dataclass(frozen=True)
class Difference:
    """A block that not all peers hold alike: what each of them has that is not what most have."""

    block: int
    peer: str
    why: str


@dataclass(frozen=True)
class Comparison:
    """`heights` of the peers that answered, `absent` those that did not, with the reason; `blocks` were compared."""

    heights: Mapping[str, int]
    absent: Mapping[str, str]
    blocks: int
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether all peers answered, and hold the same."""
        return not self.differences and not self.absent


def peers_in(config: ChannelConfig) -> tuple[PeerAt, ...]:
    """The peer of each member that runs one."""
    roots, found = msp_roots(config.config), []
    for msp, group in sorted(config.root.groups[APPLICATION].groups.items()):
        if "AnchorPeers" in group.values:
            for each in peers.AnchorPeers.FromString(group.values["AnchorPeers"].value).anchor_peers:
                found.append(PeerAt(msp, f"{each.host}:{each.port}", b"".join(roots[msp].tls_root_certs)))
    return tuple(found)


def compare_peers(clients: Mapping[str, PeerClient], channel: str, first: int = 0) -> Comparison:
    """Compares the blocks from `first` on that every peer which answers has."""
    heights, absent = {}, {}
    for name, client in clients.items():
        try:
            heights[name] = _height(client, channel)
        except NodeRefused as error:
            absent[name] = error.message()
    asking = {name: _asking(clients[name], channel) for name in heights}
    last = min(heights.values(), default=0)
    found = tuple(_differences(asking, range(first, last)))
    return Comparison(heights, absent, max(last - first, 0), found)


def _differences(asking: Mapping[str, Ask], numbers: range) -> Iterator[Difference]:
    previous: dict[str, str] = {}
    for number in numbers:
        held = {name: _held(ask(number), previous.get(name, "")) for name, ask in asking.items()}
        previous = {name: each.hash for name, each in held.items()}
        usual = Counter(each for each in held.values() if not each.broken).most_common(1)
        for name, each in held.items():
            why = each.broken or (_unlike(each, usual[0][0]) if usual else "")
            if why:
                yield Difference(number, name, why)


def _held(data: bytes, previous: str) -> Held:
    try:
        block = FabricBlock.parse(data)
    except BlockUnreadable as error:
        return Held(hashlib.sha256(data).hexdigest(), (), error.message())
    broken = "" if previous in ("", block.previous.hex()) else "it does not follow the block before it"
    return Held(block.hash.hex(), block.codes, broken)


def _unlike(held: Held, usual: Held) -> str:
    if held.hash != usual.hash:
        return f"its hash is {held.hash[:16]} where most have {usual.hash[:16]}"
    return "" if held.codes == usual.codes else "its transactions are found valid and invalid otherwise than by most"


def _height(client: PeerClient, channel: str) -> int:
    return int(chain.BlockchainInfo.FromString(_asked(client, channel, b"GetChainInfo")).height)


def _asking(client: PeerClient, channel: str) -> Ask:
    return lambda number: _asked(client, channel, b"GetBlockByNumber", str(number).encode())


def _asked(client: PeerClient, channel: str, *words: bytes) -> bytes:
    asked = propose(client.signer, channel, LEDGER, [words[0], channel.encode(), *words[1:]])
    return bytes(client.endorse(asked, "a question").response.payload)
