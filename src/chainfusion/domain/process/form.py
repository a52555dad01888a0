"""Whether a definition is well formed: every fault at once, each where it stands. Soundness is proven after."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chainfusion.domain.calendar import UnknownCalendar, named
from chainfusion.domain.errors import ChainFusionError, Text
from chainfusion.domain.process.definition import (
    END,
    START,
    Condition,
    Deadline,
    Definition,
    FieldKind,
    Flow,
    Gateway,
    GatewayKind,
    Holds,
    Need,
    Process,
    Quorum,
    Step,
)
from chainfusion.domain.process.net import forward
from chainfusion.domain.text import MAX_NAME, is_line

MAX_DAYS = 2000
MAX_NODES = 400
"""Steps and gateways of one process; what is larger is cut into sub-processes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a definition gets wrong. at: the path of the record, such as `main.steps.pricing.returns`."""

    at: str
    why: Text


class DefinitionRefused(ChainFusionError):
    """A definition with faults. `faults` is a list of {"at", "en", "zh"}."""

    code = "DEFINITION_REFUSED"
    says = Text("The process definition has {count} faults; the first: {at}: {why}.",
                "流程定义有 {count} 处错误；第一处：{at}：{why_zh}。")  # fmt: skip
    do = Text("Correct every fault that is listed.", "请逐一更正所列错误。")


def require_well_formed(definition: Definition) -> Definition:
    """The definition. Raises: DefinitionRefused with all faults."""
    faults = faults_of(definition)
    if faults:
        listed = [{"at": fault.at, "en": fault.why.en, "zh": fault.why.zh} for fault in faults]
        first = faults[0]
        raise DefinitionRefused(count=len(faults), at=first.at, why=first.why.en, why_zh=first.why.zh, faults=listed)
    return definition


def faults_of(definition: Definition) -> tuple[Fault, ...]:
    """Everything that is wrong with a definition's form, in its order."""
    processes = (definition.main, *definition.inside)
    found = [
        Fault(f"inside.{name}", Text("two processes of this name", "流程名称重复"))
        for name in _twice(p.id for p in processes)
    ]
    for process in processes:
        at = "main" if process is definition.main else f"inside.{process.id}"
        found += [Fault(f"{at}.{fault.at}", fault.why) for fault in _of_process(definition, process)]
    return (*found, *_circles(definition), *_of_names(definition))


def _of_process(definition: Definition, process: Process) -> Iterator[Fault]:
    nodes = [*(step.id for step in process.steps), *(gateway.id for gateway in process.gateways)]
    if len(nodes) > MAX_NODES:
        yield Fault("steps", Text(f"more than {MAX_NODES} steps and gateways", f"步骤与网关超过 {MAX_NODES} 个"))
    for name in _twice([*nodes, START, END]):
        yield Fault(f"steps.{name}", Text("two nodes of this name", "节点名称重复"))
    yield from _of_flows(process, {*nodes})
    for gateway in process.gateways:
        yield from _of_gateway(process, gateway)
    passing = {gateway.id: {flow.target for flow in process.out_of(gateway.id)} for gateway in process.gateways}
    for name in _in_circles(passing):
        yield Fault(f"gateways.{name}", Text("gateways lead in a circle without a step", "网关之间成环而无步骤"))
    for step in process.steps:
        yield from _of_step(definition, process, step)


# ------------------------------------------------------------------ names

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_ID = 48


def _of_names(definition: Definition) -> Iterator[Fault]:
    """Ids are parts of ledger keys and of the names of runs, places and figures."""
    if not 1 <= definition.version <= 999_999:
        yield Fault("version", Text("versions count from 1", "版本号从 1 起"))
    processes = (definition.main, *definition.inside)
    ids = [definition.id, *(process.id for process in processes)]
    names = [(process.name, process.name_zh) for process in processes]
    for process in processes:
        ids += [*(step.id for step in process.steps), *(gateway.id for gateway in process.gateways)]
        ids += [field.id for step in process.steps for field in step.template]
        names += [(step.name, step.name_zh) for step in process.steps]
        names += [(field.name, field.name_zh) for step in process.steps for field in step.template]
    for name in ids:
        if _ID.fullmatch(name) is None or len(name) > MAX_ID:
            why = Text("an id has lower-case letters, digits and hyphens", "编号只含小写字母、数字与连字符")
            yield Fault(name[:MAX_ID], why)
    for texts in names:
        if not all(is_line(text, MAX_NAME) for text in texts):
            yield Fault(texts[0][:MAX_ID], Text("a name is one line", "名称须为一行文字"))


# ------------------------------------------------------------------ flows


def _of_flows(process: Process, nodes: set[str]) -> Iterator[Fault]:
    for name in _twice(f"{flow.source}>{flow.target}" for flow in process.flows):
        yield Fault(f"flows.{name}", Text("the same flow twice", "连线重复"))
    for flow in process.flows:
        at = f"flows.{flow.source}>{flow.target}"
        if flow.source not in nodes | {START} or flow.target not in nodes | {END}:
            yield Fault(at, Text("leads from or to no node", "连线的一端不存在"))
        yield from _of_conditions(process, flow, at)
    if len(process.out_of(START)) != 1:
        yield Fault("flows", Text("exactly one flow leaves the start", "起点须恰有一条引出连线"))
    if not process.into(END):
        yield Fault("flows", Text("no flow reaches the end", "没有连线到达终点"))


def _of_conditions(process: Process, flow: Flow, at: str) -> Iterator[Fault]:
    gateway = next((each for each in process.gateways if each.id == flow.source), None)
    if flow.when and (gateway is None or gateway.kind is not GatewayKind.ONE):
        yield Fault(at, Text("conditions stand only on flows out of a `one` gateway", "只有排他网关的引出连线可带条件"))
    if flow.expired and process.step(flow.source) is None:
        yield Fault(at, Text("only a step's deadline can pass", "只有步骤才有期限"))
    for condition in flow.when:
        if condition.holds in (Holds.AT_LEAST, Holds.AT_MOST) and not _is_integer(condition.value):
            yield Fault(at, Text(f"{condition.fact}: an integer is needed", f"{condition.fact}：须为整数"))
        if not _is_known(process, condition):
            yield Fault(at, Text(f"{condition.fact} is no fact", f"{condition.fact} 不是已知事实"))


FACTS = frozenset(
    {"deal.product", "deal.currency", "deal.state", "pool.version", "pool.loans", "pool.balance", "terms.version"}
)
"""Facts of a deal that conditions may name, beside `figure.step.field`."""


def _is_known(process: Process, condition: Condition) -> bool:
    kind, _, rest = condition.fact.partition(".")
    return condition.fact in FACTS or (kind == "figure" and _field_exists(process, rest))


def _field_exists(process: Process, name: str) -> bool:
    return _field_kind(process, name) is not None


def _field_kind(process: Process, name: str) -> FieldKind | None:
    step_id, _, field = name.partition(".")
    step = process.step(step_id)
    return next((each.kind for each in step.template if each.id == field), None) if step is not None else None


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isascii() and text.removeprefix("-").isdigit()


# ------------------------------------------------------------------ nodes


def _of_gateway(process: Process, gateway: Gateway) -> Iterator[Fault]:
    at, into, out = f"gateways.{gateway.id}", process.into(gateway.id), process.out_of(gateway.id)
    if not into or not out or len(into) + len(out) < 3:
        yield Fault(at, Text("a gateway forks or joins", "网关须分流或汇合"))
    if gateway.kind is GatewayKind.ONE and len(out) > 1 and (out[-1].when or not all(flow.when for flow in out[:-1])):
        yield Fault(at, Text("each flow but the last needs conditions, and the last has none",
                             "除最后一条外，各引出连线均须带条件，最后一条不带条件"))  # fmt: skip


def _of_step(definition: Definition, process: Process, step: Step) -> Iterator[Fault]:
    at, out = f"steps.{step.id}", process.out_of(step.id)
    if len(process.into(step.id)) != 1 or sum(not flow.expired for flow in out) != 1 or len(out) > 2:
        yield Fault(at, Text("a step has one flow in and one out, and at most one for its expiry",
                             "步骤须有一条引入连线、一条引出连线，至多另有一条逾期连线"))  # fmt: skip
    if any(flow.expired for flow in out) and step.deadline is None:
        yield Fault(at, Text("a flow for an expiry needs a deadline", "逾期连线须设期限"))
    yield from _of_actors(step, at)
    yield from _of_quorum(step, f"{at}.threshold")
    yield from _of_returns(process, step, f"{at}.returns")
    yield from _of_data(process, step, at)
    if step.process is not None and definition.process(step.process) is None:
        yield Fault(f"{at}.process", Text(f"there is no process {step.process}", f"没有流程 {step.process}"))
    if step.process is not None and (step.template or step.checked or step.countersign or step.requires):
        yield Fault(at, Text("a step that runs a process holds nothing else", "运行子流程的步骤不得另有内容"))


def _of_actors(step: Step, at: str) -> Iterator[Fault]:
    if step.by:
        return
    if not step.requires and step.deadline is None:
        yield Fault(f"{at}.by", Text("nobody acts, and nothing is waited for", "既无执行角色，也无等待条件"))
    if step.process or step.template or step.checked or step.countersign or step.returns:
        yield Fault(f"{at}.by", Text("what is done of itself holds no work of people", "自动步骤不得含人工内容"))


def _of_quorum(step: Step, at: str) -> Iterator[Fault]:
    counted = step.quorum in (Quorum.COUNT, Quorum.WEIGHT)
    if counted != (step.threshold > 0):
        yield Fault(at, Text("a threshold belongs to `count` and `weight`", "门槛只用于计数或加权方式"))
    if (step.quorum is Quorum.WEIGHT) != bool(step.weights):
        yield Fault(at, Text("weights belong to `weight`", "权重只用于加权方式"))
    if any(each.weight <= 0 or each.role not in step.by for each in step.weights):
        yield Fault(at, Text("weights are above zero and of acting roles", "权重须大于零且属于执行角色"))


def _of_returns(process: Process, step: Step, at: str) -> Iterator[Fault]:
    for target in step.returns:
        if process.step(target) is None or target == step.id:
            yield Fault(at, Text(f"{target} is no other step", f"{target} 不是其他步骤"))
        elif not any(flow.source in forward(process, target, step.id) for flow in process.into(step.id)):
            yield Fault(at, Text(f"{target} does not come before", f"{target} 并非在前的步骤"))


def _of_data(process: Process, step: Step, at: str) -> Iterator[Fault]:
    for name in _twice(field.id for field in step.template):
        yield Fault(f"{at}.template.{name}", Text("two fields of this name", "字段名称重复"))
    for field in step.template:
        if (field.kind is FieldKind.CHOICE) != bool(field.choices):
            yield Fault(f"{at}.template.{field.id}", Text("choices belong to a choice", "选项只用于选择字段"))
        if field.lowest is not None and field.highest is not None and field.lowest > field.highest:
            yield Fault(f"{at}.template.{field.id}", Text("the lower bound is above the upper", "下限大于上限"))
    for requirement in step.requires:
        if requirement.need is Need.FIGURE and not _field_exists(process, requirement.of):
            yield Fault(f"{at}.requires", Text(f"no step deposits {requirement.of}", f"没有步骤填报 {requirement.of}"))
    if step.deadline is not None:
        yield from _of_deadline(process, step.deadline, f"{at}.deadline")


def _of_deadline(process: Process, deadline: Deadline, at: str) -> Iterator[Fault]:
    after = deadline.after
    if after and _field_kind(process, after) is not FieldKind.DATE:
        yield Fault(at, Text(f"no step deposits a date {after}", f"没有步骤填报日期 {after}"))
    if abs(deadline.days) > MAX_DAYS:
        yield Fault(at, Text(f"at most {MAX_DAYS} business days", f"至多 {MAX_DAYS} 个工作日"))
    try:
        named(deadline.calendar)
    except UnknownCalendar as refusal:
        yield Fault(at, Text(refusal.message("en"), refusal.message("zh")))


# ------------------------------------------------------------------ circles


def _circles(definition: Definition) -> Iterator[Fault]:
    """Processes that would run inside themselves."""
    inner = {p.id: {s.process for s in p.steps if s.process} for p in (definition.main, *definition.inside)}
    for name in _in_circles(inner):
        yield Fault(name, Text("runs inside itself", "流程包含自身"))


def _in_circles(after: dict[str, set[str]]) -> Iterator[str]:
    """The nodes that lead back to themselves."""
    for name in after:
        seen, ahead = set[str](), [name]
        while ahead:
            fresh = after.get(ahead.pop(), set()) - seen
            seen |= fresh
            ahead += fresh
        if name in seen:
            yield name


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
