"""A contract is a name, a version and operations; who may call and when stands beside each operation."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from chainfusion.contracts.framework.context import Context
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.records import BadRecord, from_json
from chainfusion.domain.roles import Role


class BadArguments(ChainFusionError):
    """Arguments that do not fit the operation."""

    code = "BAD_ARGUMENTS"
    says = Text("{operation} does not take these arguments: {why}.", "{operation} 不接受这些参数：{why}。")
    do = Text("Send the arguments that the operation's specification names.", "请按操作说明提供参数。")


@dataclass(frozen=True)
class Operation:
    """One entry point of a contract, with its rule of access."""

    contract: str
    name: str
    by: frozenset[Role]
    when: frozenset[Enum]
    reads_only: bool
    guard: Guard
    body: Callable[..., Any] = field(repr=False)
    parameters: dict[str, Any] = field(repr=False)
    """Parameter name to declared type, without the context."""

    @property
    def full_name(self) -> str:
        """`contract.operation`, as people and ledgers name it."""
        return f"{self.contract}.{self.name}"

    def arguments(self, values: dict[str, Any]) -> dict[str, Any]:
        """Typed arguments from JSON values. Raises: BadArguments."""
        if values.keys() != self.parameters.keys():
            odd = ", ".join(sorted(values.keys() ^ self.parameters.keys()))
            raise BadArguments(operation=self.full_name, why=f"missing or unknown: {odd}")
        try:
            return {name: from_json(kind, values[name], name) for name, kind in self.parameters.items()}
        except BadRecord as error:
            raise BadArguments(operation=self.full_name, why=error.message()) from None

    def invoke(self, ctx: Context, values: dict[str, Any]) -> Any:
        """Checks access, then runs the rule. Raises: BadArguments, and what the guard and the body raise."""
        return self.run(ctx, self.arguments(values))

    def run(self, ctx: Context, arguments: dict[str, Any]) -> Any:
        """`invoke` with typed arguments, as `arguments` gives them."""
        self.guard(ctx, self, arguments)
        return self.body(ctx, **arguments)


Guard = Callable[[Context, Operation, dict[str, Any]], None]
"""Decides from ledger state whether this caller may run this operation now; raises the typed refusal if not."""


class Contract:
    """A named, versioned set of operations.

        deals = Contract("deal", version=1, guard=access.party)

        @deals.operation(by=Role.ORIGINATOR, when=DealState.OPEN)
        def close(ctx: Context, deal: str) -> DealClosed: ...

    `by` names the roles of which the caller must act in one, `when` the states of which the subject must be in one
    (both are read by the guard). `query` is the same for operations that write nothing.
    """

    def __init__(self, name: str, version: int, guard: Guard) -> None:
        self.name = name
        self.version = version
        self.guard = guard
        self.operations: dict[str, Operation] = {}

    def operation(
        self, by: Role | tuple[Role, ...], when: Enum | tuple[Enum, ...] = (), guard: Guard | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declares a function as an operation that writes."""
        return self._declare(by, when, guard, reads_only=False)

    def query(
        self, by: Role | tuple[Role, ...] = tuple(Role), guard: Guard | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declares a function as an operation that only reads; it is evaluated and never ordered."""
        return self._declare(by, (), guard, reads_only=True)

    def _declare(
        self, by: Role | tuple[Role, ...], when: Enum | tuple[Enum, ...], guard: Guard | None, *, reads_only: bool
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def declare(body: Callable[..., Any]) -> Callable[..., Any]:
            hints = typing.get_type_hints(body)
            names = list(inspect.signature(body).parameters)[1:]
            if body.__name__ in self.operations:
                raise TypeError(f"{self.name}.{body.__name__} is declared twice")
            self.operations[body.__name__] = Operation(
                contract=self.name,
                name=body.__name__,
                by=frozenset(by if isinstance(by, tuple) else (by,)),
                when=frozenset(when if isinstance(when, tuple) else (when,)),
                reads_only=reads_only,
                guard=guard or self.guard,
                body=body,
                parameters={name: hints[name] for name in names},
            )
            return body

        return declare
