"""Refusals of the process contract: each says who may act instead, or what is missing."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class UnknownDefinition(ChainFusionError):
    """A version of a process that nobody has proposed."""

    code = "UNKNOWN_DEFINITION"
    says = Text("There is no version {version} of process {process}.", "没有流程 {process} 第 {version} 版。")
    do = Text("List the processes that the consortium knows.", "请查看联盟已有的流程。")


class DefinitionExists(ChainFusionError):
    """A version that does not follow the one before it."""

    code = "DEFINITION_EXISTS"
    says = Text(
        "Version {version} of process {process} is taken, or does not follow the newest one.",
        "流程 {process} 第 {version} 版已存在，或不紧接最新版本。",
    )
    do = Text("Propose the next version.", "请提议下一版本。")


class DefinitionClosed(ChainFusionError):
    """A vote on a version that is no longer before the consortium."""

    code = "DEFINITION_CLOSED"
    says = Text(
        "Version {version} of process {process} is {state} already.", "流程 {process} 第 {version} 版状态已为 {state}。"
    )
    do = Text("Nothing is to be done.", "无需操作。")


class BallotCast(ChainFusionError):
    """A second vote of one member."""

    code = "BALLOT_CAST"
    says = Text(
        "{msp} has voted on version {version} of process {process}.", "{msp} 已就流程 {process} 第 {version} 版表决。"
    )
    do = Text("Nothing is to be done.", "无需操作。")


class DefinitionNotAdopted(ChainFusionError):
    """A deal that would start on a version that the consortium has not adopted."""

    code = "DEFINITION_NOT_ADOPTED"
    says = Text(
        "Version {version} of process {process} has not been adopted.", "流程 {process} 第 {version} 版尚未通过。"
    )
    do = Text("Wait for the vote, or name an adopted version.", "请等待表决，或选用已通过的版本。")


class ProcessStarted(ChainFusionError):
    """A second start."""

    code = "PROCESS_STARTED"
    says = Text(
        "Deal {deal} runs on version {version} of process {process} already.",
        "项目 {deal} 已按流程 {process} 第 {version} 版运行。",
    )
    do = Text("Nothing is to be done.", "无需操作。")


class NoProcess(ChainFusionError):
    """A deal that has no process, or whose process has ended."""

    code = "NO_PROCESS"
    says = Text("Deal {deal} has no process under way.", "项目 {deal} 没有进行中的流程。")
    do = Text("Let the originator start one.", "请由发起机构启动流程。")


class UnknownStep(ChainFusionError):
    """A step or run that the definition does not have."""

    code = "UNKNOWN_STEP"
    says = Text("There is no step {step} in run {run} of deal {deal}.", "项目 {deal} 的流程 {run} 中没有步骤 {step}。")
    do = Text("Name a step of the deal's process.", "请填写该项目流程中的步骤。")


class NotYourTurn(ChainFusionError):
    """An act on a step that the deal has not reached, or has left."""

    code = "NOT_YOUR_TURN"
    says = Text(
        "Step {step} of deal {deal} is not reached; the deal waits for: {awaited}.",
        "项目 {deal} 尚未到达步骤 {step}；当前等待：{awaited}。",
    )
    do = Text(
        "Wait for the steps before it, or act on those that are awaited.", "请等待前序步骤，或处理当前等待的步骤。"
    )


class NotTheActor(ChainFusionError):
    """An act by an institution, or a person, that the step is not for."""

    code = "NOT_THE_ACTOR"
    says = Text(
        "Step {step} is for {needed}; {msp} acts in none of these roles in deal {deal}.",
        "步骤 {step} 由 {needed} 执行；{msp} 在项目 {deal} 中不具备该角色。",
    )
    do = Text(
        "Let a party in one of these roles act, or delegate the step.", "请由具备该角色的参与方执行，或办理委托。"
    )


class ActedAlready(ChainFusionError):
    """A second act on the same work item."""

    code = "ACTED_ALREADY"
    says = Text(
        "{msp} has done its part of step {step} of deal {deal}.", "{msp} 已完成项目 {deal} 步骤 {step} 的工作。"
    )
    do = Text("Nothing is to be done; see whom the deal waits for.", "无需操作；可查看项目当前等待何方。")


class NothingToCheck(ChainFusionError):
    """A check of work that nobody of the institution has done."""

    code = "NOTHING_TO_CHECK"
    says = Text("{msp} has no work of step {step} awaiting a second person.", "{msp} 在步骤 {step} 没有待复核的工作。")
    do = Text("Let the first person act.", "请先由经办人办理。")


class SecondPersonNeeded(ChainFusionError):
    """A check by the person whose work it is."""

    code = "SECOND_PERSON_NEEDED"
    says = Text(
        "{person} did this work; another person of {msp} checks it.",
        "该工作由 {person} 经办；须由 {msp} 的另一人复核。",
    )
    do = Text("Let a colleague check it.", "请由同事复核。")


class RequirementMissing(ChainFusionError):
    """A step whose inputs are not on the ledger. `missing` is a list of what lacks."""

    code = "REQUIREMENT_MISSING"
    says = Text("Step {step} of deal {deal} needs first: {listed}.", "项目 {deal} 步骤 {step} 还缺：{listed}。")
    do = Text("Put what is missing on the ledger, then act again.", "请先登记所缺内容，再行办理。")


class EntriesRefused(ChainFusionError):
    """What was filled in does not fit the step's template."""

    code = "ENTRIES_REFUSED"
    says = Text("Step {step}, field {field}: {why}.", "步骤 {step} 字段 {field}：{why_zh}。")
    do = Text("Fill in the field as the step's template asks.", "请按步骤模板填写该字段。")


class ReasonNeeded(ChainFusionError):
    """A rejection or a return that gives no reason."""

    code = "REASON_NEEDED"
    says = Text("A reason of one line, at most {limit} characters, is needed.", "须填写一行理由，至多 {limit} 个字符。")
    do = Text("State why.", "请说明理由。")


class ReturnRefused(ChainFusionError):
    """A return to where the step may not send work back."""

    code = "RETURN_REFUSED"
    says = Text(
        "Step {step} may send work back to: {allowed}; not to {target}.",
        "步骤 {step} 可退回至：{allowed}；不可退回至 {target}。",
    )
    do = Text("Name one of these steps.", "请选择其中的步骤。")


class NotReady(ChainFusionError):
    """A step that cannot be moved on yet."""

    code = "NOT_READY"
    says = Text("Step {step} of deal {deal} still waits: {waits}.", "项目 {deal} 步骤 {step} 仍在等待：{waits}。")
    do = Text("Wait for what is outstanding.", "请等待未完成的事项。")


class CountersignatureRefused(ChainFusionError):
    """A countersignature on a step that needs none, or whose work is not complete."""

    code = "COUNTERSIGNATURE_REFUSED"
    says = Text(
        "Step {step} of deal {deal} awaits no countersignature of {msp}.", "项目 {deal} 步骤 {step} 无需 {msp} 会签。"
    )
    do = Text("Wait until the step's own work is complete.", "请等待该步骤自身的工作完成。")
