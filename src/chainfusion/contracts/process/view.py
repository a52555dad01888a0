"""What a deal waits for, read in one go: for inboxes, for the deal room, and for the agent that moves deals on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from chainfusion.contracts.framework import Context
from chainfusion.contracts.process import needs, work
from chainfusion.contracts.process.runs import Place, board_of, place_of
from chainfusion.contracts.process.standing import Standing, Verdict, standing, verdict
from chainfusion.domain.process.definition import Requirement
from chainfusion.domain.process.records import MAIN, sub_run


@dataclass(frozen=True)
class AwaitedStep:
    """A step that is reached. item, since: its work item. waits_for: the institutions whose act is outstanding;
    to_check: those where a second person is; to_countersign: those of which one certifies. missing: inputs that lack.
    ready: `advance` would move the deal on."""

    run: str
    step: str
    item: str
    since: datetime
    due: date | None
    waits_for: tuple[str, ...]
    to_check: tuple[str, ...]
    to_countersign: tuple[str, ...]
    missing: tuple[Requirement, ...]
    ready: bool


def awaited_steps(ctx: Context, deal: str) -> tuple[AwaitedStep, ...]:
    """Every step that a deal has reached, those of sub-processes behind the one that they stand for.

    Raises: UnknownDeal, NoProcess.
    """
    return tuple(_of_run(ctx, deal, MAIN))


def _of_run(ctx: Context, deal: str, run: str) -> Iterator[AwaitedStep]:
    board, _ = board_of(ctx, deal, run)
    for name in board.awaited():
        place = place_of(ctx, deal, run, name)
        found = standing(ctx, place)
        yield _awaited(ctx, place, found)
        if place.step.process is not None:
            for msp in sorted(work.roles_of_parties(ctx, deal, place.step.by).keys() - found.progress.finished):
                yield from _of_run(ctx, deal, sub_run(run, name, msp, found.item.tx_id))


def _awaited(ctx: Context, place: Place, found: Standing) -> AwaitedStep:
    step, done = place.step, found.progress
    met = work.has_quorum(ctx, place.deal, step, done.finished)
    certifiers = work.roles_of_parties(ctx, place.deal, (step.countersign,)) if step.countersign and met else {}
    now = work.acting_roles(ctx, step, found.due)
    actors = {msp for msp, roles in work.roles_of_parties(ctx, place.deal, now).items() if place.lets(msp, roles)}
    return AwaitedStep(
        run=place.run,
        step=step.id,
        item=found.item.tx_id,
        since=found.item.since,
        due=found.due,
        waits_for=() if met else tuple(sorted(actors - done.finished - done.working)),
        to_check=tuple(sorted(done.working)),
        to_countersign=tuple(sorted(certifiers)),
        missing=needs.missing_for(ctx, place.deal, place.run, step),
        ready=verdict(ctx, found) is not Verdict.WAITS,
    )
