"""The read side: records that the pages, the API and the CLI state alike. Nothing here writes to the ledger."""

from chainfusion.node.views.workspace import Workspace

__all__ = ["Workspace"]
