"""`tape map`: what is clear is proposed with its reasons; what is not is left open, and refused until decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainfusion.tape.errors import BadMapping, TapeEmpty
from chainfusion.tape.intake import take_in
from chainfusion.tape.mapping_reader import parse_mapping
from chainfusion.tape.mapping_writer import mapping_yaml
from chainfusion.tape.propose import Proposal, propose

CHINESE = (
    "借据号,合同金额（元）,未偿本金余额（元）,执行利率,起息日,到期日,剩余期限,还款方式,抵押物价值,地区,币种,封包日,逾期天数\n"
    '0001,"1,000.00",900.50,4.35%,2025-06-30,2027-06-30,12,等额本息,2000,浙江,人民币,2026-06-30,0\n'
    '0002,"2,000.00",1800.00,3.90%,2025-07-31,2027-07-31,13,等额本金,4000,江苏,人民币,2026-06-30,5\n'
)
ESMA = "RREL3,RREL29,RREL30,RREL43,RREL23,RREL24,RREL6\nL1,1000,900,3.5,2020-01-31,2040-01-31,2026-06-30\n"


def _proposal(text: str) -> Proposal:
    return propose(text.encode(), "t.csv")


def _chosen(proposal: Proposal) -> dict[str, str]:
    return {choice.field: choice.chosen.column for choice in proposal.choices if choice.chosen}


def test_chinese_headers_are_known() -> None:
    assert _chosen(_proposal(CHINESE)) == {
        "loan_id": "借据号", "original_balance": "合同金额（元）",
        "current_balance": "未偿本金余额（元）", "rate_ppm": "执行利率",
        "origination_date": "起息日", "maturity_date": "到期日", "remaining_term": "剩余期限", "repayment": "还款方式",
        "collateral_value": "抵押物价值", "region": "地区", "currency": "币种",
        "as_of": "封包日", "days_past_due": "逾期天数",
    }  # fmt: skip


def test_a_clear_proposal_reads_its_own_tape_once_the_originator_is_named() -> None:
    text = mapping_yaml(_proposal(CHINESE), "zh").replace('originator: "?"', "originator: 东海银行")
    tape = take_in(CHINESE.encode(), "t.csv", parse_mapping(text.encode())).accepted()
    loan = tape.loan(0)
    assert (loan.loan_id, loan.original_balance, loan.rate_ppm, loan.currency) == ("0001", 100_000, 43_500, "CNY")
    assert (loan.repayment, loan.region, tape.as_of.isoformat()) == ("LEVEL_PAYMENT", "浙江", "2026-06-30")


def test_esma_codes_are_known() -> None:
    chosen = _chosen(_proposal(ESMA))
    assert (chosen["loan_id"], chosen["current_balance"], chosen["rate_ppm"], chosen["as_of"]) == (
        "RREL3",
        "RREL30",
        "RREL43",
        "RREL6",
    )


def test_an_open_mapping_is_refused_at_the_line_that_is_open() -> None:
    text = mapping_yaml(_proposal(ESMA))
    with pytest.raises(BadMapping) as caught:
        parse_mapping(text.encode())
    line = text.splitlines()[caught.value.facts["line"] - 1]
    assert "?" in line


def test_dates_that_two_forms_read_are_left_open_and_named() -> None:
    proposal = _proposal("id,start\n1,03/04/2026\n2,05/06/2026\n".replace("start", "originationDate"))
    chosen = proposal.choice("origination_date").chosen
    assert chosen is not None
    assert chosen.how == {"dates": "?"}
    assert "%m/%d/%Y, %d/%m/%Y" in chosen.reasons[1].en


def test_a_day_above_twelve_decides_the_form() -> None:
    chosen = _proposal("originationDate\n25/04/2026\n05/06/2026\n").choice("origination_date").chosen
    assert chosen is not None
    assert chosen.how == {"dates": "%d/%m/%Y"}


@pytest.mark.parametrize(
    ("values", "unit"),
    [("0.0435\n0.12", "fraction"), ("4.35\n12", "percent"), ("435\n1200", "basis-points"), ("0.9\n0.8", "?")],
)
def test_the_unit_of_a_rate_is_told_from_its_size_or_left_open(values: str, unit: str) -> None:
    chosen = _proposal(f"interestRate\n{values}\n").choice("rate_ppm").chosen
    assert chosen is not None
    assert chosen.how["unit"] == unit


def test_two_columns_that_fit_equally_are_both_named_and_none_is_chosen() -> None:
    choice = _proposal("currentBalance,outstandingBalance\n1,2\n3,4\n").choice("current_balance")
    assert choice.chosen is None
    assert {candidate.column for candidate in choice.candidates} == {"currentBalance", "outstandingBalance"}
    assert 'current_balance: "?"' in mapping_yaml(_proposal("currentBalance,outstandingBalance\n1,2\n3,4\n"))


def test_a_loan_number_that_repeats_is_not_chosen() -> None:
    assert _proposal("loanId\n1\n1\n").choice("loan_id").chosen is None


def test_values_that_are_no_numbers_take_a_column_out() -> None:
    assert _proposal("currentBalance\nabc\n").choice("current_balance").candidates == ()


def test_codes_that_need_a_person_are_left_open() -> None:
    text = mapping_yaml(_proposal("status\nCurrent\nZ9\n"))
    assert '"Z9": "?"' in text
    assert "CURRENT" in text


def test_null_markers_that_occur_are_proposed() -> None:
    assert _proposal("loanId,balance\n1,NA\n2,-\n").nulls == ("", "NA", "-")


def test_the_delimiter_is_told_from_the_header() -> None:
    assert _proposal("loanId;balance\n1;2\n").form.delimiter == ";"


def test_a_header_that_would_break_the_yaml_does_not() -> None:
    header = 'loanId,"balance: ""x"" #\n- y"'
    proposal = propose(f"{header}\n1,2\n2,3\n".encode(), "a\nb: c.csv")
    with pytest.raises(BadMapping, match="left open"):
        parse_mapping(mapping_yaml(proposal).encode())


def test_no_table_no_proposal() -> None:
    with pytest.raises(TapeEmpty):
        propose(b"", "t.csv")


def test_the_real_ally_tape_needs_but_currency_originator_and_codes() -> None:
    path = Path(__file__).parents[2].parent / "shared" / "data" / "tapes" / "ally_auto_aart2895_2019.csv"
    if not path.exists():
        pytest.skip("the real tape is not here")
    proposal = propose(path.read_bytes(), path.name)
    assert proposal.open == ("currency",)
    chosen = _chosen(proposal)
    assert (chosen["loan_id"], chosen["current_balance"]) == ("assetNumber", "reportingPeriodActualEndBalanceAmount")
