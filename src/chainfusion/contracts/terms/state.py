"""Where the ledger keeps deal terms: every version and every consent a key of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chainfusion.contracts.deal.state import parties
from chainfusion.contracts.facts import StaleFact, UnknownFact
from chainfusion.contracts.framework import Context, Table
from chainfusion.contracts.terms.refusals import TermsUnknown
from chainfusion.domain.deal import PartyStatus
from chainfusion.domain.errors import require
from chainfusion.domain.opinions import TermsFact
from chainfusion.domain.roles import Role
from chainfusion.domain.terms.records import DealTerms

CONSENTING = (Role.ORIGINATOR, Role.TRUSTEE, Role.LEAD_UNDERWRITER, Role.SERVICER, Role.CUSTODIAN)
"""The roles that the transaction documents bind: every accepted party in one of them consents."""


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """A version of a deal's terms, whole; what is private in them is a bound and a fingerprint."""

    deal: str
    version: int
    terms: DealTerms
    fingerprint: str
    by: str
    registered: datetime
    tx_id: str


@dataclass(frozen=True, slots=True)
class Consent:
    """A party has consented to a version by its fingerprint."""

    deal: str
    version: int
    fingerprint: str
    msp: str
    at: datetime
    tx_id: str


versions = Table("terms", TermsVersion)
consents = Table("terms-consent", Consent)


def version_ids(deal: str, version: int) -> tuple[str, str]:
    """The key parts of a version: in numeric order."""
    return deal, f"{version:06d}"


def require_version(ctx: Context, deal: str, version: int) -> TermsVersion:
    """A version of a deal's terms. Raises: TermsUnknown."""
    found = versions.get(ctx, *version_ids(deal, version))
    if found is None:
        raise TermsUnknown(deal=deal, version=version)
    return found


def newest(ctx: Context, deal: str) -> int:
    """The number of the newest version; 0 where there is none. Versions follow each other without a gap."""
    version = 0
    while versions.get(ctx, *version_ids(deal, version + 1)) is not None:
        version += 1
    return version


def outstanding(ctx: Context, deal: str, version: int) -> tuple[str, ...]:
    """The institutions whose consent to a version is needed and not there, in order."""
    needed = {
        party.msp
        for party in parties.all(ctx, deal)
        if party.role in CONSENTING and party.status is PartyStatus.ACCEPTED
    }
    given = {consent.msp for consent in consents.all(ctx, *version_ids(deal, version))}
    return tuple(sorted(needed - given))


def in_force(ctx: Context, deal: str) -> int | None:
    """The newest version that all have consented to; None before there is one."""
    for version in range(newest(ctx, deal), 0, -1):
        if not outstanding(ctx, deal, version):
            return version
    return None


def require_terms(ctx: Context, deal: str, fact: TermsFact) -> None:
    """Refuses terms that the deal does not have, and those replaced by a version in force or, before one is, by any.

    Raises: UnknownFact, StaleFact.
    """
    named = f"terms version {fact.version}"
    found = versions.get(ctx, *version_ids(deal, fact.version))
    known = found is not None and found.fingerprint == fact.fingerprint.hex()
    require(known, UnknownFact(deal=deal, fact=named))
    current = in_force(ctx, deal) or newest(ctx, deal)
    require(fact.version >= current, StaleFact(deal=deal, fact=named, current=current))
