"""A pool's preview before closing: shared with its loans, remarked upon, answered; what is said stays in the vault.

The loans are in the openings of the registered root: sharing grants them as any document. A remark's text, and the
reason of an answer, are working papers sealed for the other side alone; the ledger has their fingerprints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, TypeVar

from chainfusion.contracts.facts import UnknownFact
from chainfusion.contracts.review.contract import RemarkView, ReviewView
from chainfusion.contracts.review.refusals import RemarkUnknown
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.opinions import DocumentFact, PoolFact
from chainfusion.domain.pool import Pool
from chainfusion.domain.records import from_json
from chainfusion.domain.review import Ask, Remark
from chainfusion.ledger.evidence.merkle import leaf_hash
from chainfusion.ledger.port import Receipt
from chainfusion.node import documents, pools
from chainfusion.node.desk import Desk
from chainfusion.node.documents import Upload
from chainfusion.vault.errors import NotGranted

T = TypeVar("T")
LONGEST = 20_000
"""Characters of a remark or a reason."""


class TextRefused(ChainFusionError):
    """A remark without words, or with too many."""

    code = "REVIEW_TEXT_REFUSED"
    says = Text("A remark or reason has 1 to {most} characters.", "意见或理由应为 1 至 {most} 个字符。")
    do = Text("Write what you mean, or attach longer papers as documents.", "请填写内容；较长材料请作为文件提供。")


class LoanStillThere(ChainFusionError):
    """A removal stated of a pool that still has the loan."""

    code = "LOAN_STILL_THERE"
    says = Text("Version {version} of the pool still has loan {loan}.", "资产池第 {version} 版仍含贷款 {loan}。")
    do = Text("Register the pool without the loan first.", "请先登记不含该贷款的资产池。")


@dataclass(frozen=True)
class Said:
    """A remark as this institution reads it; texts and loan number are None where they are not for it."""

    view: RemarkView
    text: str | None
    reason: str | None
    loan: str | None
    still_there: bool | None


def overview(desk: Desk, deal: str) -> ReviewView:
    """Every invitation, and every remark with what became of it. Raises: UnknownDeal."""
    return from_json(ReviewView, desk.session.query("review.overview", deal=deal))


def share(desk: Desk, deal: str, guest: str, until: datetime | None, *, request: str | None = None) -> Receipt:
    """Invites a party to review the pool in force and lets it read the loans; a repeat completes what was interrupted.

    An end stops remarks, not reading: what was opened once cannot be unread.
    Raises: NotRegistered, OpeningsMissing, and the contract's refusals.
    """
    pool = pools.current(desk, deal)
    opened = pools.openings_document(desk, pool)
    receipt = desk.session.call("review.share", request=request, deal=deal, pool=_fact(pool), guest=guest, until=until)
    version = documents.version(desk, deal, opened.id, opened.version)
    if opened.owner == desk.msp and guest not in version.readers:
        documents.grant(desk, opened, guest)
    return receipt


def remark(desk: Desk, deal: str, ask: Ask, text: str, loan: str | None = None, *, request: str) -> Receipt:
    """Says something of the pool in force, or of the loan with a number, sealed for the originator.

    Raises: TextRefused, OpeningsMissing, LoanUnknown, and the contract's refusals.
    """
    pool = pools.current(desk, deal)
    leaf = _leaf(desk, pool, loan) if loan else None
    arguments: dict[str, Any] = {"deal": deal, "pool": _fact(pool), "ask": ask, "loan": leaf}
    return _said(desk, deal, "review.remark", arguments, "text", text, (pool.by,), request)


def answer(desk: Desk, deal: str, remark: str, accepted: bool, reason: str, *, request: str) -> Receipt:
    """Accepts or refuses a remark, with a reason sealed for who made it. Raises: RemarkUnknown, TextRefused, ..."""
    found = find(desk, deal, remark).remark
    arguments: dict[str, Any] = {"deal": deal, "version": found.pool.version, "remark": found.tx_id}
    arguments["accepted"] = accepted
    return _said(desk, deal, "review.answer", arguments, "reason", reason, (found.by,), request)


def state_removal(desk: Desk, deal: str, remark: str, *, request: str | None = None) -> Receipt:
    """States that the pool in force is without the loan, once this node has looked for its number there.

    Raises: RemarkUnknown, LoanStillThere, OpeningsMissing, and the contract's refusals.
    """
    found, pool = find(desk, deal, remark).remark, pools.current(desk, deal)
    number = _number(desk, deal, found)
    if number is not None and _has(desk, pool, number):
        raise LoanStillThere(version=pool.version, loan=number)
    told: dict[str, Any] = {"deal": deal, "version": found.pool.version, "remark": found.tx_id, "pool": _fact(pool)}
    return desk.session.call("review.state_removal", request=request, **told)


def find(desk: Desk, deal: str, remark: str) -> RemarkView:
    """A remark by its id or the beginning of it. Raises: RemarkUnknown where it fits none, or several."""
    found = [each for each in overview(desk, deal).remarks if remark and each.remark.tx_id.startswith(remark)]
    if len(found) != 1:
        raise RemarkUnknown(deal=deal, version=0, remark=remark[:64])
    return found[0]


def read(desk: Desk, deal: str, view: RemarkView) -> Said:
    """A remark with its texts, its loan's number and, of a stated removal, whether the loan is still there."""
    number = _or_none(lambda: _number(desk, deal, view.remark))
    removal = view.removal
    after = next((p for p in _versions(desk, deal) if removal and p.version == removal.pool.version), None)
    there = _or_none(lambda: _has(desk, after, number)) if after and number else None
    reason = _text(desk, deal, view.answer.reason) if view.answer else None
    return Said(view, _text(desk, deal, view.remark.text), reason, number, there)


# ------------------------------------------------------------------ parts


def _said(
    desk: Desk, deal: str, operation: str, arguments: dict[str, Any], name: str, text: str, readers: tuple[str, ...],
    request: str,
) -> Receipt:  # fmt: skip
    """Seals a text and says it. What the contract refuses on other grounds is refused before anything is sealed."""
    require(0 < len(text.strip()) <= LONGEST, TextRefused(most=LONGEST))
    if (first := desk.session.repeated(request)) is not None:
        return first
    _check(desk, operation, arguments | {name: DocumentFact("0" * 32, 1, bytes(32))})
    upload = Upload(deal, DocumentKind.WORKING_PAPER, BytesIO(text.encode()), "review.txt", "text/plain", readers)
    sealed = documents.add(desk, upload, request=f"{request}/text").document
    arguments = arguments | {name: sealed.fact}
    return desk.session.call(operation, request=request, **arguments)


def _check(desk: Desk, operation: str, arguments: dict[str, Any]) -> None:
    """Asks the contract about everything but the text, which it looks for last and cannot find yet."""
    try:
        desk.session.check(operation, **arguments)
    except UnknownFact:
        return


def _fact(pool: Pool) -> PoolFact:
    return PoolFact(pool.version, pool.record.root)


def _versions(desk: Desk, deal: str) -> tuple[Pool, ...]:
    return from_json(tuple[Pool, ...], desk.session.query("pool.versions", deal=deal))


def _leaf(desk: Desk, pool: Pool, loan: str) -> bytes:
    opened = pools.openings(desk, pool)
    return leaf_hash(opened.leaf_data[pools.loan_index(opened, loan)])


def _number(desk: Desk, deal: str, found: Remark) -> str | None:
    """The number of the loan that a remark is about; None where it is about none, or about no loan of that version."""
    pool = next(each for each in _versions(desk, deal) if each.version == found.pool.version)
    opened = pools.openings(desk, pool) if found.loan else None
    leaves = opened.leaf_data if opened else ()
    index = next((n for n, data in enumerate(leaves) if leaf_hash(data) == found.loan), None)
    return opened.opening(index).verify(opened.commitment).loan_id if opened and index is not None else None


def _has(desk: Desk, pool: Pool, number: str) -> bool:
    try:
        pools.loan_index(pools.openings(desk, pool), number)
    except pools.LoanUnknown:
        return False
    return True


def _text(desk: Desk, deal: str, fact: DocumentFact) -> str | None:
    document = documents.version(desk, deal, fact.document, fact.version).document
    return _or_none(lambda: b"".join(documents.read(desk, document)).decode("utf-8", "replace"))


def _or_none(look: Callable[[], T]) -> T | None:
    """What a look finds; None where this institution was not let in."""
    try:
        return look()
    except (NotGranted, pools.OpeningsMissing):
        return None
