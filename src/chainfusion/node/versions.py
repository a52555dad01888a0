"""A running deal's change to another version of its process: proposed, answered, and made once all have agreed."""

from __future__ import annotations

import hashlib

from chainfusion.contracts.process.refusals import NoProcess
from chainfusion.contracts.process.version_refusals import NoVersionProposed, VersionNotAgreed, VersionUnfit
from chainfusion.contracts.process.versions import VersionsView
from chainfusion.domain.records import from_json
from chainfusion.ledger.port import Receipt
from chainfusion.node.session import Session

LATER = (NoProcess, NoVersionProposed, VersionNotAgreed, VersionUnfit)
"""What the last to agree is told where another party's node has made the change already, or was not yet seen, or where
the work cannot be carried over as it stands: the consent is recorded all the same, and the change can be made later."""


def stands(session: Session, deal: str) -> VersionsView:
    """The changes that a deal has gone through, and what is proposed. Raises: UnknownDeal, NoProcess."""
    return from_json(VersionsView, session.query("process-version.show", deal=deal))


def proposal(session: Session, deal: str) -> str:
    """What is proposed now, by its transaction. Raises: UnknownDeal, NoProcess, NoVersionProposed."""
    found = stands(session, deal).proposed
    if found is None:
        raise NoVersionProposed(deal=deal)
    return found.tx_id


def propose(session: Session, deal: str, version: int, reason: str, *, request: str | None = None) -> Receipt:
    """Proposes that the deal go over to another adopted version. Raises: as `process-version.propose`."""
    receipt = session.call("process-version.propose", request=request, deal=deal, version=version, reason=reason)
    _change(session, deal)
    return receipt


def answer(
    session: Session,
    deal: str,
    proposal: str,
    *,
    agree: bool,
    reason: str | None = None,
    request: str | None = None,
) -> Receipt:
    """Answers for the institution, and lets the deal go over where nobody else's consent is outstanding and its work
    can be carried over now. Raises: as `process-version.answer`."""
    receipt = session.call(
        "process-version.answer", request=request, deal=deal, proposal=proposal, agree=agree, reason=reason
    )
    _change(session, deal)
    return receipt


def change(session: Session, deal: str, *, request: str | None = None) -> Receipt:
    """Lets the deal go over to what all have agreed to. Raises: NoVersionProposed, as `process-version.change`."""
    return session.call("process-version.change", request=request, deal=deal, proposal=proposal(session, deal))


def _change(session: Session, deal: str) -> None:
    found = stands(session, deal)
    if found.proposed is None or found.declined or found.outstanding:
        return
    request = hashlib.sha256(f"process-version.change {found.proposed.tx_id}".encode()).hexdigest()
    try:
        session.call("process-version.change", request=request, deal=deal, proposal=found.proposed.tx_id)
    except LATER:
        return
