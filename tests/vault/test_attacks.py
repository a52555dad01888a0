"""What a store's operator, a stranger and a deceitful member can try with stored bytes, and that each is noticed."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainfusion.domain.errors import ChainFusionError
from chainfusion.domain.records import from_bytes, to_bytes
from chainfusion.vault.chunks import TAG_LENGTH, ChunkCipher, Sealing, no_progress
from chainfusion.vault.datakey import DataKey
from chainfusion.vault.envelope import (
    Envelope,
    Recipient,
    SignedEnvelope,
    SignedGrant,
    envelope_bytes,
    recipient_of,
    sign_envelope,
    sign_grant,
)
from chainfusion.vault.errors import (
    ContentNotAsStated,
    ContentTampered,
    EnvelopeTampered,
    GrantTampered,
    NotGranted,
    NotSigned,
    WrongDataKey,
)
from chainfusion.vault.header import Header, seal_header
from chainfusion.vault.store import Kind, ObjectKey
from tests.vault.desk import CHUNK, DONGHAI, LAW, OUTSIDER, TRUST, Desk, check

SEALED_CHUNK = CHUNK + TAG_LENGTH
CONTENT = bytes(random.Random(4).randbytes(3 * CHUNK + 100))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def refused(desk: Desk, object_id: str, *kinds: type[ChainFusionError], member=DONGHAI) -> None:
    """Opening fails with one of `kinds`; nothing of a small content and never the last chunk comes out."""
    given_out: list[bytes] = []
    with pytest.raises(kinds):
        given_out.extend(desk.vault.open(object_id, member.msp_id, member.key, check))
    assert sum(map(len, given_out)) < len(CONTENT)


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


# ------------------------------------------------------------------ single bytes


@pytest.fixture(scope="module")
def granted(shared: Desk) -> tuple[str, dict[str, Path]]:
    """An object sealed to two members and granted to a third, and its three files."""
    object_id = shared.seal(CONTENT, LAW).object_id
    grant = shared.grant(object_id, TRUST)
    files = {kind.name: shared.file(kind, object_id) for kind in (Kind.CIPHERTEXT, Kind.ENVELOPE)}
    return object_id, files | {"GRANT": grant}


@given(
    part=st.sampled_from(["CIPHERTEXT", "ENVELOPE", "GRANT"]),
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
@settings(max_examples=300, deadline=None)
def test_every_changed_bit_is_noticed(
    shared: Desk, granted: tuple[str, dict[str, Path]], part: str, place: float, bit: int
) -> None:
    object_id, files = granted
    true = files[part].read_bytes()
    files[part].write_bytes(flipped(true, int(place * len(true)), bit))
    try:
        refused(shared, object_id, ContentTampered, EnvelopeTampered, GrantTampered, NotSigned, member=TRUST)
        with pytest.raises((ContentTampered, EnvelopeTampered, GrantTampered, NotSigned)):
            shared.vault.audit(object_id, check)
    finally:
        files[part].write_bytes(true)
    assert shared.read(object_id, TRUST) == CONTENT


@pytest.mark.parametrize("part", ["ENVELOPE", "GRANT"])
def test_text_that_means_the_same_is_not_the_same(
    shared: Desk, granted: tuple[str, dict[str, Path]], part: str
) -> None:
    object_id, files = granted
    true = files[part].read_bytes()
    others = [
        true + b"\n",
        b" " + true,
        true.replace(b":", b": ", 1),
        true.upper(),
        true[:-1],
        b"",
        true * 2,
        b"[]",
        b"\xff",
    ]
    for other in others:
        files[part].write_bytes(other)
        refused(shared, object_id, EnvelopeTampered, GrantTampered, member=TRUST)
    files[part].write_bytes(b"[" * (5 * 1024 * 1024))
    refused(shared, object_id, EnvelopeTampered, GrantTampered, member=TRUST)
    files[part].write_bytes(true)


# ------------------------------------------------------------------ whole chunks


@pytest.fixture
def stored(desk: Desk) -> Iterator[tuple[str, Path, list[bytes]]]:
    object_id = desk.seal(CONTENT).object_id
    path = desk.file(Kind.CIPHERTEXT, object_id)
    data = path.read_bytes()
    return object_id, path, [data[at : at + SEALED_CHUNK] for at in range(0, len(data), SEALED_CHUNK)]


def test_truncation_at_and_around_every_chunk_boundary_is_noticed(desk: Desk, stored: tuple) -> None:
    object_id, path, chunks = stored
    whole = b"".join(chunks)
    for boundary in range(0, len(whole), SEALED_CHUNK):
        for length in (boundary - 1, boundary, boundary + 1, boundary + TAG_LENGTH):
            if length >= 0:
                path.write_bytes(whole[:length])
                refused(desk, object_id, ContentTampered)


def test_extension_is_noticed(desk: Desk, stored: tuple) -> None:
    object_id, path, chunks = stored
    for more in (b"\0", chunks[-1], chunks[0], bytes(TAG_LENGTH), bytes(3 * SEALED_CHUNK)):
        path.write_bytes(b"".join(chunks) + more)
        refused(desk, object_id, ContentTampered)


def test_extension_of_a_last_full_chunk_is_noticed(desk: Desk) -> None:
    object_id = desk.seal(bytes(2 * CHUNK)).object_id
    path = desk.file(Kind.CIPHERTEXT, object_id)
    path.write_bytes(path.read_bytes() + bytes(TAG_LENGTH))
    refused(desk, object_id, ContentTampered)


@pytest.mark.parametrize(
    "order", [[1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 3, 2], [0, 0, 2, 3], [0, 1, 1, 3], [3, 1, 2, 0], [1, 2, 3], [0, 3]]
)
def test_reordered_repeated_and_dropped_chunks_are_noticed(desk: Desk, stored: tuple, order: list[int]) -> None:
    object_id, path, chunks = stored
    path.write_bytes(b"".join(chunks[i] for i in order))
    refused(desk, object_id, ContentTampered)


def test_a_chunk_of_another_object_is_noticed_at_the_same_place(desk: Desk, stored: tuple) -> None:
    object_id, path, chunks = stored
    other = desk.file(Kind.CIPHERTEXT, desk.seal(CONTENT).object_id).read_bytes()
    for index in range(len(chunks)):
        foreign = other[index * SEALED_CHUNK : (index + 1) * SEALED_CHUNK]
        path.write_bytes(b"".join([*chunks[:index], foreign, *chunks[index + 1 :]]))
        refused(desk, object_id, ContentTampered)


def test_ciphertext_and_envelope_of_different_objects_do_not_fit(desk: Desk) -> None:
    first, second = desk.seal(CONTENT).object_id, desk.seal(CONTENT).object_id
    desk.file(Kind.CIPHERTEXT, first).write_bytes(desk.file(Kind.CIPHERTEXT, second).read_bytes())
    refused(desk, first, ContentTampered)
    desk.file(Kind.ENVELOPE, first).write_bytes(desk.file(Kind.ENVELOPE, second).read_bytes())
    refused(desk, first, EnvelopeTampered)


def test_a_failed_opening_saves_no_file(desk: Desk, stored: tuple, tmp_path: Path) -> None:
    object_id, path, chunks = stored
    path.write_bytes(b"".join(chunks)[:-1])
    target = tmp_path / "report.pdf"
    target.write_bytes(b"older")
    with pytest.raises(ContentTampered):
        desk.vault.open(object_id, DONGHAI.msp_id, DONGHAI.key, check).save(target)
    assert target.read_bytes() == b"older"
    assert not list(tmp_path.glob(".*.part"))


def test_a_refused_stream_never_ends_as_if_whole(desk: Desk, stored: tuple) -> None:
    object_id, path, chunks = stored
    path.write_bytes(b"".join(chunks)[:-1])
    stream = desk.vault.open(object_id, DONGHAI.msp_id, DONGHAI.key, check).stream()
    for _ in range(2):
        with pytest.raises(ContentTampered):
            while stream.read(CHUNK):
                pass


# ------------------------------------------------------------------ envelopes


def rewritten(desk: Desk, object_id: str, resign: bool = False, by=DONGHAI, **changes: object) -> None:
    """The stored envelope with fields changed, under the old signature or a new one."""
    path = desk.file(Kind.ENVELOPE, object_id)
    signed = from_bytes(SignedEnvelope, path.read_bytes())
    envelope = dataclasses.replace(signed.envelope, **changes)  # type: ignore[arg-type]
    signed = sign_envelope(envelope, by) if resign else SignedEnvelope(envelope, signed.signature)
    path.write_bytes(envelope_bytes(signed))


def test_a_replaced_or_stripped_recipient_breaks_the_signature(desk: Desk) -> None:
    sealed = desk.seal(CONTENT, LAW)
    donghai, law = sealed.signed.envelope.recipients
    for recipients in (
        (donghai,),
        (law,),
        (donghai, dataclasses.replace(law, msp=OUTSIDER.msp_id)),
        (donghai, dataclasses.replace(law, key=OUTSIDER.key.fingerprint)),
        (donghai, dataclasses.replace(law, sealed=donghai.sealed)),
    ):
        rewritten(desk, sealed.object_id, recipients=recipients)
        refused(desk, sealed.object_id, NotSigned)


@pytest.mark.parametrize(
    "changes",
    [
        {"content_length": len(CONTENT) + 1},
        {"chunk_size": CHUNK * 2},
        {"fingerprint": bytes(32)},
        {"ciphertext_sha256": bytes(32)},
        {"header": b""},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_changed_field_breaks_the_signature(desk: Desk, changes: dict[str, object]) -> None:
    object_id = desk.seal(CONTENT).object_id
    rewritten(desk, object_id, **changes)
    refused(desk, object_id, NotSigned)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"content_length": len(CONTENT) + 1}, ContentTampered),
        ({"content_length": len(CONTENT) - 200}, ContentTampered),
        ({"content_length": 2**62}, ContentTampered),
        ({"chunk_size": CHUNK + 1}, ContentTampered),
        ({"fingerprint": bytes(32)}, ContentNotAsStated),
        ({"ciphertext_sha256": bytes(32)}, ContentTampered),
        ({"header": bytes(272)}, EnvelopeTampered),
        ({"header": b""}, EnvelopeTampered),
    ],
)
def test_a_sealer_that_signs_a_false_envelope_is_found_out(
    desk: Desk, changes: dict[str, object], refusal: type[ChainFusionError]
) -> None:
    object_id = desk.seal(CONTENT).object_id
    rewritten(desk, object_id, resign=True, **changes)
    refused(desk, object_id, refusal)


@pytest.mark.parametrize(
    "changes",
    [
        {"chunk_size": 1},
        {"chunk_size": 2**40},
        {"content_length": -1},
        {"format": "chainfusion-envelope-v2"},
        {"object_id": "AB" * 32},
        {"fingerprint": bytes(31)},
        {"recipients": ()},
    ],
    ids=str,
)
def test_an_envelope_out_of_bounds_cannot_be_made_or_read(desk: Desk, changes: dict[str, object]) -> None:
    sealed = desk.seal(b"x")
    with pytest.raises(ValueError):
        dataclasses.replace(sealed.signed.envelope, **changes)  # type: ignore[arg-type]


def test_a_recipient_stands_once_and_in_order(desk: Desk) -> None:
    envelope = desk.seal(b"x", LAW).signed.envelope
    first, second = envelope.recipients
    for recipients in ((second, first), (first, first)):
        with pytest.raises(ValueError, match="order"):
            dataclasses.replace(envelope, recipients=recipients)


def test_a_stranger_signs_nothing(desk: Desk) -> None:
    class Stranger:
        msp_id = DONGHAI.msp_id
        certificate_fingerprint = hashlib.sha256(b"unknown").hexdigest()

        def sign(self, data: bytes) -> bytes:
            return OUTSIDER.sign(data)

    object_id = desk.seal(CONTENT).object_id
    rewritten(desk, object_id, resign=True, by=Stranger())
    refused(desk, object_id, NotSigned)


def test_an_envelope_signed_by_another_member_names_that_member(desk: Desk) -> None:
    """A store's operator who is a member can sign what it stores; it cannot make it pass for the sealer's."""
    object_id = desk.seal(CONTENT).object_id
    rewritten(desk, object_id, resign=True, by=OUTSIDER)
    assert desk.vault.open(object_id, DONGHAI.msp_id, DONGHAI.key, check).facts.sealed_by == OUTSIDER.msp_id


def test_a_signed_grant_does_not_pass_for_an_envelope_or_the_other_way_round(desk: Desk) -> None:
    object_id = desk.seal(CONTENT).object_id
    grant, envelope = desk.grant(object_id, LAW), desk.file(Kind.ENVELOPE, object_id)
    true_envelope, true_grant = envelope.read_bytes(), grant.read_bytes()
    envelope.write_bytes(true_grant)
    refused(desk, object_id, EnvelopeTampered)
    envelope.write_bytes(true_envelope)
    grant.write_bytes(true_envelope)
    refused(desk, object_id, GrantTampered, member=LAW)


# ------------------------------------------------------------------ a deceitful member that holds the data key


def resealed(desk: Desk, object_id: str, key: DataKey, content: bytes) -> None:
    """Other content under the object's own key and id, the envelope unchanged: what any reader could store."""
    stream = Sealing(io.BytesIO(content), ChunkCipher(key.content_key(), object_id), CHUNK, no_progress)
    desk.file(Kind.CIPHERTEXT, object_id).write_bytes(b"".join(stream))


def data_key(desk: Desk, object_id: str) -> DataKey:
    recipient = from_bytes(SignedEnvelope, desk.file(Kind.ENVELOPE, object_id).read_bytes()).envelope.recipients[0]
    return DataKey.unsealed(recipient.sealed, object_id, DONGHAI.msp_id, DONGHAI.key)


def test_a_reader_that_stores_other_content_is_found_out(desk: Desk) -> None:
    object_id = desk.seal(CONTENT).object_id
    resealed(desk, object_id, data_key(desk, object_id), CONTENT[::-1])
    refused(desk, object_id, ContentNotAsStated)
    with pytest.raises(ContentTampered):
        desk.vault.audit(object_id, check)


def test_the_same_content_under_the_same_key_is_the_same_bytes(desk: Desk) -> None:
    object_id = desk.seal(CONTENT).object_id
    before = desk.file(Kind.CIPHERTEXT, object_id).read_bytes()
    resealed(desk, object_id, data_key(desk, object_id), CONTENT)
    assert desk.file(Kind.CIPHERTEXT, object_id).read_bytes() == before


def test_a_sealer_cannot_give_one_recipient_another_key(desk: Desk) -> None:
    sealed = desk.seal(CONTENT, LAW)
    donghai, _ = sealed.signed.envelope.recipients
    wrong = recipient_of(LAW.msp_id, LAW.key.public, DataKey.generate())
    rewritten(desk, sealed.object_id, resign=True, recipients=(donghai, wrong))
    refused(desk, sealed.object_id, WrongDataKey, member=LAW)


def test_a_header_may_not_lead_out_of_its_folder(desk: Desk) -> None:
    with pytest.raises(ValueError, match="file name"):
        Header("a/b", "../../evil", bytes(16))
    object_id = desk.seal(CONTENT).object_id
    key = data_key(desk, object_id)
    forged = Header("a/b", "harmless", bytes(16))
    object.__setattr__(forged, "name", "../../evil")
    rewritten(desk, object_id, resign=True, header=seal_header(forged, key))
    refused(desk, object_id, EnvelopeTampered)


# ------------------------------------------------------------------ grants


def forged_grant(desk: Desk, object_id: str, recipient: Recipient, by=OUTSIDER) -> None:
    data = envelope_bytes(sign_grant(object_id, recipient, by))
    desk.store.put(ObjectKey(Kind.GRANT, object_id, hashlib.sha256(data).hexdigest()), [data])


def test_a_grant_replayed_for_another_object_is_refused(desk: Desk) -> None:
    first, second = desk.seal(CONTENT).object_id, desk.seal(CONTENT).object_id
    grant = desk.grant(first, LAW)
    desk.store.put(ObjectKey(Kind.GRANT, second, grant.name), [grant.read_bytes()])
    refused(desk, second, GrantTampered, member=LAW)
    assert desk.read(first, LAW) == CONTENT


def test_a_sealed_key_moved_into_a_grant_for_another_object_or_member_does_not_open(desk: Desk) -> None:
    first, second = desk.seal(CONTENT, LAW), desk.seal(CONTENT)
    law = first.signed.envelope.recipients[1]
    forged_grant(desk, second.object_id, law)
    refused(desk, second.object_id, WrongDataKey, member=LAW)
    stolen = dataclasses.replace(law, msp=OUTSIDER.msp_id, key=OUTSIDER.key.fingerprint)
    forged_grant(desk, first.object_id, stolen)
    refused(desk, first.object_id, WrongDataKey, member=OUTSIDER)


def test_a_grant_with_an_invented_key_opens_nothing(desk: Desk) -> None:
    object_id = desk.seal(CONTENT).object_id
    forged_grant(desk, object_id, recipient_of(OUTSIDER.msp_id, OUTSIDER.key.public, DataKey.generate()))
    refused(desk, object_id, WrongDataKey, member=OUTSIDER)


def test_a_grant_whose_recipient_was_changed_is_not_signed(desk: Desk) -> None:
    object_id = desk.seal(CONTENT).object_id
    path = desk.grant(object_id, LAW)
    signed = from_bytes(SignedGrant, path.read_bytes())
    recipient = dataclasses.replace(signed.grant.recipient, msp=OUTSIDER.msp_id)
    changed = dataclasses.replace(signed, grant=dataclasses.replace(signed.grant, recipient=recipient))
    path.write_bytes(to_bytes(changed))
    refused(desk, object_id, NotSigned, member=OUTSIDER)


def test_bad_grants_beside_it_do_not_hide_a_good_one(desk: Desk) -> None:
    object_id = desk.seal(CONTENT).object_id
    forged_grant(desk, object_id, recipient_of(LAW.msp_id, LAW.key.public, DataKey.generate()))
    desk.store.put(ObjectKey(Kind.GRANT, object_id, "00" * 32), [b"rubbish"])
    desk.store.put(ObjectKey(Kind.GRANT, object_id, "ff" * 32), [b"rubbish"])
    desk.grant(object_id, LAW)
    assert desk.read(object_id, LAW) == CONTENT


def test_a_removed_grant_takes_the_reading_with_it_and_nothing_else(desk: Desk) -> None:
    object_id = desk.seal(CONTENT).object_id
    desk.grant(object_id, LAW).unlink()
    refused(desk, object_id, NotGranted, member=LAW)
    assert desk.read(object_id) == CONTENT


def test_fields_of_the_readable_envelope_are_these_and_no_more() -> None:
    assert [field.name for field in dataclasses.fields(Envelope)] == [
        "chunk_size",
        "ciphertext_sha256",
        "content_length",
        "fingerprint",
        "format",
        "header",
        "object_id",
        "recipients",
    ]
