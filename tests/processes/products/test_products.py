"""Product templates: each part is taken by its own reader, the parts fit each other, and what they begin runs."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

import pytest

from chainfusion.cashflow.text.reader import lint_text, read_terms
from chainfusion.domain.deal import Product
from chainfusion.domain.process.definition import Definition, Need
from chainfusion.domain.process.soundness import require_sound
from chainfusion.domain.terms.compile import compile_terms
from chainfusion.domain.waterfall.run import run
from chainfusion.processes.products import ProductTemplate, files_of, names, template
from chainfusion.processes.products.refusals import UnknownTemplate
from chainfusion.processes.products.writer import columns_of
from chainfusion.tape.criteria_file import parse_criteria
from chainfusion.tape.evaluate import evaluate
from chainfusion.tape.intake import take_in
from chainfusion.tape.mapping_reader import parse_mapping

KINDS = (
    "auto-loans", "card-instalments", "lease-rent", "micro-loans", "mortgages", "non-performing-loans", "receivables",
    "trust-beneficiary-rights",
)  # fmt: skip
LATER = {
    "servicer-report", "custodian-report", "trustee-report", "payment-instruction", "payment-confirmation",
    "audit-report", "clearing-report",
}  # fmt: skip
"""Papers of the deal's life: the index that a deal opens with does not ask for them."""
CELLS = {
    "封包日": "2026-01-31", "还款方式": "等额本息", "五级分类": "正常", "状态": "正常", "逾期天数": "0",
    "合同期限(月)": "24", "剩余期限(月)": "12", "租赁期限(月)": "48", "发放日": "2025-01-31", "到期日": "2027-01-31",
    "起租日": "2024-06-30", "确权日": "2025-06-30", "预计回款日": "2026-09-30", "所在城市": "上海市",
    "付款人所在地": "上海市", "承租人所在地": "上海市", "信用评分": "700", "每期还款额": "900.00", "每期租金": "900.00",
}  # fmt: skip


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> ProductTemplate:
    return template(request.param)


def test_there_is_a_template_for_each_kind_that_is_issued() -> None:
    assert names() == KINDS
    products = {template(name).product for name in KINDS}
    assert len(products) == len(KINDS)
    assert {Product.NON_PERFORMING_LOANS, Product.TRUST_BENEFICIARY_RIGHTS, Product.MICRO_LOANS} <= products


def test_an_unknown_kind_tells_what_there_is() -> None:
    with pytest.raises(UnknownTemplate, match="mortgages"):
        template("../library/mortgages")


def test_the_terms_lint_clean_and_are_read(kind: ProductTemplate) -> None:
    assert lint_text(kind.terms.encode()) == ()
    terms = read_terms(kind.terms.encode())
    assert (terms.currency, terms.id) == (kind.currency, f"{kind.id}-2026-1")
    assert "$" not in kind.terms


def test_the_terms_pay_out_what_the_pool_brings_in(kind: ProductTemplate) -> None:
    """Eight even periods that bring the pool back with interest: the seniors are repaid, and no cash is lost."""
    terms = read_terms(kind.terms.encode())
    program = compile_terms(terms)
    flows = {each.name: [0] * program.periods for each in program.inputs}
    recovering = kind.product is Product.NON_PERFORMING_LOANS
    revolving = sum(trigger.id == "revolving_ends" for trigger in terms.triggers) * 12
    for period in range(revolving, revolving + 8):
        share = terms.pool_balance // 8 + (period == revolving) * (terms.pool_balance % 8)
        if recovering:
            flows["pool.recovered"][period] = share * 2
        else:
            flows["pool.scheduled"][period] = share
    for period in range(revolving + 8):
        if not recovering:
            flows["pool.interest"][period] = terms.pool_balance // 200
        if "LPR5Y" in flows:
            flows["LPR5Y"][period] = 3_500_000
    result = run(program, flows)
    assert result["A.balance"][0] > 0 or revolving == 0
    assert result["A.balance"][-1] == 0
    assert result["Sub.balance"][-1] == 0
    assert sum(result["Sub.return_paid"]) > 0


def test_the_mapping_reads_a_tape_with_the_header_that_comes_with_it(kind: ProductTemplate) -> None:
    files = files_of(kind)
    mapping = parse_mapping(files["mapping.yaml"])
    (header,) = csv.reader(io.StringIO(files["tape.csv"].decode("utf-8-sig")))
    assert tuple(header) == columns_of(mapping)
    assert max(Counter(header).values()) == 1
    cells = {column: cell_of(column, kind) for column in header}
    (key,) = next(field.rule.columns for field in mapping.fields if field.name == "loan_id")
    text = io.StringIO()
    csv.writer(text).writerows([header, *([{**cells, key: f"A{n}"}[column] for column in header] for n in range(3))])
    tape = take_in(text.getvalue().encode(), "tape.csv", mapping).accepted()
    assert (len(tape), tape.currency) == (3, kind.currency)
    results = evaluate(tape, parse_criteria(files["criteria.yaml"]), bytes(32)).results
    assert [each.criterion.id for each in results.eligibility if not each.passed] == []


def test_the_criteria_are_in_both_languages_and_in_the_deals_currency(kind: ProductTemplate) -> None:
    criteria = parse_criteria(kind.criteria.encode())
    assert criteria.currency == kind.currency
    for each in (*criteria.eligibility, *criteria.concentration):
        assert re.search("[\u4e00-\u9fff]", each.title.zh), each.id
        assert each.title.en.isascii()


def test_the_index_has_every_paper_that_the_process_asks_for_before_the_deals_life(kind: ProductTemplate) -> None:
    definition = require_sound(kind.definition)
    assert (definition.id, definition.version) == (kind.process, kind.version)
    provided = {(entry.kind.value, entry.provider) for entry in kind.index}
    for paper, role in papers(definition):
        if paper not in LATER:
            assert any(each == paper and role in (None, by) for each, by in provided), (paper, role)
    assert {each.value for each in definition.documents} <= {paper for paper, _ in provided}
    assert len(set(kind.index)) == len(kind.index)


def test_the_files_explain_themselves_in_both_languages(kind: ProductTemplate) -> None:
    files = files_of(kind)
    assert set(files) == {"README.md", "mapping.yaml", "tape.csv", "criteria.yaml", "index.txt", "terms.yaml"}
    for name in ("mapping.yaml", "criteria.yaml", "terms.yaml"):
        comments = [line for line in files[name].decode().splitlines() if line.startswith("#")]
        assert any(kind.name.zh in line for line in comments), name
        assert any(kind.name.en in line for line in comments), name
    readme = files["README.md"].decode()
    assert kind.process in readme
    assert all(f"`{entry.kind.value}`" in readme for entry in kind.index)
    assert "{" not in readme


def papers(definition: Definition) -> set[tuple[str, object]]:
    """Every document that a definition's steps require, and by whom where it says so."""
    processes = (definition.main, *definition.inside)
    return {
        (each.of, each.by)
        for process in processes
        for step in process.steps
        for each in step.requires
        if each.need is Need.DOCUMENT
    }


def cell_of(column: str, kind: ProductTemplate) -> str:
    """A value that a good tape has in a column."""
    if kind.product is Product.NON_PERFORMING_LOANS and column == "逾期天数":
        return "360"
    if column in CELLS:
        return CELLS[column]
    if column.endswith("(%)"):
        return "4.50"
    if "评估价值" in column:
        return "40000.00"
    return "B1" if column.endswith("编号") else "20000.00"
