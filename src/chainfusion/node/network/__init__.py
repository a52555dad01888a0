"""A Fabric network, from an institution's side.

site         one institution's place in a network: its own nodes and keys
institution  the keys of its nodes, and what it offers to the others
assembly     what all share, from the offers
trial        a whole network on this machine, for trying out
"""

from chainfusion.node.network.trial import (
    ADMIN,
    DESK,
    REPRESENTATIVE,
    NetworkDiffers,
    RunningNetwork,
    example_plan,
    make,
    open_network,
    start,
)

__all__ = [
    "ADMIN",
    "DESK",
    "REPRESENTATIVE",
    "NetworkDiffers",
    "RunningNetwork",
    "example_plan",
    "make",
    "open_network",
    "start",
]
