"""Refusals of the terms contract."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class TermsUnknown(ChainFusionError):
    """A version that the deal does not have."""

    code = "TERMS_UNKNOWN"
    says = Text("Deal {deal} has no version {version} of its terms.", "项目 {deal} 没有第 {version} 版交易条款。")
    do = Text("List the versions of the deal's terms.", "请查看该项目交易条款的版本。")


class TermsOutOfOrder(ChainFusionError):
    """A version that does not follow the newest one."""

    code = "TERMS_OUT_OF_ORDER"
    says = Text(
        "Version {current} of the terms of deal {deal} is the newest; the next one replaces that.",
        "项目 {deal} 的交易条款最新为第 {current} 版；新版本须替换该版。",
    )
    do = Text("Look at the newest version, then register the one after it.", "请查看最新版本后登记下一版。")


class TermsDiffer(ChainFusionError):
    """Consent to another text than the one that was registered."""

    code = "TERMS_DIFFER"
    says = Text(
        "Version {version} of the terms of deal {deal} has the fingerprint {fingerprint}.",
        "项目 {deal} 第 {version} 版交易条款的指纹为 {fingerprint}。",
    )
    do = Text("Read the registered terms, then consent to their fingerprint.", "请阅读已登记的条款后按其指纹同意。")


class TermsReplaced(ChainFusionError):
    """Consent to a version that a later one has replaced."""

    code = "TERMS_REPLACED"
    says = Text(
        "Version {version} of the terms of deal {deal} has been replaced; version {current} is the newest.",
        "项目 {deal} 第 {version} 版交易条款已被替换，最新为第 {current} 版。",
    )
    do = Text("Read the newest version and consent to it.", "请阅读并同意最新版本。")


class ConsentGiven(ChainFusionError):
    """A second consent of one institution."""

    code = "CONSENT_GIVEN"
    says = Text(
        "{msp} has consented to version {version} of the terms of deal {deal}.",
        "{msp} 已同意项目 {deal} 第 {version} 版交易条款。",
    )
    do = Text("Nothing is to be done.", "无需操作。")


class AnotherCurrency(ChainFusionError):
    """Terms in another currency than their deal's."""

    code = "ANOTHER_CURRENCY"
    says = Text(
        "The terms are in {found}; deal {deal} is in {needed}.", "条款币种为 {found}；项目 {deal} 为 {needed}。"
    )
    do = Text("Register terms in the deal's currency.", "请登记与项目币种一致的条款。")
