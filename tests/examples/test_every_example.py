"""What holds of every example: its terms are clean, its cash adds up, its reading says what its run computes."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from chainfusion.cashflow.text.reader import lint_text, read_terms
from chainfusion.cashflow.text.sheet import term_sheet
from chainfusion.cashflow.text.writer import write_terms
from chainfusion.domain.terms.records import DealTerms
from chainfusion.domain.waterfall.run import run
from tests.support.examples import EXAMPLES, example, loaded

NAMES = ("rmbs-jiaoying-2018-1", "auto-ally", "revolving-consumer", "hexiang-2017-5")


@pytest.mark.parametrize("name", NAMES)
def test_its_terms_are_clean_and_round_trip(name: str) -> None:
    text = (EXAMPLES / name / "terms.yaml").read_bytes()
    assert lint_text(text) == ()
    terms = read_terms(text)
    again = read_terms(write_terms(terms))
    assert again == terms
    assert again.fingerprint() == terms.fingerprint()


@pytest.mark.parametrize("name", NAMES)
def test_every_step_cites_a_clause_in_both_languages(name: str) -> None:
    terms = example(name).TERMS
    for found in (*(step for each in terms.lists for step in each.steps), *terms.triggers):
        assert found.clause.zh, found.id
        assert found.clause.en, found.id
    assert terms.name.zh in term_sheet(terms, "zh").text()
    assert terms.name.en in term_sheet(terms, "en").text()


@pytest.mark.parametrize("name", NAMES)
def test_its_pool_is_what_its_terms_say(name: str) -> None:
    module = example(name)
    collected = module.collected()
    assert set(collected.opening[:, 0].tolist()) == {module.TERMS.pool_balance}
    collected.checked()


@pytest.mark.parametrize("name", NAMES)
def test_cash_in_is_cash_out_in_every_period_of_every_scenario(name: str) -> None:
    """Counted from what was received and paid, beside the check that every run makes of itself."""
    ran = example(name).ran()
    result, terms = ran.result, ran.terms
    received = sum(result.flows[f"pool.{flow}"] for a in terms.accounts for flow in a.receives)
    if terms.clean_up is not None:
        price = result["clean_up.received"]
        received = np.where(np.cumsum(price, axis=1) - price > 0, 0, received) + price
    paid = sum(result[o] for o in result.names if o.endswith(PAID) and o.split(".")[0] in payees(terms))
    pots = [f"{a.id}.{kept}" for a in terms.accounts for kept in ("balance", "carried")]
    held = sum(result[pot] for pot in pots if pot in result.names)
    begun = np.full((len(ran.names), 1), sum(a.initial for a in terms.accounts))
    before = np.concatenate([begun, held[:, :-1]], axis=1)
    assert np.array_equal(before + received, paid + held)


PAID = (".paid", ".interest_paid", ".principal_paid", ".return_paid")


def payees(terms: DealTerms) -> set[str]:
    """Who gets cash out of the deal."""
    return {x.id for x in (*terms.claims, *terms.tranches, *terms.parties)} | {"assets"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_negative_and_no_class_is_repaid_beyond_its_size(name: str) -> None:
    ran = example(name).ran()
    for output in ran.result.program.outputs:
        if output.kind == "money":
            assert int(ran.result[output.name].min()) >= 0, output.name
    for tranche in ran.terms.tranches:
        repaid = ran.result[f"{tranche.id}.principal_paid"].sum(axis=1)
        assert (repaid + ran.result[f"{tranche.id}.balance"][:, -1] == tranche.size).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_computes_the_same_cents(name: str) -> None:
    """One scenario with Python's integers, as it runs on the ledger."""
    ran = example(name).ran()
    last = len(ran.names) - 1
    program = ran.result.program
    flows = {i.name: np.atleast_2d(ran.result.flows.get(i.name, np.zeros(program.periods, np.int64)))
             for i in program.inputs}  # fmt: skip
    alone = run(program, {key: [int(x) for x in flow[last if len(flow) > 1 else 0]] for key, flow in flows.items()})
    for output in program.outputs:
        assert list(alone[output.name]) == ran.result[output.name][last].tolist(), output.name


@pytest.mark.parametrize("name", NAMES)
def test_its_readme_states_what_it_computes(name: str) -> None:
    readme = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    stated = list(tables(readme))
    for table in example(name).tables():
        assert [list(table.head), *map(list, table.rows)] in stated, table.name
    figures = {cell for table in stated for row in table for cell in row}
    prose = "\n".join(line for line in readme.splitlines() if not line.startswith("|"))
    for life in re.findall(r"(\d+\.\d\d)(?: to \d+\.\d\d)? years", prose):
        assert life in figures


def tables(markdown: str) -> Iterator[list[list[str]]]:
    """The tables of a Markdown text, cell by cell."""
    for block in re.findall(r"(?:^\|.*\|\n)+", markdown, re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        yield [row for row in rows if not all(set(cell) <= set("-: ") and cell for cell in row)]


@pytest.mark.parametrize("name", NAMES)
def test_its_files_hold_every_flow_of_every_scenario(name: str, tmp_path: Path) -> None:
    module = example(name)
    ran = module.ran()
    files = loaded(EXAMPLES / "reading.py").save(tmp_path, ran, module.tables())
    assert {f.name for f in files} == {f.name for f in tmp_path.iterdir()}
    flows = [f for f in files if f.name.startswith("flows-")]
    assert len(flows) == len(ran.names)
    with flows[0].open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    senior = ran.terms.tranches[0].id
    assert [int(r[f"{senior}.balance"]) for r in rows] == ran.result[f"{senior}.balance"][0].tolist()


def test_the_readmes_code_inspects_a_payment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = re.search(r"```python\n(.*?)```", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    monkeypatch.setitem(sys.modules, "run", example("rmbs-jiaoying-2018-1"))
    exec(code[1], {})
    assert "acceleration False True" in capsys.readouterr().out
