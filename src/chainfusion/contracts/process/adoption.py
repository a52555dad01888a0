"""The process-definition contract: a version of a process is proposed, proven sound, and adopted by the members' votes.

Every vote is a key of its own. The consortium's threshold for amendments decides, over all members that are active when
the votes are counted; a version passes or falls as soon as the votes that are outstanding cannot change that.
"""

from __future__ import annotations

from dataclasses import replace

from chainfusion.contracts.access import as_member, as_signatory
from chainfusion.contracts.consortium.state import current
from chainfusion.contracts.framework import Context, Contract
from chainfusion.contracts.process.refusals import BallotCast, DefinitionClosed, DefinitionExists
from chainfusion.contracts.process.state import ballots, definitions, require_definition, version_key
from chainfusion.domain.errors import require
from chainfusion.domain.process.definition import Definition
from chainfusion.domain.process.form import require_well_formed
from chainfusion.domain.process.records import Adoption, Ballot, Proposed
from chainfusion.domain.process.soundness import require_sound
from chainfusion.domain.roles import Role

definition_contract = Contract("process-definition", version=1, guard=as_signatory)


@definition_contract.operation(by=Role.REPRESENTATIVE)
def propose(ctx: Context, definition: Definition) -> Proposed:
    """Puts a version before the consortium, with the proposer's yes, which may be enough to adopt it.

    Raises: DefinitionRefused, DefinitionUnsound, DefinitionExists.
    """
    require_sound(require_well_formed(definition))
    newest = _newest(ctx, definition.id)
    follows = definition.version == newest + 1
    require(follows, DefinitionExists(process=definition.id, version=definition.version))
    proposed = Proposed(definition, ctx.caller.msp, Adoption.PROPOSED, ctx.timestamp, ctx.tx_id)
    return _counted(ctx, proposed, (_cast(ctx, definition.id, definition.version, approve=True),))


@definition_contract.operation(by=Role.REPRESENTATIVE)
def vote(ctx: Context, process: str, version: int, approve: bool) -> Proposed:
    """Casts a member's vote, for good. Raises: UnknownDefinition, DefinitionClosed, BallotCast."""
    proposed = require_definition(ctx, process, version)
    is_open = proposed.state is Adoption.PROPOSED
    require(is_open, DefinitionClosed(process=process, version=version, state=proposed.state.value))
    before = tuple(ballots.all(ctx, process, version_key(version)))
    repeated = any(ballot.msp == ctx.caller.msp for ballot in before)
    require(not repeated, BallotCast(msp=ctx.caller.msp, process=process, version=version))
    return _counted(ctx, proposed, (*before, _cast(ctx, process, version, approve=approve)))


@definition_contract.query(guard=as_member)
def show(ctx: Context, process: str, version: int) -> Proposed:
    """A version of a process, and how the consortium stands to it. Raises: UnknownDefinition."""
    return require_definition(ctx, process, version)


@definition_contract.query(guard=as_member)
def overview(ctx: Context) -> tuple[Proposed, ...]:
    """Every version of every process, by name and version."""
    return tuple(definitions.all(ctx))


@definition_contract.query(guard=as_member)
def votes(ctx: Context, process: str, version: int) -> tuple[Ballot, ...]:
    """The votes on a version, by member. Raises: UnknownDefinition."""
    require_definition(ctx, process, version)
    return tuple(ballots.all(ctx, process, version_key(version)))


def _newest(ctx: Context, process: str) -> int:
    return max((each.definition.version for each in definitions.all(ctx, process)), default=0)


def _cast(ctx: Context, process: str, version: int, *, approve: bool) -> Ballot:
    ballot = Ballot(process, version, ctx.caller.msp, approve, ctx.tx_id)
    ctx.emit(ballot)
    return ballots.put(ctx, ballot, process, version_key(version), ctx.caller.msp)


def _counted(ctx: Context, proposed: Proposed, cast: tuple[Ballot, ...]) -> Proposed:
    """The version as it stands after these votes, written where it is new or decided."""
    membership = current(ctx)
    threshold, base = membership.rules.amendment, membership.active
    yes = sum(ballot.approve and ballot.msp in base for ballot in cast)
    no = sum(not ballot.approve and ballot.msp in base for ballot in cast)
    counted = proposed
    if threshold.reached(yes, len(base)):
        counted = replace(proposed, state=Adoption.ADOPTED, changed=ctx.timestamp)
    elif not threshold.reached(len(base) - no, len(base)):
        counted = replace(proposed, state=Adoption.DECLINED, changed=ctx.timestamp)
    if counted is not proposed or proposed.tx_id == ctx.tx_id:
        ctx.emit(counted)
        definitions.put(ctx, counted, proposed.definition.id, version_key(proposed.definition.version))
    return counted
