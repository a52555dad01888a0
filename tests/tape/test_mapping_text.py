"""A mapping written and read again is the same mapping, whatever it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.loan import FIELD, LOAN_FIELDS, Kind
from chainfusion.processes import products
from chainfusion.tape.errors import BadMapping
from chainfusion.tape.mapping import (
    MINOR,
    REQUIRED,
    UNITS,
    YEARS,
    AsOf,
    Condition,
    Expected,
    FieldRule,
    FileForm,
    LatestRow,
    MappedField,
    Mapping,
    Translation,
)
from chainfusion.tape.mapping_reader import parse_mapping
from chainfusion.tape.mapping_text import mapping_text
from tests.tape import examples

CARRIED = [each for each in files("chainfusion.tape").joinpath("mappings").iterdir() if each.name.endswith(".yaml")]


@pytest.mark.parametrize("kept", CARRIED, ids=lambda each: each.name)
def test_the_carried_mappings_are_written_as_they_are_read(kept) -> None:  # type: ignore[no-untyped-def]
    mapping = parse_mapping(kept.read_bytes())
    assert parse_mapping(mapping_text(mapping).encode()) == mapping


def test_the_products_schemas_are_written_as_they_are_read() -> None:
    for name in products.names():
        text = products.template(name).mapping
        if '"?"' not in text and ": ?" not in text:
            mapping = parse_mapping(text.encode())
            assert parse_mapping(mapping_text(mapping).encode()) == mapping


TEXT = (
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda text: text not in ("", "?"))
)
FORMS = st.lists(st.sampled_from(("%Y-%m-%d", "%m/%d/%Y", "%Y%m", "%d.%m.%y")), min_size=1, max_size=3, unique=True)
NULLS = st.lists(st.sampled_from(("", "-", "NA", "无")), max_size=3, unique=True).map(tuple)


@st.composite
def rules(draw: st.DrawFn, name: str) -> FieldRule:
    """A rule as the reader makes them."""
    field = FIELD[name]
    if field.kind in (Kind.TEXT, Kind.CODE) and name != "loan_id" and draw(st.booleans()):
        return FieldRule(constant=draw(st.sampled_from(field.codes)) if field.codes else draw(TEXT))
    codes = st.sampled_from(field.codes) if field.codes else TEXT
    values = draw(st.dictionaries(TEXT, codes, max_size=3))
    rule = FieldRule(
        columns=tuple(draw(st.lists(TEXT, min_size=1, max_size=2))),
        nulls=draw(NULLS),
        values=tuple(Translation(theirs, ours) for theirs, ours in sorted(values.items())),
        otherwise=draw(st.just("") | codes),
    )
    if field.kind is Kind.DATE:
        return replace(rule, dates=tuple(draw(FORMS)), day=draw(st.sampled_from(("first", "last"))))
    if field.kind in UNITS:
        more = {Kind.MONEY: (MINOR,), Kind.INTEGER: (YEARS,)}.get(field.kind, ())
        unit = draw(st.sampled_from((*UNITS[field.kind], *more)))
        decimal = draw(st.sampled_from(".,"))
        thousands = draw(st.sampled_from(("", " ", "'", "," if decimal == "." else ".")))
        rounding = draw(st.sampled_from(("", "half-even")))
        strip = tuple(draw(st.lists(TEXT, max_size=2)))
        return replace(rule, unit=unit, decimal=decimal, thousands=thousands, rounding=rounding, strip=strip)
    return rule


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    """Any mapping that the reader could have made."""
    names = [f.name for f in LOAN_FIELDS if f.name in REQUIRED or draw(st.booleans())]
    fields = [
        MappedField(name, FieldRule(constant="CNY") if name == "currency" else draw(rules(name))) for name in names
    ]
    dated = AsOf(day=draw(st.dates(date(2000, 1, 1), date(2030, 1, 1))))
    column = AsOf(column=draw(TEXT), dates=tuple(draw(FORMS)), month_day=draw(st.sampled_from(("first", "last"))))
    kept = Condition(draw(st.sampled_from(("in", "not-in"))), draw(TEXT), column=draw(TEXT), values=(draw(TEXT), ""))
    below = Condition("below", draw(TEXT), field="maturity_date", limit=draw(st.integers(0, 20_000)))
    return Mapping(
        originator=draw(TEXT),
        source=draw(st.just("") | TEXT),
        file=draw(
            st.sampled_from((FileForm(), FileForm(delimiter="\t", header_row=3), FileForm("xlsx", sheet="表 1")))
        ),
        as_of=draw(st.sampled_from((dated, column))),
        fields=tuple(fields),
        keep=draw(st.sampled_from(((), (kept,)))),
        exclude=draw(st.sampled_from(((), (below, kept, Condition("missing", "x", field="region"))))),
        latest=draw(st.none() | st.just(LatestRow("期间", ("%Y-%m",), "last"))),
        tolerate=draw(st.sampled_from(((), ("term_range",)))),
        expect=draw(st.sampled_from((Expected(), Expected(3, -1, 10**15)))),
    )


@given(mappings())
def test_any_mapping_is_written_as_it_is_read(mapping: Mapping) -> None:
    assert parse_mapping(mapping_text(mapping).encode()) == mapping


def test_what_is_open_is_written_and_refused_where_it_stands() -> None:
    mapping = examples.mapping()
    undecided = replace(mapping, as_of=AsOf())
    with pytest.raises(BadMapping) as refused:
        parse_mapping(mapping_text(undecided).encode())
    assert refused.value.facts["path"] == "as_of"
