"""Refusals of BPMN files: what cannot be read at all, and what a definition cannot say, each where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chainfusion.domain.errors import ChainFusionError, Text


class NotBpmn(ChainFusionError):
    """A file that is no BPMN 2.0 XML, or XML that is not safe to read."""

    code = "NOT_BPMN"
    says = Text(
        "Line {line}: this cannot be read as BPMN 2.0: {why}.", "第 {line} 行：无法按 BPMN 2.0 读取：{why_zh}。"
    )
    do = Text("Save the diagram as BPMN 2.0 XML again, without a DOCTYPE.", "请重新另存为 BPMN 2.0 XML，不带 DOCTYPE。")


class BpmnRefused(ChainFusionError):
    """A diagram that says what a definition cannot hold. `faults` lists {"element", "id", "line", "en", "zh"}."""

    code = "BPMN_REFUSED"
    says = Text(
        "{count} things in the diagram are outside what can be imported: {told}.",
        "图中有 {count} 处无法导入：{told_zh}。",
    )
    do = Text(
        "Change these elements in the diagram; docs/spec/bpmn.md tells what can be imported.",
        "请在图中修改所列元素；可导入的范围见 docs/spec/bpmn.md。",
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot be imported: the element, its id ("" without one), its line, and why."""

    element: str
    id: str
    line: int
    why: Text


def refused(faults: Iterable[Fault]) -> BpmnRefused:
    """The refusal of all faults, in the order of their lines."""
    found = sorted(faults, key=lambda fault: fault.line)
    told = "; ".join(f"line {each.line}, {each.element} {each.id}: {each.why.en}" for each in found)
    told_zh = "；".join(f"第 {each.line} 行 {each.element} {each.id}：{each.why.zh}" for each in found)
    listed = [
        {"element": each.element, "id": each.id, "line": each.line, "en": each.why.en, "zh": each.why.zh}
        for each in found
    ]
    return BpmnRefused(count=len(found), told=told, told_zh=told_zh, faults=listed)
