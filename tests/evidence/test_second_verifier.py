"""The format is specified well enough: a verifier written from its page alone agrees with ours, file by file."""

from __future__ import annotations

import ast
import io
import json
import random
import sys
from pathlib import Path

import pytest

from chainfusion.domain.canonical import canonical
from chainfusion.verify import verify
from tests.evidence import second_verifier as second
from tests.evidence import test_attacks_on_the_file as attacks
from tests.support.harbour import OTHER_REPORT, REPORT, Harbour

HERE = Path(__file__).parent


def agreed(evidence: bytes, trust: bytes, document: bytes | None = None) -> bool:
    """What both verifiers say of a file."""
    ours = verify(evidence, trust, None if document is None else io.BytesIO(document)).ok
    theirs = second.verify(evidence, trust, document)
    assert ours == theirs, f"ours says {ours}, the second verifier {theirs}"
    return ours


def test_the_second_verifier_shares_no_code_with_ours() -> None:
    tree = ast.parse((HERE / "second_verifier.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= {*sys.stdlib_module_names, "cryptography"}


@pytest.mark.parametrize("kind", ["report", "pool", "loan", "closing", "admission", "founding"])
def test_both_accept_what_is_sound(port: Harbour, kind: str) -> None:
    evidence = getattr(port, f"of_{kind}")()
    assert agreed(evidence, port.builder.trust)
    assert agreed(evidence, bytes(port.builder.note()))
    assert agreed(evidence, port.builder.trust, REPORT) == (kind == "report")


@pytest.mark.parametrize("size", [1, 2, 7, 11])
def test_both_follow_the_way_to_another_checkpoint(port: Harbour, size: int) -> None:
    head = port.builder.checkpoint(size)
    assert agreed(port.of_loan(trusted=head), attacks.trusted(head.text))
    assert not agreed(port.of_loan(), attacks.trusted(head.text))


def test_both_refuse_another_document(port: Harbour) -> None:
    assert not agreed(port.of_report(), port.builder.trust, OTHER_REPORT)


@pytest.mark.parametrize("name", attacks.EDITS)
def test_both_refuse_an_edited_file(port: Harbour, name: str) -> None:
    change, _ = attacks.EDITS[name]
    assert not agreed(attacks.edited(port.of_report(), change), port.builder.trust, REPORT)


@pytest.mark.parametrize("name", attacks.LOAN_EDITS)
def test_both_refuse_an_edited_loan(port: Harbour, name: str) -> None:
    change = attacks.LOAN_EDITS[name]
    evidence = attacks.edited(port.of_loan(5), lambda e: change(e["subject"]["loan"]))
    assert not agreed(evidence, port.builder.trust)


@pytest.mark.parametrize("name", attacks.ADDED_LINES)
def test_both_refuse_a_line_that_does_not_count(port: Harbour, name: str) -> None:
    evidence = attacks.relined(port, lambda lines: [*lines[:3], attacks.ADDED_LINES[name](port)])
    assert not agreed(evidence, port.builder.trust)


@pytest.mark.parametrize("kept", range(5))
def test_both_count_cosignatures_alike(port: Harbour, kept: int) -> None:
    assert agreed(attacks.relined(port, lambda lines: lines[: 1 + kept]), port.builder.trust) == (kept >= 3)


@pytest.mark.parametrize("name", attacks.SPELLINGS)
def test_both_refuse_another_spelling(port: Harbour, name: str) -> None:
    assert not agreed(attacks.SPELLINGS[name](port.of_report()), port.builder.trust)


def test_both_notice_changed_digits(port: Harbour) -> None:
    whole, choice = port.of_loan(trusted=port.builder.checkpoint(7)), random.Random(4)
    places = [at for at, byte in enumerate(whole) if byte in b"0123456789abcdef"]
    for at in choice.sample(places, 200):
        changed = whole[:at] + (b"1" if whole[at : at + 1] != b"1" else b"2") + whole[at + 1 :]
        assert not agreed(changed, port.builder.trust), at


def test_the_example_of_the_page_is_the_file_that_is_written(port: Harbour) -> None:
    page = (HERE.parents[1] / "docs" / "spec" / "evidence.md").read_text()
    evidence = json.loads(port.of_loan())
    assert canonical(evidence) == port.of_loan()
    transaction = evidence["transactions"][0]
    parts = [evidence, evidence["blocks"][0], evidence["blocks"][0]["header"], evidence["subject"], transaction]
    parts += [transaction["transaction"]["proposal"], transaction["outcome"], evidence["subject"]["loan"]]
    for name in {name for part in parts for name in part}:
        assert f'"{name}"' in page, name
