"""The rules that a loan tape is held to: a stable code, how grave a breach is, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass

from chainfusion.domain.errors import Text

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Rule:
    """A rule. An error refuses the tape; a warning is reported. `{note}` is what the finding adds."""

    code: str
    severity: str
    says: Text

    @property
    def is_error(self) -> bool:
        """Whether a breach refuses the tape."""
        return self.severity == ERROR


def _error(code: str, en: str, zh: str) -> Rule:
    return Rule(code, ERROR, Text(en, zh))


def _warning(code: str, en: str, zh: str) -> Rule:
    return Rule(code, WARNING, Text(en, zh))


_ALL = (
    # the file
    _error(
        "missing_column",
        "the mapping reads this column and the file has none of that name{note}",
        "映射引用了该列，但文件中没有{note}",
    ),
    _error("duplicate_header", "two columns have this name", "有两列同名"),
    _error("ragged_row", "the row has another number of fields than the header{note}", "该行字段数与表头不一致{note}"),
    _error("formula_cell", "the cell holds a formula; a tape holds values", "单元格为公式；清单只接受数值"),
    _error("cell_error", "the cell holds a spreadsheet error", "单元格为表格错误值"),
    # one value
    _error("required", "a value is needed", "必填项为空"),
    _error("not_a_number", "not a number", "不是数字"),
    _error(
        "too_many_decimals",
        "more decimals than the unit has, and the mapping declares no rounding",
        "小数位多于计量单位允许的位数，且映射未声明舍入",
    ),
    _error("out_of_range", "too large to be counted", "数值过大"),
    _error("not_whole", "a whole number is needed", "须为整数"),
    _error("not_a_date", "not a date in the forms that the mapping states", "不是映射所声明格式的日期"),
    _error(
        "ambiguous_date",
        "two of the mapping's date forms read it as different days",
        "按映射声明的不同格式会读成不同日期",
    ),
    _error("unknown_code", "a code that the mapping does not translate", "映射中没有该代码的对应值"),
    _error("control_character", "a control character in the text", "文本含控制字符"),
    _error(
        "damaged_text",
        "the text holds replacement characters: it was damaged before it came here",
        "文本含替换字符，已损坏",
    ),
    _error("text_too_long", "longer than 256 bytes", "超过 256 字节"),
    _error("formula_text", "text that a spreadsheet would run as a formula", "文本会被电子表格当作公式执行"),
    _error("not_a_currency", "not a currency code (ISO 4217)", "不是币种代码（ISO 4217）"),
    # one loan
    _error("duplicate_loan", "the same loan number again{note}", "借据号重复{note}"),
    _error("negative", "below zero", "为负数"),
    _error("original_zero", "the original balance is zero", "合同金额为零"),
    _error("balance_above_original", "the current balance is above the original balance", "未偿余额大于合同金额"),
    _error("rate_range", "the rate lies outside 0% to 100%", "利率不在 0% 至 100% 之间"),
    _error("term_range", "the term lies outside 0 to 600 months", "期限不在 0 至 600 个月之间"),
    _error("originated_after_as_of", "originated after the cut-off date", "发放日晚于封包日"),
    _error("maturity_before_origination", "matures before it was originated", "到期日早于发放日"),
    _error("ltv_range", "loan to value outside 0% to 1000%", "贷款价值比不在 0% 至 1000% 之间"),
    # the tape
    _error("mixed_currency", "another currency than the tape's{note}", "币种与清单不一致{note}"),
    _error("mixed_as_of", "another cut-off date than the tape's{note}", "封包日与清单不一致{note}"),
    _error("total_differs", "the total differs from the one that was stated{note}", "合计与申报数不一致{note}"),
    # worth a look
    _warning("zero_balance", "the current balance is zero", "未偿余额为零"),
    _warning("matured_with_balance", "matured before the cut-off date and still has a balance", "已到期但仍有余额"),
    _warning("closed_with_balance", "paid off, and still has a balance", "已结清但仍有余额"),
    _warning("high_rate", "the rate is above 36%", "利率高于 36%"),
    _warning("high_ltv", "loan to value above 150%", "贷款价值比高于 150%"),
    _warning("remaining_above_original", "the remaining term is longer than the original term", "剩余期限长于合同期限"),
    _warning(
        "first_payment_before_origination",
        "the first payment is due before the loan was originated",
        "首次还款日早于发放日",
    ),
    _warning("long_past_due", "more than ten years past due", "逾期超过十年"),
    _warning("rounded", "rounded, as the mapping declares", "已按映射声明舍入"),
)
RULES = {rule.code: rule for rule in _ALL}
"""The rules by code."""

TOLERABLE = frozenset({
    "balance_above_original", "original_zero", "maturity_before_origination", "term_range", "ltv_range", "rate_range",
})  # fmt: skip
"""Rules that a mapping may turn into warnings (`tolerate`), where an originator's loans break them by nature."""
