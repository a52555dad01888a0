"""Evidence from channels in tests: made as exporters make it, or without anybody checking it first."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from chainfusion.domain.canonical import canonical
from chainfusion.domain.records import to_bytes
from chainfusion.ledger.evidence.evidence_file import Subject, SubjectKind
from chainfusion.ledger.evidence.fabric.anchor import FabricAnchor, write_anchor
from chainfusion.ledger.evidence.fabric.envelope import Place
from chainfusion.ledger.fabric.blocks.log import BlockLog
from chainfusion.node.evidence.anchoring import first_anchor
from chainfusion.node.evidence.channel import ChannelExport, _Gathering
from chainfusion.verify import Status, Verdict, verify
from tests.evidence import second_fabric_verifier
from tests.fabric.blocks.channel import StoredChannel
from tests.fabric.blocks.stored import Stored
from tests.support.identities import Member, make_member
from tests.support.paper_channel import CHANNEL, PaperChannel

LEDGER = "c0" * 16
MSPS = ("DonghaiMSP", "YunjinMSP", "WangchaoMSP", "BeichenMSP")


@cache
def institution(msp: str) -> Member:
    """An institution with its keys, made once."""
    return make_member(msp)


def members(count: int = 4) -> tuple[Member, ...]:
    return tuple(map(institution, MSPS[:count]))


def source_of(channel: PaperChannel, ledger: str = LEDGER) -> StoredChannel:
    """The channel as a peer shows it."""
    return StoredChannel(Stored(ledger, CHANNEL, {}, tuple(channel.blocks)))


def unchecked(
    source: StoredChannel,
    tx_id: str,
    kind: SubjectKind = SubjectKind.DECISION,
    *,
    anchor: FabricAnchor | None = None,
    notaries: Mapping[str, bytes] | None = None,
    **openings: Any,
) -> bytes:
    """Evidence that nobody has checked: as whoever wants to deceive makes it."""
    stated = source.transaction(tx_id)
    export = ChannelExport(source, anchor or first_anchor(source), BlockLog(source), notaries or {})
    parts = {"document": None, "loan": None} | openings
    subject = Subject(kind=kind, response=json.loads(stated.response), tx_id=tx_id, **parts)
    return to_bytes(_Gathering(export, Place(stated.block, stated.index)).evidence(subject))


def evidence_of(source: StoredChannel, tx_id: str, **how: Any) -> tuple[bytes, bytes]:
    """Evidence of a decision, and the anchor of the channel's first block."""
    return unchecked(source, tx_id, **how), write_anchor(first_anchor(source))


def edited(evidence: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The file with its JSON changed, in canonical form again."""
    value = json.loads(evidence)
    change(value)
    return canonical(value)


def accepted(evidence: bytes, trust: bytes, document: bytes | None = None, **expectations: Any) -> Verdict:
    """Asserts that a verification holds."""
    verdict = verify(evidence, trust, None if document is None else io.BytesIO(document), **expectations)
    assert verdict.ok, verdict.refusal and verdict.refusal.facts
    assert second_fabric_verifier.verify(evidence, trust, document)
    _assert_told(verdict)
    return verdict


def refused(
    evidence: bytes,
    trust: bytes,
    step: str,
    cause: str | None = None,
    document: bytes | None = None,
    at: datetime | None = None,
    **expectations: Any,
) -> Verdict:
    """Asserts that a verification fails at this step (for this cause), tells why in both languages, proves nothing."""
    stream = None if document is None else io.BytesIO(document)
    verdict = verify(evidence, trust, stream, at=at, **expectations)
    assert not verdict.ok, verdict.headline()
    assert at or expectations or not second_fabric_verifier.verify(evidence, trust, document)
    assert verdict.refusal is not None
    assert verdict.refusal.facts["step"] == step, verdict.refusal.facts
    assert cause is None or verdict.refusal.facts["cause"] == cause, verdict.refusal.facts
    assert verdict.step(step).status is Status.FAIL
    assert verdict.proves == ()
    _assert_told(verdict)
    return verdict


def _assert_told(verdict: Verdict) -> None:
    steps = [step for root in verdict.steps for step in root.walk()]
    texts = [verdict.title, *verdict.proves, *verdict.does_not_prove, *(step.detail for step in steps)]
    for text in texts:
        assert text.en.isprintable()
        assert text.zh.isprintable()
        assert "{" not in text.en + text.zh, text
    json.dumps(verdict.to_json())
