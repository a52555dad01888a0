"""Where the ledger keeps processes: every vote, token and act a key of its own, so that parties do not conflict."""

from __future__ import annotations

from collections.abc import Iterator

from chainfusion.contracts.framework import Context, Table
from chainfusion.contracts.process.refusals import NoProcess, UnknownDefinition
from chainfusion.domain.process.definition import Definition
from chainfusion.domain.process.records import (
    Act,
    Ballot,
    DealProcess,
    Delegation,
    Figures,
    Proposed,
    Token,
)

definitions = Table("process", Proposed)
ballots = Table("process-ballot", Ballot)
runs = Table("process-of-deal", DealProcess)
tokens = Table("process-token", Token)
acts = Table("process-act", Act)
figures = Table("process-figures", Figures)
delegations = Table("process-delegation", Delegation)


def version_key(version: int) -> str:
    """A version as a part of a key: in numeric order."""
    return f"{version:06d}"


def require_definition(ctx: Context, process: str, version: int) -> Proposed:
    """A version of a process. Raises: UnknownDefinition."""
    found = definitions.get(ctx, process, version_key(version))
    if found is None:
        raise UnknownDefinition(process=process, version=version)
    return found


def require_run(ctx: Context, deal: str) -> DealProcess:
    """The deal's process, which is under way. Raises: NoProcess."""
    found = runs.get(ctx, deal)
    if found is None or found.ended is not None:
        raise NoProcess(deal=deal)
    return found


def definition_of(ctx: Context, run: DealProcess) -> Definition:
    """The definition that a deal runs on. Raises: UnknownDefinition."""
    return require_definition(ctx, run.process, run.version).definition


def acts_on(ctx: Context, deal: str, run: str, step: str, item: str, *msp: str) -> list[Act]:
    """The acts on one work item, each institution's in their order; of one institution, where it is named."""
    return list(acts.all(ctx, deal, run, step, item, *msp))


def every_act(ctx: Context, deal: str) -> Iterator[Act]:
    """The acts of a deal, by run, step and work item."""
    return acts.all(ctx, deal)


def put_act(ctx: Context, act: Act, before: int) -> Act:
    """Adds an act; `before` counts the institution's earlier ones on the item."""
    ctx.emit(act)
    return acts.put(ctx, act, act.deal, act.run, act.step, act.item, act.msp, f"{before:03d}")
