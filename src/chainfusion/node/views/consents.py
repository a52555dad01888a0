"""What a deal asks of its parties beside the steps of its process: their consent to terms, to another version."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.contracts.process.refusals import NoProcess
from chainfusion.contracts.terms.contract import TermsView
from chainfusion.domain.errors import Text
from chainfusion.domain.records import from_json
from chainfusion.node import versions
from chainfusion.node.desk import Desk
from chainfusion.node.views.acts import Acts


@dataclass(frozen=True)
class Consent:
    """A consent that is outstanding, of which institutions; `page`: where it is given, within the deal."""

    what: Text
    page: str
    msps: tuple[str, ...]


def consents(desk: Desk, acts: Acts, deal: str) -> tuple[Consent, ...]:
    """What is outstanding now. What nobody has begun is not asked for. Raises: UnknownDeal."""
    done = acts.operations_of(deal)
    found = [
        *(_terms(desk, deal) if "terms.register" in done else ()),
        *(_version(desk, deal) if "process-version.propose" in done else ()),
    ]
    return tuple(each for each in found if each.msps)


def _terms(desk: Desk, deal: str) -> tuple[Consent, ...]:
    *_, newest = from_json(tuple[TermsView, ...], desk.session.query("terms.overview", deal=deal))
    version = newest.record.version
    what = Text(f"Consent to version {version} of the terms", f"同意第 {version} 版交易条款")
    return (Consent(what, f"terms/{version}/consent", newest.outstanding),)


def _version(desk: Desk, deal: str) -> tuple[Consent, ...]:
    try:
        found = versions.stands(desk.session, deal)
    except NoProcess:
        return ()
    if found.proposed is None or found.declined:
        return ()
    version = found.proposed.after
    what = Text(f"Answer the change to version {version} of the process", f"答复流程改用第 {version} 版的提议")
    return (Consent(what, "version", found.outstanding),)
