"""What a contract is written against: the `Context`, the `Contract` with its operations, typed tables of state."""

from chainfusion.contracts.framework.context import Caller, Context, Modification, PrivateState
from chainfusion.contracts.framework.contract import Contract, Operation
from chainfusion.contracts.framework.refusals import CollectionRefused, StateRefused
from chainfusion.contracts.framework.registry import Registry
from chainfusion.contracts.framework.table import Table

__all__ = [
    "Caller",
    "CollectionRefused",
    "Context",
    "Contract",
    "Modification",
    "Operation",
    "PrivateState",
    "Registry",
    "StateRefused",
    "Table",
]
