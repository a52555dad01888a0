"""Refusals of a deal's change to another version of its process."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class VersionRunning(ChainFusionError):
    """A change to the version that the deal is on."""

    code = "VERSION_RUNNING"
    says = Text(
        "Deal {deal} runs on version {version} of process {process}.",
        "项目 {deal} 正按流程 {process} 第 {version} 版运行。",
    )
    do = Text("Name another version that the consortium has adopted.", "请选择联盟已通过的其他版本。")


class AnotherVersionProposed(ChainFusionError):
    """A second proposal while one is open."""

    code = "ANOTHER_VERSION_PROPOSED"
    says = Text(
        "{msp} has proposed that deal {deal} go over to version {version}.",
        "{msp} 已提议项目 {deal} 改用第 {version} 版。",
    )
    do = Text("Answer that proposal first.", "请先答复该提议。")


class NoVersionProposed(ChainFusionError):
    """An answer to what is not proposed, or not any more."""

    code = "NO_VERSION_PROPOSED"
    says = Text(
        "No such change of version is before the parties of deal {deal}.", "项目 {deal} 没有该项待答复的版本变更。"
    )
    do = Text("Look at the deal's process for what is proposed now.", "请查看项目流程中当前的提议。")


class VersionAnswered(ChainFusionError):
    """A second answer of one party."""

    code = "VERSION_ANSWERED"
    says = Text(
        "{msp} has answered the proposal that deal {deal} go over to version {version}.",
        "{msp} 已就项目 {deal} 改用第 {version} 版作出答复。",
    )
    do = Text("Nothing is to be done.", "无需操作。")


class VersionNotAgreed(ChainFusionError):
    """A change that not all parties have agreed to."""

    code = "VERSION_NOT_AGREED"
    says = Text(
        "Version {version} for deal {deal} still awaits the consent of: {waits}.",
        "项目 {deal} 改用第 {version} 版尚待以下机构同意：{waits}。",
    )
    do = Text("Wait for their answers.", "请等待其答复。")


class VersionUnfit(ChainFusionError):
    """A version that the deal's work, as it stands, cannot be carried over to."""

    code = "VERSION_UNFIT"
    says = Text(
        "Deal {deal} cannot go over to version {version} as it stands: {why}: {at}.",
        "项目 {deal} 目前不能改用第 {version} 版：{why_zh}：{at}。",
    )
    do = Text(
        "Finish or return these steps, or adopt a version that has them as they are.",
        "请完成或退回这些步骤，或通过保留这些步骤的版本。",
    )
