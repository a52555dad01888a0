"""Checkpoints (C2SP tlog-checkpoint): the head of the log's tree, signed by the log, cosigned by witnesses.

Leaf n of the tree is the canonical header of block n, so size and root fix every block up to size - 1. The log signs
with the notary key of the member that orders, witnesses cosign with theirs. A witness cosigns only what extends the
last checkpoint that it cosigned; enough witnesses therefore leave a log no room for two histories.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chainfusion.domain.errors import ChainFusionError, Text, require
from chainfusion.ledger.evidence.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from chainfusion.ledger.evidence.note import BadNote, Notary, Note, NoteKey, NoteSignature, cosign_text, sign_text

ORIGIN_PREFIX = "chainfusion/"
_MAX_SIZE_DIGITS = 18


class BadCheckpoint(ChainFusionError):
    """A note that is not a checkpoint of a Chain Fusion ledger."""

    code = "BAD_CHECKPOINT"
    says = Text("This is not a checkpoint: {why}.", "这不是检查点：{why_zh}。")
    do = Text("Take the checkpoint as the ledger published it.", "请使用账本发布的检查点原件。")


class LogForked(ChainFusionError):
    """Two checkpoints of one log that no single history has."""

    code = "LOG_FORKED"
    says = Text(
        "The log {origin} shows two histories: size {size} with root {root}, size {last_size} with root {last_root}.",
        "日志 {origin} 出现两个历史：长度 {size}、根 {root}，与长度 {last_size}、根 {last_root}。",
    )
    do = Text(
        "Keep both notes: together they prove that the log's operator signed two histories. Tell the other members.",
        "请保留两份注记：它们共同证明日志运营方签署了两个历史。请通知其他成员。",
    )


class CheckpointStale(ChainFusionError):
    """A checkpoint older than the last one that this witness cosigned."""

    code = "CHECKPOINT_STALE"
    says = Text(
        "The checkpoint of size {size} is older than the one of size {last_size} that was cosigned already.",
        "长度 {size} 的检查点早于已经联署的长度 {last_size} 的检查点。",
    )
    do = Text("Send the newest checkpoint.", "请发送最新的检查点。")


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: whose log, how many leaves, and the RFC 9162 root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @property
    def ledger_id(self) -> str:
        """The ledger that the origin names."""
        return self.origin.removeprefix(ORIGIN_PREFIX)

    @classmethod
    def of(cls, ledger_id: str, size: int, root: bytes) -> Checkpoint:
        """The head of a ledger's log."""
        return cls(ORIGIN_PREFIX + ledger_id, size, root)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Reads a note's text. Extension lines are refused, since nobody could audit them. Raises: BadCheckpoint."""
        lines = text.split("\n")
        require(
            len(lines) == 4 and lines[3] == "",
            BadCheckpoint(why="it has not exactly three lines", why_zh="并非恰好三行"),
        )
        origin, size, root = lines[:3]
        require(
            origin.startswith(ORIGIN_PREFIX),
            BadCheckpoint(
                why=f"its origin is not {ORIGIN_PREFIX}<ledger id>", why_zh=f"来源不是 {ORIGIN_PREFIX}<账本编号>"
            ),
        )
        digits = size.isascii() and size.isdigit() and len(size) <= _MAX_SIZE_DIGITS
        require(digits, BadCheckpoint(why="its size is not a number", why_zh="长度不是数字"))
        try:
            checkpoint = cls(origin, int(size), base64.b64decode(root, validate=True))
        except ValueError:
            raise BadCheckpoint(why="its root is not base64", why_zh="根不是 base64") from None
        require(
            len(checkpoint.root) == HASH_BYTES,
            BadCheckpoint(why=f"its root has not {HASH_BYTES} bytes", why_zh=f"根应为 {HASH_BYTES} 字节"),
        )
        require(
            checkpoint.text == text, BadCheckpoint(why="another spelling than the canonical one", why_zh="不是规范写法")
        )
        empty = checkpoint.size == 0
        require(
            not empty or checkpoint.root == EMPTY_ROOT,
            BadCheckpoint(why="an empty tree has another root", why_zh="空树的根不符"),
        )
        return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, log: Notary) -> Note:
    """The checkpoint as a note with the log's signature."""
    return Note(checkpoint.text, (sign_text(checkpoint.text, log),))


def log_signature(note: Note, log: NoteKey) -> NoteSignature:
    """The log's signature on a checkpoint, checked.

    Raises: BadNote where there is not exactly one line by that key, NoteSignatureInvalid.
    """
    lines = [signature for signature in note.signatures if log.made(signature)]
    require(
        len(lines) == 1,
        BadNote(
            why=f"it has {len(lines)} signatures of the log's key, {log.name}, not one",
            why_zh=f"日志密钥 {log.name} 的签名有 {len(lines)} 个，应为一个",
        ),
    )
    log.verify(note.text, lines[0])
    return lines[0]


# ------------------------------------------------------------------ witnesses


class WitnessMemory(Protocol):
    """What a witness must never forget: for each log the last checkpoint that it cosigned."""

    def last(self, origin: str) -> Checkpoint | None:
        """The last cosigned checkpoint of a log, or None before the first."""

    def remember(self, checkpoint: Checkpoint, after: Checkpoint | None) -> None:
        """Keeps `checkpoint` durably in place of `after`, and refuses (by raising) where the last one is another."""


def require_extends(last: Checkpoint | None, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Checks that `new` is `last` with nothing but more blocks after it.

    `proof` is the RFC 9162 consistency proof from `last` (empty where there is none).

    Raises: BadCheckpoint (another log), CheckpointStale, LogForked, ProofInvalid.
    """
    require(new.size > 0, BadCheckpoint(why="an empty log has nothing to cosign", why_zh="空日志无可联署"))
    if last is None:
        require(
            not proof, BadCheckpoint(why="a proof without an earlier checkpoint", why_zh="没有先前的检查点却附有证明")
        )
        return
    require(
        new.origin == last.origin,
        BadCheckpoint(
            why=f"it is of the log {new.origin:.80}, not {last.origin:.80}",
            why_zh=f"属于日志 {new.origin:.80}，而非 {last.origin:.80}",
        ),
    )
    require(new.size >= last.size, CheckpointStale(size=new.size, last_size=last.size))
    if new.size == last.size:
        require(new.root == last.root, _forked(last, new))
    verify_consistency(last.size, last.root, new.size, new.root, proof)


@dataclass(frozen=True)
class Witness:
    """A member's notary that cosigns another member's log.

    Give the memory the first checkpoint (size 1, the leaf hash of block 0's header) before anything is cosigned: then
    nothing has to be taken on first sight.
    """

    notary: Notary
    memory: WitnessMemory

    def cosign(self, note: Note, log: NoteKey, proof: Sequence[bytes], now: datetime) -> NoteSignature:
        """A cosignature on a checkpoint that the log signed and that extends the last one cosigned here.

        The new checkpoint is remembered before the cosignature leaves.

        Raises: BadNote, NoteSignatureInvalid, and as `require_extends`; what the memory raises.
        """
        log_signature(note, log)
        checkpoint = Checkpoint.parse(note.text)
        last = self.memory.last(checkpoint.origin)
        require_extends(last, checkpoint, proof)
        self.memory.remember(checkpoint, last)
        return cosign_text(note.text, self.notary, int(now.timestamp()))


def _forked(last: Checkpoint, new: Checkpoint) -> LogForked:
    return LogForked(
        origin=new.origin, size=new.size, root=new.root.hex(), last_size=last.size, last_root=last.root.hex()
    )
