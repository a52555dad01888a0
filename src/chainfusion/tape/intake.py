"""From a tape's file and its mapping to a validated `Tape` and a report: all of it, or nothing.

    file -> rows of text -> rows that belong -> canonical fields -> rules -> totals -> Tape

Every step adds what it finds to the report; a tape with an error is refused as a whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from chainfusion.tape.canonical_rows import CanonicalRows, canonical_rows, columns_named
from chainfusion.tape.csvfile import read_csv
from chainfusion.tape.errors import TapeNotFound, TapeTooLarge
from chainfusion.tape.mapping import Expected, Mapping
from chainfusion.tape.report import Findings, Report
from chainfusion.tape.rows import Rows
from chainfusion.tape.schema import Tape
from chainfusion.tape.xlsx import read_xlsx

MAX_BYTES = 2 * 1024**3


@dataclass(frozen=True, eq=False)
class Intake:
    """What reading a tape gave: the report, and the tape where no rule was broken.

    `rows` are the file's, where they were asked for.
    """

    tape: Tape | None
    report: Report
    rows: Rows | None = None

    def accepted(self) -> Tape:
        """The tape. Raises: TapeRefused where the report has errors."""
        if self.tape is None:
            raise self.report.refusal()
        return self.tape


def read_tape(path: Path, mapping: Mapping, *, as_of: date | None = None, expected: Expected | None = None) -> Tape:
    """The validated tape in a file.

    `as_of` and `expected` override the mapping's cut-off date and stated totals.
    Raises: TapeRefused with the report of all located errors; TapeFileError where there is no table to look at.
    """
    return inspect_tape(path, mapping, as_of=as_of, expected=expected).accepted()


def inspect_tape(
    path: Path, mapping: Mapping, *, as_of: date | None = None, expected: Expected | None = None
) -> Intake:
    """The report of a file, with the tape where it is accepted. Raises: TapeFileError."""
    return take_in(read_file(path), path.name, mapping, as_of=as_of, expected=expected)


def read_file(path: Path) -> bytes:
    """A tape's bytes. Raises: TapeNotFound, TapeTooLarge."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise TapeTooLarge(name=path.name, size=size, limit=MAX_BYTES)
        return path.read_bytes()
    except OSError as error:
        raise TapeNotFound(name=str(path), why=error.strerror or "error") from None


def take_in(data: bytes, name: str, mapping: Mapping, *, as_of: date | None = None,
            expected: Expected | None = None, told: Callable[[str, int], None] = lambda _stage, _rows: None,
            keep_rows: bool = False) -> Intake:  # fmt: skip
    """`inspect_tape` on bytes; `told` hears when the file is "read" and its loans "validated", and how many.

    Raises: TapeFileError.
    """
    mapping = mapping if as_of is None else mapping.dated(as_of)
    mapping = mapping if expected is None else replace(mapping, expect=expected)
    found = Findings(frozenset(mapping.tolerate))
    rows = read_rows(data, name, mapping, found)
    told("read", rows.frame.height)
    loans = canonical_rows(rows, name, mapping, found)
    told("validated", loans.frame.height if loans else 0)
    if loans is not None:
        _reconcile(loans, mapping.expect, found)
    sha256 = hashlib.sha256(data).hexdigest()
    report = _report(name, sha256, mapping, rows, loans, found)
    tape = None if report.errors or loans is None else _tape(loans, report, mapping)
    return Intake(tape, report, rows if keep_rows else None)


def read_rows(data: bytes, name: str, mapping: Mapping, found: Findings) -> Rows:
    """The file's rows as text. Raises: TapeFileError."""
    form = mapping.file
    if form.kind == "xlsx":
        return read_xlsx(data, name, found, sheet=form.sheet, header_row=form.header_row)
    return read_csv(data, name, found, encoding=form.encoding, delimiter=form.delimiter, header_row=form.header_row,
                    wanted=columns_named(mapping))  # fmt: skip


def _reconcile(loans: CanonicalRows, expect: Expected, found: Findings) -> None:
    """Holds count and sums, as exact integers, against the totals that were stated."""
    totals = (
        ("loans", expect.loans, loans.frame.height),
        ("current_balance", expect.current_balance, loans.total("current_balance")),
        ("original_balance", expect.original_balance, loans.total("original_balance")),
    )
    for name, stated, counted in totals:
        if stated is not None and stated != counted:
            found.add_one("total_differs", name, 0, str(counted), f" ({counted} / {stated})")


def _report(name: str, sha256: str, mapping: Mapping, rows: Rows, loans: CanonicalRows | None,
            found: Findings) -> Report:  # fmt: skip
    return Report(
        source_name=name,
        source_sha256=sha256,
        mapping_fingerprint=mapping.fingerprint(),
        rows_read=rows.frame.height,
        blank_rows=rows.blank,
        left_out=loans.left_out if loans else (),
        loans=loans.frame.height if loans else 0,
        balance=loans.total("current_balance") if loans else None,
        original_balance=loans.total("original_balance") if loans else None,
        currency=loans.currency if loans else None,
        counts=found.counts(),
        table=found.table(),
    )


def _tape(loans: CanonicalRows, report: Report, mapping: Mapping) -> Tape:
    return Tape(
        frame=loans.frame.rechunk(),
        as_of=loans.as_of,
        currency=loans.currency,
        source_sha256=report.source_sha256,
        mapping_fingerprint=report.mapping_fingerprint,
        source_name=report.source_name,
        originator=mapping.originator,
        derived=tuple((f.name, f"{f.rule.derive}({', '.join(f.rule.of)})") for f in mapping.fields if f.rule.derive),
    )
