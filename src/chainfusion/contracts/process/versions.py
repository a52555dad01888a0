"""The process-version contract: a deal that is under way goes over to another version of its process.

A deal stays on the version that it started with until a party proposes another that the consortium has adopted, every
party agrees, and the work under way can be carried over. Each answer is a key of its own, so that parties who answer at
the same moment do not conflict; `change` may be called by any party once all have agreed, and the contract looks again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from chainfusion.contracts.access import as_member, as_party
from chainfusion.contracts.framework import Context, Contract, Table
from chainfusion.contracts.own_word import put_own_word
from chainfusion.contracts.process import needs, work
from chainfusion.contracts.process.board import Board, begun
from chainfusion.contracts.process.refusals import DefinitionNotAdopted, NoProcess, ReasonNeeded
from chainfusion.contracts.process.runs import board_of
from chainfusion.contracts.process.state import (
    acts_on,
    definition_of,
    require_definition,
    require_run,
    runs,
    version_key,
)
from chainfusion.contracts.process.version_refusals import (
    AnotherVersionProposed,
    NoVersionProposed,
    VersionAnswered,
    VersionNotAgreed,
    VersionRunning,
    VersionUnfit,
)
from chainfusion.domain.deal import DealState
from chainfusion.domain.errors import Text, require
from chainfusion.domain.process.carrying import STARVED, Stuck, carried, starved
from chainfusion.domain.process.definition import Definition, Process, Step
from chainfusion.domain.process.records import (
    MAIN,
    Adoption,
    DealProcess,
    Token,
    VersionAnswer,
    VersionChange,
    VersionChanged,
    sub_run,
)
from chainfusion.domain.roles import INSTITUTION_ROLES
from chainfusion.domain.text import MAX_REASON, is_reason

UNDER_WAY = (DealState.DRAFT, DealState.OPEN, DealState.CLOSED)
version_contract = Contract("process-version", version=1, guard=as_party)

proposals = Table("process-version", VersionChange)
answers = Table("process-version-answer", VersionAnswer)
refusals = Table("process-version-declined", VersionAnswer)
"""The no that ended a proposal, under a key of its own: who answers need not read what the others have answered."""
changes = Table("process-version-changed", VersionChanged)

NO_DATE = Text(
    "these figures are no dates, and that version counts from them", "以下数据不是日期，而该版本据以计算期限"
)
BEGUN = Text("these steps are under way, and differ in that version", "以下步骤正在办理，且在该版本中有所不同")


@dataclass(frozen=True, slots=True)
class VersionsView:
    """The changes that a deal has gone through; what is proposed now, with the answers and whose is outstanding."""

    done: tuple[VersionChanged, ...]
    proposed: VersionChange | None
    answers: tuple[VersionAnswer, ...]
    outstanding: tuple[str, ...]

    @property
    def silent(self) -> tuple[str, ...]:
        """Of those whose consent is outstanding, who has not answered."""
        said = {each.msp for each in self.answers}
        return tuple(each for each in self.outstanding if each not in said)

    @property
    def declined(self) -> bool:
        """Whether a party has said no, which ends the proposal."""
        return any(not each.agree for each in self.answers)


@version_contract.operation(by=INSTITUTION_ROLES, when=UNDER_WAY)
def propose(ctx: Context, deal: str, version: int, reason: str) -> VersionChange:
    """Proposes that a deal go over to another adopted version of its process, and agrees to it.

    The party that has proposed may propose anew, which withdraws what it proposed before.
    Raises: NoProcess, VersionRunning, UnknownDefinition, DefinitionNotAdopted, AnotherVersionProposed, ReasonNeeded,
    VersionUnfit.
    """
    run, stands = require_run(ctx, deal), _view(ctx, deal)
    require(version != run.version, VersionRunning(deal=deal, process=run.process, version=version))
    require(is_reason(reason), ReasonNeeded(limit=MAX_REASON))
    other = stands.proposed
    if other is not None and not stands.declined and other.msp != ctx.caller.msp:
        raise AnotherVersionProposed(deal=deal, version=other.after, msp=other.msp)
    known = require_definition(ctx, run.process, version)
    adopted = known.state is Adoption.ADOPTED
    require(adopted, DefinitionNotAdopted(process=run.process, version=version))
    _carried(ctx, run, known.definition)
    number = len(stands.done) + 1
    proposed = VersionChange(
        deal, number, run.process, run.version, version, ctx.caller.msp, reason, ctx.timestamp, ctx.tx_id
    )
    ctx.emit(proposed)
    _answer(ctx, proposed, agree=True, reason=None)
    return proposals.put(ctx, proposed, deal, version_key(number))


@version_contract.operation(by=INSTITUTION_ROLES, when=UNDER_WAY)
def answer(ctx: Context, deal: str, proposal: str, agree: bool, reason: str | None) -> VersionAnswer:
    """A party's answer to what is proposed, by the proposal's transaction; one no, which gives a reason, ends it.

    Raises: NoProcess, NoVersionProposed, VersionAnswered, ReasonNeeded.
    """
    require_run(ctx, deal)
    proposed = _require_open(ctx, deal, proposal)
    before = answers.get(ctx, deal, proposal, ctx.caller.msp)
    require(before is None, VersionAnswered(msp=ctx.caller.msp, deal=deal, version=proposed.after))
    require(agree or is_reason(reason), ReasonNeeded(limit=MAX_REASON))
    given = _answer(ctx, proposed, agree=agree, reason=None if agree else reason)
    return given if agree else refusals.put(ctx, given, deal, proposal)


@version_contract.operation(by=INSTITUTION_ROLES, when=UNDER_WAY)
def change(ctx: Context, deal: str, proposal: str) -> DealProcess:
    """Lets the deal go over to what all its parties have agreed to.

    Raises: NoProcess, NoVersionProposed, VersionNotAgreed, VersionUnfit.
    """
    run = require_run(ctx, deal)
    proposed = _require_open(ctx, deal, proposal)
    waits = _view(ctx, deal).outstanding
    require(not waits, VersionNotAgreed(deal=deal, version=proposed.after, waits=", ".join(waits)))
    after = require_definition(ctx, run.process, proposed.after).definition
    board, marking = _carried(ctx, run, after)
    board.replaced_by(after.main, marking)
    done = VersionChanged(
        deal, proposed.number, run.process, run.version, proposed.after, proposal, ctx.timestamp, ctx.tx_id
    )
    changes.put(ctx, done, deal, version_key(done.number))
    goes_on = replace(run, version=proposed.after)
    ctx.emit(done)
    ctx.emit(goes_on)
    return runs.put(ctx, goes_on, deal)


@version_contract.query(guard=as_member)
def show(ctx: Context, deal: str) -> VersionsView:
    """How a deal's version has changed, and what is proposed. Raises: NoProcess where it never had a process."""
    if runs.get(ctx, deal) is None:
        raise NoProcess(deal=deal)
    return _view(ctx, deal)


# ------------------------------------------------------------------ what is proposed, and who has agreed


def _view(ctx: Context, deal: str) -> VersionsView:
    done = tuple(changes.all(ctx, deal))
    proposed = _proposed(ctx, deal, len(done))
    if proposed is None:
        return VersionsView(done, None, (), ())
    given = tuple(answers.all(ctx, deal, proposed.tx_id))
    accepted = work.roles_of_parties(ctx, deal, tuple(INSTITUTION_ROLES)).keys()
    return VersionsView(done, proposed, given, tuple(sorted(accepted - {each.msp for each in given if each.agree})))


def _proposed(ctx: Context, deal: str, done: int) -> VersionChange | None:
    """What is proposed where so many changes were made, be it declined or not."""
    return proposals.get(ctx, deal, version_key(done + 1))


def _require_open(ctx: Context, deal: str, proposal: str) -> VersionChange:
    """The proposal of that transaction, which nobody has declined. Raises: NoVersionProposed."""
    found = _proposed(ctx, deal, len(tuple(changes.all(ctx, deal))))
    if found is None or found.tx_id != proposal or refusals.get(ctx, deal, proposal) is not None:
        raise NoVersionProposed(deal=deal)
    return found


def _answer(ctx: Context, proposed: VersionChange, *, agree: bool, reason: str | None) -> VersionAnswer:
    given = VersionAnswer(proposed.deal, proposed.tx_id, ctx.caller.msp, agree, reason, ctx.tx_id)
    ctx.emit(given)
    return put_own_word(ctx, answers, given, proposed.deal, proposed.tx_id, ctx.caller.msp)


# ------------------------------------------------------------------ how the work is carried over


def _carried(ctx: Context, run: DealProcess, after: Definition) -> tuple[Board, dict[str, Token]]:
    """The deal's tokens, and where they come to stand in the other version. Raises: NoProcess, VersionUnfit."""
    board, _ = board_of(ctx, run.deal, MAIN)
    before = definition_of(ctx, run)
    choose = needs.chooser(ctx, run.deal, MAIN, after.main, {})
    found = _differing(ctx, board, before, after) or carried(board.marking(), after.main, choose)
    if not isinstance(found, Stuck):
        found = _without_figures(ctx, run.deal, after.main, found) or found
    if isinstance(found, Stuck):
        at = ", ".join(found.at) or "-"
        raise VersionUnfit(deal=run.deal, version=after.version, why=found.why.en, why_zh=found.why.zh, at=at)
    return board, found


def _differing(ctx: Context, board: Board, before: Definition, after: Definition) -> Stuck | None:
    """Steps that somebody has begun, and which are not the same in the other version."""
    found = [
        name
        for name in board.awaited()
        if (step := before.main.step(name)) is not None
        and _is_begun(ctx, board, step)
        and (after.main.step(name) != step or (step.process is not None and before.inside != after.inside))
    ]
    return Stuck(BEGUN, tuple(found)) if found else None


def _without_figures(ctx: Context, deal: str, after: Process, found: dict[str, Token]) -> Stuck | None:
    """Figures that the other version needs: those that would never come, and those that it would take for dates."""
    dated = {step.deadline.after for step in after.steps if step.deadline is not None and step.deadline.after}
    stated = {name: needs.figure(ctx, deal, MAIN, name) for name in sorted(dated)}
    odd = tuple(name for name, value in stated.items() if value is not None and not _is_date(value))
    if odd:
        return Stuck(NO_DATE, odd)
    never = starved(after, found, lambda name: needs.figure(ctx, deal, MAIN, name) is not None)
    return Stuck(STARVED, never) if never else None


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_begun(ctx: Context, board: Board, step: Step) -> bool:
    item = board.item(step.id)
    if item is None:
        return False
    if acts_on(ctx, board.deal, board.name, step.id, item.tx_id):
        return True
    institutions = work.roles_of_parties(ctx, board.deal, step.by) if step.process is not None else {}
    inner = (sub_run(board.name, step.id, msp, item.tx_id) for msp in institutions)
    return any(begun.get(ctx, board.deal, run) is not None for run in inner)
