"""Checkpoints and the witness that cosigns nothing but growth."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainfusion.domain.errors import ChainFusionError
from chainfusion.ledger.evidence.checkpoint import (
    BadCheckpoint,
    Checkpoint,
    CheckpointStale,
    LogForked,
    Witness,
    log_signature,
    sign_checkpoint,
)
from chainfusion.ledger.evidence.merkle import EMPTY_ROOT, ProofInvalid, consistency_proof, leaf_hash, root
from chainfusion.ledger.evidence.note import BadNote, NoteKey, NoteSignatureInvalid, SignatureType, sign_text
from tests.support.identities import make_member

LEDGER = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 6, 1, 8, 0, 0, 999_999, tzinfo=UTC)
LEAVES = [leaf_hash(bytes([n])) for n in range(12)]
LOG = make_member("RegistryMSP").notary
WITNESS = make_member("YunjinMSP").notary
LOG_KEY = NoteKey("RegistryMSP", LOG.public_key_bytes)
WITNESS_KEY = NoteKey("YunjinMSP", WITNESS.public_key_bytes, SignatureType.COSIGNATURE)


@dataclass
class Memory:
    kept: dict[str, Checkpoint] = field(default_factory=dict)

    def last(self, origin: str) -> Checkpoint | None:
        return self.kept.get(origin)

    def remember(self, checkpoint: Checkpoint, after: Checkpoint | None) -> None:
        assert self.kept.get(checkpoint.origin) == after
        self.kept[checkpoint.origin] = checkpoint


def head(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint.of(LEDGER, size, root(leaves[:size]))


def proof(first: int, size: int) -> tuple[bytes, ...]:
    return consistency_proof(LEAVES[:size], first)


def witness_at(size: int) -> tuple[Witness, Memory]:
    memory = Memory()
    witness = Witness(WITNESS, memory)
    witness.cosign(sign_checkpoint(head(size), LOG), LOG_KEY, (), NOW)
    return witness, memory


@given(st.integers(1, 10**18 - 1), st.binary(min_size=32, max_size=32))
def test_reads_back_what_it_wrote(size: int, digest: bytes) -> None:
    checkpoint = Checkpoint.of(LEDGER, size, digest)
    assert Checkpoint.parse(checkpoint.text) == checkpoint
    assert checkpoint.ledger_id == LEDGER


def test_an_empty_log_has_one_head() -> None:
    assert Checkpoint.parse(Checkpoint.of(LEDGER, 0, EMPTY_ROOT).text).size == 0
    with pytest.raises(BadCheckpoint):
        Checkpoint.parse(Checkpoint.of(LEDGER, 0, bytes(32)).text)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("chainfusion/", "example.com/"),
        lambda text: text.replace("\n8\n", "\n08\n"),
        lambda text: text.replace("\n8\n", "\n+8\n"),
        lambda text: text.replace("\n8\n", "\n8 \n"),
        lambda text: text.replace("\n8\n", "\n-8\n"),
        lambda text: text.replace("\n8\n", "\n٨\n"),
        lambda text: text.replace("\n8\n", "\n" + "9" * 5000 + "\n"),
        lambda text: text.replace("\n8\n", "\n\n"),
        lambda text: text.replace("=\n", "\n"),
        lambda text: text.replace("=\n", "==\n"),
        lambda text: text + "extension\n",
        lambda text: text[:-1],
        lambda text: "\n".join(text.split("\n")[:2]) + "\n",
        lambda text: "\n".join(text.split("\n")[:2]) + "\nAAAA\n",
    ],
)
def test_other_spellings_are_no_checkpoints(change: object) -> None:
    with pytest.raises(BadCheckpoint):
        Checkpoint.parse(change(head(8).text))  # type: ignore[operator]


@given(st.text(max_size=60))
def test_reading_raises_nothing_else(text: str) -> None:
    try:
        checkpoint = Checkpoint.parse(text)
    except BadCheckpoint:
        return
    assert checkpoint.text == text


def test_the_log_signs_each_checkpoint_once() -> None:
    note = sign_checkpoint(head(8), LOG)
    assert log_signature(note, LOG_KEY) == note.signatures[0]
    with pytest.raises(BadNote):
        log_signature(type(note)(note.text, note.signatures * 2), LOG_KEY)
    with pytest.raises(BadNote):
        log_signature(type(note)(note.text, ()), LOG_KEY)
    with pytest.raises(NoteSignatureInvalid):
        log_signature(type(note)(head(7).text, note.signatures), LOG_KEY)


@given(st.integers(1, 12).flatmap(lambda first: st.tuples(st.just(first), st.integers(first, 12))))
def test_a_witness_cosigns_growth(sizes: tuple[int, int]) -> None:
    first, size = sizes
    witness, memory = witness_at(first)
    note = sign_checkpoint(head(size), LOG)
    cosignature = witness.cosign(note, LOG_KEY, proof(first, size), NOW)
    WITNESS_KEY.verify(note.text, cosignature)
    assert cosignature.seconds == int(NOW.timestamp())
    assert memory.last(note.text.split("\n")[0]) == head(size)


def refused(witness: Witness, memory: Memory, checkpoint: Checkpoint, path: tuple[bytes, ...]) -> ChainFusionError:
    before = dict(memory.kept)
    with pytest.raises(ChainFusionError) as caught:
        witness.cosign(sign_checkpoint(checkpoint, LOG), LOG_KEY, path, NOW)
    assert memory.kept == before
    return caught.value


def test_a_witness_refuses_a_second_history() -> None:
    witness, memory = witness_at(5)
    forked = [*LEAVES[:3], *reversed(LEAVES[3:])]
    assert isinstance(refused(witness, memory, head(5, forked), ()), LogForked)
    assert isinstance(refused(witness, memory, head(8, forked), proof(5, 8)), ProofInvalid)


def test_a_fork_is_told_with_both_heads() -> None:
    witness, memory = witness_at(5)
    other = Checkpoint.of(LEDGER, 5, bytes(32))
    facts = refused(witness, memory, other, ()).facts
    assert (facts["root"], facts["last_root"]) == (bytes(32).hex(), head(5).root.hex())


def test_a_witness_refuses_to_go_back() -> None:
    witness, memory = witness_at(8)
    assert isinstance(refused(witness, memory, head(5), ()), CheckpointStale)


def test_a_witness_refuses_growth_without_proof() -> None:
    witness, memory = witness_at(5)
    assert isinstance(refused(witness, memory, head(8), ()), ProofInvalid)
    assert isinstance(refused(witness, memory, head(8), proof(4, 8)), ProofInvalid)
    assert isinstance(refused(witness, memory, head(8), (*proof(5, 8), bytes(32))), ProofInvalid)


def test_a_witness_refuses_a_log_that_did_not_sign() -> None:
    witness, memory = witness_at(5)
    stranger = make_member("RegistryMSP").notary
    note = sign_checkpoint(head(8), stranger)
    with pytest.raises(BadNote):
        witness.cosign(note, LOG_KEY, proof(5, 8), NOW)
    note = type(note)(head(8).text, (sign_text(head(7).text, LOG),))
    with pytest.raises(NoteSignatureInvalid):
        witness.cosign(note, LOG_KEY, proof(5, 8), NOW)
    assert memory.kept == {head(5).origin: head(5)}


def test_a_witness_has_nothing_to_say_of_an_empty_log_or_an_unasked_proof() -> None:
    witness = Witness(WITNESS, Memory())
    for checkpoint, path in ((head(0), ()), (head(3), (bytes(32),))):
        with pytest.raises(BadCheckpoint):
            witness.cosign(sign_checkpoint(checkpoint, LOG), LOG_KEY, path, NOW)


def test_logs_are_remembered_apart() -> None:
    witness, memory = witness_at(5)
    other = Checkpoint.of("f" * 32, 3, root(LEAVES[:3]))
    witness.cosign(sign_checkpoint(other, LOG), LOG_KEY, (), NOW)
    assert memory.last(head(5).origin) == head(5)
    assert memory.last(other.origin) == other


def test_the_memory_is_written_before_the_cosignature_leaves() -> None:
    class Full(Memory):
        def remember(self, checkpoint: Checkpoint, after: Checkpoint | None) -> None:
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        Witness(WITNESS, Full()).cosign(sign_checkpoint(head(3), LOG), LOG_KEY, (), NOW)
