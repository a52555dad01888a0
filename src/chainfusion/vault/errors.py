"""What the vault refuses, each refusal with its reason and its remedy."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class ObjectMissing(ChainFusionError):
    """There is no such object in this store, or a part of it is gone. Facts: object, part."""

    code = "OBJECT_MISSING"
    says = Text("Object {object} is not in the store ({part}).", "存储中没有对象 {object}（{part}）。")
    do = Text("Fetch the object from the member that sealed it.", "请向封存该对象的成员重新获取。")


class NotGranted(ChainFusionError):
    """Nothing in the envelope or its grants is sealed to this key. Facts: object, msp, key."""

    code = "NOT_GRANTED"
    says = Text(
        "Object {object} was not granted to {msp} under its encryption key {key}.",
        "对象 {object} 未授权给 {msp}（加密密钥 {key}）。",
    )
    do = Text("Ask a member that can read it for a grant.", "请向可读取该对象的成员申请授权。")


class WrongDataKey(ChainFusionError):
    """A sealed key that opens, but is not this object's key: its maker's fault or deceit. Facts: object, msp, by."""

    code = "WRONG_DATA_KEY"
    says = Text(
        "The key that {by} sealed to {msp} is not the key of object {object}.",
        "{by} 封装给 {msp} 的密钥不是对象 {object} 的密钥。",
    )
    do = Text("Ask another member that can read it for a grant.", "请向其他可读取该对象的成员申请授权。")


class EnvelopeTampered(ChainFusionError):
    """An envelope that is not what its signer wrote. Facts: object, why."""

    code = "ENVELOPE_TAMPERED"
    says = Text("The envelope of object {object} was changed or damaged.", "对象 {object} 的信封已被改动或损坏。")
    do = Text("Fetch the envelope from the member that sealed it.", "请向封存该对象的成员重新获取信封。")


class GrantTampered(ChainFusionError):
    """A grant that is not what its signer wrote, or belongs to another object. Facts: object, grant, why."""

    code = "GRANT_TAMPERED"
    says = Text(
        "Grant {grant} of object {object} was changed, damaged or made for another object.",
        "对象 {object} 的授权 {grant} 已被改动、损坏，或属于其他对象。",
    )
    do = Text("Ask the member that granted it for a new grant.", "请向授权的成员重新申请授权。")


class NotSigned(ChainFusionError):
    """A signature that does not verify, or whose certificate is not in force. Facts: object, msp, certificate."""

    code = "NOT_SIGNED"
    says = Text(
        "What is said about object {object} is not signed by {msp} with certificate {certificate}.",
        "关于对象 {object} 的声明并非由 {msp} 以证书 {certificate} 签署。",
    )
    do = Text("Do not use it; ask the member it names.", "请勿使用；请向所示成员核实。")


class ContentTampered(ChainFusionError):
    """Ciphertext that is not what was sealed. Facts: object, chunk (from 1), chunks."""

    code = "CONTENT_TAMPERED"
    says = Text(
        "The content of object {object} was changed, cut or extended at chunk {chunk} of {chunks}.",
        "对象 {object} 的内容在第 {chunk} 块（共 {chunks} 块）处被改动、截断或追加。",
    )
    do = Text("Fetch the object from the member that sealed it.", "请向封存该对象的成员重新获取。")


class ContentNotAsStated(ChainFusionError):
    """Content that opens but is not what was signed or registered. Facts: object, stated, found (fingerprints)."""

    code = "CONTENT_NOT_AS_STATED"
    says = Text(
        "Object {object} does not hold the stated document: fingerprint {found} instead of {stated}.",
        "对象 {object} 所含并非所述文件：数字指纹为 {found}，应为 {stated}。",
    )
    do = Text("Do not use it; ask the member that registered the document.", "请勿使用；请向登记该文件的成员核实。")


class FileNameInvalid(ChainFusionError):
    """A name that is no plain file name on every system. Facts: name."""

    code = "FILE_NAME_INVALID"
    says = Text("{name} is not a plain file name.", "{name} 不是普通文件名。")
    do = Text(
        'Give a name of at most 255 bytes without a path, control characters or any of \\ / : * ? " < > |.',
        '请提供不超过 255 字节的文件名，不含路径、控制字符及 \\ / : * ? " < > |。',
    )


class MediaTypeInvalid(ChainFusionError):
    """Text that is no media type. Facts: media_type."""

    code = "MEDIA_TYPE_INVALID"
    says = Text("{media_type} is not a media type.", "{media_type} 不是媒体类型。")
    do = Text(
        "Give a type such as application/pdf, in lower case and without parameters.",
        "请提供小写、不带参数的媒体类型，例如 application/pdf。",
    )


class RecipientInvalid(ChainFusionError):
    """A recipient that cannot be named in an envelope. Facts: msp."""

    code = "RECIPIENT_INVALID"
    says = Text("{msp} is not an MSP id.", "{msp} 不是成员的 MSP 标识。")
    do = Text("Name each recipient by its MSP id on the ledger.", "请使用账本上的 MSP 标识指定接收方。")


class SealerLeftOut(ChainFusionError):
    """The sealer would not be able to open or grant what it seals. Facts: msp."""

    code = "SEALER_LEFT_OUT"
    says = Text("{msp} seals the file but is not among its recipients.", "{msp} 封存该文件，但不在接收方之列。")
    do = Text("Add the sealer's own encryption key to the recipients.", "请将封存方自身的加密密钥加入接收方。")


class TooManyRecipients(ChainFusionError):
    """More recipients than an envelope holds. Facts: count, most."""

    code = "TOO_MANY_RECIPIENTS"
    says = Text("{count} recipients; an envelope holds {most}.", "接收方有 {count} 个；一个信封最多容纳 {most} 个。")
    do = Text("Seal for fewer members and grant the rest.", "请减少接收方，其余成员另行授权。")


class ObjectExists(ChainFusionError):
    """The store holds something under this key and never overwrites. Facts: key."""

    code = "OBJECT_EXISTS"
    says = Text("The store already holds {key}.", "存储中已有 {key}。")
    do = Text("Seal again: a new version has a new id.", "请重新封存：新版本有新的编号。")


class StoreKeyInvalid(ChainFusionError):
    """A key that is not hexadecimal of the right length. Facts: key."""

    code = "STORE_KEY_INVALID"
    says = Text("{key} is not the id of an object.", "{key} 不是对象编号。")
    do = Text("Give the 64 hexadecimal digits of the object id.", "请提供 64 位十六进制的对象编号。")


class StoreUnavailable(ChainFusionError):
    """The store did not do what it was asked: no room, no permission, no connection. Facts: key, why."""

    code = "STORE_UNAVAILABLE"
    says = Text("The store failed at {key}: {why}.", "存储在 {key} 处失败：{why}。")
    do = Text(
        "Check room, permissions and connection of the store, then repeat.", "请检查存储的空间、权限和连接后重试。"
    )
