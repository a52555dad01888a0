"""Sealing, opening and granting, as members use them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from chainfusion.domain.documents import document_fingerprint
from chainfusion.domain.errors import ChainFusionError, error_from_json
from chainfusion.vault.chunks import ciphertext_length
from chainfusion.vault.errors import (
    ContentNotAsStated,
    FileNameInvalid,
    MediaTypeInvalid,
    NotGranted,
    ObjectMissing,
    RecipientInvalid,
    SealerLeftOut,
    StoreKeyInvalid,
    TooManyRecipients,
)
from chainfusion.vault.keys import EncryptionKeyPair
from chainfusion.vault.store import Kind, ObstoreStore
from chainfusion.vault.vault import Vault
from tests.vault.desk import CHUNK, DONGHAI, LAW, OUTSIDER, TRUST, Desk, check

SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("size", SIZES)
def test_every_recipient_reads_what_was_sealed(desk: Desk, size: int) -> None:
    content = bytes(i % 251 for i in range(size))
    sealed = desk.seal(content, LAW)
    assert desk.read(sealed.object_id, DONGHAI) == desk.read(sealed.object_id, LAW) == content
    assert sealed.content_length == size
    stored = desk.file(Kind.CIPHERTEXT, sealed.object_id).stat().st_size
    assert stored == ciphertext_length(size, CHUNK)


@given(content=st.binary(max_size=4 * CHUNK), chunk_size=st.integers(CHUNK, 3 * CHUNK))
@settings(max_examples=40, deadline=None)
def test_any_content_in_chunks_of_any_size_comes_back(content: bytes, chunk_size: int) -> None:
    vault = Vault(ObstoreStore(MemoryStore()), chunk_size)
    sealed = vault.seal(io.BytesIO(content), "a", "text/csv", {DONGHAI.msp_id: DONGHAI.key.public}, DONGHAI)
    opened = vault.open(sealed.object_id, DONGHAI.msp_id, DONGHAI.key, check, sealed.fingerprint)
    chunks = list(opened)
    assert b"".join(chunks) == content
    assert all(len(chunk) == chunk_size for chunk in chunks[:-1]) and len(chunks[-1]) <= chunk_size


def test_an_opened_object_is_read_once(desk: Desk) -> None:
    opened = desk.vault.open(desk.seal(b"x").object_id, DONGHAI.msp_id, DONGHAI.key, check)
    opened.read()
    with pytest.raises(RuntimeError, match="once"):
        opened.read()


@given(content=st.binary(max_size=3 * CHUNK), size=st.integers(1, 2 * CHUNK))
@settings(max_examples=25, deadline=None)
def test_the_stream_is_the_content(content: bytes, size: int) -> None:
    vault = Vault(ObstoreStore(MemoryStore()), CHUNK)
    sealed = vault.seal(io.BytesIO(content), "a", "text/csv", {DONGHAI.msp_id: DONGHAI.key.public}, DONGHAI)
    stream = vault.open(sealed.object_id, DONGHAI.msp_id, DONGHAI.key, check).stream()
    assert b"".join(iter(lambda: stream.read(size), b"")) == content


def test_the_fingerprint_is_of_salt_and_content(desk: Desk) -> None:
    sealed = desk.seal(b"opinion")
    digest = hashlib.sha256(b"opinion").digest()
    assert sealed.content_sha256 == digest
    assert sealed.fingerprint == document_fingerprint(sealed.salt, digest)
    assert sealed.fingerprint == hashlib.sha256(b"chainfusion document v1\n" + sealed.salt + digest).digest()


@pytest.mark.parametrize(("salt", "digest"), [(15, 32), (17, 32), (16, 31), (16, 33), (32, 16)])
def test_a_fingerprint_takes_no_other_lengths(salt: int, digest: int) -> None:
    with pytest.raises(ValueError, match="salt of 16"):
        document_fingerprint(bytes(salt), bytes(digest))


def test_two_sealings_of_one_content_share_nothing(desk: Desk) -> None:
    first, second = desk.seal(b"same"), desk.seal(b"same")
    assert first.object_id != second.object_id
    assert first.fingerprint != second.fingerprint
    files = [desk.file(Kind.CIPHERTEXT, sealed.object_id).read_bytes() for sealed in (first, second)]
    assert files[0] != files[1]


def test_the_facts_name_file_sealer_and_granter(desk: Desk) -> None:
    sealed = desk.seal(b"x" * 10, LAW)
    facts = desk.vault.open(sealed.object_id, LAW.msp_id, LAW.key, check).facts
    assert (facts.name, facts.media_type, facts.content_length) == ("尽职调查报告.pdf", "application/pdf", 10)
    assert (facts.fingerprint, facts.salt) == (sealed.fingerprint, sealed.salt)
    assert (facts.sealed_by, facts.granted_by) == (DONGHAI.msp_id, DONGHAI.msp_id)
    assert facts.certificate == DONGHAI.certificate_fingerprint


def test_the_store_shows_no_name_no_salt_no_content_and_no_length_of_the_name(desk: Desk) -> None:
    sealed = desk.seal(b"sixteen tons of gold " * 9, name="并购意向书.pdf")
    stored = b"".join(path.read_bytes() for path in desk.everything())
    for secret in ("并购".encode(), b"application/pdf", b"sixteen tons", sealed.salt, sealed.content_sha256):
        assert secret not in stored and secret.hex().encode() not in stored
    assert not any("pdf" in path.name for path in desk.everything())
    longer = desk.seal(b"", name="x" * 60)
    assert len(longer.signed.envelope.header) == len(sealed.signed.envelope.header)


def test_who_was_not_granted_does_not_open(desk: Desk) -> None:
    sealed = desk.seal(b"secret", LAW)
    with pytest.raises(NotGranted) as refusal:
        desk.read(sealed.object_id, OUTSIDER)
    assert OUTSIDER.msp_id in str(refusal.value) and "未授权" in refusal.value.message("zh")


def test_another_key_of_a_recipient_does_not_open(desk: Desk) -> None:
    sealed = desk.seal(b"secret", LAW)
    with pytest.raises(NotGranted):
        desk.vault.open(sealed.object_id, LAW.msp_id, EncryptionKeyPair.generate(), check)


def test_a_recipients_key_does_not_open_under_another_members_name(desk: Desk) -> None:
    sealed = desk.seal(b"secret", LAW)
    with pytest.raises(NotGranted):
        desk.vault.open(sealed.object_id, TRUST.msp_id, LAW.key, check)


def test_a_grant_lets_one_more_member_read(desk: Desk) -> None:
    sealed = desk.seal(b"secret", LAW)
    desk.grant(sealed.object_id, TRUST, by=LAW)
    opened = desk.vault.open(sealed.object_id, TRUST.msp_id, TRUST.key, check)
    assert opened.read() == b"secret"
    assert (opened.facts.sealed_by, opened.facts.granted_by) == (DONGHAI.msp_id, LAW.msp_id)
    assert desk.vault.readers(sealed.object_id, check) == {DONGHAI.msp_id, LAW.msp_id, TRUST.msp_id}


def test_a_member_that_was_granted_grants_on(desk: Desk) -> None:
    sealed = desk.seal(b"secret")
    desk.grant(sealed.object_id, LAW)
    desk.grant(sealed.object_id, TRUST, by=LAW)
    assert desk.read(sealed.object_id, TRUST) == b"secret"


def test_who_cannot_open_cannot_grant(desk: Desk) -> None:
    sealed = desk.seal(b"secret")
    before = desk.everything()
    with pytest.raises(NotGranted):
        desk.grant(sealed.object_id, OUTSIDER, by=OUTSIDER)
    with pytest.raises(RecipientInvalid):
        desk.vault.grant(sealed.object_id, DONGHAI.msp_id, DONGHAI.key, check, ("no such/id", LAW.key.public), DONGHAI)
    assert desk.everything() == before


def test_a_grant_reaches_a_member_whose_key_was_renewed(desk: Desk) -> None:
    sealed, renewed = desk.seal(b"secret", LAW), EncryptionKeyPair.generate()
    desk.vault.grant(sealed.object_id, DONGHAI.msp_id, DONGHAI.key, check, (LAW.msp_id, renewed.public), DONGHAI)
    assert desk.vault.open(sealed.object_id, LAW.msp_id, renewed, check).read() == b"secret"
    assert desk.read(sealed.object_id, LAW) == b"secret"


def test_the_ledgers_fingerprint_decides(desk: Desk) -> None:
    sealed, other = desk.seal(b"version 1"), desk.seal(b"version 2")
    with pytest.raises(ContentNotAsStated):
        desk.vault.open(sealed.object_id, DONGHAI.msp_id, DONGHAI.key, check, other.fingerprint)


def test_saving_makes_a_file(desk: Desk, tmp_path: Path) -> None:
    content = b"0123456789" * 500
    sealed = desk.seal(content)
    target = tmp_path / "report.pdf"
    desk.vault.open(sealed.object_id, DONGHAI.msp_id, DONGHAI.key, check).save(target)
    assert target.read_bytes() == content
    assert not list(tmp_path.glob(".*.part"))


def test_progress_counts_to_the_end(desk: Desk) -> None:
    seen: list[tuple[int, int | None]] = []
    recipients = {DONGHAI.msp_id: DONGHAI.key.public}
    size = 2 * CHUNK + 5
    source = io.BytesIO(bytes(size))
    sealed = desk.vault.seal(source, "a", "a/b", recipients, DONGHAI, lambda *at: seen.append(at))
    assert seen == [(CHUNK, size), (2 * CHUNK, size), (size, size)]
    seen.clear()
    desk.vault.open(sealed.object_id, DONGHAI.msp_id, DONGHAI.key, check, progress=lambda *at: seen.append(at)).read()
    assert seen == [(CHUNK, size), (2 * CHUNK, size), (size, size)]


class Trickle(io.RawIOBase):
    """A source that gives seven bytes at a time and cannot tell its length."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(min(size, 7))


def test_a_source_that_gives_little_at_a_time_is_sealed_whole(desk: Desk) -> None:
    content, seen = bytes(range(256)) * 9, []
    sealed = desk.vault.seal(
        Trickle(content),  # type: ignore[arg-type]
        "a",
        "a/b",
        {DONGHAI.msp_id: DONGHAI.key.public},
        DONGHAI,
        lambda *at: seen.append(at),
    )
    assert desk.read(sealed.object_id) == content
    assert seen[-1] == (len(content), None)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        " ",
        "../x",
        "a/b",
        "a\\b",
        "C:x",
        "a\nb",
        "a\0b",
        "\u202efdp.exe",
        "x" * 256,
        "é" * 128,
        "\ud800",
        "con?",
    ],
)
def test_names_that_leave_their_folder_or_deceive_are_refused(desk: Desk, name: str) -> None:
    with pytest.raises(FileNameInvalid):
        desk.seal(b"", name=name)
    assert desk.everything() == []


@pytest.mark.parametrize("name", ["a", "x" * 255, "é" * 127, "尽调　报告（终稿）.xlsx", ".profile", "a..b"])
def test_plain_names_are_taken(desk: Desk, name: str) -> None:
    sealed = desk.seal(b"", name=name)
    assert desk.vault.open(sealed.object_id, DONGHAI.msp_id, DONGHAI.key, check).facts.name == name


@pytest.mark.parametrize("media_type", ["", "pdf", "Application/pdf", "text/csv; charset=utf-8", "a/b\n", "a//b"])
def test_text_that_is_no_media_type_is_refused(desk: Desk, media_type: str) -> None:
    with pytest.raises(MediaTypeInvalid):
        desk.vault.seal(io.BytesIO(), "a", media_type, {DONGHAI.msp_id: DONGHAI.key.public}, DONGHAI)


def test_recipients_are_members_and_the_sealer_is_among_them(desk: Desk) -> None:
    own = {DONGHAI.msp_id: DONGHAI.key.public}
    wrong: list[tuple[type[ChainFusionError], dict]] = [
        (SealerLeftOut, {LAW.msp_id: LAW.key.public}),
        (SealerLeftOut, {}),
        (RecipientInvalid, own | {"": LAW.key.public}),
        (RecipientInvalid, own | {"a b": LAW.key.public}),
        (TooManyRecipients, own | {f"M{i}": LAW.key.public for i in range(1000)}),
    ]
    for refusal, recipients in wrong:
        with pytest.raises(refusal):
            desk.vault.seal(io.BytesIO(b"x"), "a", "a/b", recipients, DONGHAI)
    assert desk.everything() == []


@pytest.mark.parametrize("object_id", ["", "..", "../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 33, "ab" * 32 + "\n"])
def test_an_id_that_is_none_is_refused_before_the_store_is_asked(desk: Desk, object_id: str) -> None:
    with pytest.raises(StoreKeyInvalid):
        desk.read(object_id)


def test_an_object_that_is_not_there_is_missing(desk: Desk) -> None:
    with pytest.raises(ObjectMissing):
        desk.read("ab" * 32)
    sealed = desk.seal(b"x")
    desk.file(Kind.CIPHERTEXT, sealed.object_id).unlink()
    with pytest.raises(ObjectMissing) as refusal:
        desk.read(sealed.object_id)
    assert refusal.value.facts == {"object": sealed.object_id, "part": "ciphertext"}


def test_objects_are_listed_and_deleted(desk: Desk) -> None:
    first, second = desk.seal(b"1"), desk.seal(b"2")
    desk.grant(first.object_id, LAW)
    assert set(desk.vault.objects()) == {first.object_id, second.object_id}
    desk.vault.delete(first.object_id)
    desk.vault.delete(first.object_id)
    assert set(desk.vault.objects()) == {second.object_id}
    assert not any(first.object_id in str(path) for path in desk.everything())


def test_an_audit_needs_no_key(desk: Desk) -> None:
    sealed = desk.seal(b"x" * 3000, LAW)
    desk.grant(sealed.object_id, TRUST)
    assert desk.vault.audit(sealed.object_id, check) == sealed.signed


@pytest.mark.parametrize("refusal", [NotGranted, ObjectMissing, ContentNotAsStated, SealerLeftOut, TooManyRecipients])
def test_refusals_cross_a_process_boundary_in_both_languages(refusal: type[ChainFusionError]) -> None:
    facts = dict.fromkeys(("object", "msp", "key", "part", "stated", "found", "count", "most"), "?")
    again = error_from_json(refusal(**facts).to_json())
    assert type(again) is refusal
    assert "{" not in again.message("en") + again.message("zh") + again.remedy("en") + again.remedy("zh")
