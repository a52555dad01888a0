"""A Fabric network, from an institution's side.

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
