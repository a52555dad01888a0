"""From rows of text to rows of canonical fields, as a mapping says; rows that the mapping leaves out are counted."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date

import polars as pl

from chainfusion.domain.errors import Text
from chainfusion.domain.loan import FIELD, Kind, day
from chainfusion.tape.derive import derived, order
from chainfusion.tape.errors import TapeEmpty
from chainfusion.tape.mapping import UNITS, AsOf, Condition, FieldRule, LatestRow, Mapping
from chainfusion.tape.report import Findings, LeftOut
from chainfusion.tape.rows import Rows
from chainfusion.tape.rules import RULES
from chainfusion.tape.schema import SCHEMA
from chainfusion.tape.validate import check
from chainfusion.tape.values import parse_date, quick, reading, reads_untrimmed, text, typed


@dataclass(frozen=True, eq=False)
class CanonicalRows:
    """Loans with the columns of SCHEMA, in the file's order, and what was left out."""

    frame: pl.DataFrame
    as_of: date
    currency: str
    left_out: tuple[LeftOut, ...]

    def total(self, field: str) -> int:
        """The exact sum of a field of integers."""
        return int(self.frame[field].cast(pl.Int128).sum() or 0)


@dataclass
class _Work:
    """The rows under way: the file's text by column, lines, the fields' texts, and the fields' values."""

    raw: pl.DataFrame
    lines: pl.Series
    texts: pl.DataFrame
    frame: pl.DataFrame

    def keep(self, mask: pl.Series) -> int:
        """Drops the rows where `mask` is false; returns how many."""
        before = len(self.lines)
        if not mask.all():
            self.lines, self.raw = self.lines.filter(mask), self.raw.filter(mask)
            self.texts = self.texts.filter(mask) if self.texts.width else self.texts
            self.frame = self.frame.filter(mask) if self.frame.width else self.frame
        return before - len(self.lines)


def canonical_rows(rows: Rows, name: str, mapping: Mapping, found: Findings) -> CanonicalRows | None:
    """The loans of a tape; what is wrong with them goes to `found`.

    None where a column is missing or the cut-off date is unclear: there are no loans to speak of then.
    Raises: TapeEmpty where the mapping leaves no row.
    """
    rules = {mapped.name: mapped.rule for mapped in mapping.fields}
    columns = _columns(rows, mapping, rules, found)
    if columns is None or rows.frame.height == 0:
        return None
    needed = sorted({*columns.values(), *_fixed_columns(mapping)} - {""})
    work = _Work(rows.frame.select(needed), rows.lines, pl.DataFrame(), pl.DataFrame())
    left_out = _left_out(work, [(c, _holds(work, c)) for c in mapping.keep])
    _refuse_none(work, name)
    as_of = _as_of(work, mapping.as_of, found)
    if as_of is None:
        return None
    currency = _read_fields(work, rules, columns)
    work.frame = _derive(work, rules, as_of)
    left_out += _latest(work, mapping.latest, found) if mapping.latest else []
    left_out += _left_out(work, [(c, ~_holds(work, c)) for c in mapping.exclude])
    _refuse_none(work, name)
    labels = {field: columns.get(field) or "+".join(rule.sources) or field for field, rule in rules.items()}
    _type_findings(work, rules, currency, labels, found)
    check(work.frame, work.texts, work.lines, lambda field: labels.get(field, field), as_of, currency, found)
    return CanonicalRows(work.frame, as_of, currency, tuple(left_out))


def _refuse_none(work: _Work, name: str) -> None:
    if len(work.lines) == 0:
        raise TapeEmpty(name=name, why=Text("the mapping leaves no row", "按映射筛选后没有任何行"))


# ------------------------------------------------------------------ columns


def columns_named(mapping: Mapping) -> frozenset[str]:
    """Every column that the mapping may read."""
    alternatives = (column for mapped in mapping.fields for column in mapped.rule.columns)
    return frozenset((*alternatives, *_fixed_columns(mapping)))


def _columns(rows: Rows, mapping: Mapping, rules: dict[str, FieldRule], found: Findings) -> dict[str, str] | None:
    """The column of each field that is read from one; None where any column is missing (all are in `found`)."""
    header = set(rows.header)
    columns = {}
    missing = [column for column in _fixed_columns(mapping) if column not in header]
    for name, rule in rules.items():
        if rule.columns:
            columns[name] = next((column for column in rule.columns if column in header), "")
            missing += [] if columns[name] else [rule.columns[0]]
    for column in dict.fromkeys(missing):
        close = difflib.get_close_matches(column, rows.header, n=3)
        found.add_one("missing_column", column, rows.header_line, "", f" ({', '.join(close)}?)" if close else "")
    return None if missing else columns


def _fixed_columns(mapping: Mapping) -> list[str]:
    """Columns that must be there under the one name that the mapping gives."""
    columns = [column for mapped in mapping.fields for column in mapped.rule.sources]
    columns += [condition.column for condition in (*mapping.keep, *mapping.exclude) if condition.column]
    columns += [mapping.as_of.column] if mapping.as_of.column else []
    return columns + ([mapping.latest.column] if mapping.latest else [])


# ------------------------------------------------------------------ rows


def _holds(work: _Work, condition: Condition) -> pl.Series:
    """Where a condition holds."""
    if condition.column:
        among = work.raw[condition.column].str.strip_chars().is_in(list(condition.values))
        return among if condition.holds == "in" else ~among
    value = work.frame[condition.field]
    match condition.holds:
        case "missing":
            return value.is_null()
        case "in":
            return value.is_in(list(condition.values)).fill_null(False)
        case "below":
            return (value < condition.limit).fill_null(False)
        case _:
            return (value > condition.limit).fill_null(False)


def _left_out(work: _Work, conditions: list[tuple[Condition, pl.Series]]) -> list[LeftOut]:
    """Keeps the rows that every mask keeps; a row counts under the first condition that drops it."""
    if not conditions:
        return []
    kept, left_out = pl.Series([True]).new_from_index(0, len(work.lines)), []
    for condition, mask in conditions:
        before = int(kept.sum())
        kept &= mask
        left_out.append(LeftOut(condition.because, before - int(kept.sum())))
    work.keep(kept)
    return left_out


def _latest(work: _Work, latest: LatestRow, found: Findings) -> list[LeftOut]:
    """Keeps of each loan the row with the latest date; rows without a date are findings, and stay."""
    dates = _parsed(work.raw[latest.column], latest.dates, latest.day)
    bad = dates.is_null().arg_true()
    found.add("not_a_date", latest.column, work.lines.gather(bad), work.raw[latest.column].gather(bad))
    table = pl.DataFrame({"loan": work.frame["loan_id"], "date": dates})
    newest = pl.col("date") == pl.col("date").max().over("loan")
    mask = table.select((newest | pl.col("date").is_null() | pl.col("loan").is_null()).fill_null(True)).to_series()
    return [LeftOut("an earlier row of the same loan (同一贷款的较早记录)", work.keep(mask))]


def _as_of(work: _Work, as_of: AsOf, found: Findings) -> date | None:
    """The cut-off date; None where the rows do not agree on one (they are in `found`)."""
    if as_of.day is not None:
        return as_of.day
    texts = work.raw[as_of.column].str.strip_chars()
    dates = _parsed(texts, as_of.dates, as_of.month_day)
    bad = dates.is_null().arg_true()
    found.add("not_a_date", as_of.column, work.lines.gather(bad), texts.gather(bad))
    first = dates.drop_nulls().first()
    if not isinstance(first, int):
        return None
    odd = (dates != first).fill_null(False).arg_true()
    notes = pl.Series([f" ({day(first)})"], dtype=pl.String).new_from_index(0, len(odd))
    found.add("mixed_as_of", as_of.column, work.lines.gather(odd), texts.gather(odd), notes)
    return day(first)


def _parsed(texts: pl.Series, forms: tuple[str, ...], month_day: str) -> pl.Series:
    column = pl.col("text").str.strip_chars()
    return (
        pl.DataFrame({"text": texts}).select(pl.coalesce([parse_date(column, f, month_day) for f in forms])).to_series()
    )


# ------------------------------------------------------------------ fields


def _read_fields(work: _Work, rules: dict[str, FieldRule], columns: dict[str, str]) -> str:
    """Fills the fields' texts and values, and returns the tape's currency: the first that a row states."""
    read = {name: rule for name, rule in rules.items() if not rule.derive and not rule.constant}
    hurried = {name for name, rule in read.items() if reads_untrimmed(FIELD[name], rule)}
    work.texts = work.raw.select(
        text(rule, columns.get(name), name not in hurried).alias(name) for name, rule in read.items()
    )
    currency = rules["currency"].constant or _first_currency(work, rules["currency"])
    constants = {name: rule.constant for name, rule in rules.items() if rule.constant}
    work.frame = work.texts.select(
        *(_value(work.texts[name], rule, currency) for name, rule in read.items()),
        *(typed(name, pl.lit(constant)) for name, constant in constants.items()),
    )
    for name in hurried:
        if work.frame[name].null_count() != work.texts[name].null_count():
            _read_carefully(work, name, rules[name], columns[name], currency)
    return currency


def _value(texts: pl.Series, rule: FieldRule, currency: str) -> pl.Expr:
    """A field's values; where its kind has few texts that return in row after row, each text is read once."""
    name, field = texts.name, FIELD[texts.name]
    value = typed(name, quick(field, rule, pl.col(name), currency))
    if field.kind is not Kind.DATE and not (rule.values and field.kind in UNITS):
        return value
    distinct = texts.unique().drop_nulls()
    if distinct.is_empty() or len(distinct) * 4 > len(texts):
        return value
    values = distinct.to_frame().select(value).to_series()
    return typed(name, pl.col(name).replace_strict(distinct, values, return_dtype=SCHEMA[name]))


def _derive(work: _Work, rules: dict[str, FieldRule], as_of: date) -> pl.DataFrame:
    """The frame with its derived fields, and nulls for those that the mapping does not fill."""
    frame, names = work.frame.lazy(), {*work.frame.columns}
    for field in order(rules):
        frame, names = frame.with_columns(derived(field, rules[field], as_of, work.lines)), names | {field}
    absent = {field: pl.lit(None, dtype).alias(field) for field, dtype in SCHEMA.items() if field not in names}
    return frame.select(absent.get(field, pl.col(field)) for field in SCHEMA).collect()


def _read_carefully(work: _Work, name: str, rule: FieldRule, column: str, currency: str) -> None:
    """Reads a field again, trimmed and by its full grammar, where the quick way left texts unread."""
    work.texts = work.texts.with_columns(work.raw.select(text(rule, column).alias(name)).to_series())
    value = work.texts.select(typed(name, reading(FIELD[name], rule, pl.col(name), currency).value))
    work.frame = work.frame.with_columns(value.to_series())


def _first_currency(work: _Work, rule: FieldRule) -> str:
    values = work.texts.select(reading(FIELD["currency"], rule, pl.col("currency"), "").value).to_series()
    return str(values.drop_nulls().first() or "")


def _type_findings(work: _Work, rules: dict[str, FieldRule], currency: str, labels: dict[str, str],
                   found: Findings) -> None:  # fmt: skip
    """Texts that are no value, by the rule that they break; and values that are absent where one is needed."""
    for name, rule in rules.items():
        value = work.frame[name]
        if name in work.texts.columns:
            if value.null_count() != work.texts[name].null_count():  # a text that is absent has no value
                bad = (work.texts[name].is_not_null() & value.is_null()).arg_true()
                _classify(work, name, rule, currency, labels[name], bad, found)
            if rule.rounding:
                _rounded(work, name, rule, currency, labels[name], found)
        if FIELD[name].nullable or not value.null_count():
            continue
        absent = value.is_null() & (work.texts[name].is_null() if name in work.texts.columns else True)
        if absent.any():
            rows = absent.arg_true()
            found.add("required", labels[name], work.lines.gather(rows), pl.Series([""]).new_from_index(0, len(rows)))


def _classify(work: _Work, name: str, rule: FieldRule, currency: str, label: str, bad: pl.Series,
              found: Findings) -> None:  # fmt: skip
    if not len(bad):
        return
    whys = reading(FIELD[name], rule, pl.col(name), currency).whys
    why: pl.Expr = pl.lit(whys[-1][0])
    for code, mask in reversed(whys[:-1]):
        why = pl.when(mask).then(pl.lit(code)).otherwise(why)
    table = work.texts.select(pl.col(name).gather(bad)).with_columns(
        why.alias("why"), work.lines.gather(bad).alias("line")
    )
    for code in RULES:
        part = table.filter(pl.col("why") == code)
        found.add(code, label, part["line"], part[name])


def _rounded(work: _Work, name: str, rule: FieldRule, currency: str, label: str, found: Findings) -> None:
    mask = reading(FIELD[name], rule, pl.col(name), currency).rounded
    if mask is None:
        return
    table = work.texts.select(name).with_columns(work.frame[name].is_not_null().alias("read"))
    rows = table.select((mask & pl.col("read")).fill_null(False)).to_series().arg_true()
    found.add("rounded", label, work.lines.gather(rows), work.texts[name].gather(rows))
