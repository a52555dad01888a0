"""The term sheet: the same facts in two languages, with nothing left unsaid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chainfusion.cashflow.text.reader import load_terms
from chainfusion.cashflow.text.sheet import Sheet, term_sheet
from chainfusion.domain.terms.reading import Reader
from tests.cashflow.text.small import small
from tests.domain.waterfall.deals import FAMILIES, random_deal

HEXIANG = load_terms(Path(__file__).parents[3] / "examples" / "hexiang-2017-5" / "terms.yaml")


def cells(sheet: Sheet) -> list[str]:
    return [cell for section in sheet.sections for row in section.rows for cell in row]


def test_it_reads_in_chinese() -> None:
    text = term_sheet(HEXIANG, "zh").text()
    for said in (
        "和享2017年第五期个人消费贷款资产支持证券", "优先A档", "13,249,000,000.00 CNY", "87.97%",
        "人民银行一年期贷款基准利率 + 0.65%", "支付日前 6 个工作日", "第 1 年: 8%；第 2 年: 12%（此后相同）",
        "上限 500,000.00 CNY", "11.8.1(f)；与摘要不一致，以正文为准", "同顺序，按应付金额比例",
        "次级档余额 × 年化 2%（四舍五入）", "分配给次级档、浮动服务报酬（按约定比例） 20% / 80%",
    ):  # fmt: skip
        assert said in text, said


def test_it_reads_in_english() -> None:
    text = term_sheet(HEXIANG, "en").text()
    for said in (
        "Class A", "PBoC one-year loan benchmark + 1.25%", "6 business days before Payment date",
        "pro rata to amounts due",
        "the sum to date of (newly defaulted balance) > Limit on cumulative default × initial pool balance",
        "at most 500,000.00 CNY", "20% / 80%",
        "Front servicing rate", "0% – 12%", "Event of default",
    ):  # fmt: skip
        assert said in text, said


def test_both_languages_have_the_same_sections_and_rows() -> None:
    chinese, english = term_sheet(HEXIANG, "zh"), term_sheet(HEXIANG, "en")
    assert [len(s.rows) for s in chinese.sections] == [len(s.rows) for s in english.sections]
    assert chinese.fingerprint == english.fingerprint == HEXIANG.fingerprint()


def test_no_english_is_left_in_the_chinese_formulas() -> None:
    reader = Reader(HEXIANG, "zh")
    for found in HEXIANG.lists:
        for step in found.steps:
            said = reader.formula(step.amount) + reader.formula(step.when) + reader.formula(step.cap)
            assert not re.search(r"[a-z]{3,}", said), said


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_random_deal_reads(family: str, lang: str) -> None:
    for seed in range(25):
        sheet = term_sheet(random_deal(seed, family).terms, lang)
        assert all(isinstance(cell, str) for cell in cells(sheet))
        assert "{}" not in sheet.text()


def test_a_title_stands_for_an_id() -> None:
    assert "Senior" in term_sheet(small(), "en").text()
    assert "优先档" in term_sheet(small(), "zh").text()
    assert Reader(small(), "zh").formula("A.balance - pool.opening * 2") == "优先档余额 - 期初资产池余额 × 2"


def test_brackets_stand_only_where_they_matter() -> None:
    read = Reader(small(), "en").formula
    assert read("(A.balance + B.balance) + rest") == "balance of Senior + balance of B + all that is left"
    assert read("2 * (A.balance + rest)") == "2 × (balance of Senior + all that is left)"
    assert read("A.balance - (B.balance - rest)") == "balance of Senior - (balance of B - all that is left)"
