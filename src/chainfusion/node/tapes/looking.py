"""Looks through a file that came: its columns with some of their values, and a mapping to begin with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import polars as pl

from chainfusion.domain.loan import FIELD, Kind
from chainfusion.node.tapes.records import Column, Guess, Seen
from chainfusion.tape.mapping import UNITS, AsOf, Expected, FieldRule, MappedField, Mapping, Translation
from chainfusion.tape.propose import OPEN, Candidate, Proposal
from chainfusion.tape.rows import Rows
from chainfusion.tape.synonyms import AS_OF, NULL_MARKERS

SAMPLES, LONGEST, LOOKED_AT, MOST_CODES = 4, 48, 5_000, 40
GUESSES = 3


def letter(place: int) -> str:
    """A column's letters, as spreadsheets count them from 0: A, ..., Z, AA."""
    letters = ""
    while place >= 0:
        letters = chr(ord("A") + place % 26) + letters
        place = place // 26 - 1
    return letters


def seen(proposal: Proposal, rows: Rows) -> Seen:
    """What the file shows."""
    columns = tuple(
        Column(name, letter(place), _samples(rows.frame[name]), _codes(rows.frame[name]))
        for place, name in enumerate(rows.header)
    )
    guesses = (
        Guess(each.field, each.column, each.confidence, each.reasons)
        for choice in proposal.choices
        for each in choice.candidates[:GUESSES]
    )
    return Seen(proposal.form, proposal.rows, columns, tuple(guesses))


def _samples(values: pl.Series) -> tuple[str, ...]:
    """Some of a column's first different values."""
    some = values.head(LOOKED_AT).str.strip_chars()
    found = some.filter(some != "").unique(maintain_order=True).head(SAMPLES).to_list()
    return tuple(each if len(each) <= LONGEST else each[: LONGEST - 1] + "…" for each in found)


def _codes(values: pl.Series) -> tuple[str, ...]:
    """All different values of a column that has few."""
    if values.head(LOOKED_AT).n_unique() > MOST_CODES + len(NULL_MARKERS):
        return ()
    found = values.str.strip_chars().unique().sort()
    found = found.filter(~found.is_in(list(NULL_MARKERS)))
    return tuple(found.to_list()) if len(found) <= MOST_CODES else ()


def proposed(proposal: Proposal, originator: str = "") -> Mapping:
    """The proposal as a mapping in which `?` stands for what a person decides."""
    chosen = {choice.field: choice.chosen for choice in proposal.choices if choice.chosen}
    as_of = chosen.get(AS_OF)
    names = [name for name in FIELD if name in chosen and name != "currency"]
    fields = [MappedField(name, _rule(name, chosen[name], proposal.nulls)) for name in names]
    currency = chosen.get("currency")
    rule = _rule("currency", currency, proposal.nulls) if currency else FieldRule(constant=OPEN)
    return Mapping(
        originator=originator or OPEN,
        file=proposal.form,
        as_of=AsOf(column=as_of.column, dates=_dates(as_of)) if as_of else AsOf(),
        fields=(*fields, MappedField("currency", rule)),
    )


def _rule(name: str, candidate: Candidate, nulls: tuple[str, ...]) -> FieldRule:
    how = candidate.how
    values = how.get("values", {})
    kind = FIELD[name].kind
    unit = how.get("unit", next(iter(UNITS[kind])) if kind in (Kind.MONEY, Kind.INTEGER) else "")
    return FieldRule(
        columns=(candidate.column,),
        nulls=nulls,
        unit=str(unit),
        thousands=str(how.get("thousands", "")),
        strip=(str(how["strip"]),) if "strip" in how else (),
        dates=_dates(candidate) if kind is Kind.DATE else (),
        values=tuple(Translation(*each) for each in sorted(values.items())) if isinstance(values, dict) else (),
    )


def _dates(candidate: Candidate) -> tuple[str, ...]:
    return (str(candidate.how.get("dates", OPEN)),)


def fitting(known: Iterable[Mapping], header: Iterable[str]) -> Mapping | None:
    """The first mapping all of whose columns a file has."""
    there = set(header)
    return next((mapping for mapping in known if _fits(mapping, there)), None)


def _fits(mapping: Mapping, there: set[str]) -> bool:
    fixed = [column for mapped in mapping.fields for column in mapped.rule.sources]
    fixed += [each.column for each in (*mapping.keep, *mapping.exclude) if each.column]
    fixed += [mapping.as_of.column] if mapping.as_of.column else []
    fixed += [mapping.latest.column] if mapping.latest else []
    alternatives = (mapped.rule.columns for mapped in mapping.fields if mapped.rule.columns)
    return set(fixed) <= there and all(there & set(names) for names in alternatives)


def for_next_time(mapping: Mapping) -> Mapping:
    """A mapping without what belongs to one file alone: the totals that were stated for it."""
    return replace(mapping, expect=Expected())
