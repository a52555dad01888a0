"""What is refused about deal terms."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class BadFormula(ChainFusionError):
    """A formula that cannot be read, or that adds what does not add."""

    code = "BAD_FORMULA"
    says = Text("In {formula!r}: {why}.", "公式 {formula!r}：{why}。")
    do = Text(
        "Correct the formula; docs/spec/terms.md tells what one can say.", "请更正公式，写法见 docs/spec/terms.md。"
    )


class BadTerms(ChainFusionError):
    """Deal terms that cannot be read or make no sense. `findings` holds each with rule, path, line and reason."""

    code = "BAD_TERMS"
    says = Text("The deal terms have {count} errors; the first: line {line}, {path}: {why}.",
                "交易条款有 {count} 处错误，首处：第 {line} 行 {path}：{why}。")  # fmt: skip
    do = Text("Correct each finding and read the terms again.", "请逐条更正后重新读取。")


class BadRun(ChainFusionError):
    """What a run was given does not fit the terms."""

    code = "BAD_RUN"
    says = Text("The deal cannot be run: {why}.", "无法运行该交易：{why}。")
    do = Text("Give the run what the terms ask for.", "请按条款要求提供运行所需内容。")
