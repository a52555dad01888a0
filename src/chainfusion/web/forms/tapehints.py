"""What to do about each rule that a tape breaks."""

from __future__ import annotations

from chainfusion.domain.errors import Text

HINTS: dict[str, Text] = {
    "missing_column": Text("choose another column in the mapping", "在列映射中改选其他列"),
    "duplicate_header": Text("rename one of the two columns", "将其中一列改名"),
    "ragged_row": Text("look for a stray delimiter or line break", "检查多余的分隔符或换行"),
    "formula_cell": Text("paste as values and upload again", "粘贴为值后再上传"),
    "cell_error": Text("correct the formula, then paste as values", "更正公式后粘贴为值"),
    "required": Text("fill in the value", "补充该值"),
    "not_a_number": Text("write a number; look for letters O and l", "改成数字；注意字母 O 与 l"),
    "too_many_decimals": Text("round in the tape, or choose the right unit", "在清单中舍入，或改选正确的单位"),
    "out_of_range": Text("check the unit in the mapping", "检查列映射中的单位"),
    "not_whole": Text("write a whole number", "改成整数"),
    "not_a_date": Text("correct the date, or state its form in the mapping", "更正日期，或在列映射中声明其格式"),
    "ambiguous_date": Text("state one date form in the mapping", "在列映射中只声明一种日期格式"),
    "unknown_code": Text("say in the mapping what the code means", "在列映射中说明该代码的含义"),
    "control_character": Text("remove the invisible character", "删除不可见字符"),
    "damaged_text": Text("export the tape again as UTF-8 or GB 18030", "重新以 UTF-8 或 GB 18030 导出清单"),
    "text_too_long": Text("shorten the text", "缩短文本"),
    "formula_text": Text("remove the leading =, +, - or @", "去掉开头的 =、+、- 或 @"),
    "not_a_currency": Text("use the three-letter code", "使用三位币种代码"),
    "duplicate_loan": Text(
        "keep one of the rows; for a history, keep the latest", "只保留一行；多期历史请保留最新一期"
    ),
    "negative": Text("take overpaid loans out of the tape", "多还的贷款应移出清单"),
    "original_zero": Text("state the contract's amount", "填写合同金额"),
    "balance_above_original": Text("check both amounts and their units", "核对两项金额及单位"),
    "rate_range": Text("check the unit: per cent or fraction", "检查单位：百分数或小数"),
    "term_range": Text("check the unit: months or years", "检查单位：月或年"),
    "originated_after_as_of": Text("check the date, or the cut-off date", "核对该日期或封包日"),
    "maturity_before_origination": Text("check which column is which", "核对两列是否对调"),
    "ltv_range": Text("check the unit, or the collateral’s value", "检查单位或抵押物价值"),
    "mixed_currency": Text("take loans in other currencies out", "将其他币种的贷款移出"),
    "mixed_as_of": Text("state the cut-off date, or keep one period", "声明封包日，或只保留一期"),
    "total_differs": Text("find the missing or additional rows", "查找缺少或多出的行"),
}
