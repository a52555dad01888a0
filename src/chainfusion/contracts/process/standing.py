"""Where a step that is reached stands, and whether the deal may move on: one answer for contract and readers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from chainfusion.contracts.framework import Context
from chainfusion.contracts.process import needs, work
from chainfusion.contracts.process.runs import Place, board_of
from chainfusion.contracts.process.state import acts_on
from chainfusion.domain.process.net import Firing
from chainfusion.domain.process.records import Act, ActKind, Entry, Token, sub_run


class Verdict(Enum):
    """Whether a deal moves on from a step now, and how."""

    WAITS = "waits"
    COMPLETE = "complete"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Standing:
    """A step with its work item, what was done on it, and the day by which it is due."""

    place: Place
    item: Token
    acts: tuple[Act, ...]
    progress: work.Progress
    due: date | None

    @property
    def deposited(self) -> tuple[Entry, ...]:
        """What was filled in; where several institutions did, the latest counts."""
        kinds = (ActKind.DONE, ActKind.APPROVED)
        filled = [act for act in self.acts if act.msp in self.progress.finished and act.kind in kinds]
        return max(filled, key=lambda act: (act.at, act.tx_id)).entries if filled else ()

    def outstanding(self) -> str:
        """What the step still waits for, for people."""
        checks = [f"check at {msp}" for msp in sorted(self.progress.working)]
        signed = self.place.step.countersign is None or self.progress.countersigned
        certificate = [] if signed else [f"countersignature of {self.place.step.countersign}"]
        return ", ".join([*checks, *certificate] or self.place.step.by or (str(self.due or "-"),))


def standing(ctx: Context, place: Place) -> Standing:
    """Where a step stands. Raises: NotYourTurn where it is not reached."""
    item = place.item()
    acts = acts_on(ctx, place.deal, place.run, place.step.id, item.tx_id)
    done = _with_inner(ctx, place, item, work.progress(place.step, acts))
    return Standing(place, item, tuple(acts), done, work.due_day(ctx, place.deal, place.run, place.step, item))


def verdict(ctx: Context, found: Standing) -> Verdict:
    """Whether the deal moves on from the step in this transaction."""
    place, step = found.place, found.place.step
    if not step.by:
        met = not needs.missing_for(ctx, place.deal, place.run, step)
        come = step.deadline is None or work.has_come(ctx, step, found.due)
        return Verdict.COMPLETE if met and come else Verdict.WAITS
    if work.is_complete(ctx, place.deal, step, found.progress):
        return Verdict.COMPLETE
    leaves = any(each.node == step.id and each.firing is Firing.EXPIRED for each in place.board.run.transitions)
    return Verdict.EXPIRED if leaves and work.has_passed(ctx, step, found.due) else Verdict.WAITS


def _with_inner(ctx: Context, place: Place, item: Token, done: work.Progress) -> work.Progress:
    """The progress of a step that runs a process: an institution is finished when its run has ended."""
    if place.step.process is None:
        return done
    institutions = work.roles_of_parties(ctx, place.deal, place.step.by)
    runs = {msp: sub_run(place.run, place.step.id, msp, item.tx_id) for msp in institutions}
    ended = frozenset(msp for msp, run in runs.items() if board_of(ctx, place.deal, run)[0].ended())
    return replace(done, finished=ended)
