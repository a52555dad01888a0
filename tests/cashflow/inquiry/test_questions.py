"""Questions about a deal's cash: the answers are those of the analytics, every word is read before anything runs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.cashflow.analytics.basis import BOND
from chainfusion.cashflow.analytics.enhancement import enhancement
from chainfusion.cashflow.analytics.monte_carlo import simulate
from chainfusion.cashflow.analytics.sizing import coupon_to_price, largest_size
from chainfusion.cashflow.analytics.stress import Stress, break_even_cdr, stress_grid
from chainfusion.cashflow.analytics.value import at_price, at_yield
from chainfusion.cashflow.deal.assumed import Assumed, assumed
from chainfusion.cashflow.deal.study import study_of_loans
from chainfusion.cashflow.export.answers import answer_file, as_table
from chainfusion.cashflow.inquiry.answer import Answer, Form
from chainfusion.cashflow.inquiry.inquiry import Case
from chainfusion.cashflow.inquiry.questions import QUESTIONS, UnknownQuestion, inquiry
from chainfusion.cashflow.inquiry.strength import NoDefaults
from chainfusion.cashflow.inquiry.words import BadInquiry
from chainfusion.cashflow.pool.columns import pool
from chainfusion.cashflow.text.reader import read_terms
from chainfusion.domain.records import from_json, to_json

TERMS = read_terms(files("chainfusion").joinpath("demo/data/auto-terms.yaml").read_bytes())
HEXIANG = read_terms(Path("examples/hexiang-2017-5/terms.yaml").read_bytes())
TOLD = assumed({"cpr": "6", "cdr": "9", "recovery": "30", "lag": "6"})
BASE = TOLD.scenario()
NAMES = ["A1", "A2", "B"]
WORDS = {"class": "B", "from": "A2", "paths": "300"}


@cache
def case() -> Case:
    loans = pool("USD", np.full(20, TERMS.pool_balance // 20), np.full(20, 90_000), np.arange(21, 61, 2))
    return Case(study_of_loans(TERMS, loans, TOLD), BASE)


def ask(question: str, **words: str) -> Answer:
    return inquiry(question, WORDS | words, TERMS).answer(case())


def rows(answer: Answer, table: int = 0) -> list[dict[str, Any]]:
    return answer.tables[table].records()


# ------------------------------------------------------------------ the same figures as the analytics


def test_a_price_gives_the_yield_of_every_class() -> None:
    outcomes = case().study.outcomes([BASE])
    for row in rows(ask("value", price="99.5", settlement="2019-10-01", basis="bond")):
        found = at_price(outcomes.cash(row["class"]), date(2019, 10, 1), "99.5", BOND)
        assert (row["yield"], row["dirty"], row["clean_per_100"]) == (found.rate, found.dirty, 99.5)
        assert (row["average_life"], row["convexity"]) == (found.average_life, found.convexity)
        assert row["discount_margin"] is None


def test_a_yield_goes_before_a_price() -> None:
    outcomes = case().study.outcomes([BASE])
    (row,) = rows(ask("value", classes="A2", **{"yield": "4.25"}))
    found = at_yield(outcomes.cash("A2"), TERMS.dates.closing, Decimal("0.0425"))
    assert (row["class"], row["clean"], row["yield"]) == ("A2", found.clean, 0.0425)


def test_a_class_without_payments_has_no_price_and_the_others_do() -> None:
    late = {row["class"]: row for row in rows(ask("value", settlement="2022-06-01"))}
    assert late["A1"]["yield"] is None
    assert late["B"]["yield"] is not None


def test_enhancement_is_that_of_the_run() -> None:
    outcomes = case().study.outcomes([BASE])
    reserve = TERMS.accounts[-1].id
    ends, course = ask("enhancement", reserves=reserve).tables
    found = enhancement(outcomes.deal, outcomes.result, reserves=[reserve])
    for row in ends.records():
        shares = found.of(row["class"])["enhancement"].drop_nulls().to_list()
        assert (row["enhancement"], row["least"], row["last"]) == (shares[0], min(shares), shares[-1])
    assert [row["A2"] for row in course.records()] == found.of("A2")["enhancement"].to_list()[: len(course.rows)]


def test_stresses_are_those_that_were_stated() -> None:
    found = rows(ask("stress", stresses="AAA=4, BB = 1.5", classes="A2,B"))
    grid = stress_grid(case().study, BASE, [Stress("AAA", "4"), Stress("BB", "1.5")]).frame()
    expected = grid.filter(pl.col("tranche") != "A1")
    assert [row["loss"] for row in found] == expected["loss"].to_list()
    assert [row["passes"] for row in found] == expected["passes"].to_list()
    assert len({row["passes"] for row in found}) == 2, "some withstand and some do not, or nothing was tested"


def test_break_even_is_told_for_every_class() -> None:
    for row in rows(ask("break-even", of="cdr")):
        found = break_even_cdr(case().study, BASE, row["class"])
        assert (row["holds"], row["loss"]) == (float(found.holds), found.loss)
    assert ask("break-even", of="cdr").tables[0].columns[1].form is Form.SHARE
    assert ask("break-even", of="multiple").tables[0].columns[1].form is Form.NUMBER


def test_sensitivity_has_a_row_for_every_pair() -> None:
    found = rows(ask("sensitivity", cprs="0,8", cdrs="1, 6,40"))
    assert [(row["cpr"], row["cdr"]) for row in found] == [
        (early, late) for early in (0.0, 0.08) for late in (0.01, 0.06, 0.4)
    ]
    assert found[0]["loss"] == 0 < found[2]["loss"]
    assert found[0]["average_life"] > found[3]["average_life"]


def test_the_largest_size_loses_nothing_and_a_unit_more_does() -> None:
    (row,) = rows(ask("size", stresses="A=2", unit="10000000", **{"class": "A1", "from": "B"}))
    found = largest_size(case().study, "A1", "B", [Stress("A", 2).of(BASE)], 10_000_000)
    assert (row["largest"], row["loss_beyond"]) == (found.size, found.loss_beyond)
    assert row["size"] == next(each.size for each in TERMS.tranches if each.id == "A1")


def test_the_coupon_is_the_least_that_yields_what_is_asked() -> None:
    (row,) = rows(ask("coupon", price="101", **{"class": "A2", "yield": "3.5"}))
    assert row["coupon"] == float(coupon_to_price(case().study, "A2", BASE, Decimal("0.035"), price="101"))


def test_random_paths_are_counted_once_each() -> None:
    losses, spread = ask("simulation", seed="7", correlation="30").tables
    found = simulate(case().study, BASE, paths=300, seed=7, correlation=0.3)
    assert [row["expected_loss"] for row in losses.records()] == [float(found.expected_loss(name)) for name in NAMES]
    assert sum(row["paths"] for row in spread.records()) == 300
    losing = {name: sum(row[name] for row in spread.records()) for name in NAMES}
    assert losing == {name: int((found.losses[name] > 0).sum()) for name in NAMES}


def test_a_floating_class_has_a_discount_margin() -> None:
    told = Assumed(cpr=Decimal(10), indices={"PBOC1Y": (Decimal("4.35"),)})
    loans = pool("CNY", np.full(10, HEXIANG.pool_balance // 10), np.full(10, 140_000), np.arange(12, 22))
    asked = Case(study_of_loans(HEXIANG, loans, told), told.scenario())
    floating = {each.id for each in HEXIANG.tranches if "PBOC1Y" in (each.coupon or "")}
    found = {row["class"]: row["discount_margin"] for row in rows(inquiry("value", {}, HEXIANG).answer(asked))}
    assert floating
    assert {name for name, margin in found.items() if margin is not None} == floating


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("question", "words", "title"),
    [
        ("value", {"classes": "A1,Z"}, "Classes"),
        ("value", {"price": "ten"}, "Clean price"),
        ("value", {"yield": "-100"}, "Yield"),
        ("value", {"yield": "1e3"}, "Yield"),
        ("value", {"settlement": "2019-13-01"}, "Settlement"),
        ("value", {"basis": "moon"}, "Basis of the yield"),
        ("enhancement", {"reserves": "nothing"}, "Reserve accounts"),
        ("stress", {"stresses": "AAA"}, "Stresses"),
        ("stress", {"stresses": "AAA=2,AAA=3"}, "Stresses"),
        ("stress", {"stresses": "AAA=-2"}, "Stresses"),
        ("stress", {"stresses": ",".join(f"R{n}=1" for n in range(13))}, "Stresses"),
        ("break-even", {"of": "luck"}, "Of"),
        ("sensitivity", {"class": ""}, "Class"),
        ("sensitivity", {"cprs": "1,1"}, "Prepayment"),
        ("sensitivity", {"cdrs": "101"}, "Default"),
        ("size", {"from": "B"}, "Takes from"),
        ("size", {"unit": "0"}, "Unit"),
        ("coupon", {"price": "0"}, "Clean price"),
        ("simulation", {"paths": "0"}, "Paths"),
        ("simulation", {"seed": "x"}, "Seed"),
        ("simulation", {"correlation": "100"}, "Correlation"),
    ],
)
def test_a_word_that_cannot_be_read_is_refused_before_anything_runs(
    question: str, words: dict[str, str], title: str
) -> None:
    with pytest.raises(BadInquiry) as refusal:
        inquiry(question, WORDS | words, TERMS)
    assert refusal.value.facts["title"] == title
    assert refusal.value.message("zh").isascii() is False


def test_an_unknown_question_names_those_there_are() -> None:
    with pytest.raises(UnknownQuestion) as refusal:
        inquiry("fortune", {}, TERMS)
    assert all(name in refusal.value.remedy(lang) for name in QUESTIONS for lang in ("en", "zh"))


@pytest.mark.parametrize("question", ["stress", "size", "break-even"])
def test_multiples_of_no_defaults_are_refused(question: str) -> None:
    nothing = Case(case().study, assumed({}).scenario())
    with pytest.raises(NoDefaults):
        inquiry(question, WORDS | {"of": "multiple", "class": "A1"}, TERMS).answer(nothing)


@given(
    st.sampled_from(sorted(QUESTIONS)),
    st.dictionaries(
        st.sampled_from(["class", "classes", "price", "yield", "stresses", "cprs", "unit", "from", "settlement"]),
        st.text(max_size=30),
    ),
)
def test_no_words_break_the_reading(question: str, words: dict[str, str]) -> None:
    try:
        inquiry(question, words, TERMS)
    except BadInquiry as refusal:
        assert refusal.message("en")


def test_what_is_not_said_is_what_the_question_declares() -> None:
    for question in QUESTIONS.values():
        read = inquiry(question.name, {**WORDS, "unheard": "x"}, TERMS)
        expected = {p.name: WORDS.get(p.name, p.otherwise) for p in question.parameters}
        assert read.asked == expected


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_an_answer_survives_json_and_every_kind_of_file(question: str, tmp_path: Path) -> None:
    answer = ask(question, **{"class": "A1", "from": "B", "stresses": "A=1"})
    assert from_json(Answer, to_json(answer)) == answer
    assert answer.terms == TERMS.fingerprint()
    for table in answer.tables:
        assert all(len(row) == len(table.columns) for row in table.rows)
        made = as_table(table, answer.currency)
        assert made.money == {column.name for column in table.columns if column.form is Form.MONEY}
    (tmp_path / "answer.parquet").write_bytes(answer_file(answer, "answer.parquet"))
    assert pl.read_parquet(tmp_path / "answer.parquet").rows() == list(answer.tables[0].rows)
    assert answer_file(answer, "answer.xlsx").startswith(b"PK")
    head = answer_file(answer, "answer.csv").decode("utf-8-sig").splitlines()[0]
    assert head == ",".join(column.name for column in answer.tables[0].columns)
