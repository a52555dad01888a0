"""Why the document contract refuses, one type per reason."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class IndexRefused(ChainFusionError):
    """An index that is empty or names an entry twice."""

    code = "INDEX_REFUSED"
    says = Text("The index names {kind} twice or nothing at all.", "目录中 {kind} 重复，或目录为空。")
    do = Text("Name each kind and provider once.", "每个种类与提供方各列一次。")


class NotTheProvider(ChainFusionError):
    """A document whose kind is for parties in other roles to provide."""

    code = "NOT_THE_PROVIDER"
    says = Text(
        "{msp} does not provide {kind} in deal {deal}: it is for {providers}.",
        "项目 {deal} 的 {kind} 应由 {providers} 提供，而非 {msp}。",
    )
    do = Text("Let the named role register it, or change the deal's index.", "请由指定角色登记，或调整项目底稿目录。")


class DocumentExists(ChainFusionError):
    """A version that is on the ledger already."""

    code = "DOCUMENT_EXISTS"
    says = Text(
        "Version {version} of document {document} is on the ledger already.",
        "文件 {document} 的第 {version} 版已在账本上。",
    )
    do = Text("Register a correction as the next version.", "如需更正，请登记为下一版本。")


class DocumentUnknown(ChainFusionError):
    """A version that is not on the ledger."""

    code = "DOCUMENT_UNKNOWN"
    says = Text(
        "Deal {deal} has no version {version} of document {document}.",
        "项目 {deal} 没有文件 {document} 的第 {version} 版。",
    )
    do = Text("Look at the deal's index, and check id and version.", "请查看项目底稿目录并核对编号与版本。")


class NotTheOwner(ChainFusionError):
    """A new version or a grant by somebody else than the institution that registered the document."""

    code = "NOT_THE_OWNER"
    says = Text("Document {document} belongs to {owner}, not to {msp}.", "文件 {document} 属于 {owner}，而非 {msp}。")
    do = Text("Ask its owner.", "请联系文件提供方。")


class KindDiffers(ChainFusionError):
    """A document of another kind than the call needs."""

    code = "KIND_DIFFERS"
    says = Text("Document {document} is a {kind}, not a {needed}.", "文件 {document} 的种类为 {kind}，而非 {needed}。")
    do = Text("Register the document under the right kind.", "请以正确种类登记文件。")


class ReaderNotAParty(ChainFusionError):
    """A grant to an institution that has accepted no role in the deal."""

    code = "READER_NOT_A_PARTY"
    says = Text(
        "{msp} is not an accepted party of deal {deal} and cannot be granted a document.",
        "{msp} 并非项目 {deal} 的已确认参与方，不能获得授权。",
    )
    do = Text("Name it as a party first.", "请先将其指定为参与方。")


class AlreadyGranted(ChainFusionError):
    """A second grant of the same version to the same reader."""

    code = "ALREADY_GRANTED"
    says = Text(
        "{msp} may already read version {version} of document {document}.",
        "{msp} 已可阅读文件 {document} 的第 {version} 版。",
    )
    do = Text("Nothing is to be done.", "无需操作。")


class OpinionRoleNeeded(ChainFusionError):
    """An opinion by an institution that does not give opinions of this kind in the deal."""

    code = "OPINION_ROLE_NEEDED"
    says = Text(
        "A {kind} opinion in deal {deal} is given by: {needed}.",
        "项目 {deal} 的 {kind} 意见应由以下角色出具：{needed}。",
    )
    do = Text("Let an institution in that role state it.", "请由具备该角色的机构出具。")


class OpinionExists(ChainFusionError):
    """A second opinion on the same version of its document."""

    code = "OPINION_EXISTS"
    says = Text(
        "The opinion in version {version} of document {document} is stated already.",
        "文件 {document} 第 {version} 版的意见已出具。",
    )
    do = Text("State a new opinion with a new version of its document.", "如需更新意见，请登记文件的新版本后再出具。")
