"""Finds the run that an act is on: the deal's main process, or a sub-process that stands for one of its steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chainfusion.contracts.access import standing_of
from chainfusion.contracts.deal.state import accepted_roles, require_deal
from chainfusion.contracts.framework import Context
from chainfusion.contracts.process.board import Board
from chainfusion.contracts.process.refusals import NoProcess, NotTheActor, NotYourTurn, UnknownStep
from chainfusion.contracts.process.state import definition_of, delegations, require_run
from chainfusion.domain.deal import DealState
from chainfusion.domain.process.definition import Definition, Step
from chainfusion.domain.process.records import MAIN, Token, sub_run
from chainfusion.domain.roles import Role


@dataclass(frozen=True)
class Place:
    """A step in a run of a deal. bound: of a sub-process, the institution that it is run for, and its roles there."""

    deal: str
    board: Board
    step: Step
    bound: tuple[str, frozenset[Role]] | None

    @property
    def run(self) -> str:
        """The run's name."""
        return self.board.name

    def lets(self, msp: str, roles: Iterable[Role]) -> bool:
        """Whether an institution in these roles may act here: what a sub-process is bound to, it alone may do."""
        return self.bound is None or self.bound[0] == msp or not self.bound[1].issuperset(roles)

    def item(self) -> Token:
        """The work item before the step. Raises: NotYourTurn."""
        found = self.board.item(self.step.id)
        if found is None:
            awaited = ", ".join(self.board.awaited()) or "-"
            raise NotYourTurn(deal=self.deal, step=self.step.id, awaited=awaited)
        return found


def place_of(ctx: Context, deal: str, run: str, step: str) -> Place:
    """The step that is named. Raises: UnknownDeal, NoProcess, UnknownStep."""
    board, bound = board_of(ctx, deal, run)
    found = board.process.step(step)
    if found is None:
        raise UnknownStep(deal=deal, run=run, step=step)
    return Place(deal, board, found, bound)


def board_of(ctx: Context, deal: str, run: str) -> tuple[Board, tuple[str, frozenset[Role]] | None]:
    """The tokens of a run, and whom it is bound to; a sub-process begins with the first who asks for it.

    Raises: UnknownDeal, NoProcess, UnknownStep.
    """
    if require_deal(ctx, deal).state is DealState.CANCELLED:
        raise NoProcess(deal=deal)
    record = require_run(ctx, deal)
    definition = definition_of(ctx, record)
    if run == MAIN:
        board = Board(ctx, deal, MAIN, definition.main)
        board.begin(record.started, record.tx_id)
        return board, None
    return _inner(ctx, deal, run, definition)


def _inner(ctx: Context, deal: str, run: str, definition: Definition) -> tuple[Board, tuple[str, frozenset[Role]]]:
    outer, _, name = run.rpartition("/")
    step_id, _, rest = name.partition(":")
    msp = rest.partition(":")[0]
    unknown = UnknownStep(deal=deal, run=run, step=step_id)
    if not outer or not msp:
        raise unknown
    around = place_of(ctx, deal, outer, step_id)
    process = definition.process(around.step.process or "")
    roles = accepted_roles(ctx, deal, msp) & {*around.step.by}
    item = around.item()
    if process is None or not roles or run != sub_run(outer, step_id, msp, item.tx_id):
        raise unknown
    board = Board(ctx, deal, run, process)
    board.begin(item.since, item.tx_id)
    return board, (msp, roles)


# ------------------------------------------------------------------ who may act


def acting_for(ctx: Context, place: Place, msp: str, roles: tuple[Role, ...]) -> Role:
    """The role in which the caller acts for an institution: its own, or one that has delegated the step to it.

    Raises: NotTheActor, NotAMember, MemberSuspended.
    """
    needed = ", ".join(sorted(roles))
    refusal = NotTheActor(step=place.step.id, needed=needed, msp=msp, deal=place.deal)
    if msp != ctx.caller.msp:
        delegation = delegations.get(ctx, place.deal, place.step.id, msp)
        if delegation is None or delegation.delegate != ctx.caller.msp:
            raise refusal
    held = {*standing_of(ctx, msp).roles} & {*standing_of(ctx, ctx.caller.msp).roles}
    acting = accepted_roles(ctx, place.deal, msp) & {*roles} & held & ctx.caller.roles
    if not acting or not place.lets(msp, acting):
        raise refusal
    return min(acting)
