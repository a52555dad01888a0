"""What an examination of a ledger's file can find, in words, with what to do about each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chainfusion.domain.errors import Text


class Kind(StrEnum):
    """Kinds of findings."""

    FILE_DAMAGED = "FILE_DAMAGED"
    NOT_A_LEDGER = "NOT_A_LEDGER"
    SCHEMA_ALTERED = "SCHEMA_ALTERED"
    WRONG_LEDGER = "WRONG_LEDGER"
    BLOCK_UNREADABLE = "BLOCK_UNREADABLE"
    BLOCK_MISPLACED = "BLOCK_MISPLACED"
    LINK_BROKEN = "LINK_BROKEN"
    BLOCK_SIGNATURE = "BLOCK_SIGNATURE"
    TRANSACTIONS_ALTERED = "TRANSACTIONS_ALTERED"
    OUTCOMES_ALTERED = "OUTCOMES_ALTERED"
    TRANSACTION_UNREADABLE = "TRANSACTION_UNREADABLE"
    TRANSACTION_NOT_ALLOWED = "TRANSACTION_NOT_ALLOWED"
    CREATOR_SIGNATURE = "CREATOR_SIGNATURE"
    CERTIFICATE_ALTERED = "CERTIFICATE_ALTERED"
    TRANSIENT_ALTERED = "TRANSIENT_ALTERED"
    REPLAY_DIFFERS = "REPLAY_DIFFERS"
    RESPONSE_ALTERED = "RESPONSE_ALTERED"
    EVENTS_ALTERED = "EVENTS_ALTERED"
    MEMBERSHIP_DIFFERS = "MEMBERSHIP_DIFFERS"
    TABLE_DIFFERS = "TABLE_DIFFERS"
    CHECKPOINT_ALTERED = "CHECKPOINT_ALTERED"


_RESTORE = Text(
    "Do not write to this file. Restore it from a copy that passes, or from another member's.",
    "请勿再写入此文件，并以通过校验的副本或其他成员的副本恢复。",
)
_REPORT = Text(
    "The file was changed after it was written. Keep it as evidence, tell the members, restore a copy that passes.",
    "文件在写入后被更改。请留存为证据、告知各成员，并以通过校验的副本恢复。",
)
_REBUILD = Text(
    "The blocks are the truth and this table follows from them: restore a copy that passes.",
    "区块为准，此表可由区块推得：请以通过校验的副本恢复。",
)

WORDS: dict[Kind, tuple[Text, Text]] = {
    Kind.FILE_DAMAGED: (Text("The file is damaged: {detail}", "文件已损坏：{detail}"), _RESTORE),
    Kind.NOT_A_LEDGER: (Text("The file is not a ledger: {detail}", "该文件不是账本：{detail}"), _RESTORE),
    Kind.SCHEMA_ALTERED: (Text("The tables are declared otherwise: {detail}", "表结构已被更改：{detail}"), _REPORT),
    Kind.WRONG_LEDGER: (Text("This is another ledger: {detail}", "这是另一个账本：{detail}"), _REPORT),
    Kind.BLOCK_UNREADABLE: (Text("Block {block} is unreadable: {detail}", "区块 {block} 无法读取：{detail}"), _REPORT),
    Kind.BLOCK_MISPLACED: (Text("Block {block} is out of place: {detail}", "区块 {block} 位置有误：{detail}"), _REPORT),
    Kind.LINK_BROKEN: (
        Text("Block {block} does not follow the block before it", "区块 {block} 与前一区块不衔接"),
        _REPORT,
    ),
    Kind.BLOCK_SIGNATURE: (
        Text("Block {block} is not signed by the orderer: {detail}", "区块 {block} 未由排序成员签署：{detail}"),
        _REPORT,
    ),
    Kind.TRANSACTIONS_ALTERED: (
        Text("The transactions of block {block} are not the ones it commits to", "区块 {block} 的交易与其承诺不符"),
        _REPORT,
    ),
    Kind.OUTCOMES_ALTERED: (
        Text("The outcomes in block {block} are not the ones it commits to", "区块 {block} 的结果与其承诺不符"),
        _REPORT,
    ),
    Kind.TRANSACTION_UNREADABLE: (
        Text(
            "Transaction {tx_id} in block {block} is unreadable: {detail}",
            "区块 {block} 的交易 {tx_id} 无法读取：{detail}",
        ),
        _REPORT,
    ),
    Kind.TRANSACTION_NOT_ALLOWED: (
        Text(
            "Transaction {tx_id} in block {block} should have been refused: {detail}",
            "区块 {block} 的交易 {tx_id} 本应被拒绝：{detail}",
        ),
        _REPORT,
    ),
    Kind.CREATOR_SIGNATURE: (
        Text(
            "Transaction {tx_id} in block {block} is not signed by its creator: {detail}",
            "区块 {block} 的交易 {tx_id} 未由其发起人签名：{detail}",
        ),
        _REPORT,
    ),
    Kind.CERTIFICATE_ALTERED: (Text("Certificate {key}: {detail}", "证书 {key}：{detail}"), _REPORT),
    Kind.TRANSIENT_ALTERED: (
        Text(
            "The transient input of transaction {tx_id} in block {block} is missing or another",
            "区块 {block} 的交易 {tx_id} 的临时输入缺失或不符",
        ),
        _REPORT,
    ),
    Kind.REPLAY_DIFFERS: (
        Text(
            "Run again, transaction {tx_id} in block {block} comes out otherwise: {detail}",
            "重新执行区块 {block} 的交易 {tx_id}，结果不同：{detail}",
        ),
        Text(
            "Where the contract was changed without a new version, use the version that made the block; else the file "
            "was changed: restore a copy that passes.",
            "若合约未升版本即被更改，请使用生成该区块的版本；否则文件已被更改，请以通过校验的副本恢复。",
        ),
    ),
    Kind.RESPONSE_ALTERED: (
        Text(
            "The response of transaction {tx_id} in block {block} was altered",
            "区块 {block} 的交易 {tx_id} 的响应被更改",
        ),
        _REPORT,
    ),
    Kind.EVENTS_ALTERED: (
        Text(
            "The events of transaction {tx_id} in block {block} were altered",
            "区块 {block} 的交易 {tx_id} 的事件被更改",
        ),
        _REPORT,
    ),
    Kind.MEMBERSHIP_DIFFERS: (
        Text("Block {block} states another membership than follows from it", "区块 {block} 所载成员状态与推得的不符"),
        _REPORT,
    ),
    Kind.TABLE_DIFFERS: (
        Text("Key {key}, table {table}: {detail}", "键 {key}（表 {table}）：{detail}"),
        _REBUILD,
    ),
    Kind.CHECKPOINT_ALTERED: (Text("Checkpoint of size {key}: {detail}", "长度 {key} 的检查点：{detail}"), _REPORT),
}
"""For each kind what it says and what to do, in both languages."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a ledger's file, and where."""

    kind: Kind
    block: int | None = None
    tx_id: str | None = None
    key: str | None = None
    table: str | None = None
    detail: str = ""

    def message(self, lang: str = "en") -> str:
        """What was found, in "en" or "zh"."""
        return WORDS[self.kind][0].filled(lang, self._facts())

    def remedy(self, lang: str = "en") -> str:
        """What to do about it, in "en" or "zh"."""
        return WORDS[self.kind][1].filled(lang, {})

    def to_json(self) -> dict[str, Any]:
        """The kind and the place, without what is absent."""
        return {"kind": self.kind.value} | {
            name: value for name, value in self._facts().items() if value not in ("", None)
        }

    def _facts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("block", "tx_id", "key", "table", "detail")}
