"""The process contract: a deal's steps, taken by those whom the definition names, in its order, with its inputs.

Who may act next is computed from the ledger. An act on a step that one institution does by itself moves the deal on at
once; where several institutions act, each act is a key of its own and `advance` moves the deal on when enough are
there, so that those who act at the same moment do not conflict. `advance` may be called by any party, at any time: the
contract decides whether something is due.
"""

from __future__ import annotations

from dataclasses import replace

from chainfusion.contracts.access import as_member, as_party, as_signatory
from chainfusion.contracts.deal.state import accepted_roles
from chainfusion.contracts.framework import Context, Contract
from chainfusion.contracts.process import needs, work
from chainfusion.contracts.process.refusals import (
    ActedAlready,
    CountersignatureRefused,
    DefinitionNotAdopted,
    NoProcess,
    NothingToCheck,
    NotReady,
    NotTheActor,
    ProcessStarted,
    ReasonNeeded,
    ReturnRefused,
    SecondPersonNeeded,
)
from chainfusion.contracts.process.runs import Place, acting_for, board_of, place_of
from chainfusion.contracts.process.standing import Verdict, standing, verdict
from chainfusion.contracts.process.state import (
    acts_on,
    delegations,
    every_act,
    figures,
    put_act,
    require_definition,
    require_run,
    runs,
)
from chainfusion.contracts.process.view import AwaitedStep, awaited_steps
from chainfusion.domain.deal import DealState
from chainfusion.domain.errors import require
from chainfusion.domain.process.definition import Quorum
from chainfusion.domain.process.records import (
    MAIN,
    Act,
    ActKind,
    Adoption,
    DealProcess,
    Delegation,
    Entry,
    Figures,
    Token,
)
from chainfusion.domain.roles import INSTITUTION_ROLES, Role
from chainfusion.domain.text import MAX_REASON, is_reason

process_contract = Contract("process", version=1, guard=as_signatory)


@process_contract.operation(by=Role.ORIGINATOR, when=(DealState.DRAFT, DealState.OPEN), guard=as_party)
def start(ctx: Context, deal: str, process: str, version: int) -> DealProcess:
    """Starts a deal's process on an adopted version, on which it stays.

    Raises: UnknownDefinition, DefinitionNotAdopted, ProcessStarted.
    """
    known = runs.get(ctx, deal)
    if known is not None:
        raise ProcessStarted(deal=deal, process=known.process, version=known.version)
    adopted = require_definition(ctx, process, version).state is Adoption.ADOPTED
    require(adopted, DefinitionNotAdopted(process=process, version=version))
    started = DealProcess(deal, process, version, ctx.timestamp, ctx.tx_id, ended=None)
    ctx.emit(started)
    return runs.put(ctx, started, deal)


# ------------------------------------------------------------------ acts


@process_contract.operation(by=INSTITUTION_ROLES)
def act(ctx: Context, deal: str, run: str, step: str, msp: str, entries: tuple[Entry, ...]) -> Act:
    """Does an institution's part of a step, with what its template asks for.

    `msp` is the caller's institution, or one that has delegated the step to it.
    Raises: NoProcess, UnknownStep, NotYourTurn, NotTheActor, ActedAlready, RequirementMissing, EntriesRefused.
    """
    place = place_of(ctx, deal, run, step)
    item = place.item()
    role = acting_for(ctx, place, msp, _roles_now(ctx, place, item))
    before = acts_on(ctx, deal, run, step, item.tx_id, msp)
    stands = work.progress(place.step, before)
    if msp in stands.finished | stands.working or place.step.process is not None:
        raise ActedAlready(msp=msp, step=step, deal=deal)
    needs.require_met(ctx, deal, run, place.step)
    needs.require_entries(place.step, entries)
    done = _act(ctx, place, item, ActKind.DONE, msp, role=role, entries=entries)
    if _completes_alone(place) and not place.step.checked:
        _complete(ctx, place, entries)
    return put_act(ctx, done, len(before))


@process_contract.operation(by=INSTITUTION_ROLES)
def check(ctx: Context, deal: str, run: str, step: str, msp: str, approve: bool, reason: str | None) -> Act:
    """Approves or rejects, as the second person of an institution, what the first has done.

    Raises: NoProcess, UnknownStep, NotYourTurn, NotTheActor, NothingToCheck, SecondPersonNeeded, ReasonNeeded.
    """
    place = place_of(ctx, deal, run, step)
    item = place.item()
    role = acting_for(ctx, place, msp, _roles_now(ctx, place, item))
    before = acts_on(ctx, deal, run, step, item.tx_id, msp)
    if msp not in work.progress(place.step, before).working:
        raise NothingToCheck(msp=msp, step=step)
    made = before[-1]
    same = (made.by, made.person) == (ctx.caller.msp, ctx.caller.name) or made.certificate == ctx.caller.certificate
    require(not same, SecondPersonNeeded(person=made.person, msp=msp))
    require(approve or is_reason(reason), ReasonNeeded(limit=MAX_REASON))
    kind = ActKind.APPROVED if approve else ActKind.REJECTED
    checked = _act(ctx, place, item, kind, msp, role=role, entries=made.entries, reason=reason)
    if approve and _completes_alone(place):
        _complete(ctx, place, made.entries)
    return put_act(ctx, checked, len(before))


@process_contract.operation(by=INSTITUTION_ROLES)
def countersign(ctx: Context, deal: str, run: str, step: str, msp: str) -> Act:
    """Certifies a step whose own work is complete, and so completes it.

    Raises: NoProcess, UnknownStep, NotYourTurn, NotTheActor, CountersignatureRefused.
    """
    place = place_of(ctx, deal, run, step)
    found = standing(ctx, place)
    refused = CountersignatureRefused(deal=deal, step=step, msp=msp)
    if place.step.countersign is None:
        raise refused
    role = acting_for(ctx, place, msp, (place.step.countersign,))
    require(work.has_quorum(ctx, deal, place.step, found.progress.finished), refused)
    _complete(ctx, place, found.deposited)
    signed = _act(ctx, place, found.item, ActKind.COUNTERSIGNED, msp, role=role)
    return put_act(ctx, signed, sum(each.msp == msp for each in found.acts))


@process_contract.operation(by=INSTITUTION_ROLES)
def send_back(ctx: Context, deal: str, run: str, step: str, msp: str, target: str, reason: str) -> Act:
    """Sends the work back to an earlier step that the definition allows; what followed from that step is void.

    Raises: NoProcess, UnknownStep, NotYourTurn, NotTheActor, ReasonNeeded, ReturnRefused.
    """
    place = place_of(ctx, deal, run, step)
    item = place.item()
    role = acting_for(ctx, place, msp, _roles_now(ctx, place, item))
    require(is_reason(reason), ReasonNeeded(limit=MAX_REASON))
    allowed = ", ".join(place.step.returns) or "-"
    require(place.board.returned(step, target), ReturnRefused(step=step, allowed=allowed, target=target))
    place.board.write()
    before = len(acts_on(ctx, deal, run, step, item.tx_id, msp))
    return put_act(ctx, _act(ctx, place, item, ActKind.RETURNED, msp, role=role, reason=reason, target=target), before)


@process_contract.operation(by=INSTITUTION_ROLES)
def advance(ctx: Context, deal: str, run: str, step: str) -> Act:
    """Moves the deal on from a step that is complete, whose time has come, or whose deadline has passed.

    Raises: NoProcess, UnknownStep, NotYourTurn, NotReady, NotTheActor.
    """
    _require_party(ctx, deal, step)
    place = place_of(ctx, deal, run, step)
    found = standing(ctx, place)
    decided = verdict(ctx, found)
    require(decided is not Verdict.WAITS, NotReady(deal=deal, step=step, waits=found.outstanding()))
    if decided is Verdict.EXPIRED:
        place.board.expired(step)
        place.board.write()
    else:
        _complete(ctx, place, found.deposited)
    kind = ActKind.EXPIRED if decided is Verdict.EXPIRED else ActKind.COMPLETED
    before = sum(each.msp == ctx.caller.msp for each in found.acts)
    return put_act(ctx, _act(ctx, place, found.item, kind, ctx.caller.msp), before)


@process_contract.operation(by=INSTITUTION_ROLES)
def conclude(ctx: Context, deal: str) -> DealProcess:
    """Records that a deal's process has come to its end. Raises: NoProcess, NotReady, NotTheActor."""
    _require_party(ctx, deal, "end")
    board, _ = board_of(ctx, deal, MAIN)
    awaited = ", ".join(board.awaited())
    require(board.ended(), NotReady(deal=deal, step="end", waits=awaited))
    ended = replace(require_run(ctx, deal), ended=ctx.timestamp)
    ctx.emit(ended)
    return runs.put(ctx, ended, deal)


@process_contract.operation(by=INSTITUTION_ROLES)
def delegate(ctx: Context, deal: str, step: str, delegate: str | None) -> Delegation:
    """Lets another institution act for the caller's on a step of a deal, or takes that back.

    Raises: NotTheActor, NotAMember, MemberSuspended.
    """
    _require_party(ctx, deal, step)
    record = Delegation(deal, step, ctx.caller.msp, delegate, ctx.tx_id)
    ctx.emit(record)
    return delegations.put(ctx, record, deal, step, ctx.caller.msp)


@process_contract.query(guard=as_member)
def awaited(ctx: Context, deal: str) -> tuple[AwaitedStep, ...]:
    """What a deal waits for now: each step, for whom, since when, by when, and what it still needs."""
    return awaited_steps(ctx, deal)


@process_contract.query(guard=as_member)
def acts(ctx: Context, deal: str) -> tuple[Act, ...]:
    """Every act on a deal's steps, by run, step and work item."""
    return tuple(every_act(ctx, deal))


@process_contract.query(guard=as_member)
def show(ctx: Context, deal: str) -> DealProcess:
    """The version that a deal runs on, or ran on. Raises: NoProcess."""
    found = runs.get(ctx, deal)
    if found is None:
        raise NoProcess(deal=deal)
    return found


# ------------------------------------------------------------------ how acts become moves


def _roles_now(ctx: Context, place: Place, item: Token) -> tuple[Role, ...]:
    return work.acting_roles(ctx, place.step, work.due_day(ctx, place.deal, place.run, place.step, item))


def _completes_alone(place: Place) -> bool:
    return place.step.quorum is Quorum.ONE and place.step.countersign is None


def _complete(ctx: Context, place: Place, entries: tuple[Entry, ...]) -> None:
    place.board.done(place.step.id, entries)
    place.board.write()
    if place.step.template:
        deposited = Figures(place.deal, place.run, place.step.id, entries, ctx.tx_id)
        figures.put(ctx, deposited, place.deal, place.run, place.step.id)


def _act(
    ctx: Context,
    place: Place,
    item: Token,
    kind: ActKind,
    msp: str,
    *,
    role: Role | None = None,
    entries: tuple[Entry, ...] = (),
    reason: str | None = None,
    target: str | None = None,
) -> Act:
    due = work.due_day(ctx, place.deal, place.run, place.step, item)
    return Act(
        deal=place.deal,
        run=place.run,
        step=place.step.id,
        item=item.tx_id,
        kind=kind,
        msp=msp,
        role=role,
        by=ctx.caller.msp,
        person=ctx.caller.name,
        certificate=ctx.caller.certificate,
        entries=entries,
        reason=reason,
        target=target,
        due=due,
        late=work.has_passed(ctx, place.step, due),
        at=ctx.timestamp,
        tx_id=ctx.tx_id,
    )


def _require_party(ctx: Context, deal: str, step: str) -> None:
    is_party = bool(accepted_roles(ctx, deal, ctx.caller.msp))
    require(is_party, NotTheActor(step=step, needed="a party", msp=ctx.caller.msp, deal=deal))
