"""What pages read: the ledger's blocks as tables in SQLite or PostgreSQL, disposable, and the height they speak for."""

from chainfusion.node.readmodel.database import Database, ReadModelUnreachable
from chainfusion.node.readmodel.model import ReadModel, State
from chainfusion.node.readmodel.narration import Narration

__all__ = ["Database", "Narration", "ReadModel", "ReadModelUnreachable", "State"]
