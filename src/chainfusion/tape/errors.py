"""What can be wrong with a tape's file or its mapping as a whole. What is wrong in rows is a `Finding` (report.py)."""

from __future__ import annotations

from typing import Any

from chainfusion.domain.errors import ChainFusionError, Text


class TapeFileError(ChainFusionError):
    """Base of the refusals of a file or mapping as a whole. A fact may be a `Text`: each language gets its own."""

    code = "TAPE_FILE"

    def __init__(self, **facts: Any) -> None:
        spoken = {name: fact for name, fact in facts.items() if isinstance(fact, Text)}
        plain = {name: fact.en for name, fact in spoken.items()} | {
            f"{name}_zh": fact.zh for name, fact in spoken.items()
        }
        super().__init__(**(facts | plain))

    def message(self, lang: str = "en") -> str:
        """What was refused and where, in `lang`."""
        if lang != "zh":
            return super().message(lang)
        return self.says.filled(
            lang, self.facts | {n: self.facts[f"{n}_zh"] for n in self.facts if f"{n}_zh" in self.facts}
        )


class TapeNotFound(TapeFileError):
    """No file, or one that may not be read."""

    code = "TAPE_NOT_FOUND"
    says = Text("The file {name} cannot be read: {why}.", "无法读取文件 {name}：{why}。")
    do = Text("Check the path and the permissions.", "请检查路径与权限。")


class TapeTooLarge(TapeFileError):
    """More bytes than any tape has."""

    code = "TAPE_TOO_LARGE"
    says = Text(
        "The file {name} has {size} bytes; at most {limit} are read.", "文件 {name} 有 {size} 字节；上限为 {limit}。"
    )
    do = Text("Split the tape by originator or portfolio.", "请按发起机构或资产组合拆分清单。")


class TapeEmpty(TapeFileError):
    """A file without a header, or with a header and no loan."""

    code = "TAPE_EMPTY"
    says = Text("The tape {name} holds no loans: {why}.", "资产清单 {name} 中没有贷款：{why}。")
    do = Text("Send the tape with a header row and at least one loan.", "请提供含表头且至少一笔贷款的清单。")


class WrongEncoding(TapeFileError):
    """Bytes that are no text in the encoding that the mapping states."""

    code = "TAPE_WRONG_ENCODING"
    says = Text(
        "Row {row}, byte {offset}: the text is not {encoding} ({why}).",
        "第 {row} 行、第 {offset} 字节：文本不是 {encoding} 编码（{why}）。",
    )
    do = Text(
        "State the file's encoding in the mapping (file: encoding: utf-8, gb18030 or utf-16), or save it as UTF-8.",
        "请在映射中声明文件编码（file: encoding: utf-8、gb18030 或 utf-16），或另存为 UTF-8。",
    )


class DamagedText(TapeFileError):
    """NUL bytes: no text, or text that was damaged before it came here."""

    code = "TAPE_DAMAGED_TEXT"
    says = Text(
        "Row {row}, byte {offset}: the file holds a NUL byte.", "第 {row} 行、第 {offset} 字节：文件中含有 NUL 字节。"
    )
    do = Text(
        "Export the tape again from its system; the text was lost before it came here.",
        "请从源系统重新导出清单；文本在此之前已损坏。",
    )


class MalformedCsv(TapeFileError):
    """A CSV file whose quoting or lines do not hold."""

    code = "TAPE_MALFORMED_CSV"
    says = Text("Row {row}: this is not well-formed CSV: {why}.", "第 {row} 行：CSV 格式不正确：{why}。")
    do = Text("Quote fields as RFC 4180 says: double a quote inside a quoted field, and close every quote.",
              "请按 RFC 4180 书写：引号内的引号要双写，每个引号都要闭合。")  # fmt: skip


class MalformedWorkbook(TapeFileError):
    """A file that is not a whole XLSX workbook."""

    code = "TAPE_MALFORMED_XLSX"
    says = Text(
        "The file {name} is not a readable XLSX workbook: {why}.", "文件 {name} 不是可读的 XLSX 工作簿：{why}。"
    )
    do = Text("Save it again as .xlsx without a password, or as CSV.", "请另存为不加密的 .xlsx，或存为 CSV。")


class UnsafeWorkbook(TapeFileError):
    """A workbook that is built to harm, or could: a zip bomb, macros, entities."""

    code = "TAPE_UNSAFE_XLSX"
    says = Text("The workbook {name} is refused: {why}.", "拒绝读取工作簿 {name}：{why}。")
    do = Text("Save the values alone as a plain .xlsx or as CSV.", "请仅将数值另存为普通 .xlsx 或 CSV。")


class BadMapping(TapeFileError):
    """A mapping file that does not say how to read a tape."""

    code = "TAPE_BAD_MAPPING"
    says = Text("Mapping, line {line}, {path}: {why}.", "映射第 {line} 行，{path}：{why}。")
    do = Text(
        "docs/spec/tape.md describes the mapping; `tape map` proposes one.",
        "映射格式见 docs/spec/tape.md；可用 `tape map` 生成建议。",
    )


class TapeRefused(ChainFusionError):
    """A tape with errors in it. `report` tells each of them with its row, column, value and rule."""

    report: Any = None
    """The `Report` of what was found, in the process that read the tape; elsewhere the facts hold the first of it."""
    code = "TAPE_REFUSED"
    says = Text(
        "The tape {name} has {errors} errors in {rules} rules; the first: {first}",
        "资产清单 {name} 有 {errors} 处错误，涉及 {rules} 条规则；第一处：{first}",
    )
    do = Text(
        "Correct the tape, or state in the mapping which rows are left out and why. Nothing was registered.",
        "请更正清单，或在映射中声明剔除哪些行及原因。本次未登记任何内容。",
    )
