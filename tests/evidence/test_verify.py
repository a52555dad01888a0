"""What evidence proves when it is sound, and how the verdict tells it."""

import io
import json
import subprocess
import sys
from datetime import timedelta

import pytest

from chainfusion.domain.loan import Loan, encode_loan
from chainfusion.domain.records import to_bytes, to_json
from chainfusion.ledger.evidence.checkpoint import Checkpoint
from chainfusion.ledger.evidence.evidence_file import read_evidence, write_evidence
from chainfusion.ledger.evidence.opening import LoanOpening
from chainfusion.verify import Status, verify
from tests.support.harbour import DEAL, JOINER, LOANS, REPORT, Harbour, a_loan, build
from tests.support.tampering import assert_accepted, assert_refused

KINDS = ("report", "pool", "loan", "closing", "admission", "founding")


def of(port: Harbour, kind: str) -> bytes:
    return getattr(port, f"of_{kind}")()  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_can_be_proven_is(port: Harbour, kind: str) -> None:
    document = REPORT if kind == "report" else None
    verdict = assert_accepted(of(port, kind), port.builder.trust, document)
    steps = [step for root in verdict.steps for step in root.walk()]
    assert {step.status for step in steps} == {Status.OK}
    assert len(steps) == 12
    for lang in ("en", "zh"):
        assert verdict.headline(lang)
        assert verdict.remedy(lang) == ""
    assert len(verdict.proves) == 3
    assert len(verdict.does_not_prove) >= 3


def test_the_document_is_named_with_deal_version_member_and_time(port: Harbour) -> None:
    verdict = assert_accepted(port.of_report(), port.builder.trust, REPORT)
    assert verdict.headline() == (
        f"This document is version 1 of the legal due-diligence report of deal {DEAL}, "
        "registered by YunjinMSP Ltd on 2026-01-31 09:05:00 UTC."
    )
    assert verdict.headline("zh").startswith(f"此文件是项目 {DEAL} 的法律尽职调查报告第 1 版")


def test_without_the_document_it_says_that_none_was_checked(port: Harbour) -> None:
    verdict = assert_accepted(port.of_report(), port.builder.trust)
    assert verdict.step("document").status is Status.NOT_CHECKED
    assert "no document was checked" in verdict.headline()
    assert "That any file of yours is this document." in [text.en for text in verdict.does_not_prove]
    assert "Every byte" not in " ".join(text.en for text in verdict.proves)


def test_another_document_fails_and_all_the_rest_is_shown_to_hold(port: Harbour) -> None:
    verdict = assert_refused(port.of_report(), port.builder.trust, "document", document=REPORT + b" ")
    others = [step.status for root in verdict.steps for step in root.walk() if step.id != "document"]
    assert set(others) == {Status.OK}
    assert verdict.facts["document"]["found"] != verdict.facts["document"]["fingerprint"]


@pytest.mark.parametrize("at", range(0, len(REPORT), 397))
def test_every_byte_of_the_document_counts(port: Harbour, at: int) -> None:
    changed = bytearray(REPORT)
    changed[at] ^= 1
    assert_refused(port.of_report(), port.builder.trust, "document", document=bytes(changed), cause="DOCUMENT_DIFFERS")


def test_a_loan_is_shown_with_its_fields(port: Harbour) -> None:
    verdict = assert_accepted(port.of_loan(7), port.builder.trust)
    assert verdict.facts["loan"] == {"index": 7} | to_json(a_loan(7))
    assert verdict.facts["pool"]["loans"] == LOANS
    assert "Loan L0007 is number 8 of 37" in verdict.headline()


@pytest.mark.parametrize("number", range(LOANS))
def test_every_loan_of_the_tape_can_be_shown(port: Harbour, number: int) -> None:
    assert_accepted(port.of_loan(number), port.builder.trust)


def test_who_signed_and_who_cosigned_is_told(port: Harbour) -> None:
    facts = assert_accepted(port.of_report(), port.builder.trust).facts
    assert facts["member"]["msp"] == "YunjinMSP"
    assert facts["person"]["name"] == "maker"
    assert "trustee" in facts["person"]["roles"]
    assert [each["msp"] for each in facts["cosignatures"]["by"]] == ["DonghaiMSP", JOINER, "WangchaoMSP", "YunjinMSP"]
    assert (facts["cosignatures"]["needed"], facts["cosignatures"]["witnesses"]) == (3, 4)
    assert facts["governance"] == 8


def test_a_document_is_read_as_a_stream_and_its_progress_told(port: Harbour) -> None:
    class Large(io.RawIOBase):
        """Three mebibytes that no buffer ever holds at once."""

        left = 3 << 20

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= 1 << 20
            given = min(size, self.left)
            self.left -= given
            return bytes(given)

    told: list[int] = []
    verdict = verify(port.of_report(), port.builder.trust, Large(), progress=told.append)  # type: ignore[arg-type]
    assert not verdict.ok
    assert told == [1 << 20, 2 << 20, 3 << 20]


def test_expectations_that_hold(port: Harbour) -> None:
    assert_accepted(port.of_report(), port.builder.trust, expect_deal=DEAL, expect_ledger=port.builder.ledger_id)


def test_a_verifier_with_a_right_clock_accepts(port: Harbour) -> None:
    assert_accepted(port.of_report(), port.builder.trust, at=port.builder.now)
    assert_accepted(port.of_report(), port.builder.trust, at=port.builder.now + timedelta(days=3650))


# ------------------------------------------------------------------ trust in a checkpoint


def test_the_very_checkpoint_of_the_evidence_is_trust_enough(port: Harbour) -> None:
    note = bytes(port.builder.note())
    verdict = assert_accepted(port.of_report(), note, REPORT)
    assert "checkpoint of size 12" in verdict.step("trust").detail.en


@pytest.mark.parametrize("size", range(1, 12))
def test_an_earlier_checkpoint_is_trust_enough_with_a_proof(port: Harbour, size: int) -> None:
    trusted = port.builder.checkpoint(size)
    evidence = port.of_report(trusted=trusted)
    assert_accepted(evidence, note_of(trusted), REPORT)
    assert_accepted(evidence, port.builder.trust, REPORT)


def test_a_later_checkpoint_is_trust_enough_with_a_proof() -> None:
    port = build()
    early = port.builder.note()
    for _ in range(5):
        port.builder.call("DonghaiMSP", "deal.name_party", deal=DEAL)
    trusted = port.builder.checkpoint()
    assert_accepted(port.of_report(note=early, trusted=trusted), note_of(trusted), REPORT)


def note_of(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as its holder keeps it; whose signature it bears does not matter to who trusts it."""
    return (checkpoint.text + "\n— keeper x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgY=\n").encode()


# ------------------------------------------------------------------ form


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_has_one_byte_form(port: Harbour, kind: str) -> None:
    data = of(port, kind)
    assert write_evidence(read_evidence(data)) == data
    assert json.loads(data)["format"] == "chainfusion-evidence-v1"


def test_a_verdict_is_json_in_both_languages(port: Harbour) -> None:
    told = json.loads(json.dumps(assert_accepted(port.of_report(), port.builder.trust, REPORT).to_json()))
    assert told["ok"] is True
    assert set(told["headline"]) == {"en", "zh"}
    assert told["steps"][1]["id"] == "document"
    assert told["refusal"] is None
    failed = assert_refused(port.of_report(), b"", "trust").to_json()
    assert failed["refusal"]["code"] == "VERIFICATION_FAILED"


def test_the_verifier_runs_where_nothing_but_cryptography_is_installed() -> None:
    program = """
import sys
allowed = {"chainfusion", "cryptography", "cffi", "_cffi_backend", "typing_extensions"} | set(sys.stdlib_module_names)
blocked = {"polars", "numpy", "numba", "sqlite3", "yaml", "_sqlite3"}
class Guard:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in blocked or top not in allowed:
            raise ImportError(name)
sys.meta_path.insert(0, Guard())
import chainfusion.verify
print(sorted(name for name in sys.modules if name.partition(".")[0] in blocked))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr


def test_one_loan_of_a_million_takes_less_than_two_kibibytes() -> None:
    loan = Loan(
        loan_id="DH-2026-000000123456789",
        borrower_id="b7c1e0d24f5a4f0b9d3e8a6c5f1e2d3c",
        product="RESIDENTIAL_MORTGAGE",
        currency="CNY",
        original_balance=325_000_000,
        current_balance=298_765_432,
        rate_ppm=41_000,
        original_term=360,
        remaining_term=312,
        seasoning=48,
        origination_date=19_000,
        first_payment_date=19_030,
        maturity_date=29_957,
        repayment="PARTIAL_INTEREST_ONLY",
        payment_amount=1_568_900,
        status="GRACE_PERIOD",
        days_past_due=3,
        collateral_value=500_000_000,
        ltv_ppm=650_000,
        credit_score=712,
        region="CN-31 Shanghai",
    )
    path = tuple(bytes([level] * 32) for level in range(20))
    assert len(to_bytes(LoanOpening(999_999, path, encode_loan(loan), bytes(16)))) < 2048
