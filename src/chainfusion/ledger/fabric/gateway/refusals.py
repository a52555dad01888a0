"""What can go wrong between the node and its peers."""

from __future__ import annotations

from chainfusion.domain.errors import ChainFusionError, Text


class PeersUnreachable(ChainFusionError):
    """No peer of ours answered in time; nothing was sent to the orderers."""

    code = "PEERS_UNREACHABLE"
    says = Text("None of the peers {peers} answered: {why}.", "对等节点 {peers} 均未应答：{why}。")
    do = Text(
        "Nothing was recorded. See that a peer runs and can be reached, then send the same request again.",
        "未记录任何内容。请确认对等节点在运行且可达，再重新提交同一请求。",
    )


class TransactionConflict(ChainFusionError):
    """A request whose every attempt met another transaction that changed what it had read."""

    code = "TRANSACTION_CONFLICT"
    says = Text(
        "Others changed the same facts at the same time; {attempts} attempts were in vain ({reason}).",
        "其他交易同时修改了相同内容，{attempts} 次尝试均未成功（{reason}）。",
    )
    do = Text("Nothing was recorded as valid. Send the request again.", "未产生有效记录。请重新提交。")


class TooBusy(ChainFusionError):
    """More transactions under way than this node sends at a time."""

    code = "TOO_BUSY"
    says = Text(
        "{limit} transactions are under way already, and none ended in time.", "已有 {limit} 笔交易在途，且未及时完成。"
    )
    do = Text("Nothing was sent. Try again in a moment.", "未发送任何内容。请稍后再试。")
