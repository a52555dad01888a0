"""The language of amounts: one spelling, one tree, and kinds that must fit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.terms.formula import Apply, Kind, Literal, Name, Tree, parse, unparse
from chainfusion.domain.terms.kinds import Typing
from chainfusion.domain.terms.refusals import BadFormula
from tests.domain.waterfall.deals import random_deal

LITERALS = st.one_of(
    st.integers(-(10**12), 10**12).map(lambda n: Literal(n, Kind.MONEY, "CNY")),
    st.integers(-(10**10), 10**10).map(lambda n: Literal(n, Kind.RATIO)),
    st.integers(-(10**6), 10**6).map(lambda n: Literal(n, Kind.COUNT)),
    st.integers(700_000, 760_000).map(lambda n: Literal(n, Kind.DATE)),
    st.booleans().map(lambda b: Literal(int(b), Kind.TRUTH)),
)
NAMES = st.sampled_from(["A.balance", "pool.opening", "rest", "income.h.paid", "x1"]).map(Name)


def _applied(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    two = st.sampled_from(["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "and", "or", "min", "max", "yearly"])
    one = st.sampled_from(["not", "earlier", "lifetime", "previous", "half_up"])
    three = st.sampled_from(["if", "ratio"])
    return st.one_of(
        st.builds(lambda o, a, b: Apply(o, (a, b)), two, inner, inner),
        st.builds(lambda o, a: Apply(o, (a,)), one, inner),
        inner.filter(lambda t: not isinstance(t, Literal)).map(lambda a: Apply("neg", (a,))),
        st.builds(lambda o, a, b, c: Apply(o, (a, b, c)), three, inner, inner, inner),
    )


TREES = st.recursive(st.one_of(LITERALS, NAMES), _applied, max_leaves=12)


@given(TREES)
@settings(max_examples=800, deadline=None)
def test_what_is_written_is_read_back(tree: Tree) -> None:
    assert parse(unparse(tree)) == tree


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("  min( 2%*A.balance ,rest)", "min(2% * A.balance, rest)"),
        ("500000 CNY", "500_000.00 CNY"),
        ("0.5", "50%"),
        ("25bp", "0.25%"),
        ("((a + b)) - (c - d)", "a + b - (c - d)"),
        ("a * (b + c) / d", "a * (b + c) / d"),
        ("not (a and b) or c", "not (a and b) or c"),
        ("a - -3", "a - (-3)"),
        ("-(5 CNY)", "-5.00 CNY"),
    ],
)
def test_a_formula_has_one_spelling(text: str, spelling: str) -> None:
    assert unparse(parse(text)) == spelling
    assert parse(spelling) == parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "ends too early"),
        ("1 +", "ends too early"),
        ("a b", "does not belong"),
        ("(a", "too early"),
        ("a ; b", "not understood"),
        ("__import__('os')", "not understood"),
        ("evil(1)", "no function"),
        ("min(a)", "takes"),
        ("if(a, b)", "takes 3"),
        ("1.005 CNY", "too many digits"),
        ("0.123456789", "too many digits"),
        ("99999999999999999999", "too many digits"),
        ("2025-02-30", "no date"),
        ("and", "word of the language"),
        ("a < b < c", "does not belong"),
        ("(" * 40 + "1" + ")" * 40, "nested too deeply"),
        ("-" * 400 + "1", "nested too deeply"),
        ("1" * 2000, "characters"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadFormula) as refused:
        parse(text)
    assert why in refused.value.facts["why"]


@given(st.text(max_size=60))
@settings(max_examples=500)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree = parse(text)
    except BadFormula:
        return
    assert parse(unparse(tree)) == tree


TYPING = Typing(random_deal(7).terms)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("A.balance + 5.00 CNY", Kind.MONEY),
        ("2% * A.balance", Kind.MONEY),
        ("A.balance / 3", Kind.MONEY),
        ("A.balance / pool.initial", Kind.RATIO),
        ("5% + 1", Kind.RATIO),
        ("3 * 4", Kind.COUNT),
        ("1 / 3", Kind.RATIO),
        ("ratio(A.balance, notes.balance, 0)", Kind.RATIO),
        ("lifetime(pool.defaulted) / pool.initial > 3%", Kind.TRUTH),
        ("date >= 2026-01-01", Kind.TRUTH),
        ("if(period > 3, rest, 0.00 CNY)", Kind.MONEY),
        ("recent(pool.interest, 3)", Kind.MONEY),
        ("half_up(yearly(2%, A.opening))", Kind.MONEY),
        ("not (state.normal and last_period)", Kind.TRUTH),
    ],
)
def test_a_formula_has_a_kind(text: str, kind: Kind) -> None:
    assert TYPING.of(parse(text)) is kind


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A.balance + 5", "do not go together"),
        ("A.balance + 0", "0 CNY"),
        ("A.balance + 5%", "do not go together"),
        ("A.balance * A.balance", "do not multiply"),
        ("A.balance / notes.balance", "ratio(a, b"),
        ("A.balance / 0", "ratio(a, b"),
        ("A.balance + 5.00 USD", "currency is CNY"),
        ("A.balence", "there is no 'A.balence'"),
        ("A.balance and rest", "between conditions"),
        ("date + 1", "do not go together"),
        ("date + date", "does not apply"),
        ("earlier(rest)", "no history"),
        ("earlier(earlier(pool.lost))", "sum of sums"),
        ("recent(pool.lost, period)", "1 to 60"),
        ("half_up(A.balance)", "product or a quotient"),
        ("if(5, rest, rest)", "condition"),
        ("yearly(5, A.balance)", "ratio and an amount"),
        ("period > 5%", "count does not go"),
    ],
)
def test_what_does_not_add_up_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadFormula) as refused:
        TYPING.of(parse(text))
    assert why in refused.value.facts["why"]


@pytest.mark.parametrize(
    ("text", "wanted", "hint"),
    [
        ("500_000", Kind.MONEY, "500_000.00 CNY"),
        ("2%", Kind.MONEY, "say of what it is a share"),
        ("A.balance", Kind.TRUTH, "a condition is needed"),
    ],
)
def test_a_formula_of_another_kind_is_refused_with_a_hint(text: str, wanted: Kind, hint: str) -> None:
    with pytest.raises(BadFormula) as refused:
        TYPING.require(text, wanted)
    assert hint in refused.value.facts["why"]
