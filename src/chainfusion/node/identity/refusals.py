"""Why an identity is not made, not opened or not taken over."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class IdentityExists(ChainFusionError):
    """A place that is taken: nothing there is ever overwritten."""

    code = "IDENTITY_EXISTS"
    says = Text("{path} exists already and was left as it is.", "{path} 已存在，未作任何改动。")
    do = Text("Choose another place or name, or move the old one away.", "请另选位置或名称，或先移走原有内容。")


class IdentityMissing(ChainFusionError):
    """A person, a notary or a CA key that this institution does not hold."""

    code = "IDENTITY_MISSING"
    says = Text("{msp} holds no {what} here.", "{msp} 在此处没有{what_zh}。")
    do = Text("Check the name, or enrol or import it first.", "请核对名称，或先登记、导入。")


class NotAnOrganisation(ChainFusionError):
    """A folder that is not an institution's, or one with a part missing or damaged."""

    code = "NOT_AN_ORGANISATION"
    says = Text("{path} does not hold a readable identity: {why}.", "{path} 中没有可读的身份：{why_zh}。")
    do = Text(
        "Name the folder that `chainfusion org init` made, or restore it.",
        "请指定机构初始化时建立的文件夹，或恢复备份。",
    )


class BadIdentityName(ChainFusionError):
    """A name that cannot stand in a certificate and on a disk alike."""

    code = "BAD_IDENTITY_NAME"
    says = Text("{name} cannot be used as {what}: {why}.", "{name} 不能用作{what_zh}：{why_zh}。")
    do = Text("Choose a name of the stated form.", "请按所述格式选择名称。")


class WrongPassword(ChainFusionError):
    """A key that does not open: with the file damaged, decryption fails in the same way."""

    code = "WRONG_PASSWORD"
    says = Text("The key of {name} does not open with this password.", "无法用该口令打开 {name} 的密钥。")
    do = Text(
        "Check the password; if it is right, the key file is damaged: restore it from a backup.",
        "请核对口令；口令无误则密钥文件已损坏，请从备份恢复。",
    )


class KeyUnreadable(ChainFusionError):
    """A private key that was brought along and cannot be read."""

    code = "KEY_UNREADABLE"
    says = Text("The private key for {name} cannot be read: {why}.", "无法读取 {name} 的私钥：{why_zh}。")
    do = Text(
        "Give the key as PEM, and its password if it has one.", "请提供 PEM 格式的私钥；如已加密，请同时提供口令。"
    )


class KeyMismatch(ChainFusionError):
    """A private key and a certificate that do not belong together."""

    code = "KEY_MISMATCH"
    says = Text(
        "The private key is not the one that the certificate of {name} certifies.", "私钥与 {name} 的证书不匹配。"
    )
    do = Text("Give the key and the certificate of the same enrolment.", "请提供同一次登记产生的私钥和证书。")
