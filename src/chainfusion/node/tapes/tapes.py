"""A tape from the browser to the ledger, a step a call: brought, looked through, decided on, checked, registered.

Everything between stays in the home until the pool is registered or the draft discarded; each step can be repeated,
and a restart between two loses nothing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from chainfusion.contracts.deal.contract import DealView
from chainfusion.contracts.pool.refusals import NotRegistered
from chainfusion.domain.deal import PartyStatus
from chainfusion.domain.errors import Text, require
from chainfusion.domain.pool import Pool
from chainfusion.domain.records import from_json
from chainfusion.node import documents, pools
from chainfusion.node.accounts.keyring import SeatSigner
from chainfusion.node.desk import Desk
from chainfusion.node.jobs import Job, Jobs, Kind, Stage, Work
from chainfusion.node.loanbooks import LoanBooks
from chainfusion.node.pools import CriteriaNotMet, OpeningsMissing, Salts
from chainfusion.node.tapes import checking, looking
from chainfusion.node.tapes.checking import RESULTS_SALT
from chainfusion.node.tapes.folder import DraftFolder
from chainfusion.node.tapes.mappings import Mappings
from chainfusion.node.tapes.records import Checked, Draft, DraftChanged, NoDraft, NotReady, NotTheOriginator, Prepared
from chainfusion.tape.criteria_file import parse_criteria
from chainfusion.tape.intake import read_file
from chainfusion.tape.mapping_reader import parse_mapping
from chainfusion.tape.propose import propose_rows, read_unmapped

LOOK, CHECK, REGISTER = "tape-look", "tape-check", "pool-register"
_LOOK_STAGES = (
    Stage("reading", Text("Read", "读取"), Text("rows", "行")),
    Stage("proposing", Text("Propose a mapping", "生成映射建议"), Text("rows", "行")),
)
_REGISTER_STAGES = (
    Stage("reading", Text("Read", "读取"), Text("rows", "行")),
    Stage("checking", Text("Validate", "校验"), Text("loans", "笔")),
    Stage("sealing", Text("Seal and register", "加密并登记"), Text("bytes", "字节")),
)


@dataclass(frozen=True)
class Tapes:
    """The drafts of an institution's deals, and the jobs that work on them."""

    folder: DraftFolder
    mappings: Mappings
    jobs: Jobs
    books: LoanBooks

    @classmethod
    def of(cls, home: Path, jobs: Jobs, books: LoanBooks) -> Tapes:
        """In an institution's home."""
        made = cls(DraftFolder(home / "drafts"), Mappings(home / "mappings"), jobs, books)
        jobs.offer(Kind(LOOK, Text("Look through a tape", "读取资产清单"), _LOOK_STAGES, made._look, is_large=True))
        jobs.offer(Kind(CHECK, Text("Check a tape", "校验资产清单"), checking.STAGES, made._check, is_large=True))
        jobs.offer(
            Kind(REGISTER, Text("Register a pool", "登记资产池"), _REGISTER_STAGES, made._register, is_large=True)
        )
        return made

    # ------------------------------------------------------------------ steps

    def bring(
        self, desk: Desk, account: str, deal: str, name: str, content: BinaryIO, *, request: str | None = None
    ) -> Job:
        """Begins a draft with a file, in the place of an earlier one, and looks through it.

        Decisions of the earlier draft stay. A repeat of `request` gives the first job.
        Raises: UnknownDeal, NotTheOriginator, TapeTooLarge, TooManyJobs.
        """
        self.require_originator(desk, deal)
        before = self.folder.find(deal)
        if request and before and before.account == account and (job := self._repeated(before, request)):
            return job
        draft = Draft(deal, 0, account, name[:200], 0, "", datetime.now(UTC), "auto", "", None, "", True, "")
        if before is not None:
            draft = replace(draft, criteria=before.criteria, leave_out=before.leave_out)
        draft = self.folder.put(draft, content)
        return self._start(LOOK, desk, account, draft, request=request)

    def look_again(self, desk: Desk, account: str, deal: str, number: int, encoding: str, sheet: str) -> Job:
        """Looks through the file once more, read in another way. Raises: NoDraft, DraftChanged, NotTheOriginator."""
        self.require_originator(desk, deal)
        draft = self.folder.change(deal, number, encoding=encoding, sheet=sheet, mapping=None)
        return self._start(LOOK, desk, account, draft)

    def decide(
        self,
        desk: Desk,
        account: str,
        deal: str,
        number: int,
        *,
        mapping: str,
        criteria: str,
        leave_out: bool,
        request: str | None = None,
    ) -> Job:
        """Keeps a mapping and criteria, and checks the tape by them.

        Raises: NoDraft, DraftChanged, NotTheOriginator; BadMapping, BadCriteria: nothing is changed then.
        """
        self.require_originator(desk, deal)
        before = self.folder.draft(deal)
        if request and (job := self._repeated(before, request)):
            return job
        told = parse_mapping(mapping.encode())
        parse_criteria(criteria.encode())
        draft = self.folder.change(deal, number, mapping=told, criteria=criteria, leave_out=leave_out)
        return self._start(CHECK, desk, account, draft, request=request)

    def register(
        self,
        desk: Desk,
        account: str,
        deal: str,
        number: int,
        root: str,
        *,
        readers: tuple[str, ...],
        though_failing: bool,
        request: str,
    ) -> Job:
        """Registers the pool whose root the person has seen, or replaces the one in force by it.

        Raises: NoDraft, DraftChanged, NotTheOriginator, NotReady, CriteriaNotMet, KeyLocked.
        """
        self.require_originator(desk, deal)
        draft = self.folder.draft(deal, number)
        pool = self.ready(draft)
        require(pool.root == root, NotReady(why="another root was shown", why_zh="显示的根与现状不符"))
        require(pool.results.passed or though_failing, CriteriaNotMet(criteria=", ".join(pools.failed(pool.results))))
        signer = desk.session.signer
        if isinstance(signer, SeatSigner) and not signer.is_open:
            signer.sign(b"")  # which is refused, before the work begins
        more = {"readers": sorted(set(readers)), "though_failing": though_failing, "request": request, "root": root}
        return self._start(REGISTER, desk, account, draft, request=request, more=more)

    def discard(self, desk: Desk, deal: str) -> None:
        """Removes a draft and its file. Raises: NotTheOriginator."""
        self.require_originator(desk, deal)
        self.folder.discard(deal)

    # ------------------------------------------------------------------ questions

    def ready(self, draft: Draft) -> Prepared:
        """The pool that a draft would make. Raises: NotReady."""
        found = self.folder.checked(draft)
        require(found is not None, NotReady(why="the tape was not checked", why_zh="清单尚未校验"))
        assert found is not None
        require(found.accepted, NotReady(why=f"it has {found.errors} errors", why_zh=f"存在 {found.errors} 处错误"))
        if found.pool is None:
            told = found.refused[0] if found.refused else Text("no criteria were chosen", "未选择合格标准")
            raise NotReady(why=told.en, why_zh=told.zh)
        return found.pool

    def require_originator(self, desk: Desk, deal: str) -> None:
        """Raises: UnknownDeal, NotTheOriginator."""
        originator = deal_of(desk, deal).deal.originator
        require(originator == desk.msp, NotTheOriginator(deal=deal, originator=originator))

    def latest_job(self, draft: Draft) -> Job | None:
        """The job that last worked on a draft."""
        found = [each for each in self.jobs.newest(20, deal=draft.deal) if each.id == draft.job]
        return found[0] if found else None

    # ------------------------------------------------------------------ work

    def _start(
        self,
        kind: str,
        desk: Desk,
        account: str,
        draft: Draft,
        *,
        request: str | None = None,
        more: dict[str, Any] | None = None,
    ) -> Job:
        arguments = {"number": draft.number} | (more or {})
        job = self.jobs.start(kind, account, desk, deal=draft.deal, about=draft.name, arguments=arguments,
                              request=request, then=f"/deals/{draft.deal}/tape")  # fmt: skip
        with suppress(NoDraft, DraftChanged):  # the job may be done with the draft already
            self.folder.note(draft.deal, draft.number, job=job.id)
        return job

    def _repeated(self, draft: Draft, request: str) -> Job | None:
        job = self.latest_job(draft)
        return job if job is not None and job.request == request else None

    def _look(self, work: Work) -> Any:
        draft = self.folder.draft(work.job.deal, work.arguments["number"])
        work.at("reading")
        data = read_file(self.folder.tape(draft.deal))
        form, rows = read_unmapped(data, draft.name, draft.encoding, draft.sheet)
        work.at("proposing", 0, rows.frame.height)
        proposal = propose_rows(form, rows, draft.name)
        fresh = looking.proposed(proposal)
        known = looking.fitting(self.mappings.known(), rows.header)
        kept = replace(known, file=replace(form, header_row=known.file.header_row)) if known else fresh
        seen = looking.seen(proposal, rows)
        seen = replace(seen, proposed=fresh, known=known.originator if known else "")
        self.folder.keep_seen(draft, seen, kept)
        return {"rows": seen.rows, "columns": len(seen.columns)}

    def _check(self, work: Work) -> Any:
        draft = self.folder.draft(work.job.deal, work.arguments["number"])
        currency = deal_of(work.desk, draft.deal).deal.currency
        found: Checked = checking.check(self.folder, draft, work, currency, self._in_force(draft.deal))
        if found.accepted:
            self.mappings.keep(checking.mapping_of(draft))
        return {"rows": found.rows, "loans": found.loans, "errors": found.errors, "warnings": found.warnings}

    def _in_force(self, deal: str) -> pl.DataFrame | None:
        """The loans of the pool that a new one would replace, where there is one that can be opened here."""
        try:
            return self.books.book(self.books.version(deal)).frame
        except (NotRegistered, OpeningsMissing):
            return None

    def _register(self, work: Work) -> Any:
        arguments, deal, desk = work.arguments, work.job.deal, work.desk
        first = desk.session.repeated(arguments["request"])
        if first is None:
            self._register_now(work)
            first = desk.session.repeated(arguments["request"])
        assert first is not None
        pool = documents.answer(first, Pool)
        draft = self.folder.find(deal)
        if draft is not None and draft.number == arguments["number"]:
            self.folder.discard(deal)
        return {"version": pool.version, "root": pool.record.root.hex(), "loans": pool.record.loans,
                "transaction": first.tx_id, "block": first.block}  # fmt: skip

    def _register_now(self, work: Work) -> None:
        arguments = work.arguments
        draft = self.folder.draft(work.job.deal, arguments["number"])
        prepared = self.ready(draft)
        tape = checking.tape_of(self.folder, draft, work)
        salts = (self.folder.results(draft) / "salts").read_bytes()
        work.past_stopping("sealing")
        pools.register(
            work.desk,
            draft.deal,
            self.folder.tape(draft.deal),
            tape,
            parse_criteria(draft.criteria.encode()),
            readers=tuple(arguments["readers"]),
            though_failing=arguments["though_failing"],
            salts=Salts(salts[RESULTS_SALT:], salts[:RESULTS_SALT]),
            root=bytes.fromhex(prepared.root),
            name=draft.name,
            request=arguments["request"],
            progress=lambda done, of: work.tell(done, of or 0),
        )


def deal_of(desk: Desk, deal: str) -> DealView:
    """A deal with its parties. Raises: UnknownDeal."""
    return from_json(DealView, desk.session.query("deal.show", deal=deal))


def possible_readers(desk: Desk, deal: str) -> tuple[str, ...]:
    """The parties that accepted, but the institution itself. Raises: UnknownDeal."""
    accepted = {each.msp for each in deal_of(desk, deal).parties if each.status is PartyStatus.ACCEPTED}
    return tuple(sorted(accepted - {desk.msp}))
