"""Attacks with an editor: whoever holds an evidence file changes it, signs nothing anew, and hopes that it still holds.

Each attack is one line; beside it stands the check that must stop it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from chainfusion.domain.canonical import canonical
from chainfusion.domain.documents import document_fingerprint
from chainfusion.ledger.evidence.note import Note, cosign_text, sign_text
from chainfusion.ledger.evidence.signatures import P256_ORDER
from tests.support.harbour import OTHER_REPORT, REPORT, SALT, Harbour, institution, leaf_of
from tests.support.tampering import Change, assert_refused, edited, flipped, swap

Json = dict[str, Any]


def stated(evidence: Json) -> Json:
    """The subject's transaction in the file."""
    return next(t for t in evidence["transactions"] if t["transaction"]["proposal"]["contract"] == "document")  # type: ignore[no-any-return]


def proposal(evidence: Json) -> Json:
    return stated(evidence)["transaction"]["proposal"]  # type: ignore[no-any-return]


def block_of(evidence: Json, number: int) -> Json:
    return next(b for b in evidence["blocks"] if b["header"]["number"] == number)  # type: ignore[no-any-return]


def high_s(signature: str) -> str:
    r, s = decode_dss_signature(bytes.fromhex(signature))
    return encode_dss_signature(r, P256_ORDER - s).hex()


def drop(items: list[Any], item: Any) -> None:
    items.remove(item)


def without_transaction(evidence: Json, index: int) -> None:
    """Leaves out a transaction, and its block and certificate where nothing else needs them."""
    gone = evidence["transactions"].pop(index)
    if all(t["block"] != gone["block"] for t in evidence["transactions"]):
        drop(evidence["blocks"], block_of(evidence, gone["block"]))
    used = {t["transaction"]["proposal"]["creator"]["certificate"] for t in evidence["transactions"]}
    evidence["certificates"] = [
        c for c in evidence["certificates"] if hashlib.sha256(bytes.fromhex(c)).hexdigest() in used
    ]


OTHER_FINGERPRINT = document_fingerprint(SALT, hashlib.sha256(OTHER_REPORT).digest()).hex()

EDITS: dict[str, tuple[Change, str]] = {
    "another salt": (lambda e: e["subject"]["document"].update(salt="ff" * 16), "statement"),
    "another content digest": (lambda e: e["subject"]["document"].update(content_sha256="00" * 32), "statement"),
    "salt too short": (lambda e: e["subject"]["document"].update(salt="ff"), "file"),
    "passed off as a decision": (lambda e: e["subject"].update(kind="decision", document=None), "statement"),
    "passed off as a pool": (lambda e: e["subject"].update(kind="pool", document=None), "statement"),
    "a kind that is none": (lambda e: e["subject"].update(kind="gossip"), "file"),
    "an opening that does not belong": (lambda e: e["subject"].update(kind="pool"), "file"),
    "subject is a transaction that is not there": (lambda e: e["subject"].update(tx_id="00" * 32), "file"),
    "subject is the founding, the rest stays": (
        lambda e: e["subject"].update(tx_id=e["transactions"][0]["outcome"]["tx_id"]),
        "file",
    ),
    "another answer of the contract": (lambda e: e["subject"].update(response={"version": 9}), "statement"),
    "another deal": (lambda e: proposal(e)["args"].update(deal="anju-2026-2"), "inclusion"),
    "another fingerprint": (
        lambda e: proposal(e)["args"]["document"].update(fingerprint=OTHER_FINGERPRINT),
        "inclusion",
    ),
    "another version": (lambda e: proposal(e)["args"]["document"].update(version=2), "inclusion"),
    "another reader": (lambda e: proposal(e)["args"]["document"].update(readers=["XMSP"]), "inclusion"),
    "another member signs": (lambda e: proposal(e)["creator"].update(msp="DonghaiMSP"), "file"),
    "another time": (lambda e: proposal(e).update(time="2026-02-01T00:00:00.000000Z"), "inclusion"),
    "another operation": (lambda e: proposal(e).update(operation="grant"), "inclusion"),
    "another channel": (lambda e: proposal(e).update(channel="0" * 32), "inclusion"),
    "another nonce": (lambda e: proposal(e).update(nonce="0" * 48), "file"),
    "a nonce in capitals": (lambda e: proposal(e).update(nonce=proposal(e)["nonce"].upper()), "file"),
    "a transient input that was not": (lambda e: proposal(e).update(transient="00" * 32), "inclusion"),
    "another signature": (
        lambda e: stated(e)["transaction"].update(signature=e["transactions"][0]["transaction"]["signature"]),
        "inclusion",
    ),
    "the high-S twin of the signature": (
        lambda e: stated(e)["transaction"].update(signature=high_s(stated(e)["transaction"]["signature"])),
        "inclusion",
    ),
    "another outcome": (lambda e: stated(e)["outcome"].update(response="00" * 32), "inclusion"),
    "an outcome of another transaction": (
        lambda e: stated(e).update(outcome=e["transactions"][0]["outcome"]),
        "inclusion",
    ),
    "writes that were not": (lambda e: stated(e)["outcome"].update(writes=[["00", None]]), "inclusion"),
    "swapped paths": (lambda e: swap(stated(e), "transaction_path", "outcome_path"), "inclusion"),
    "a shorter path": (lambda e: stated(e)["transaction_path"].pop(), "inclusion"),
    "a longer path": (lambda e: stated(e)["outcome_path"].append("00" * 32), "inclusion"),
    "a path of short hashes": (lambda e: stated(e).update(outcome_path=["00", "00"]), "inclusion"),
    "another index": (lambda e: stated(e).update(index=1), "inclusion"),
    "an index beyond the block": (lambda e: stated(e).update(index=3), "inclusion"),
    "a negative index": (lambda e: stated(e).update(index=-1), "inclusion"),
    "another block": (lambda e: stated(e).update(block=11), "file"),
    "a header with another count": (lambda e: block_of(e, 5)["header"].update(count=4), "log"),
    "a header with another root": (lambda e: block_of(e, 5)["header"].update(transactions="00" * 32), "inclusion"),
    "a header with another membership": (lambda e: block_of(e, 5)["header"].update(membership="00" * 32), "log"),
    "a header with another time": (
        lambda e: block_of(e, 5)["header"].update(time="2026-01-31T09:05:00.000001Z"),
        "log",
    ),
    "a header with another predecessor": (lambda e: block_of(e, 5)["header"].update(previous="11" * 32), "log"),
    "a header of another format": (lambda e: block_of(e, 5)["header"].update(format="v2"), "log"),
    "a header of another channel": (lambda e: block_of(e, 5)["header"].update(channel="0" * 32), "log"),
    "blocks with swapped paths": (lambda e: swap_paths(e, 4, 5), "log"),
    "blocks with swapped signatures": (lambda e: swap_signatures(e, 4, 5), "orderer"),
    "a block signature with high S": (
        lambda e: block_of(e, 5).update(signature=high_s(block_of(e, 5)["signature"])),
        "orderer",
    ),
    "a block without signature": (lambda e: block_of(e, 5).update(signature=""), "orderer"),
    "a larger checkpoint": (lambda e: e.update(checkpoint=e["checkpoint"].replace("\n12\n", "\n13\n")), "file"),
    "a checkpoint with another root": (lambda e: e.update(checkpoint=with_root(e["checkpoint"])), "log"),
    "a checkpoint of another log": (
        lambda e: e.update(checkpoint=e["checkpoint"].replace("chainfusion/", "chainfusion/0")),
        "log",
    ),
    "a checkpoint with an extension": (
        lambda e: e.update(checkpoint=e["checkpoint"].replace("=\n\n", "=\nhello\n\n")),
        "file",
    ),
    "no checkpoint": (lambda e: e.update(checkpoint=""), "file"),
    "an unknown engine": (lambda e: e.update(engine="fabric"), "file"),
    "a later format": (lambda e: e.update(format="chainfusion-evidence-v2"), "file"),
    "an extra field": (lambda e: e.update(note="verified by the regulator"), "file"),
    "an extra field in the subject": (lambda e: e["subject"].update(verified=True), "file"),
    "a field missing": (lambda e: e.pop("consistency"), "file"),
    "a bridge to nowhere": (
        lambda e: e.update(consistency={"path": [], "root": "00" * 32, "size": 3}),
        "trust",
    ),
    "a bridge from before the beginning": (
        lambda e: e.update(consistency={"path": [], "root": "00" * 32, "size": 0}),
        "trust",
    ),
    "a certificate that nobody used": (lambda e: e["certificates"].append(e["certificates"][0]), "file"),
    "a certificate missing": (lambda e: e["certificates"].pop(), "file"),
    "a certificate that is none": (lambda e: e.update(certificates=["00"]), "file"),
    "certificates in another order": (lambda e: swap(e["certificates"], 0, 1), "file"),
    "the last vote left out": (lambda e: without_transaction(e, 4), "members"),
    "the suspension left out": (lambda e: [without_transaction(e, -1) for _ in range(4)], "members"),
    "a change of membership told twice": (lambda e: e["transactions"].insert(2, e["transactions"][1]), "file"),
    "changes in another order": (lambda e: swap(e["transactions"], 1, 2), "file"),
    "the founding left out": (lambda e: without_transaction(e, 0), "file"),
    "the last block left out": (lambda e: e["blocks"].pop(), "file"),
    "a block told twice": (lambda e: e["blocks"].insert(1, e["blocks"][0]), "file"),
    "no transactions": (lambda e: e.update(transactions=[]), "file"),
    "no blocks": (lambda e: e.update(blocks=[]), "file"),
    "a vote turned around": (
        lambda e: e["transactions"][2]["transaction"]["proposal"]["args"].update(approve=False),
        "inclusion",
    ),
    "the genesis changed": (
        lambda e: e["transactions"][0]["transaction"]["proposal"]["args"]["genesis"]["genesis"].update(name="Mine"),
        "trust",
    ),
    "a founder's signature changed": (
        lambda e: founder_signatures(e)[0].update(signature=founder_signatures(e)[1]["signature"]),
        "founders",
    ),
}


def founder_signatures(evidence: Json) -> list[Json]:
    return evidence["transactions"][0]["transaction"]["proposal"]["args"]["genesis"]["signatures"]  # type: ignore[no-any-return]


def swap_paths(evidence: Json, first: int, second: int) -> None:
    one, other = block_of(evidence, first), block_of(evidence, second)
    one["path"], other["path"] = other["path"], one["path"]


def swap_signatures(evidence: Json, first: int, second: int) -> None:
    one, other = block_of(evidence, first), block_of(evidence, second)
    one["signature"], other["signature"] = other["signature"], one["signature"]


def with_root(checkpoint: str) -> str:
    lines = checkpoint.split("\n")
    lines[2] = "A" * 43 + "="
    return "\n".join(lines)


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_file_is_refused(port: Harbour, name: str) -> None:
    change, step = EDITS[name]
    assert_refused(edited(port.of_report(), change), port.builder.trust, step, document=REPORT)


# ------------------------------------------------------------------ evidence of A for B


def test_evidence_of_one_document_is_not_of_another(port: Harbour) -> None:
    assert_refused(port.of_report(), port.builder.trust, "document", document=OTHER_REPORT, cause="DOCUMENT_DIFFERS")


def test_evidence_of_one_deal_is_not_of_another(port: Harbour) -> None:
    assert_refused(
        port.of_report(),
        port.builder.trust,
        "statement",
        document=REPORT,
        expect_deal="anju-2026-2",
        cause="EVIDENCE_OF_OTHER_DEAL",
    )


def test_a_decision_of_the_consortium_is_of_no_deal(port: Harbour) -> None:
    assert_refused(port.of_admission(), port.builder.trust, "statement", expect_deal="ruiying-2026-1")


def test_another_ledger_is_expected(port: Harbour) -> None:
    assert_refused(port.of_pool(), port.builder.trust, "trust", expect_ledger="0" * 32, cause="OTHER_LEDGER")


@pytest.mark.parametrize("kind", ["pool", "loan", "closing", "admission"])
def test_evidence_of_something_else_says_nothing_of_a_document(port: Harbour, kind: str) -> None:
    step = {"closing": "decision", "admission": "decision"}.get(kind, kind)
    evidence = getattr(port, f"of_{kind}")()
    assert_refused(evidence, port.builder.trust, step, document=REPORT, cause="NO_DOCUMENT_HERE")


LOAN_EDITS: dict[str, Change] = {
    "another index": lambda loan: loan.update(index=6),
    "an index beyond the pool": lambda loan: loan.update(index=37),
    "another record": lambda loan: loan.update(record=leaf_of(6)[1].hex()),
    "a balance changed": lambda loan: loan.update(record=loan["record"].replace("00000001", "00000002", 1)),
    "another salt": lambda loan: loan.update(salt=leaf_of(6)[0].hex()),
    "a salt that takes bytes of the record": lambda loan: loan.update(
        salt=loan["salt"] + loan["record"][:2], record=loan["record"][2:]
    ),
    "a sibling changed": lambda loan: loan["path"].__setitem__(0, flipped(loan["path"][0])),
    "the path one short": lambda loan: loan["path"].pop(),
    "the path in another order": lambda loan: loan["path"].reverse(),
}


@pytest.mark.parametrize("name", LOAN_EDITS)
def test_an_edited_loan_is_refused(port: Harbour, name: str) -> None:
    change = LOAN_EDITS[name]
    evidence = edited(port.of_loan(5), lambda e: change(e["subject"]["loan"]))
    assert_refused(evidence, port.builder.trust, "statement")


def test_a_loan_of_another_pool_is_refused(port: Harbour) -> None:
    other = json.loads(port.of_loan(5))["subject"]["loan"]
    evidence = edited(port.of_report(), lambda e: e["subject"].update(kind="loan", loan=other, document=None))
    assert_refused(evidence, port.builder.trust, "statement", cause="EVIDENCE_OF_OTHER_OPERATION")


# ------------------------------------------------------------------ signature lines of the checkpoint


def lines_of(checkpoint: str) -> tuple[str, list[str]]:
    text, lines = checkpoint.split("\n\n")
    return text, lines.splitlines()


def relined(port: Harbour, change: Any) -> bytes:
    def apply(evidence: Json) -> None:
        text, lines = lines_of(evidence["checkpoint"])
        evidence["checkpoint"] = text + "\n\n" + "".join(line + "\n" for line in change(lines))

    return edited(port.of_report(), apply)


def cosignature(port: Harbour, msp: str, name: str | None = None, seconds: int | None = None) -> str:
    text = port.builder.note().text
    at = seconds or int(port.builder.now.timestamp())
    line = cosign_text(text, institution(msp).notary, at).line.rstrip("\n")
    return line.replace(msp, name or msp)


def test_the_lines_may_not_change_their_order_unnoticed(port: Harbour) -> None:
    # The order of lines means nothing to a note, but a file has one spelling.
    assert_refused(relined(port, lambda lines: [lines[0], *lines[:0:-1]]), port.builder.trust, "cosignatures")
    assert_refused(relined(port, lambda lines: [*lines[1:], lines[0]]), port.builder.trust, "cosignatures")


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_cosignatures_below_the_threshold(port: Harbour, kept: int) -> None:
    evidence = relined(port, lambda lines: lines[: 1 + kept])
    assert_refused(evidence, port.builder.trust, "cosignatures", cause="TOO_FEW_COSIGNATURES")


def test_one_member_does_not_count_twice(port: Harbour) -> None:
    evidence = relined(port, lambda lines: [*lines[:3], lines[2], lines[2]])
    assert_refused(evidence, port.builder.trust, "cosignatures", cause="COSIGNATURE_REFUSED")


def test_one_member_does_not_count_twice_with_another_time(port: Harbour) -> None:
    later = cosignature(port, "DonghaiMSP", seconds=int(port.builder.now.timestamp()) + 1)
    evidence = relined(port, lambda lines: [*lines[:3], later])
    assert_refused(evidence, port.builder.trust, "cosignatures", cause="COSIGNATURE_REFUSED")


ADDED_LINES: dict[str, Any] = {
    "a stranger cosigns": lambda port: cosignature(port, "StrangerMSP"),
    "a stranger cosigns under a member's name": lambda port: cosignature(port, "StrangerMSP", "WangchaoMSP"),
    "a suspended member cosigns": lambda port: cosignature(port, "BeichenMSP"),
    "the log's operator cosigns its own log": lambda port: cosignature(port, "RegistryMSP"),
    "one member cosigns under another's name": lambda port: cosignature(port, "DonghaiMSP", "WangchaoMSP"),
    "another member signs as the log": lambda port: sign_text(
        port.builder.note().text, institution("DonghaiMSP").notary
    ).line.rstrip("\n"),
}


@pytest.mark.parametrize("name", ADDED_LINES)
def test_a_line_that_does_not_count_is_refused(port: Harbour, name: str) -> None:
    evidence = relined(port, lambda lines: [*lines[:3], ADDED_LINES[name](port)])
    assert_refused(evidence, port.builder.trust, "cosignatures", cause="COSIGNATURE_REFUSED")


def test_the_log_must_have_signed(port: Harbour) -> None:
    assert_refused(relined(port, lambda lines: lines[1:]), port.builder.trust, "checkpoint", cause="BAD_NOTE")


def test_the_log_signs_once(port: Harbour) -> None:
    assert_refused(relined(port, lambda lines: [lines[0], *lines]), port.builder.trust, "checkpoint", cause="BAD_NOTE")


def test_a_stranger_does_not_sign_for_the_log(port: Harbour) -> None:
    text = port.builder.note().text
    forged = sign_text(text, institution("StrangerMSP").notary).line.replace("StrangerMSP", "RegistryMSP").rstrip("\n")
    assert_refused(relined(port, lambda lines: [forged, *lines[1:]]), port.builder.trust, "checkpoint")


def test_a_signature_of_an_earlier_checkpoint_does_not_sign_this_one(port: Harbour) -> None:
    earlier = port.builder.checkpoint(11).text
    old = sign_text(earlier, institution("RegistryMSP").notary).line.rstrip("\n")
    assert_refused(relined(port, lambda lines: [old, *lines[1:]]), port.builder.trust, "checkpoint")


def test_a_cosignature_of_an_earlier_checkpoint_does_not_count(port: Harbour) -> None:
    earlier = port.builder.checkpoint(11).text
    old = cosign_text(earlier, institution("DonghaiMSP").notary, 1_769_850_000).line.rstrip("\n")
    assert_refused(relined(port, lambda lines: [lines[0], old, *lines[2:]]), port.builder.trust, "cosignatures")


# ------------------------------------------------------------------ what one trusts


def test_the_genesis_of_another_consortium(port: Harbour) -> None:
    other = edited(port.builder.trust, lambda genesis: genesis["genesis"].update(name="Other"))
    assert_refused(port.of_report(), other, "trust", cause="OTHER_LEDGER")


def test_a_genesis_whose_signature_was_changed(port: Harbour) -> None:
    def change(genesis: Json) -> None:
        genesis["signatures"][0]["signature"] = genesis["signatures"][1]["signature"]

    assert_refused(port.of_report(), edited(port.builder.trust, change), "trust")


@pytest.mark.parametrize(
    "trust",
    [b"", b"{}", b"null", b"\xff\xfe", b"not a note", b"{" * 4096, b"-" * 5_000_000, json.dumps({"a": 1.5}).encode()],
)
def test_what_is_no_anchor(port: Harbour, trust: bytes) -> None:
    assert_refused(port.of_report(), trust, "trust", cause="TRUST_UNREADABLE")


def test_the_evidence_does_not_vouch_for_itself(port: Harbour) -> None:
    evidence = port.of_report()
    assert_refused(evidence, evidence, "trust", cause="TRUST_UNREADABLE")


def test_a_genesis_that_was_reformatted_is_not_the_genesis(port: Harbour) -> None:
    pretty = json.dumps(json.loads(port.builder.trust), indent=1).encode()
    assert_refused(port.of_report(), pretty, "trust", cause="TRUST_UNREADABLE")


def trusted(text: str) -> bytes:
    return (text + "\n— keeper x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgY=\n").encode()


@pytest.mark.parametrize(
    ("name", "change", "cause"),
    [
        ("another log", lambda text: text.replace("chainfusion/", "chainfusion/f"), "OTHER_LEDGER"),
        ("another root of the same size", lambda text: with_root(text), "NO_WAY_TO_CHECKPOINT"),
        ("another size with this root", lambda text: text.replace("\n12\n", "\n11\n"), "NO_WAY_TO_CHECKPOINT"),
        (
            "an empty log",
            lambda text: f"{text.splitlines()[0]}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "NO_WAY_TO_CHECKPOINT",
        ),
    ],
)
def test_a_checkpoint_that_has_no_way_to_the_evidence(port: Harbour, name: str, change: Any, cause: str) -> None:
    assert_refused(port.of_report(), trusted(change(port.builder.note().text)), "trust", cause=cause)


def test_a_bridge_of_another_checkpoint_does_not_lead_to_the_trusted_one(port: Harbour) -> None:
    evidence = port.of_report(trusted=port.builder.checkpoint(7))
    assert_refused(evidence, trusted(port.builder.checkpoint(8).text), "trust", cause="NO_WAY_TO_CHECKPOINT")


@pytest.mark.parametrize(
    "change",
    [
        lambda bridge: bridge["path"].pop(),
        lambda bridge: bridge["path"].append("00" * 32),
        lambda bridge: bridge["path"].reverse(),
        lambda bridge: bridge.update(size=bridge["size"] + 1),
        lambda bridge: bridge.update(root=flipped(bridge["root"])),
    ],
)
def test_a_bridge_that_does_not_hold_is_refused_whatever_is_trusted(port: Harbour, change: Change) -> None:
    head = port.builder.checkpoint(7)
    evidence = edited(port.of_report(trusted=head), lambda e: change(e["consistency"]))
    for trust in (port.builder.trust, trusted(head.text)):
        assert_refused(evidence, trust, "trust")


# ------------------------------------------------------------------ spelling


SPELLINGS: dict[str, Any] = {
    "nothing": lambda data: b"",
    "a space": lambda data: data + b" ",
    "a newline": lambda data: data + b"\n",
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "cut off": lambda data: data[:-1],
    "cut in half": lambda data: data[: len(data) // 2],
    "twice": lambda data: data * 2,
    "pretty": lambda data: json.dumps(json.loads(data), indent=2).encode(),
    "other order of keys": lambda data: json.dumps(
        dict(reversed(json.loads(data).items())), separators=(",", ":")
    ).encode(),
    "escaped": lambda data: data.replace(b'"embedded"', b'"\\u0065mbedded"'),
    "a key twice": lambda data: data.replace(b'{"blocks"', b'{"blocks":[],"blocks"', 1),
    "a key twice, the same": lambda data: data.replace(b'"engine":', b'"engine":"embedded","engine":', 1),
    "a float": lambda data: data.replace(b'"index":0', b'"index":0.0', 1),
    "an exponent": lambda data: data.replace(b'"index":0', b'"index":0e0', 1),
    "a leading zero": lambda data: data.replace(b'"index":0', b'"index":00', 1),
    "a minus zero": lambda data: data.replace(b'"index":0', b'"index":-0', 1),
    "a giant number": lambda data: data.replace(b'"index":0', b'"index":' + b"9" * 100_000, 1),
    "a number beyond 64 bits": lambda data: data.replace(b'"index":0', b'"index":%d' % 2**63, 1),
    "the largest number": lambda data: data.replace(b'"index":0', b'"index":%d' % (2**63 - 1), 1),
    "not a number": lambda data: data.replace(b'"index":0', b'"index":NaN', 1),
    "hexadecimal in capitals": lambda data: data.replace(b'"salt":"00010203', b'"salt":"0001020A', 1),
    "an array": lambda data: b"[" + data + b"]",
    "a string": lambda data: canonical(data.decode()),
    "deep arrays": lambda data: b"[" * 100_000 + b"]" * 100_000,
    "deep within": lambda data: data.replace(b'"response":{', b'"response":' + b"[" * 900 + b"]" * 900 + b',"x":{', 1),
    "deep objects": lambda data: b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "not text": lambda data: b"\xff" * 1000,
    "a zip": lambda data: b"PK\x03\x04" + data,
    "null": lambda data: b"null",
    "huge": lambda data: b" " * (33 << 20),
    "a huge string": lambda data: b'"' + b"a" * (33 << 20) + b'"',
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_another_spelling_is_refused(port: Harbour, name: str) -> None:
    data = SPELLINGS[name](port.of_report())
    assert data != port.of_report()
    assert_refused(data, port.builder.trust, "file", document=REPORT)


def test_note_lines_in_evidence_are_read_as_strictly_as_a_note(port: Harbour) -> None:
    evidence = edited(port.of_report(), lambda e: e.update(checkpoint=e["checkpoint"] + "junk\n"))
    assert_refused(evidence, port.builder.trust, "file", cause="BAD_NOTE")
    assert Note.parse(json.loads(port.of_report())["checkpoint"].encode())
