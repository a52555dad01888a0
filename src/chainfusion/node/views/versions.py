"""How a running deal's version of its process has changed, what is proposed, and what it could change to."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.contracts.process.versions import VersionsView
from chainfusion.domain.errors import Text
from chainfusion.domain.process.records import Adoption, DealProcess
from chainfusion.domain.records import from_json
from chainfusion.node import definitions, versions
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts
from chainfusion.node.views.facts import Institution, Place


@dataclass(frozen=True)
class AnswerRow:
    """What a party has said, or, with no place, that its answer is outstanding."""

    institution: Institution
    agree: bool
    reason: str | None
    said: Place | None


@dataclass(frozen=True)
class ProposedVersion:
    """A change that is before the parties. `awaits_me`: the reader's institution has yet to answer."""

    id: str
    version: int
    by: Institution
    reason: str
    proposed: Place
    answers: tuple[AnswerRow, ...]
    declined: bool
    awaits_me: bool
    mine: bool


@dataclass(frozen=True)
class ChangedRow:
    """A change that was made."""

    number: int
    before: int
    after: int
    made: Place


@dataclass(frozen=True)
class VersionsPage:
    """A deal's version; `others` are adopted versions of the same process, which it could go over to."""

    deal: str
    height: int
    process: str
    name: Text
    version: int
    ended: bool
    proposed: ProposedVersion | None
    changes: tuple[ChangedRow, ...]
    others: tuple[int, ...]


def versions_page(desk: Desk, acts: Acts, deal: str, height: int) -> VersionsPage:
    """As it stands on the ledger. Raises: UnknownDeal, NoProcess."""
    run = from_json(DealProcess, desk.session.query("process.show", deal=deal))
    stands = versions.stands(desk.session, deal)
    main = definitions.show(desk, run.process, run.version).definition.main
    known = [each for each in definitions.overview(desk) if each.definition.id == run.process]
    return VersionsPage(
        deal=deal,
        height=height,
        process=run.process,
        name=Text(main.name, main.name_zh),
        version=run.version,
        ended=run.ended is not None,
        proposed=_proposed(stands, acts, desk.msp),
        changes=tuple(ChangedRow(each.number, each.before, each.after, acts.place(each.tx_id)) for each in stands.done),
        others=tuple(
            each.definition.version
            for each in known
            if each.state is Adoption.ADOPTED and each.definition.version != run.version
        ),
    )


def _proposed(stands: VersionsView, acts: Acts, msp: str) -> ProposedVersion | None:
    found = stands.proposed
    if found is None:
        return None
    given = [
        AnswerRow(acts.institution(each.msp), each.agree, each.reason, acts.place(each.tx_id))
        for each in stands.answers
    ]
    silent = [AnswerRow(acts.institution(each), False, None, None) for each in stands.silent]
    return ProposedVersion(
        id=found.tx_id,
        version=found.after,
        by=acts.institution(found.msp),
        reason=found.reason,
        proposed=acts.place(found.tx_id),
        answers=(*given, *silent),
        declined=stands.declined,
        awaits_me=not stands.declined and msp in stands.silent,
        mine=found.msp == msp,
    )
