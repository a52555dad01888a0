"""Two tapes of one deal compared, loan by loan: which came, which went, and what changed in those that stayed."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from chainfusion.domain.loan import LOAN_FIELDS, Kind
from chainfusion.tape.sums import exact_sum

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
KEPT_CHANGES = 200_000
"""So many rows are kept with their values; all are counted."""
TABLE = pl.Schema({"kind": pl.String, "loan": pl.String, "field": pl.String, "before": pl.String, "after": pl.String})


@dataclass(frozen=True)
class FieldChanges:
    """In how many loans a field changed."""

    field: str
    loans: int


@dataclass(frozen=True)
class Compared:
    """How two tapes differ. Balances are current ones, minor units; `stayed` loans are in both, `changed` of them
    differ in some field."""

    added: int
    added_balance: int
    removed: int
    removed_balance: int
    stayed: int
    changed: int
    fields: tuple[FieldChanges, ...]


@dataclass(frozen=True, eq=False)
class Changes:
    """How two tapes differ, and a row for each loan that came or went and each field that changed (TABLE).

    Values are the record's own: money in minor units, rates in ppm, dates as 2026-01-31.
    """

    compared: Compared
    table: pl.DataFrame


def compare(before: pl.DataFrame, after: pl.DataFrame) -> Changes:
    """From one frame of SCHEMA to another, by loan number; the same loan in another place has not changed."""
    came = after.join(before, on="loan_id", how="anti", maintain_order="left")
    went = before.join(after, on="loan_id", how="anti", maintain_order="left")
    both = after.join(before, on="loan_id", how="inner", suffix="#", maintain_order="left")
    names = [field.name for field in LOAN_FIELDS if field.name != "loan_id"]
    differs = both.select("loan_id", *(pl.col(n).ne_missing(pl.col(f"{n}#")).alias(n) for n in names))
    counts = differs.select(pl.col(names).sum()).row(0, named=True)
    fields = [FieldChanges(name, int(counts[name] or 0)) for name in names]
    changed = differs.select(pl.any_horizontal(names).sum()).item() if both.height else 0
    compared = Compared(
        added=came.height,
        added_balance=exact_sum(came["current_balance"]),
        removed=went.height,
        removed_balance=exact_sum(went["current_balance"]),
        stayed=both.height,
        changed=int(changed),
        fields=tuple(sorted((each for each in fields if each.loans), key=lambda each: -each.loans)),
    )
    parts = [_whole(came, ADDED), _whole(went, REMOVED)]
    parts += [_cells(both, differs, each.field) for each in compared.fields]
    return Changes(compared, pl.concat(parts).head(KEPT_CHANGES))


def _whole(loans: pl.DataFrame, kind: str) -> pl.DataFrame:
    balance = pl.col("current_balance").cast(pl.String)
    nothing = pl.lit(None, pl.String)
    before, after = (nothing, balance) if kind == ADDED else (balance, nothing)
    return loans.head(KEPT_CHANGES).select(
        pl.lit(kind).alias("kind"),
        pl.col("loan_id").alias("loan"),
        pl.lit("current_balance").alias("field"),
        before.alias("before"),
        after.alias("after"),
    )


def _cells(both: pl.DataFrame, differs: pl.DataFrame, field: str) -> pl.DataFrame:
    kind = next(each.kind for each in LOAN_FIELDS if each.name == field)

    def text(name: str) -> pl.Expr:
        return (pl.col(name).cast(pl.Date) if kind is Kind.DATE else pl.col(name)).cast(pl.String)

    return (
        both.filter(differs[field])
        .head(KEPT_CHANGES)
        .select(
            pl.lit(CHANGED).alias("kind"),
            pl.col("loan_id").alias("loan"),
            pl.lit(field).alias("field"),
            text(f"{field}#").alias("before"),
            text(field).alias("after"),
        )
    )
