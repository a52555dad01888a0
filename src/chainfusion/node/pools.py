"""From a validated tape to a registered pool: sealed in the vault, committed under one root, stated on the ledger."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from chainfusion.contracts.facts import UnknownFact
from chainfusion.domain.criteria import Criteria, CriteriaResults
from chainfusion.domain.deal import PoolReference
from chainfusion.domain.document_kinds import DocumentKind
from chainfusion.domain.document_records import Document
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.opinions import DocumentFact, PoolFact
from chainfusion.domain.pool import Pool, PoolRecord
from chainfusion.domain.records import from_json, to_bytes
from chainfusion.ledger.evidence.opening import PoolCommitment
from chainfusion.ledger.port import Receipt
from chainfusion.node import documents
from chainfusion.node.desk import Desk
from chainfusion.node.documents import Upload
from chainfusion.node.session import RequestReused
from chainfusion.tape.commit import CommittedTape, commit
from chainfusion.tape.evaluate import CriteriaReport, evaluate
from chainfusion.tape.measure import pool_statistics
from chainfusion.tape.openings import Openings, read_openings, write_openings
from chainfusion.tape.schema import Tape
from chainfusion.vault.chunks import Progress, no_progress

if TYPE_CHECKING:
    from typing_extensions import Buffer


class OpeningsMissing(ChainFusionError):
    """A pool whose openings this institution cannot read, so that no loan of it can be shown."""

    code = "OPENINGS_MISSING"
    says = Text(
        "No openings of version {version} of the pool of {deal} can be read here.",
        "本机构无法读取项目 {deal} 资产池第 {version} 版的开启文件。",
    )
    do = Text("Ask the originator for a grant of the pool's openings.", "请向发起机构申请资产池开启文件的阅读授权。")


class CriteriaNotMet(ChainFusionError):
    """A pool that fails its own criteria."""

    code = "CRITERIA_NOT_MET"
    says = Text("The pool does not meet: {criteria}.", "资产池不符合：{criteria}。")
    do = Text(
        "Leave out the failing loans, or register the pool knowingly with its failures stated.",
        "请剔除不合格贷款；如确需登记，请明确选择按不合格状态登记。",
    )


class RootDiffers(ChainFusionError):
    """A tape that reads otherwise than it did when the person saw its root."""

    code = "ROOT_DIFFERS"
    says = Text("The tape's root is {found} now, not the one that was shown; nothing was registered.",
                "资产清单的根现为 {found}，与先前显示的不同；未登记任何内容。")  # fmt: skip
    do = Text("Check the tape again, and look at the new root.", "请重新校验清单并核对新的根。")


class VersionUnknown(ChainFusionError):
    """A version that the deal's pool has not had."""

    code = "POOL_VERSION_UNKNOWN"
    says = Text("The pool of deal {deal} has no version {version}.", "项目 {deal} 的资产池没有第 {version} 版。")
    do = Text("Choose one of the versions on the pool's page.", "请在资产池页面选择版本。")


class LoanUnknown(ChainFusionError):
    """A loan number that the pool does not hold."""

    code = "LOAN_UNKNOWN"
    says = Text("The pool has no loan {loan}.", "资产池中没有贷款 {loan}。")
    do = Text("Check the loan number.", "请核对借据号。")


@dataclass(frozen=True)
class Salts:
    """What keeps commitments from being guessed, chosen before: 16 random bytes a loan, and 16 for the results."""

    loans: bytes
    criteria: bytes


@dataclass(frozen=True)
class Registration:
    """What a registration made: the pool on the ledger, the documents that keep the tape and its openings.

    `criteria` is None where a repeated request found the pool registered already.
    """

    pool: Pool
    tape: Document
    openings: Document
    criteria: CriteriaReport | None = None


def register(
    desk: Desk,
    deal: str,
    file: Path,
    tape: Tape,
    criteria: Criteria,
    *,
    readers: tuple[str, ...] = (),
    though_failing: bool = False,
    salts: Salts | None = None,
    root: bytes | None = None,
    name: str = "",
    request: str | None = None,
    progress: Progress = no_progress,
) -> Registration:
    """Commits to a validated tape, seals it and its openings, and registers the pool.

    `readers` may open the tape and show its loans. Where the deal has a pool already this one replaces it. The
    contract is asked first, so that a pool which it refuses leaves nothing behind. `name` is the tape's in the vault
    where the file is called otherwise here; `root` is what the person has seen, and must be the tape's. With the same
    `request` and `salts` a registration that was interrupted is completed: what was sealed before is found, and not
    sealed again.

    Raises: RequestReused, RootDiffers; CriteriaNotMet unless `though_failing`; the contract's and the vault's refusals.
    """
    if (first := desk.session.repeated(request)) is not None:
        return _registered_before(desk, deal, tape, str(request), first)
    committed = commit(tape, salts.loans if salts else None)
    require(root in (None, committed.root), RootDiffers(found=committed.root.hex()))
    report = evaluate(tape, criteria, committed.root, salts.criteria if salts else None)
    require(report.results.passed or though_failing, CriteriaNotMet(criteria=", ".join(failed(report.results))))
    record = _record(desk, deal, committed, report)
    _require_acceptable(desk, deal, record)
    before = _registration(desk, current(desk, deal)) if record.replaces else None
    results = _results(desk, before.pool) if before else None
    sealing = _Sealing(desk, deal, readers, progress, request if salts else None)
    named = Path(name or file.name)
    with file.open("rb") as source:
        sealed = sealing.add(DocumentKind.LOAN_TAPE, source, named.name, before.tape if before else None)
    stream = cast(BinaryIO, BufferedReader(_Pieces(write_openings(committed))))
    openings_before = before.openings if before else None
    kept = sealing.add(DocumentKind.LOAN_OPENINGS, stream, f"{named.stem}.openings", openings_before)
    sealing.add(DocumentKind.ELIGIBILITY_CRITERIA, BytesIO(to_bytes(report.results)), "criteria.json", results)
    receipt = desk.session.call("pool.register", request=request, deal=deal, pool=replace(record, tape=sealed.fact))
    return Registration(documents.answer(receipt, Pool), sealed, kept, report)


def acknowledge(desk: Desk, deal: str, version: int, root: bytes, *, request: str | None = None) -> Receipt:
    """States that the institution has examined a version of the pool and works on it.

    Raises: the contract's refusals: UnknownFact, StaleFact, PoolAcknowledged, and of who may.
    """
    return desk.session.call("pool.acknowledge", request=request, deal=deal, pool=PoolFact(version, root))


def current(desk: Desk, deal: str) -> Pool:
    """The pool in force. Raises: UnknownDeal, NotRegistered."""
    return from_json(Pool, desk.session.query("pool.show", deal=deal))


def openings(desk: Desk, pool: Pool) -> Openings:
    """The openings of a pool, from the vault, once they are those of the registered root.

    Raises: OpeningsMissing where none was granted to this institution.
    """
    return _read_openings(desk, pool)[1]


def openings_document(desk: Desk, pool: Pool) -> Document:
    """The document that holds a pool's openings. Raises: OpeningsMissing where it was not granted here."""
    return _read_openings(desk, pool)[0]


def loan_index(openings: Openings, loan_id: str) -> int:
    """Where in the tape (from 0) a loan stands, by its number. Raises: LoanUnknown."""
    wanted = loan_id.encode()
    for index, data in enumerate(openings.leaf_data):
        if wanted in data and openings.opening(index).verify(openings.commitment).loan_id == loan_id:
            return index
    raise LoanUnknown(loan=loan_id)


def failed(results: CriteriaResults) -> list[str]:
    """The criteria that a pool does not meet, by their ids."""
    eligibility = [each.criterion.id for each in results.eligibility if not each.passed]
    return eligibility + [each.criterion.id for each in results.concentration if not each.passed]


def _record(desk: Desk, deal: str, committed: CommittedTape, report: CriteriaReport) -> PoolRecord:
    found = desk.session.query("deal.show", deal=deal)["deal"]["pool"]
    return PoolRecord(
        root=committed.root,
        loans=len(committed.tape),
        tape=DocumentFact("0" * 32, 1, bytes(32)),
        cut_off=committed.tape.as_of,
        currency=committed.tape.currency,
        statistics=pool_statistics(committed.tape),
        criteria=report.fingerprint,
        replaces=from_json(PoolReference, found) if found else None,
    )


def _require_acceptable(desk: Desk, deal: str, record: PoolRecord) -> None:
    """Asks the contract about everything but the tape's document, which it looks for last and cannot find yet."""
    try:
        desk.session.check("pool.register", deal=deal, pool=record)
    except UnknownFact:
        return


@dataclass(frozen=True)
class _Sealing:
    """Seals a registration's documents for the same readers."""

    desk: Desk
    deal: str
    readers: tuple[str, ...]
    progress: Progress
    request: str | None

    def add(self, kind: DocumentKind, content: BinaryIO, name: str, before: Document | None) -> Document:
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        upload = Upload(self.deal, kind, content, name, media_type, self.readers)
        next_of = before.id if before else None
        request = f"{self.request}/{kind.value}" if self.request else None
        return documents.add(self.desk, upload, next_of=next_of, request=request, progress=self.progress).document


def _registered_before(desk: Desk, deal: str, tape: Tape, request: str, first: Receipt) -> Registration:
    """What the first of two equal requests registered. Raises: RequestReused where the two are not equal."""
    proposal = desk.session.ledger.transaction(first.tx_id).transaction.proposal
    operation = f"{proposal.contract}.{proposal.operation}"
    reused = RequestReused(request=request, operation=operation)
    require(operation == "pool.register" and proposal.args["deal"] == deal, reused)
    registered = _registration(desk, documents.answer(first, Pool))
    digest = documents.content_digest(documents.read(desk, registered.tape))
    require(digest.hex() == tape.source_sha256, reused)
    return registered


def _results(desk: Desk, pool: Pool) -> Document | None:
    """The document that holds the results which a pool's record states the fingerprint of, where it is there."""
    for view in documents.overview(desk, pool.project.deal):
        mine = view.document.kind is DocumentKind.ELIGIBILITY_CRITERIA and desk.msp == view.document.owner
        if mine and documents.content_digest(documents.read(desk, view.document)) == pool.record.criteria:
            return view.document
    return None


def _registration(desk: Desk, pool: Pool) -> Registration:
    fact = pool.record.tape
    tape = documents.version(desk, pool.project.deal, fact.document, fact.version).document
    return Registration(pool, tape, _read_openings(desk, pool)[0])


def _read_openings(desk: Desk, pool: Pool) -> tuple[Document, Openings]:
    """The document that holds a pool's openings, found by their root, newest first."""
    commitment = PoolCommitment(root=pool.record.root, count=pool.record.loans)
    deal = pool.project.deal
    for view in documents.overview(desk, deal):
        if view.document.kind is not DocumentKind.LOAN_OPENINGS:
            continue
        for each in reversed(documents.versions(desk, deal, view.document.id)):
            if desk.msp in each.readers:
                found = read_openings(documents.read(desk, each.document))
                if found.commitment == commitment:
                    return each.document, found
    raise OpeningsMissing(deal=deal, version=pool.version)


class _Pieces(RawIOBase):
    """Pieces of bytes as a file that is read forward."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        self._rest = self._rest or memoryview(next(self._pieces, b""))
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._rest))
        target[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
