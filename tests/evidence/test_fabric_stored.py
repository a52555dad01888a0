"""Evidence from blocks that real networks recorded, one ordered by Raft and one by SmartBFT: made, verified, attacked
with an editor. No binary of Fabric is needed."""

from __future__ import annotations

import hashlib
import io
import json
import random
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainfusion.domain.canonical import canonical
from chainfusion.ledger.evidence.evidence_file import MAX_BYTES, SubjectKind
from chainfusion.ledger.evidence.fabric.anchor import write_anchor
from chainfusion.node.evidence.anchoring import first_anchor, newest_anchor
from chainfusion.node.evidence.making import maker_of
from chainfusion.verify import Status, verify
from tests.fabric.blocks.channel import channel
from tests.support.channel_evidence import accepted, edited, refused
from tests.support.harbour import OTHER_REPORT, REPORT, harbour, loan_opening, report_opening

NETWORKS = ("raft", "smartbft")
RELAXED = settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
Json = dict[str, Any]


@cache
def evidence(network: str, what: str) -> bytes:
    """Evidence of one of the things that were done on a network."""
    kinds: dict[str, tuple[SubjectKind, str, Any, Any]] = {
        "loan": (SubjectKind.LOAN, "pool", loan_opening(5), None),
        "pool": (SubjectKind.POOL, "pool", None, None),
        "document": (SubjectKind.DOCUMENT, "report", None, report_opening()),
        "closed": (SubjectKind.DECISION, "closed", None, None),
        "opened": (SubjectKind.DECISION, "opened", None, None),
        "acknowledged": (SubjectKind.DECISION, "acknowledged", None, None),
    }
    kind, transaction, loan, document = kinds[what]
    source = channel(network)
    return maker_of(source).prove(kind, source.stored.ids[transaction], loan, document, None)


@cache
def trust(network: str) -> bytes:
    """The anchor of a network's first block."""
    return write_anchor(first_anchor(channel(network)))


# ------------------------------------------------------------------ what it proves


@pytest.mark.parametrize("network", NETWORKS)
def test_evidence_of_each_kind_is_accepted(network: str) -> None:
    loan = accepted(evidence(network, "loan"), trust(network), expect_deal="ruiying-2026-1")
    assert loan.facts["loan"]["loan_id"] == "L0005"
    assert loan.facts["member"]["name"] == "Donghai"
    assert accepted(evidence(network, "pool"), trust(network)).facts["pool"]["loans"] == 37
    document = accepted(evidence(network, "document"), trust(network), REPORT)
    assert document.step("document").status is Status.OK
    assert accepted(evidence(network, "document"), trust(network)).step("document").status is Status.NOT_CHECKED
    closed = accepted(evidence(network, "closed"), trust(network), at=datetime.now(UTC) + timedelta(days=4000))
    assert "MinghengMSP" in closed.facts["members"]
    assert len(closed.facts["configurations"]) == 2


@pytest.mark.parametrize("network", NETWORKS)
def test_without_attestations_it_says_that_validity_is_not_proven(network: str) -> None:
    verdict = accepted(evidence(network, "closed"), trust(network))
    assert verdict.step("validity").status is Status.NOT_CHECKED
    assert "No member attests" in verdict.headline("en")
    assert any("validation codes" in text.en for text in verdict.does_not_prove)


def test_orderers_are_those_of_the_consensus() -> None:
    raft, bft = (accepted(evidence(each, "closed"), trust(each)).facts["orderers"] for each in NETWORKS)
    assert raft == {"consensus": "etcdraft", "by": ["DonghaiMSP"]}
    assert bft["consensus"] == "BFT"
    assert len(bft["by"]) == 3


def test_under_raft_the_chaincode_was_defined_anew_and_the_first_policy_is_followed() -> None:
    before, after = (json.loads(evidence("raft", each)) for each in ("opened", "acknowledged"))
    assert [b["number"] for b in before["blocks"]] == [0, 2, before["place"]["block"]]
    assert [b["number"] for b in after["blocks"]] == [0, 2, 21, 22]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_later_anchor_shortens_the_evidence(network: str) -> None:
    source = channel(network)
    newest = newest_anchor(source)
    assert newest.block.number > 0
    made = maker_of(source).prove(SubjectKind.DECISION, source.stored.ids["closed"], None, None, newest)
    assert len(made) < len(evidence(network, "closed")) * 2 / 3
    accepted(made, write_anchor(newest))
    refused(made, trust(network), "anchor", "OTHER_CHANNEL")
    refused(evidence(network, "closed"), write_anchor(newest), "anchor", "OTHER_CHANNEL")


# ------------------------------------------------------------------ every byte


def _changed(whole: bytes, at: int, mask: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_changed_byte_is_always_noticed(network: str) -> None:
    choice = random.Random(network)
    files = [evidence(network, each) for each in ("loan", "document", "closed")]
    for _ in range(1_200):
        whole = choice.choice(files)
        at, mask = choice.randrange(len(whole)), choice.randrange(1, 256)
        assert not verify(_changed(whole, at, mask), trust(network)).ok, (at, whole[max(0, at - 40) : at + 40])


@pytest.mark.parametrize("network", NETWORKS)
def test_a_changed_digit_that_stays_readable_is_always_noticed(network: str) -> None:
    whole, choice = evidence(network, "closed"), random.Random(7)
    places = [at for at, byte in enumerate(whole) if byte in b"0123456789abcdef"]
    for at in choice.sample(places, 400):
        digits = b"0123456789" if whole[at] in b"0123456789" else b"abcdef"
        other = choice.choice([digit for digit in digits if digit != whole[at]])
        changed = whole[:at] + bytes([other]) + whole[at + 1 :]
        assert not verify(changed, trust(network)).ok, (at, whole[max(0, at - 40) : at + 40])


@pytest.mark.soak
@pytest.mark.parametrize("network", NETWORKS)
def test_every_byte_of_the_file_is_noticed(network: str) -> None:
    whole = evidence(network, "document")
    for at in range(len(whole)):
        assert not verify(_changed(whole, at, 1), trust(network)).ok, at


@RELAXED
@given(st.data())
def test_cut_joined_and_repeated_files_do_not_raise(data: st.DataObject) -> None:
    whole = evidence("raft", "opened")
    start, end = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, len(whole)))
    pieces = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    assert verify(pieces, trust("raft")).ok == (pieces == whole)


def test_a_truncated_or_oversized_file_is_refused() -> None:
    whole = evidence("smartbft", "pool")
    refused(whole[:-1], trust("smartbft"), "file", "NOT_CANONICAL")
    refused(b"", trust("smartbft"), "file")
    refused(whole + b" " * (MAX_BYTES - len(whole) + 1), trust("smartbft"), "file", "EVIDENCE_MALFORMED")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KNOWN = st.sampled_from(["00" * 32, "fabric", "embedded", "chainfusion-evidence-v1", "deals"])
NAMES = st.sampled_from(["a", "data", "block"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXTS | KNOWN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [each for key, item in value.items() for each in places(item, (*path, key))]
    if isinstance(value, list):
        found += [each for index, item in enumerate(value) for each in places(item, (*path, index))]
    return found


@RELAXED
@given(st.data())
def test_any_value_put_anywhere_fails_without_raising(data: st.DataObject) -> None:
    whole = json.loads(evidence("smartbft", "loan"))
    path = data.draw(st.sampled_from(places(whole)[1:]))
    holder = whole
    for part in path[:-1]:
        holder = holder[part]
    before = holder[path[-1]]
    match data.draw(st.sampled_from(["put", "drop", "twice"])):
        case "put":
            holder[path[-1]] = data.draw(VALUES)
        case "drop":
            del holder[path[-1]]
        case _ if isinstance(holder, list):
            holder.append(before)
        case _:
            holder["another"] = before
    changed = canonical(whole)
    assert verify(changed, trust("smartbft")).ok == (changed == evidence("smartbft", "loan"))


# ------------------------------------------------------------------ evidence of A, shown for B


@pytest.mark.parametrize("network", NETWORKS)
def test_evidence_of_one_document_or_deal_is_none_of_another(network: str) -> None:
    document, loan = evidence(network, "document"), evidence(network, "loan")
    refused(document, trust(network), "document", "DOCUMENT_DIFFERS", document=OTHER_REPORT)
    refused(document, trust(network), "document", "DOCUMENT_DIFFERS", document=REPORT + b"\n")
    refused(document, trust(network), "statement", "EVIDENCE_OF_OTHER_DEAL", expect_deal="anju-2026-2")
    refused(loan, trust(network), "loan", "NO_DOCUMENT_HERE", document=REPORT)
    refused(loan, trust(network), "anchor", "OTHER_LEDGER", expect_ledger="0" * 32)
    early = datetime(2026, 1, 1, tzinfo=UTC)
    refused(loan, trust(network), "block", "TIME_IMPOSSIBLE", at=early)


def test_evidence_of_one_network_is_none_of_another() -> None:
    refused(evidence("raft", "pool"), trust("smartbft"), "anchor", "OTHER_LEDGER")
    other = json.loads(trust("smartbft")) | {"ledger": json.loads(trust("raft"))["ledger"]}
    refused(evidence("raft", "pool"), canonical(other), "anchor", "OTHER_CHANNEL")


def test_each_engine_needs_its_own_trust() -> None:
    port = harbour()
    refused(evidence("raft", "pool"), port.builder.trust, "anchor", "TRUST_OF_OTHER_KIND")
    refused(evidence("raft", "pool"), bytes(port.builder.note()), "anchor", "TRUST_OF_OTHER_KIND")
    assert not verify(port.of_pool(), trust("raft")).ok
    refused(evidence("raft", "pool"), b"{}", "anchor", "TRUST_UNREADABLE")


SUBJECTS: dict[str, tuple[Any, str]] = {
    "another loan's place": (lambda e: e["subject"]["loan"].update(index=6), "statement"),
    "another loan's record": (lambda e: e["subject"]["loan"].update(record="7b7d"), "statement"),
    "another salt": (lambda e: e["subject"]["loan"].update(salt="00" * 16), "statement"),
    "a shorter path": (lambda e: e["subject"]["loan"]["path"].pop(), "statement"),
    "passed off as the pool's": (lambda e: e["subject"].update(kind="pool", loan=None), "accepted"),
    "passed off as a decision": (lambda e: e["subject"].update(kind="decision", loan=None), "statement"),
    "another answer": (lambda e: e["subject"].update(response={"version": 2}), "statement"),
    "another id": (lambda e: e["subject"].update(tx_id="00" * 32), "block"),
    "another index": (lambda e: e["place"].update(index=1), "file"),
    "another block": (lambda e: e["place"].update(block=e["blocks"][1]["number"]), "file"),
    "a configuration in its place": (lambda e: e["place"].update(block=0), "file"),
    "another ledger": (lambda e: e.update(ledger="0" * 32), "anchor"),
    "another channel": (lambda e: e.update(channel="others"), "file"),
    "another engine": (lambda e: e.update(engine="embedded"), "file"),
    "an engine that is none": (lambda e: e.update(engine="corda"), "file"),
    "another format": (lambda e: e.update(format="chainfusion-evidence-v2"), "file"),
    "no configuration": (lambda e: e.update(configurations=[]), "file"),
    "a block that is no configuration": (
        lambda e: e.update(configurations=[0, e["blocks"][1]["number"]]),
        "configurations",
    ),
    "without the definition": (lambda e: e["blocks"].pop(1), "definition"),
    "blocks in disorder": (lambda e: e["blocks"].reverse(), "file"),
    "a block twice": (lambda e: e["blocks"].append(e["blocks"][-1]), "file"),
    "an empty block": (lambda e: e["blocks"][-1].update(data=[]), "file"),
    "the trusted block with metadata": (lambda e: e["blocks"][0].update(metadata="0a00"), "anchor"),
    "another trusted block": (lambda e: e["blocks"][0]["data"].append("00"), "anchor"),
    "an envelope more": (lambda e: e["blocks"][-1]["data"].append("00"), "orderers"),
    "another metadata": (lambda e: e["blocks"][-1].update(metadata=e["blocks"][-1]["metadata"] + "1800"), "orderers"),
    "no signature": (lambda e: e["blocks"][-1].update(signatures=[]), "orderers"),
    "one signature less": (lambda e: e["blocks"][-1]["signatures"].pop(), "orderers"),
    "a signature twice": (
        lambda e: e["blocks"][-1]["signatures"].append(e["blocks"][-1]["signatures"][-1]),
        "orderers",
    ),
    "another block's signatures": (
        lambda e: e["blocks"][-1].update(signatures=e["blocks"][1]["signatures"]),
        "orderers",
    ),
    "another block before": (lambda e: e["blocks"][-1].update(previous="11" * 32), "orderers"),
    "a short hash before": (lambda e: e["blocks"][-1].update(previous="11"), "file"),
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", SUBJECTS)
def test_an_edited_file_is_refused(network: str, name: str) -> None:
    change, step = SUBJECTS[name]
    changed = edited(evidence(network, "loan"), change)
    if step == "accepted":  # it is what it says: the pool's registration, without the loan
        accepted(changed, trust(network))
    else:
        refused(changed, trust(network), step)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_block_that_proves_nothing_of_the_subject_is_refused(network: str) -> None:
    other = next(b for b in json.loads(evidence(network, "opened"))["blocks"] if b["number"] > 3)

    def add(e: Json) -> None:
        e["blocks"] = sorted([*e["blocks"], other], key=lambda b: int(b["number"]))

    refused(edited(evidence(network, "closed"), add), trust(network), "endorsements", "EVIDENCE_MALFORMED")


@pytest.mark.parametrize("network", NETWORKS)
def test_a_configuration_that_is_left_out_is_missed(network: str) -> None:
    def drop(e: Json) -> None:
        gone = e["configurations"].pop()
        e["blocks"] = [b for b in e["blocks"] if b["number"] != gone]

    refused(edited(evidence(network, "closed"), drop), trust(network), "orderers", "FABRIC_CONFIGURATION_HIDDEN")


@pytest.mark.parametrize("network", NETWORKS)
def test_swapped_creators_are_refused(network: str) -> None:
    """Two transactions' creators exchanged inside their envelopes: lengths and forms stay, signatures do not fit."""
    whole = json.loads(evidence(network, "loan"))
    envelope = bytes.fromhex(whole["blocks"][-1]["data"][0])
    names = {b"DonghaiMSP", b"YunjinMSP", b"WangchaoMSP"}
    own = next(name for name in names if name in envelope)
    other = own[:-4] + b"xMSP"
    whole["blocks"][-1]["data"][0] = envelope.replace(own, other).hex()
    assert not verify(canonical(whole), trust(network)).ok


ANCHORS: dict[str, Any] = {
    "another hash": lambda a: a["block"].update(hash="00" * 32),
    "another number": lambda a: a["block"].update(number=2),
    "another channel": lambda a: a.update(channel="others"),
    "another ledger": lambda a: a.update(ledger="0" * 32),
    "another chaincode": lambda a: a.update(chaincode="gossip"),
    "attestations asked for": lambda a: a.update(attestations=1),
    "another format": lambda a: a.update(format="v2"),
    "a hash too short": lambda a: a["block"].update(hash="00"),
    "attestations below none": lambda a: a.update(attestations=-1),
    "a ledger that is none": lambda a: a.update(ledger="?"),
    "a definition that must not be": lambda a: a.update(
        definition={"policy": "", "sequence": {"block": 1, "index": 0}, "validation": {"block": 1, "index": 0}}
    ),
}


@pytest.mark.parametrize("name", ANCHORS)
def test_another_trust_does_not_take_it(name: str) -> None:
    changed = edited(trust("raft"), ANCHORS[name])
    assert not verify(evidence("raft", "pool"), changed).ok


# ------------------------------------------------------------------ the stored blocks themselves


@pytest.mark.parametrize("network", NETWORKS)
def test_stored_blocks_are_a_chain_and_hash_as_fabric_says(network: str) -> None:
    source = channel(network)
    blocks = [source.fabric_block(number) for number in range(source.height())]
    for before, block in pairwise(blocks):
        assert block.previous == before.hash == before.sealed.hash
        assert block.data_hash == hashlib.sha256(b"".join(block.envelopes)).digest()
    assert sum(len(block.envelopes) for block in blocks) > 20


def test_the_verdict_of_a_document_reads_the_file_once_as_a_stream() -> None:
    stream = io.BytesIO(REPORT)
    assert verify(evidence("raft", "document"), trust("raft"), stream).ok
    assert stream.read() == b""
