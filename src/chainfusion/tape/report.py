"""What reading a tape found: every finding located, exact counts by rule, what was left out and why, and totals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from chainfusion.domain.errors import Text
from chainfusion.tape.errors import TapeRefused
from chainfusion.tape.rules import ERROR, RULES

KEPT_PER_RULE = 100_000
"""So many findings of one rule and column are kept with their place; all are counted."""
FINDINGS = pl.Schema({"row": pl.Int64, "column": pl.String, "value": pl.String, "rule": pl.String, "note": pl.String})


@dataclass(frozen=True)
class Finding:
    """One breach: row in the file (1 = first line; 0 = the file as a whole), column, the value as text, the rule."""

    row: int
    column: str
    value: str
    rule: str
    severity: str
    note: str = ""

    def message(self, lang: str = "en") -> str:
        """The finding as a sentence in `lang` ("en" or "zh")."""
        says = RULES[self.rule].says.filled(lang, {"note": self.note})
        return _PLACE.filled(lang, {"row": self.row, "column": self.column, "value": _shown(self.value), "says": says})

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {"row": self.row, "column": self.column, "value": self.value, "rule": self.rule,
                "severity": self.severity, "note": self.note}  # fmt: skip


_PLACE = Text("row {row}, {column}, {value}: {says}.", "第 {row} 行，{column}，{value}：{says}。")


def _shown(value: str) -> str:
    short = value if len(value) <= 60 else value[:57] + "..."
    return "“" + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in short) + "”"


@dataclass(frozen=True)
class Count:
    """How many findings a rule has in a column: exact, whatever is shown."""

    rule: str
    column: str
    severity: str
    count: int


@dataclass(frozen=True)
class LeftOut:
    """Rows that the mapping leaves out, and why."""

    because: str
    rows: int


@dataclass
class Findings:
    """Collects findings while a tape is read."""

    tolerated: frozenset[str] = frozenset()
    _parts: list[pl.DataFrame] = field(default_factory=list)
    _counts: list[Count] = field(default_factory=list)

    def add(self, rule: str, column: str, rows: pl.Series, values: pl.Series, notes: pl.Series | None = None) -> None:
        """Findings of one rule in one column: `rows` (Int64 line numbers) beside `values` and `notes` (text)."""
        if not len(rows):
            return
        self._counts.append(Count(rule, column, self._severity(rule), len(rows)))
        part = pl.DataFrame({"row": rows.cast(pl.Int64), "value": values.cast(pl.String)}).with_columns(
            pl.lit(column).alias("column"),
            pl.lit(rule).alias("rule"),
            pl.lit(self._severity(rule)).alias("severity"),
            (pl.lit("") if notes is None else notes).alias("note"),
        )
        self._parts.append(part.head(KEPT_PER_RULE).select(*FINDINGS.names(), "severity"))

    def add_one(self, rule: str, column: str, row: int, value: str, note: str = "") -> None:
        """One finding."""
        self.add(rule, column, pl.Series([row], dtype=pl.Int64), pl.Series([value]), pl.Series([note]))

    def _severity(self, rule: str) -> str:
        return "warning" if rule in self.tolerated else RULES[rule].severity

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(c.count for c in self._counts if c.severity == ERROR)

    def table(self) -> pl.DataFrame:
        """All kept findings by row, columns FINDINGS and severity."""
        if not self._parts:
            return pl.DataFrame(schema={**FINDINGS, "severity": pl.String})
        return pl.concat(self._parts).fill_null("").sort("row", maintain_order=True)

    def counts(self) -> tuple[Count, ...]:
        """Exact counts by rule and column, errors first, the most frequent first."""
        return tuple(sorted(self._counts, key=lambda c: (c.severity != ERROR, -c.count, c.rule, c.column)))


@dataclass(frozen=True, eq=False)
class Report:
    """What was found. `table` has a row a finding; `balance` is the sum of current balances in minor units."""

    source_name: str
    source_sha256: str
    mapping_fingerprint: str
    rows_read: int
    blank_rows: int
    left_out: tuple[LeftOut, ...]
    loans: int
    balance: int | None
    original_balance: int | None
    currency: str | None
    counts: tuple[Count, ...]
    table: pl.DataFrame

    @property
    def errors(self) -> int:
        """How many errors: 0 means that the tape is accepted."""
        return sum(c.count for c in self.counts if c.severity == ERROR)

    @property
    def warnings(self) -> int:
        """How many warnings."""
        return sum(c.count for c in self.counts if c.severity != ERROR)

    def findings(self, severity: str | None = None) -> Iterator[Finding]:
        """The findings by row; at most KEPT_PER_RULE for each rule and column."""
        table = self.table if severity is None else self.table.filter(pl.col("severity") == severity)
        return (Finding(**row) for row in table.iter_rows(named=True))

    def refusal(self) -> TapeRefused:
        """The error that refuses the tape; it carries this report. Its facts hold the first findings."""
        first = list(_take(self.findings(ERROR), 20))
        rules = len({c.rule for c in self.counts if c.severity == ERROR})
        error = TapeRefused(
            name=self.source_name, errors=self.errors, rules=rules, first=first[0].message("en") if first else "",
            counts=[vars(c) for c in self.counts], findings=[f.to_json() for f in first],
        )  # fmt: skip
        error.report = self
        return error

    def to_json(self, limit: int = 200) -> dict[str, Any]:
        """The report as JSON values with at most `limit` findings; counts are exact."""
        plain = {name: getattr(self, name) for name in (
            "source_name", "source_sha256", "mapping_fingerprint", "rows_read", "blank_rows", "loans", "balance",
            "original_balance", "currency", "errors", "warnings")}  # fmt: skip
        return plain | {
            "left_out": [vars(part) for part in self.left_out],
            "counts": [vars(count) for count in self.counts],
            "findings": [finding.to_json() for finding in _take(self.findings(), limit)],
        }


def _take(findings: Iterator[Finding], limit: int) -> Iterator[Finding]:
    return (finding for _, finding in zip(range(limit), findings, strict=False))
