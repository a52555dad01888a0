"""Checks a draft's tape: rules, totals, statistics, criteria, and the root that the pool would have.

All that is found is kept with the draft; nothing of it reaches the ledger.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from chainfusion.contracts.pool.refusals import CutOffAhead, StatisticsMismatch
from chainfusion.domain.criteria import Criteria
from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.domain.records import to_bytes
from chainfusion.ledger.evidence.opening import SALT_BYTES
from chainfusion.node.home import write_bytes
from chainfusion.node.jobs import Stage, Work
from chainfusion.node.private import new_file
from chainfusion.node.tapes.folder import DraftFolder
from chainfusion.node.tapes.records import Checked, Draft, LeftOut, NotReady, Prepared, RuleCount
from chainfusion.tape.commit import commit
from chainfusion.tape.compare import compare
from chainfusion.tape.criteria_file import parse_criteria
from chainfusion.tape.evaluate import CriteriaReport, evaluate
from chainfusion.tape.intake import Intake, read_file, take_in
from chainfusion.tape.mapping import Mapping
from chainfusion.tape.mapping_reader import parse_mapping
from chainfusion.tape.mapping_text import mapping_text
from chainfusion.tape.measure import pool_statistics
from chainfusion.tape.report import Report
from chainfusion.tape.rows import Rows
from chainfusion.tape.schema import Tape
from chainfusion.tape.selection import Selection, select

STAGES = (
    Stage("reading", Text("Read", "读取"), Text("rows", "行")),
    Stage("checking", Text("Validate", "校验"), Text("loans", "笔")),
    Stage("measuring", Text("Statistics", "统计"), Text("loans", "笔")),
    Stage("criteria", Text("Criteria", "合格标准"), Text("loans", "笔")),
    Stage("committing", Text("Commit", "生成承诺"), Text("loans", "笔")),
)
WITH_CONTEXT = 2_000
"""Findings of one rule and column that are shown with the rows around them."""
RESULTS_SALT = 16


def check(
    folder: DraftFolder, draft: Draft, work: Work, currency: str, in_force: pl.DataFrame | None = None
) -> Checked:
    """Checks the tape of a draft and keeps what it finds with it. `currency` is the deal's, `in_force` the loans that
    the pool would replace.

    Raises: TapeFileError, BadMapping, BadCriteria, NoDraft, DraftChanged.
    """
    with folder.checking(draft) as making:
        intake = _taken_in(folder, draft, work)
        _keep_findings(making, intake)
        pool: Prepared | None = None
        refused: tuple[Text, ...] = ()
        if intake.tape is not None:
            tape = intake.tape
            try:
                differs = StatisticsMismatch(what="deal's currency", stated=currency, found=tape.currency)
                require(tape.currency == currency, differs)
                tomorrow = datetime.now(UTC).date() + timedelta(days=1)  # as the contract has it
                require(tape.as_of <= tomorrow, CutOffAhead(cut_off=tape.as_of.isoformat()))
                pool = _prepared(making, draft, tape, work, in_force)
            except ChainFusionError as error:
                refused = (Text(error.message("en"), error.message("zh")), Text(error.remedy("en"), error.remedy("zh")))
        found = _checked(work.job.account, intake.report, mapping_of(draft).file.header_row)
        found = replace(found, pool=pool, refused=refused)
        write_bytes(making / "checked.json", to_bytes(found))
    return found


def tape_of(folder: DraftFolder, draft: Draft, work: Work) -> Tape:
    """The tape as it would be registered, read again from the file. Raises: TapeRefused, TapeFileError, BadCriteria."""
    tape = _taken_in(folder, draft, work, keep_rows=False).accepted()
    return _selected(draft, tape, parse_criteria(draft.criteria.encode())).tape


def _taken_in(folder: DraftFolder, draft: Draft, work: Work, keep_rows: bool = True) -> Intake:
    work.at("reading")

    def told(stage: str, count: int) -> None:
        work.at(*("checking", 0, count) if stage == "read" else ("checking", count, count))

    mapping = mapping_of(draft)
    data = read_file(folder.tape(draft.deal))
    return take_in(data, draft.name, mapping, told=told, keep_rows=keep_rows)


def mapping_of(draft: Draft) -> Mapping:
    """The mapping of a draft, all of it decided. Raises: BadMapping, NotReady."""
    require(draft.mapping is not None, NotReady(why="nothing is mapped", why_zh="尚未设置列映射"))
    assert draft.mapping is not None
    return parse_mapping(mapping_text(draft.mapping).encode())


# ------------------------------------------------------------------ the pool that it would be


def _prepared(making: Path, draft: Draft, tape: Tape, work: Work, in_force: pl.DataFrame | None) -> Prepared | None:
    if not draft.criteria:
        return None
    criteria = parse_criteria(draft.criteria.encode())
    chosen = _selected(draft, tape, criteria)
    loans = len(chosen.tape)
    work.at("measuring", 0, loans)
    statistics = pool_statistics(chosen.tape)
    work.at("committing", 0, loans)
    salts = os.urandom(SALT_BYTES * loans + RESULTS_SALT)
    committed = commit(chosen.tape, salts[RESULTS_SALT:])
    work.at("criteria", 0, loans)
    report = evaluate(chosen.tape, criteria, committed.root, salts[:RESULTS_SALT])
    write_bytes(making / "salts", salts)
    _keep_failing(making, report)
    work.at("criteria", loans, loans)
    changes = None if in_force is None else compare(in_force, chosen.tape.frame)
    if changes is not None:
        _write(changes.table, making / "changes.parquet")
    return Prepared(
        root=committed.root.hex(),
        loans=loans,
        balance=statistics.balance,
        currency=tape.currency,
        cut_off=tape.as_of,
        statistics=statistics,
        results=report.results,
        left_out=chosen.left_out,
        left_out_balance=chosen.left_out_balance,
        changes=changes.compared if changes else None,
    )


def _selected(draft: Draft, tape: Tape, criteria: Criteria) -> Selection:
    return select(tape, criteria) if draft.leave_out else Selection(tape, 0, 0)


# ------------------------------------------------------------------ what is kept


def _keep_findings(making: Path, intake: Intake) -> None:
    table = intake.report.table
    _write(table, making / "findings.parquet")
    if intake.rows is not None:
        _write(_context(table, intake.rows), making / "context.parquet")


def _context(table: pl.DataFrame, rows: Rows) -> pl.DataFrame:
    """The rows of the first findings of each rule and column, and those before and after them."""
    ranked = table.with_columns(pl.int_range(pl.len()).over("rule", "column").alias("rank"))
    wanted = ranked.filter((pl.col("rank") < WITH_CONTEXT) & (pl.col("row") > 0))["row"].unique()
    line = rows.lines.alias("#line")
    hit = line.is_in(wanted.implode())
    near = hit | hit.shift(1, fill_value=False) | hit.shift(-1, fill_value=False)
    return rows.frame.with_columns(line).filter(near)


def _keep_failing(making: Path, report: CriteriaReport) -> None:
    failing = [(each.criterion, each.index, each.loan_id, each.field, str(each.value or "")) for each in report.failing]
    columns = ("criterion", "index", "loan", "field", "value")
    table = pl.DataFrame(failing, schema=columns, orient="row") if failing else pl.DataFrame(schema=_FAILING)
    _write(table, making / "failing.parquet")


_FAILING = {"criterion": pl.String, "index": pl.Int64, "loan": pl.String, "field": pl.String, "value": pl.String}


def _write(table: pl.DataFrame, path: Path) -> None:
    new_file(path).close()
    table.write_parquet(path, compression="zstd", compression_level=1)


def _checked(account: str, report: Report, header_row: int) -> Checked:
    first = report.table.unique(["rule", "column"], keep="first", maintain_order=True)
    places = {(each["rule"], each["column"]): each for each in first.iter_rows(named=True)}
    return Checked(
        at=datetime.now(UTC),
        by=account,
        rows=report.rows_read,
        blank_rows=report.blank_rows,
        loans=report.loans,
        balance=report.balance,
        original_balance=report.original_balance,
        currency=report.currency,
        errors=report.errors,
        warnings=report.warnings,
        header_row=header_row,
        counts=tuple(
            RuleCount(
                rule=each.rule,
                column=each.column,
                severity=each.severity,
                count=each.count,
                first_row=places[each.rule, each.column]["row"],
                first_value=places[each.rule, each.column]["value"][:200],
                first_note=places[each.rule, each.column]["note"],
            )
            for each in report.counts
        ),
        left_out=tuple(LeftOut(each.because, each.rows) for each in report.left_out),
        pool=None,
        refused=(),
    )
