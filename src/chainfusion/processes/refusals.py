"""Refusals of process files, with the line."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class BadProcessFile(ChainFusionError):
    """A text that does not say what a process is."""

    code = "BAD_PROCESS_FILE"
    says = Text("Process file, line {line}, {path}: {why}.", "流程文件第 {line} 行，{path}：{why}。")
    do = Text(
        "Correct that line; docs/spec/process.md describes the form.", "请更正该行；格式见 docs/spec/process.md。"
    )


class UnknownProcess(ChainFusionError):
    """A name that the library does not have."""

    code = "UNKNOWN_PROCESS"
    says = Text("The library has no process {process}; it has {known}.", "内置流程中没有 {process}；现有：{known}。")
    do = Text("Choose one of these, or give a file of your own.", "请从中选择，或提供自己的文件。")
