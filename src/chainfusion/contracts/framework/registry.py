"""Which contracts there are, by name and version: old versions stay, so that old blocks replay as they ran."""

from __future__ import annotations

from typing import Any

from chainfusion.contracts.framework.context import Context
from chainfusion.contracts.framework.contract import Contract, Operation
from chainfusion.domain.encoding import encoded
from chainfusion.domain.errors import ChainFusionError, Text


class UnknownOperation(ChainFusionError):
    """A call of something that no contract here offers."""

    code = "UNKNOWN_OPERATION"
    says = Text("There is no operation {call}.", "没有操作 {call}。")
    do = Text("Check the name; a newer node may offer it.", "请检查名称；较新的节点可能提供该操作。")


class VersionNotInForce(ChainFusionError):
    """A new transaction that names a contract version which is no longer, or not yet, in force."""

    code = "VERSION_NOT_IN_FORCE"
    says = Text(
        "{contract} version {version} is not in force; version {current} is.",
        "合约 {contract} 的第 {version} 版未生效，现行为第 {current} 版。",
    )
    do = Text("Update your node and send the request anew.", "请升级节点后重新提交。")


class Registry:
    """All versions of all contracts; the highest version of each is in force."""

    def __init__(self, *contracts: Contract) -> None:
        self._contracts: dict[str, dict[int, Contract]] = {}
        self._in_force: dict[str, Contract] = {}
        for contract in contracts:
            versions = self._contracts.setdefault(contract.name, {})
            if contract.version in versions:
                raise TypeError(f"{contract.name} version {contract.version} is registered twice")
            versions[contract.version] = contract
            self._in_force[contract.name] = versions[max(versions)]

    def in_force(self, name: str) -> Contract:
        """The version of a contract that new transactions must name. Raises: UnknownOperation."""
        found = self._in_force.get(name)
        if found is None:
            raise UnknownOperation(call=name)
        return found

    def require_in_force(self, name: str, version: int) -> None:
        """Raises: UnknownOperation, VersionNotInForce."""
        current = self.in_force(name).version
        if version != current:
            raise VersionNotInForce(contract=name, version=version, current=current)

    def operation(self, name: str, version: int, operation: str) -> Operation:
        """An operation of a stated version, in force or not. Raises: UnknownOperation."""
        found = self._contracts.get(name, {}).get(version)
        if found is None or operation not in found.operations:
            raise UnknownOperation(call=f"{name}@{version}.{operation}")
        return found.operations[operation]

    def invoke(self, ctx: Context, name: str, version: int, operation: str, args: dict[str, Any]) -> bytes:
        """Runs an operation and returns its canonical response. Raises: ChainFusionError of any kind."""
        result = self.operation(name, version, operation).invoke(ctx, args)
        return encoded(result)

    def operations(self) -> tuple[Operation, ...]:
        """Every operation in force, in order of contract and name."""
        names = sorted(self._contracts)
        return tuple(op for name in names for _, op in sorted(self.in_force(name).operations.items()))
